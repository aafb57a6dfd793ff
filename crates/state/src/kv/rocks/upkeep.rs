//! Sizes, compaction and checkpoints of the database on disk.

use std::{ffi::CStr, path::Path};

use rocksdb::checkpoint::Checkpoint;

use crate::{
    Error, Table,
    kv::{
        TableStats,
        rocks::{Rocks, failed, options::full_compaction},
    },
};

impl Rocks {
    pub(super) fn compact_table(&self, table: Table) -> Result<(), Error> {
        self.db.compact_range_cf_opt(self.family(table)?, None::<&[u8]>, None::<&[u8]>, &full_compaction());
        Ok(())
    }

    pub(super) fn table_stats(&self, table: Table) -> Result<TableStats, Error> {
        let family = self.family(table)?;
        let read = |name: &CStr| -> Result<u64, Error> {
            let value = self
                .db
                .property_int_value_cf(family, name)
                .map_err(|error| failed("read a property", &error))?;
            Ok(value.unwrap_or(0))
        };
        let files = read(c"rocksdb.total-sst-files-size")?;
        Ok(TableStats {
            rows: read(c"rocksdb.estimate-num-keys")?,
            disk_bytes: files.saturating_add(read(c"rocksdb.total-blob-file-size")?),
            memory_bytes: read(c"rocksdb.cur-size-all-mem-tables")?,
            waiting_bytes: read(c"rocksdb.estimate-pending-compaction-bytes")?,
        })
    }

    pub(super) fn create_checkpoint(&self, path: &Path) -> Result<(), Error> {
        let checkpoint = Checkpoint::new(&self.db).map_err(|error| failed("make a checkpoint", &error))?;
        checkpoint.create_checkpoint(path).map_err(|error| failed("make a checkpoint", &error))
    }
}
