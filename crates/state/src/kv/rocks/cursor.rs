//! Cursors and snapshots of the database on disk.

use std::fmt;

use rocksdb::{DB, DBRawIterator, SnapshotWithThreadMode};

use crate::{
    Error, Table,
    kv::{
        Cursor, RowRef, Snapshot,
        rocks::{Rocks, failed, whole_table},
    },
};

/// A cursor; opening it can fail, which the first move reports.
pub(super) struct RocksCursor<'a> {
    rows: Result<DBRawIterator<'a>, Error>,
}

impl<'a> RocksCursor<'a> {
    pub(super) const fn new(rows: Result<DBRawIterator<'a>, Error>) -> Self {
        Self { rows }
    }

    fn at(&mut self, go: impl FnOnce(&mut DBRawIterator<'a>)) -> Result<Option<RowRef<'_>>, Error> {
        let rows = self.rows.as_mut().map_err(|error| error.clone())?;
        go(rows);
        if !rows.valid() {
            rows.status().map_err(|error| failed("read", &error))?;
        }
        Ok(rows.item())
    }
}

impl Cursor for RocksCursor<'_> {
    fn current(&mut self) -> Result<Option<RowRef<'_>>, Error> {
        self.at(|_| {})
    }

    fn seek(&mut self, key: &[u8]) -> Result<Option<RowRef<'_>>, Error> {
        self.at(|rows| rows.seek(key))
    }

    fn next(&mut self) -> Result<Option<RowRef<'_>>, Error> {
        self.at(|rows| {
            if rows.valid() {
                rows.next();
            }
        })
    }
}

pub(super) struct RocksSnapshot<'a> {
    pub(super) rocks: &'a Rocks,
    pub(super) snapshot: SnapshotWithThreadMode<'a, DB>,
}

impl fmt::Debug for RocksSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksSnapshot").finish_non_exhaustive()
    }
}

impl Snapshot for RocksSnapshot<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.snapshot.get_cf(self.rocks.family(table)?, key).map_err(|error| failed("read", &error))
    }

    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a> {
        let rows = self.rocks.family(table);
        Box::new(RocksCursor::new(
            rows.map(|family| self.snapshot.raw_iterator_cf_opt(family, whole_table())),
        ))
    }
}
