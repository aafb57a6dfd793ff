//! What can go wrong with the database.

use alloy_primitives::B256;

use crate::{Mode, Table};

/// A fault of the state database.
///
/// [`Error::Pruned`] and [`Error::Unknown`] are the asker's, every other one is fatal for a running node: the storage
/// or an invariant of ours is broken, and nothing may leave the node afterwards.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The operating system or RocksDB failed.
    #[error("database {operation} failed: {reason}")]
    Storage {
        /// What was being done: open, read, write, compact.
        operation: &'static str,
        /// RocksDB's or the system's own words.
        reason: String,
    },
    /// Another process holds the database.
    #[error("database {path} is locked by another process: {reason}")]
    Locked {
        /// Its folder.
        path: String,
        /// RocksDB's own words.
        reason: String,
    },
    /// The folder holds something else than this version's database of this chain.
    #[error("{0}")]
    Foreign(String),
    /// Stored bytes do not decode: the database is damaged.
    #[error("damaged row in table {table}, key 0x{key}: {reason}", table = .table.name())]
    Damaged {
        /// The row's table.
        table: Table,
        /// The row's key, hex.
        key: String,
        /// What does not fit.
        reason: String,
    },
    /// That block's state, or its body and receipts, are no longer kept.
    #[error("{what} before block {earliest} is not kept in {mode} mode, asked for block {asked}")]
    Pruned {
        /// What is not kept: state, or block bodies and receipts.
        what: &'static str,
        /// The block asked for.
        asked: u64,
        /// The earliest block that is kept.
        earliest: u64,
        /// The database's mode.
        mode: Mode,
    },
    /// The chain has no such block yet.
    #[error("block {asked} is not known, the head is {head}")]
    Unknown {
        /// The block asked for.
        asked: u64,
        /// The newest block.
        head: u64,
    },
    /// A long operation was told to stop; what it had done so far stands.
    #[error("stopped on request")]
    Stopped,
    /// An invariant of ours is broken.
    #[error("invariant broken at block {number} ({hash}): {what}")]
    Invariant {
        /// The block at which it showed.
        number: u64,
        /// Its hash.
        hash: B256,
        /// The invariant, with both values.
        what: String,
    },
}
