//! RocksDB's options, table by table, each with its reason.

use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, CompactOptions, DBCompressionType, DBRecoveryMode,
    DataBlockIndexType, MergeOperands, Options, SliceTransform, WriteBufferManager,
};

use crate::{
    Table,
    codec::log_index,
    kv::rocks::filter::{Factory, Floors, Kind},
};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Sizes of the database; the default suits 2 cores and 2 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of the block cache, shared by all tables; indexes and filters live in it too.
    pub cache_bytes: usize,
    /// Bytes of one memtable.
    pub memtable_bytes: usize,
    /// Memtables of a table that may wait for their flush.
    pub memtables: u8,
    /// Background jobs; one is always free for flushes.
    pub jobs: u8,
    /// Bytes a second that compaction and flush may write, at most.
    pub background_bytes_per_second: u32,
    /// Whether a missing database is created.
    pub create: bool,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 512 * MIB,
            memtable_bytes: 64 * MIB,
            memtables: 3,
            jobs: 2,
            background_bytes_per_second: 1 << 29,
            create: true,
        }
    }
}

impl RocksOptions {
    /// Options of the database as a whole.
    pub(super) fn database(&self, cache: &Cache) -> Options {
        let mut options = Options::default();
        options.create_if_missing(self.create);
        options.create_missing_column_families(true);
        options.set_max_background_jobs(i32::from(self.jobs.max(2)));
        options.set_bytes_per_sync(1 << 20);
        options.set_wal_bytes_per_sync(1 << 20);
        // Every index and filter of an open file is in the block cache, so files need not be closed to bound memory.
        options.set_max_open_files(-1);
        // A table that is rarely written would otherwise hold every log since its last flush.
        options.set_max_total_wal_size(1 << 30);
        // A torn tail is normal after a crash. What this mode drops without a word is found by the anchor.
        options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
        options.set_track_and_verify_wals_in_manifest(true);
        options.set_auto_tuned_ratelimiter(i64::from(self.background_bytes_per_second), 100_000, 10);
        options.set_keep_log_file_num(8);
        options.set_max_log_file_size(16 * MIB);
        options.set_stats_persist_period_sec(0);
        // All memtables together are bounded, and counted in the block cache.
        let memtables = self.memtable_bytes.saturating_mul(usize::from(self.memtables.max(2)));
        let buffers =
            WriteBufferManager::new_write_buffer_manager_with_cache(memtables, false, cache.clone());
        options.set_write_buffer_manager(&buffers);
        options
    }

    /// One descriptor per table, and RocksDB's own default family, which stays empty.
    pub(super) fn families(&self, cache: &Cache, floors: &Arc<Floors>) -> Vec<ColumnFamilyDescriptor> {
        let tables = Table::ALL
            .into_iter()
            .map(|table| ColumnFamilyDescriptor::new(table.name(), self.family(table, cache, floors)));
        tables.chain([ColumnFamilyDescriptor::new("default", Options::default())]).collect()
    }

    fn family(&self, table: Table, cache: &Cache, floors: &Arc<Floors>) -> Options {
        let mut options = Options::default();
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_write_buffer_size(self.memtable_bytes);
        options.set_max_write_buffer_number(i32::from(self.memtables.max(2)));
        options.set_compression_type(DBCompressionType::Lz4);
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(cache);
        blocks.set_cache_index_and_filter_blocks(true);
        blocks.set_cache_index_and_filter_blocks_with_high_priority(true);
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
        blocks.set_format_version(6);
        match table {
            Table::Accounts | Table::Slots | Table::AccountTrie | Table::SlotTrie => {
                state(&mut options, &mut blocks);
            }
            Table::AccountHistory | Table::SlotHistory => {
                blocks.set_block_size(16 * KIB);
                options.set_bottommost_compression_type(DBCompressionType::Zstd);
                options
                    .set_compaction_filter_factory(Factory { kind: Kind::History, floors: floors.clone() });
                never_stall(&mut options);
            }
            Table::LogIndex => {
                options.set_compression_type(DBCompressionType::Zstd);
                options.set_merge_operator_associative("btt.blocks", merge_blocks);
                options
                    .set_compaction_filter_factory(Factory { kind: Kind::LogIndex, floors: floors.clone() });
                never_stall(&mut options);
            }
            Table::Bodies | Table::Receipts | Table::Code => {
                blobs(&mut options);
                never_stall(&mut options);
            }
            Table::Headers => blocks.set_block_size(32 * KIB),
            Table::Numbers => {
                blocks.set_bloom_filter(10.0, false);
                options.set_compression_type(DBCompressionType::None);
            }
            // Hashes do not compress, and look-ups of transactions mostly hit, so a filter would only cost memory.
            Table::TxLookup => options.set_compression_type(DBCompressionType::None),
            Table::Meta
            | Table::Bridge
            | Table::Sidecars
            | Table::Certificates
            | Table::Undecided
            | Table::Undo
            | Table::Preimages => {}
        }
        if let Some(prefix) = prefix_of(table) {
            options.set_prefix_extractor(SliceTransform::create_fixed_prefix(prefix));
        }
        options.set_block_based_table_factory(&blocks);
        options
    }
}

/// Length of the table's prefix extractor. With one, an iterator must say whether it stays in a prefix or walks the
/// whole table.
pub(super) const fn prefix_of(table: Table) -> Option<usize> {
    match table {
        Table::Slots | Table::SlotTrie => Some(32),
        Table::AccountHistory => Some(20),
        Table::SlotHistory => Some(52),
        _ => None,
    }
}

/// A full pass over a table, bottom level included, so that filters see every row.
pub(super) fn full_compaction() -> CompactOptions {
    let mut options = CompactOptions::default();
    options.set_bottommost_level_compaction(rocksdb::BottommostLevelCompaction::ForceOptimized);
    options
}

/// Point reads of hashed keys: nothing compresses, most keys asked for exist in one level only.
fn state(options: &mut Options, blocks: &mut BlockBasedOptions) {
    options.set_compression_type(DBCompressionType::None);
    options.set_memtable_prefix_bloom_ratio(0.2);
    options.set_memtable_whole_key_filtering(true);
    blocks.set_block_size(16 * KIB);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_whole_key_filtering(true);
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_data_block_hash_ratio(0.75);
}

/// Values of kilobytes, written once: kept out of compaction.
fn blobs(options: &mut Options) {
    options.set_enable_blob_files(true);
    options.set_min_blob_size(4096);
    options.set_blob_file_size(256 << 20);
    options.set_blob_compression_type(DBCompressionType::Lz4);
    options.set_enable_blob_gc(true);
}

/// A stall of one table stalls every write, commits too. These tables may fall behind instead.
fn never_stall(options: &mut Options) {
    options.set_level_zero_slowdown_writes_trigger(64);
    options.set_level_zero_stop_writes_trigger(128);
    options.set_soft_pending_compaction_bytes_limit(0);
    options.set_hard_pending_compaction_bytes_limit(0);
}

fn merge_blocks(_key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    Some(log_index::merge(existing, operands))
}
