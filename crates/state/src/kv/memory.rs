//! The store in memory: for tests, the simulation, and state that need not outlive the process.

use std::{collections::BTreeMap, ops::Bound, path::Path, sync::Arc};

use parking_lot::{Mutex, RwLock};

use crate::{
    Error, Table,
    codec::log_index::{self, SECTION},
    kv::{Batch, Cursor, Durability, KeyValue, Op, Row, RowRef, Snapshot, TableStats, Visit},
};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Ordered maps behind one lock. A cursor or snapshot shares the maps it was taken from, so it never blocks the writer;
/// the writer copies a map only while somebody still holds it.
#[derive(Debug, Default)]
pub struct Memory {
    tables: RwLock<Tables>,
    volatile: Option<Mutex<Volatile>>,
}

/// What a power cut can take: the tables as of the last synced write, and the batches after it.
#[derive(Debug, Default)]
struct Volatile {
    synced: Tables,
    unsynced: Vec<Batch>,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    rows: [Arc<Rows>; Table::ALL.len()],
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that remembers what a power cut would leave.
    pub fn with_power_cuts() -> Self {
        Self { tables: RwLock::default(), volatile: Some(Mutex::default()) }
    }

    /// The store after a power cut now: all that was synced, and of the batches after that the first `kept`, as a log
    /// is cut. Without [`Memory::with_power_cuts`] nothing was synced.
    pub fn power_cut(&self, kept: usize) -> Self {
        let Some(volatile) = &self.volatile else { return Self::with_power_cuts() };
        let volatile = volatile.lock();
        let mut tables = volatile.synced.clone();
        volatile.unsynced.iter().take(kept).for_each(|batch| tables.write(batch));
        let left = Volatile { synced: tables.clone(), unsynced: Vec::new() };
        Self { tables: RwLock::new(tables), volatile: Some(Mutex::new(left)) }
    }

    fn table(&self, table: Table) -> Arc<Rows> {
        self.tables.read().rows[table.index()].clone()
    }
}

impl KeyValue for Memory {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tables.read().rows[table.index()].get(key).cloned())
    }

    fn get_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let rows = self.table(table);
        Ok(keys.iter().map(|key| rows.get(*key).cloned()).collect())
    }

    fn seek(&self, table: Table, key: &[u8], prefix: usize) -> Result<Option<Row>, Error> {
        let tables = self.tables.read();
        let found =
            tables.rows[table.index()].range::<[u8], _>((Bound::Included(key), Bound::Unbounded)).next();
        Ok(found
            .filter(|(found, _)| found.get(..prefix) == key.get(..prefix))
            .map(|(key, value)| (key.clone(), value.clone())))
    }

    fn scan(
        &self,
        table: Table,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        if end.is_some_and(|end| end <= start) {
            return Ok(());
        }
        let rows = self.table(table);
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        for (key, value) in rows.range::<[u8], _>((Bound::Included(start), end)) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a> {
        Box::new(MemoryCursor { rows: self.table(table), at: None })
    }

    fn snapshot<'a>(&'a self) -> Box<dyn Snapshot + 'a> {
        Box::new(self.tables.read().clone())
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), Error> {
        let mut tables = self.tables.write();
        tables.write(&batch);
        if let Some(volatile) = &self.volatile {
            let mut volatile = volatile.lock();
            match durability {
                Durability::Synced => *volatile = Volatile { synced: tables.clone(), unsynced: Vec::new() },
                Durability::Buffered => volatile.unsynced.push(batch),
            }
        }
        Ok(())
    }

    fn release(&self, history: u64, bodies: u64) -> Result<(), Error> {
        let mut tables = self.tables.write();
        for table in [Table::AccountHistory, Table::SlotHistory] {
            tables.retain(table, |key| {
                key.last_chunk().is_none_or(|number| u64::from_be_bytes(*number) > history)
            });
        }
        let first = bodies / SECTION;
        let kept = |key: &[u8]| {
            key.last_chunk().is_none_or(|section| u64::from(u32::from_be_bytes(*section)) >= first)
        };
        tables.retain(Table::LogIndex, kept);
        Ok(())
    }

    fn drop_files(&self, _: Table, _: &[u8], _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn compact(&self, _: Table) -> Result<(), Error> {
        Ok(())
    }

    fn stats(&self, table: Table) -> Result<TableStats, Error> {
        let rows = self.table(table);
        let bytes: usize = rows.iter().map(|(key, value)| key.len().saturating_add(value.len())).sum();
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(TableStats { rows: count(rows.len()), memory_bytes: count(bytes), ..TableStats::default() })
    }

    fn checkpoint(&self, _: &Path) -> Result<(), Error> {
        Err(Error::Storage {
            operation: "make a checkpoint",
            reason: "a store in memory has no files".into(),
        })
    }
}

impl Tables {
    fn retain(&mut self, table: Table, kept: impl Fn(&[u8]) -> bool) {
        let rows = &mut self.rows[table.index()];
        if rows.keys().any(|key| !kept(key)) {
            Arc::make_mut(rows).retain(|key, _| kept(key));
        }
    }

    fn write(&mut self, batch: &Batch) {
        batch.iter().for_each(|op| self.apply(op));
    }

    fn apply(&mut self, op: Op<'_>) {
        match op {
            Op::Put(table, key, value) => {
                Arc::make_mut(&mut self.rows[table.index()]).insert(key.to_vec(), value.to_vec());
            }
            Op::Delete(table, key) => {
                Arc::make_mut(&mut self.rows[table.index()]).remove(key);
            }
            Op::DeleteRange(table, start, end) => {
                if start < end {
                    let rows = Arc::make_mut(&mut self.rows[table.index()]);
                    let mut after = rows.split_off(start);
                    rows.append(&mut after.split_off(end));
                }
            }
            Op::Merge(table, key, operand) => {
                let rows = Arc::make_mut(&mut self.rows[table.index()]);
                let merged = log_index::merge(rows.get(key).map(Vec::as_slice), [operand]);
                rows.insert(key.to_vec(), merged);
            }
        }
    }
}

impl Snapshot for Tables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.rows[table.index()].get(key).cloned())
    }

    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a> {
        Box::new(MemoryCursor { rows: self.rows[table.index()].clone(), at: None })
    }
}

struct MemoryCursor {
    rows: Arc<Rows>,
    at: Option<Vec<u8>>,
}

impl MemoryCursor {
    fn move_to(&mut self, from: Bound<&[u8]>) -> Option<RowRef<'_>> {
        let found = self.rows.range::<[u8], _>((from, Bound::Unbounded)).next();
        self.at = found.map(|(key, _)| key.clone());
        found.map(|(key, value)| (key.as_slice(), value.as_slice()))
    }
}

impl Cursor for MemoryCursor {
    fn current(&mut self) -> Result<Option<RowRef<'_>>, Error> {
        let Some(at) = &self.at else { return Ok(None) };
        Ok(self.rows.get_key_value(at).map(|(key, value)| (key.as_slice(), value.as_slice())))
    }

    fn seek(&mut self, key: &[u8]) -> Result<Option<RowRef<'_>>, Error> {
        Ok(self.move_to(Bound::Included(key)))
    }

    fn next(&mut self) -> Result<Option<RowRef<'_>>, Error> {
        let Some(at) = self.at.take() else { return Ok(None) };
        Ok(self.move_to(Bound::Excluded(&at)))
    }
}
