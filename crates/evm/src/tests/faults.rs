//! Faults of the storage in the middle of a block.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::{Address, TxKind, U256};
use btt_chainspec::Fork;
use btt_state::{
    Batch, Cursor, Durability, Error as StateError, KeyValue, Memory, Row, Snapshot, Table, TableStats, Visit,
};

use super::support::*;
use crate::{Error, Fatal};

/// A store whose reads fail once so many have been done.
#[derive(Debug)]
struct Failing {
    store: Memory,
    reads_left: AtomicU64,
}

impl Failing {
    fn read(&self) -> Result<(), StateError> {
        let left =
            self.reads_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| fault())
    }
}

fn fault() -> StateError {
    StateError::Storage { operation: "read", reason: "medium error".to_owned() }
}

impl KeyValue for Failing {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        self.read()?;
        self.store.get(table, key)
    }

    fn get_many(&self, table: Table, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.read()?;
        self.store.get_many(table, keys)
    }

    fn seek(&self, table: Table, key: &[u8], prefix: usize) -> Result<Option<Row>, StateError> {
        self.read()?;
        self.store.seek(table, key, prefix)
    }

    fn scan(
        &self,
        table: Table,
        start: &[u8],
        end: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), StateError> {
        self.read()?;
        self.store.scan(table, start, end, visit)
    }

    fn cursor<'a>(&'a self, table: Table) -> Box<dyn Cursor + 'a> {
        self.store.cursor(table)
    }

    fn snapshot<'a>(&'a self) -> Box<dyn Snapshot + 'a> {
        self.store.snapshot()
    }

    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StateError> {
        self.store.write(batch, durability)
    }

    fn release(&self, history: u64, bodies: u64) -> Result<(), StateError> {
        self.store.release(history, bodies)
    }

    fn drop_files(&self, table: Table, start: &[u8], end: &[u8]) -> Result<(), StateError> {
        self.store.drop_files(table, start, end)
    }

    fn compact(&self, table: Table) -> Result<(), StateError> {
        self.store.compact(table)
    }

    fn stats(&self, table: Table) -> Result<TableStats, StateError> {
        self.store.stats(table)
    }

    fn checkpoint(&self, path: &Path) -> Result<(), StateError> {
        self.store.checkpoint(path)
    }
}

/// A block whose transaction reads accounts, code, slots and a block hash, and writes.
fn block(reads: u64) -> (World, Result<crate::Built, Error>) {
    // slot 1 = slot 2 + BALANCE(0xab..) + EXTCODESIZE(0xac..) + BLOCKHASH(0); a call to 0xad..
    let target = Address::repeat_byte(0xcc);
    let hex = "60 02 54 73 abababababababababababababababababababab 31 01 \
               73 acacacacacacacacacacacacacacacacacacacac 3b 01 5f 40 01 60 01 55 \
               5f 5f 5f 5f 5f 73 adadadadadadadadadadadadadadadadadadadad 5a f1 50 00";
    let accounts = Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (target, Alloc::code(hex).slot(2, U256::from(9))),
        (Address::repeat_byte(0xab), Alloc::balance(U256::from(5))),
        (Address::repeat_byte(0xac), Alloc::code("00 00")),
        (Address::repeat_byte(0xad), Alloc::code("5f 54 60 01 55 00").slot(0, U256::from(3))),
    ]);
    let store = Arc::new(Failing { store: Memory::default(), reads_left: AtomicU64::new(u64::MAX) });
    let world = World::with_cold_store(ethereum(Fork::Shanghai), &accounts, store.clone());
    store.reads_left.store(reads, Ordering::SeqCst);
    let tx = legacy(&key(1), 0, TxKind::Call(target), U256::ZERO, code(""));
    let built = world.build(vec![tx]);
    (world, built)
}

#[test]
fn a_failed_read_is_a_fault_of_ours_wherever_it_strikes() {
    let (_, whole) = block(u64::MAX);
    let whole = whole.unwrap().block;
    let mut failures = 0_u64;
    for reads in 0.. {
        let (_, built) = block(reads);
        match built {
            Err(error) => assert_eq!(error, Error::Fatal(Fatal::State(fault())), "after {reads} reads"),
            Ok(built) => {
                assert_eq!(built.block, whole);
                break;
            }
        }
        failures += 1;
    }
    assert!(failures > 8, "only {failures} reads");
}
