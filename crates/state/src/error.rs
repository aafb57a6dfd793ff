//! What can go wrong with the database.

use alloy_primitives::B256;

use crate::Table;

/// A fault of the state database.
///
/// [`Error::Pruned`] is the asker's, every other one is fatal for a running node: the storage or an invariant of ours
/// is broken, and nothing may leave the node afterwards.
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
    /// The state of that block is no longer kept.
    #[error("state before block {earliest} is not kept, asked for block {asked}")]
    Pruned {
        /// The block asked for.
        asked: u64,
        /// The earliest block whose state can be read.
        earliest: u64,
    },
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
