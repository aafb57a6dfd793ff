//! The ordered key-value store below the state: one trait, a RocksDB and an in-memory backend.

mod batch;
mod memory;
mod rocks;

use std::{fmt::Debug, ops::ControlFlow, path::Path};

pub use batch::{Batch, Op};
pub use memory::Memory;
pub use rocks::{Rocks, RocksOptions};

use crate::{Error, Table};

/// A row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A row in place: key and value.
pub type RowRef<'a> = (&'a [u8], &'a [u8]);

/// What a scan hands each row to; it breaks to end the scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// An ordered store of byte keys in named tables.
///
/// Reads see the newest written batch, each scan one consistent moment. There is one writer; readers never block it.
pub trait KeyValue: Debug + Send + Sync {
    /// The value at `key`.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The values at `keys`, in the order of the keys; fastest when the keys ascend.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn get_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, Error>;

    /// The first row whose key is not below `key` and shares its first `prefix` bytes.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn seek(&self, table: Table, key: &[u8], prefix: usize) -> Result<Option<Row>, Error>;

    /// Visits the rows from `start` (inclusive) to `end` (exclusive; `None` is the end of the table) in ascending order
    /// of key until `visit` breaks.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn scan(
        &self,
        table: Table,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error>;

    /// A cursor over one consistent moment of the table, for many seeks in a row.
    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a>;

    /// All tables as they are at one moment, for reads that must fit together. Short-lived: it holds compaction back.
    fn snapshot<'a>(&'a self) -> Box<dyn Snapshot + 'a>;

    /// Writes the whole batch or nothing. With [`Durability::Synced`] it is on stable storage when this returns.
    ///
    /// # Errors
    /// [`Error::Storage`]; the batch is then not written, and the store not to be used any more.
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), Error>;

    /// Lets history rows of blocks at or below `history`, and index sections wholly below block `bodies`, vanish from
    /// now on, whenever that is cheap. Floors only rise.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be written.
    fn release(&self, history: u64, bodies: u64) -> Result<(), Error>;

    /// Frees the disk space of rows from `start` to `end` (both inclusive) at once where whole files lie there; the
    /// rows that are left need a [`Batch::delete_range`].
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be written.
    fn drop_files(&self, table: Table, start: &[u8], end: &[u8]) -> Result<(), Error>;

    /// Rewrites a table, so that deleted and released rows free their space.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be written.
    fn compact(&self, table: Table) -> Result<(), Error>;

    /// Rows and bytes of a table.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn stats(&self, table: Table) -> Result<TableStats, Error>;

    /// Makes a copy of the whole store, as it is now, in a new folder; on disk by hard links.
    ///
    /// # Errors
    /// [`Error::Storage`] when the folder exists or cannot be written.
    fn checkpoint(&self, path: &Path) -> Result<(), Error>;
}

/// Rows and bytes of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableStats {
    /// Rows, estimated on disk.
    pub rows: u64,
    /// Bytes of its files.
    pub disk_bytes: u64,
    /// Bytes not yet in files.
    pub memory_bytes: u64,
    /// Bytes that compaction is behind.
    pub waiting_bytes: u64,
}

/// A position in a table that can be moved; see [`KeyValue::cursor`].
pub trait Cursor {
    /// The row it stands on, `None` at the end and before the first move.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn current(&mut self) -> Result<Option<RowRef<'_>>, Error>;

    /// Moves to the first row whose key is not below `key` and returns it.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn seek(&mut self, key: &[u8]) -> Result<Option<RowRef<'_>>, Error>;

    /// Moves to the next row and returns it.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn next(&mut self) -> Result<Option<RowRef<'_>>, Error>;
}

/// One consistent moment of all tables; see [`KeyValue::snapshot`].
pub trait Snapshot: Debug + Send + Sync {
    /// The value at `key`.
    ///
    /// # Errors
    /// [`Error::Storage`] when the store cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// A cursor over the table at the snapshot's moment.
    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a>;
}

/// Whether a write waits for stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On stable storage before the write returns (write-ahead log synced).
    Synced,
    /// In the write-ahead log of the operating system: survives the process, not a power cut.
    Buffered,
}
