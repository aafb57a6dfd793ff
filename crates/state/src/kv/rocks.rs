//! The store on disk: one RocksDB database, one column family per table.

mod anchor;
mod cursor;
mod filter;
mod options;
mod upkeep;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rocksdb::{Cache, ColumnFamily, DB, ReadOptions, WriteBatch, WriteOptions};

pub use options::RocksOptions;

use crate::{
    Error, Table,
    kv::{Batch, Cursor, Durability, KeyValue, Op, Row, Snapshot, TableStats, Visit},
};

use self::{anchor::Anchor, cursor::RocksCursor, filter::Floors};

/// One RocksDB database in a folder of its own.
pub struct Rocks {
    db: DB,
    path: PathBuf,
    read: ReadOptions,
    floors: Arc<Floors>,
    anchor: Anchor,
}

impl Rocks {
    /// Opens the database in the folder `path`, and creates it where there is none if `options` say so.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it open, [`Error::Foreign`] when the folder holds none or one of
    /// another program, [`Error::Storage`] with RocksDB's words for all else: a damaged manifest, a missing file, a
    /// write-ahead log shorter than recorded, no space left.
    pub fn open(path: &Path, options: &RocksOptions) -> Result<Self, Error> {
        check_folder(path, options)?;
        let floors = Arc::new(Floors::default());
        let cache = Cache::new_lru_cache(options.cache_bytes);
        let families = options.families(&cache, &floors);
        let db = DB::open_cf_descriptors(&options.database(&cache), path, families)
            .map_err(|error| open_error(path, &error))?;
        let anchor = Anchor::open(path)?;
        let rocks = Self { db, path: path.to_owned(), read: ReadOptions::default(), floors, anchor };
        rocks.anchor.check(&rocks, path)?;
        Ok(rocks)
    }

    fn family(&self, table: Table) -> Result<&ColumnFamily, Error> {
        self.db.cf_handle(table.name()).ok_or_else(|| Error::Storage {
            operation: "find column family",
            reason: format!("{} is not open", table.name()),
        })
    }

    fn to_write_batch(&self, batch: &Batch) -> Result<WriteBatch, Error> {
        let mut out =
            WriteBatch::with_capacity_bytes(batch.bytes().saturating_add(batch.len().saturating_mul(8)));
        let mut last: Option<(Table, &ColumnFamily)> = None;
        for op in batch.iter() {
            let table = op.table();
            let family = match last {
                Some((known, family)) if known == table => family,
                _ => self.family(table)?,
            };
            last = Some((table, family));
            match op {
                Op::Put(_, key, value) => out.put_cf(family, key, value),
                Op::Delete(_, key) => out.delete_cf(family, key),
                Op::DeleteRange(_, start, end) => out.delete_range_cf(family, start, end),
                Op::Merge(_, key, operand) => out.merge_cf(family, key, operand),
            }
        }
        Ok(out)
    }
}

impl KeyValue for Rocks {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let row = self
            .db
            .get_pinned_cf_opt(self.family(table)?, key, &self.read)
            .map_err(|e| failed("read", &e))?;
        Ok(row.map(|row| row.to_vec()))
    }

    fn get_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let sorted = keys.is_sorted();
        let rows =
            self.db.batched_multi_get_cf_opt(self.family(table)?, keys.iter().copied(), sorted, &self.read);
        rows.into_iter().map(|row| Ok(row.map_err(|e| failed("read", &e))?.map(|row| row.to_vec()))).collect()
    }

    fn seek(&self, table: Table, key: &[u8], prefix: usize) -> Result<Option<Row>, Error> {
        let mut read = ReadOptions::default();
        if options::prefix_of(table) == Some(prefix) {
            read.set_prefix_same_as_start(true);
        } else {
            read.set_total_order_seek(true);
        }
        let mut rows = self.db.raw_iterator_cf_opt(self.family(table)?, read);
        rows.seek(key);
        let found = rows.item().filter(|(found, _)| found.get(..prefix) == key.get(..prefix));
        let found = found.map(|(key, value)| (key.to_vec(), value.to_vec()));
        if found.is_none() {
            rows.status().map_err(|e| failed("read", &e))?;
        }
        Ok(found)
    }

    fn scan(
        &self,
        table: Table,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let mut read = whole_table();
        if let Some(end) = end {
            read.set_iterate_upper_bound(end);
        }
        let mut rows = self.db.raw_iterator_cf_opt(self.family(table)?, read);
        rows.seek(start);
        while let Some((key, value)) = rows.item() {
            if end.is_some_and(|end| key >= end) || visit(key, value).is_break() {
                return Ok(());
            }
            rows.next();
        }
        rows.status().map_err(|e| failed("read", &e))
    }

    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a> {
        let rows = self.family(table).map(|family| self.db.raw_iterator_cf_opt(family, whole_table()));
        Box::new(RocksCursor::new(rows))
    }

    fn snapshot<'a>(&'a self) -> Box<dyn Snapshot + 'a> {
        Box::new(cursor::RocksSnapshot { rocks: self, snapshot: self.db.snapshot() })
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), Error> {
        let mut options = WriteOptions::default();
        options.set_sync(durability == Durability::Synced);
        self.db.write_opt(self.to_write_batch(&batch)?, &options).map_err(|e| failed("write", &e))?;
        if durability == Durability::Synced {
            self.anchor.follow(&batch)?;
        }
        Ok(())
    }

    fn release(&self, history: u64, bodies: u64) -> Result<(), Error> {
        self.floors.raise(history, bodies);
        Ok(())
    }

    fn drop_files(&self, table: Table, start: &[u8], end: &[u8]) -> Result<(), Error> {
        self.db.delete_file_in_range_cf(self.family(table)?, start, end).map_err(|e| failed("drop files", &e))
    }

    fn compact(&self, table: Table) -> Result<(), Error> {
        self.compact_table(table)
    }

    fn stats(&self, table: Table) -> Result<TableStats, Error> {
        self.table_stats(table)
    }

    fn checkpoint(&self, path: &Path) -> Result<(), Error> {
        self.create_checkpoint(path)
    }
}

impl fmt::Debug for Rocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rocks").field("path", &self.path).finish_non_exhaustive()
    }
}

/// With a prefix extractor an iterator sees one prefix only, unless it is told otherwise.
fn whole_table() -> ReadOptions {
    let mut read = ReadOptions::default();
    read.set_total_order_seek(true);
    read
}

fn failed(operation: &'static str, error: &rocksdb::Error) -> Error {
    Error::Storage { operation, reason: error.to_string() }
}

/// A folder that is not empty and holds no RocksDB database is somebody else's.
fn check_folder(path: &Path, options: &RocksOptions) -> Result<(), Error> {
    if path.join("CURRENT").exists() {
        return Ok(());
    }
    if !options.create {
        return Err(Error::Foreign(format!(
            "{} holds no database: run `bttd init` or `bttd import` first, or name another data directory",
            path.display()
        )));
    }
    let occupied = path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(Error::Foreign(format!(
            "{} is not empty and holds no database: name an empty folder, or one made by bttd",
            path.display()
        )));
    }
    Ok(())
}

fn open_error(path: &Path, error: &rocksdb::Error) -> Error {
    let reason = error.to_string();
    let path = path.display().to_string();
    if reason.contains("/LOCK: ") || reason.contains("lock hold by current process") {
        return Error::Locked { path, reason };
    }
    if reason.contains("Column families not opened") {
        return Error::Foreign(format!(
            "{path} holds tables that this version of bttd does not know ({reason}): use the version that wrote it"
        ));
    }
    Error::Storage { operation: "open", reason }
}
