use std::sync::Arc;

use alloy_primitives::B256;

use super::{CHAIN_ID, catch_up, database, options, reads::check_state};
use crate::{
    Batch, Database, Durability, Error, Identity, KeyValue, Memory, Mode, Options, Table, codec::meta,
    ring::RING_BLOCKS, testing::Chain,
};

fn put(kv: &Memory, key: &[u8], value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(Table::Meta, key, value);
    kv.write(batch, Durability::Synced).unwrap();
}

fn filled(seed: u64, blocks: usize, mode: Mode) -> (Chain, Arc<Memory>) {
    let mut chain = Chain::new(seed);
    chain.extend(blocks);
    let kv = Arc::new(Memory::new());
    catch_up(&database(kv.clone(), &chain, options(mode)), &chain);
    (chain, kv)
}

#[test]
fn reopened_database_goes_on_where_it_ended() {
    for mode in [Mode::Archive, Mode::Full, Mode::Minimal] {
        let (mut chain, kv) = filled(60, 100, mode);
        let again = Database::open(kv.clone(), Options { mode: None, ..options(mode) }).unwrap();
        assert_eq!(again.mode(), mode);
        assert_eq!(again.head().hash, chain.blocks[100].hash);
        let identity = Identity { chain_id: CHAIN_ID, genesis: chain.blocks[0].hash };
        assert_eq!(again.identity(), Ok(Some(identity)));
        for number in 100 - RING_BLOCKS..=100 {
            check_state(&again.at(number as u64).unwrap(), &chain.states[number]);
        }
        chain.extend(20);
        catch_up(&again, &chain);
        check_state(&again.latest(), &chain.states[120]);
        check_state(&again.at(90).unwrap(), &chain.states[90]);
    }
}

#[test]
fn empty_store_is_a_database_before_genesis() {
    let database = Database::open(Arc::new(Memory::new()), Options::default()).unwrap();
    assert_eq!((database.head().number, database.head().hash), (0, B256::ZERO));
    assert_eq!(database.identity(), Ok(None));
    check_state(&database.latest(), &Default::default());
}

fn check_refused(kv: Arc<Memory>, options: Options, words: &[&str]) {
    let error = Database::open(kv, options).unwrap_err();
    assert!(matches!(error, Error::Foreign(_)), "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
}

#[test]
fn foreign_and_newer_databases_are_refused_with_a_remedy() {
    let (chain, kv) = filled(61, 3, Mode::Full);
    let right = Identity { chain_id: CHAIN_ID, genesis: chain.blocks[0].hash };
    let with = |expected| Options { expected: Some(expected), ..Options::default() };
    assert!(Database::open(kv.clone(), with(right)).is_ok());
    let other_chain = Identity { chain_id: 8, ..right };
    check_refused(kv.clone(), with(other_chain), &["chain 7", "chain 8", "another data directory"]);
    let other_genesis = Identity { genesis: B256::repeat_byte(1), ..right };
    check_refused(kv.clone(), with(other_genesis), &["0x0101", "another data directory"]);
    put(&kv, meta::SCHEMA_KEY, &9u64.to_be_bytes());
    check_refused(kv, Options::default(), &["schema 9", "reads schema 1", "empty folder"]);
}

#[test]
fn mode_goes_down_and_never_up() {
    let (chain, kv) = filled(62, 100, Mode::Full);
    check_refused(kv.clone(), options(Mode::Archive), &["full mode", "--mode full", "sync anew"]);
    let minimal = Database::open(kv.clone(), options(Mode::Minimal)).unwrap();
    assert_eq!(minimal.mode(), Mode::Minimal);
    assert_eq!(kv.stats(Table::AccountHistory).unwrap().rows, 0);
    check_state(&minimal.latest(), &chain.states[100]);
    check_refused(kv, options(Mode::Full), &["minimal mode"]);
}

#[test]
fn damaged_rows_are_named() {
    let (_, kv) = filled(63, 5, Mode::Full);
    put(&kv, meta::HEAD, &[1, 2, 3]);
    let error = Database::open(kv, Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "damaged row in table meta, key 0x68656164: 8 bytes expected, 3 left");
}
