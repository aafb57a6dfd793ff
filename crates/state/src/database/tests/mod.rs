//! The database against the plain model.

mod blocks;
mod crash;
mod disk;
mod layers;
mod logs;
mod open;
mod past;
mod prune;
mod reads;
mod steps;
mod verify;

use std::sync::Arc;

use crate::{
    Database, Durability, KeyValue, Memory, Mode, Options, Retention, Rocks, RocksOptions,
    testing::{Chain, Executed, commits},
};

pub(super) const CHAIN_ID: u64 = 7;

/// Options that flush and compact often.
pub(super) fn small_rocks() -> RocksOptions {
    RocksOptions { cache_bytes: 1 << 20, memtable_bytes: 1 << 16, ..RocksOptions::default() }
}

/// Runs a test on every kind of store.
pub(super) fn on_each_store(test: impl Fn(Arc<dyn KeyValue>)) {
    test(Arc::new(Memory::new()));
    let folder = tempfile::TempDir::new().unwrap();
    test(Arc::new(Rocks::open(folder.path(), &small_rocks()).unwrap()));
}

/// A database with the genesis of `chain`, small caches and a small ring.
pub(super) fn database(kv: Arc<dyn KeyValue>, chain: &Chain, options: Options) -> Database {
    let database = Database::open(kv, options).unwrap();
    database.init_genesis(CHAIN_ID, &commits(&database, &chain.blocks[..1])[0]).unwrap();
    database
}

pub(super) fn memory(chain: &Chain, options: Options) -> Database {
    database(Arc::new(Memory::new()), chain, options)
}

pub(super) fn options(mode: Mode) -> Options {
    Options { mode: Some(mode), state_cache_bytes: 4096, code_cache_bytes: 4096, ..Options::default() }
}

pub(super) fn with_history(blocks: u64) -> Options {
    let retention = Retention { bodies: None, history: Some(blocks), sidecars: None };
    Options { retention: Some(retention), ..options(Mode::Full) }
}

/// Commits the blocks that the database does not have.
pub(super) fn catch_up(database: &Database, chain: &Chain) {
    for block in chain.after(database.head().number) {
        commit(database, block);
    }
}

pub(super) fn commit(database: &Database, block: &Executed) {
    let commits = commits(database, std::slice::from_ref(block));
    database.commit(&commits[0], Durability::Buffered).unwrap();
}
