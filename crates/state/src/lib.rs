//! The state database: one RocksDB database (or the same tables in memory), the Merkle-Patricia trie above its flat
//! tables, and the history that answers reads at older blocks.
//!
//! Invariant: one block is one atomic batch. Invariant: what reaches a batch is sorted, so equal blocks give equal
//! bytes. Invariant: knows no EVM, no clock and no network.
//!
//! Start at [`Database`] and [`StateView`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use btt_state::{Database, EMPTY_ROOT, Memory, Options};
//!
//! let database = Database::open(Arc::new(Memory::new()), Options::default())?;
//! assert_eq!(database.trie().head().root(), EMPTY_ROOT);
//! assert_eq!(database.latest().account(&Default::default())?, None);
//! # Ok::<(), btt_state::Error>(())
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

// Not called: it fixes the features of the zstd that RocksDB is built with, so that RocksDB is built once whichever
// package cargo is asked for.
use zstd as _;

mod account;
mod cache;
mod changes;
mod codec;
mod database;
mod error;
mod kv;
mod layer;
mod mode;
mod ring;
mod steps;
mod store;
mod table;
#[cfg(test)]
mod testing;
mod trie;
mod view;

pub use account::{Account, EMPTY_CODE_HASH, EMPTY_ROOT};
pub use changes::{AccountChange, SlotChange, StateChanges};
pub use codec::Head;
pub use database::{
    BlockCommit, Database, Identity, Located, LogFilter, LogMatch, Options, Progress, PruneStep, Pruned,
    Report, Stats, StoredHeader, Verified,
};
pub use error::Error;
pub use kv::{
    Batch, Cursor, Durability, KeyValue, Memory, Op, Rocks, RocksOptions, Row, RowRef, Snapshot, TableStats,
    Visit,
};
pub use layer::Layer;
pub use mode::{Mode, Retention, SidecarRetention};
pub use table::Table;
pub use trie::{
    AccountProof, ByteTrie, Leaves, NodeSet, Prover, Rebuild, Records, RootJob, Rooted, SlotProof, Trie,
    TrieKind, Version,
};
pub use view::StateView;
