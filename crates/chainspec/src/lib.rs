//! What a chain is before its first block: chain id, forks, constants, genesis block and genesis state.
//!
//! Invariant: pure; a genesis file arrives as bytes, the chains that are compiled in need no file.
//! Invariant: a genesis under Ethereum's rules has geth's hash for the same file. Invariant: nothing in a file is
//! ignored in silence; a key that is not known is an error that names the nearest known one.
//!
//! Start at [`Genesis::parse`] and [`ChainSpec::fork_at`].
//!
//! ```
//! use btt_chainspec::{Fork, Genesis};
//!
//! let genesis = Genesis::named("devnet")?;
//! assert_eq!(genesis.spec.chain_id, 199337);
//! assert_eq!(genesis.spec.fork_at(1, genesis.header.timestamp, genesis.header.difficulty), Fork::Osaka);
//! # Ok::<(), btt_chainspec::Error>(())
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod account;
mod bench;
mod blobs;
mod btt;
mod builder;
mod chains;
mod config;
mod error;
mod fork;
mod fork_id;
mod genesis;
mod json;
mod network;
mod predeploys;
mod schedule;
mod spec;

pub use account::{GenesisAccount, state_root};
pub use bench::{BENCH_ACCOUNTS, bench_key};
pub use blobs::BlobSchedule;
pub use btt::{BttRules, EMPTY_OUTGOING_ROOT, OUTGOING_ROOT_SLOT, TOTAL_SUPPLY};
pub use builder::{GenesisFile, dev_keys};
pub use chains::CHAINS;
pub use error::Error;
pub use fork::Fork;
pub use fork_id::ForkId;
pub use genesis::Genesis;
pub use schedule::{Activation, ForkSchedule};
pub use spec::{ChainSpec, Rules};
