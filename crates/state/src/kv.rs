//! The ordered key-value store below the state: one trait, a RocksDB and an in-memory backend.

use std::{fmt::Debug, ops::ControlFlow};

use crate::{Error, Table};

/// An ordered store of byte keys in named tables.
///
/// Reads see the newest written batch, each scan one consistent moment. There is one writer; readers never block it.
pub trait KeyValue: Debug + Send + Sync {
    /// The value at `key`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The values at `keys`, in the order of the keys.
    fn get_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, Error>;

    /// Visits the rows from `start` (inclusive) to `end` (exclusive; `None` is the end of the table) in ascending order
    /// of key until `visit` breaks.
    fn scan(
        &self,
        table: Table,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// A cursor over one consistent moment of the table, for many seeks in a row.
    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a>;

    /// Writes the whole batch or nothing. With [`Durability::Synced`] it is on stable storage when this returns.
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), Error>;
}

/// A position in a table that can be moved; see [`KeyValue::cursor`].
pub trait Cursor {
    /// Moves to the first row whose key is not below `key` and returns it.
    fn seek(&mut self, key: &[u8]) -> Result<Option<(&[u8], &[u8])>, Error>;

    /// Moves to the next row and returns it.
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>, Error>;
}

/// Whether a write waits for stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On stable storage before the write returns (write-ahead log synced).
    Synced,
    /// In the write-ahead log of the operating system: survives the process, not a power cut.
    Buffered,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets the value at a key.
    Put(Table, Vec<u8>, Vec<u8>),
    /// Removes a key; absent keys are fine.
    Delete(Table, Vec<u8>),
    /// Removes all keys from the first (inclusive) to the second (exclusive).
    DeleteRange(Table, Vec<u8>, Vec<u8>),
    /// Hands a value to the table's merge operator; only [`Table::LogIndex`] has one.
    Merge(Table, Vec<u8>, Vec<u8>),
}

/// Operations that become visible and durable together, applied in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The operations in order.
    pub ops: Vec<Op>,
}
