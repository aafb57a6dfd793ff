//! The state database: one RocksDB database (or the same tables in memory), the Merkle-Patricia trie above its flat
//! tables, and the history that answers reads at older blocks.
//!
//! Invariant: one block is one atomic batch. Invariant: what reaches a batch is sorted, so equal blocks give equal bytes.
//! Invariant: knows no EVM, no clock and no network.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod account;
mod changes;
mod error;
mod kv;
mod table;

pub use account::{Account, EMPTY_CODE_HASH, EMPTY_ROOT};
pub use changes::{AccountChange, SlotChange, StateChanges};
pub use error::Error;
pub use kv::{Batch, Cursor, Durability, KeyValue, Op};
pub use table::Table;
