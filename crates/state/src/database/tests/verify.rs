use std::{ops::ControlFlow, sync::Arc};

use alloy_primitives::B256;

use super::{catch_up, database, options, with_history};
use crate::{
    Batch, Database, Durability, Error, KeyValue, Memory, Mode, Options, Progress, PruneStep, Retention,
    Table, Verified,
    codec::{meta, number_key},
    testing::Chain,
};

fn verify(database: &Database) -> Result<Verified, Error> {
    database.verify(&mut |_| ControlFlow::Continue(()))
}

fn filled(seed: u64, blocks: usize, options: Options) -> (Chain, Arc<Memory>, Database) {
    let mut chain = Chain::new(seed);
    chain.extend(blocks);
    let kv = Arc::new(Memory::new());
    let database = database(kv.clone(), &chain, options);
    catch_up(&database, &chain);
    (chain, kv, database)
}

#[test]
fn database_as_written_verifies_in_every_mode() {
    for mode in [Mode::Archive, Mode::Full, Mode::Minimal] {
        let (chain, kv, database) = filled(70, 300, options(mode));
        let done = verify(&database).unwrap();
        let state = chain.states.last().unwrap();
        let count = |count: usize| u64::try_from(count).unwrap();
        let rows = |table| kv.stats(table).unwrap().rows;
        let history =
            if mode == Mode::Minimal { 0 } else { rows(Table::AccountHistory) + rows(Table::SlotHistory) };
        assert_eq!((done.headers, done.bodies, done.states), (301, 301, 256));
        assert_eq!(done.accounts, count(state.accounts.len()));
        assert_eq!(done.slots, count(state.slots.values().map(|slots| slots.len()).sum()));
        assert_eq!(done.records, rows(Table::AccountTrie) + rows(Table::SlotTrie));
        assert_eq!(done.history, history);
        assert!(done.codes > 10 && done.history > 100 || mode == Mode::Minimal);
    }
}

#[test]
fn pruned_database_verifies() {
    let retention = Retention { bodies: Some(20), history: Some(30), sidecars: None };
    let (_, _, database) = filled(71, 100, Options { retention: Some(retention), ..options(Mode::Full) });
    while database.prune(PruneStep { blocks: 9, slack: 0 }).unwrap().more {}
    let done = verify(&database).unwrap();
    assert_eq!((done.headers, done.bodies, done.states), (101, 21, 100));
}

/// The first, a middle and the last row of a table.
fn some_rows(kv: &Memory, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    kv.scan(table, &[], None, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!rows.is_empty(), "{table:?} is empty");
    let middle = rows[rows.len() / 2].clone();
    vec![rows[0].clone(), middle, rows.pop().unwrap()]
}

/// Writes the batch, verifies, takes it back.
fn tamper(
    kv: &Memory,
    database: &Database,
    table: Table,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<Verified, Error> {
    let before = kv.get(table, key).unwrap();
    let write = |value: Option<&[u8]>| {
        let mut batch = Batch::default();
        match value {
            Some(value) => batch.put(table, key, value),
            None => batch.delete(table, key),
        }
        kv.write(batch, Durability::Synced).unwrap();
    };
    write(value);
    let result = verify(database);
    write(before.as_deref());
    result
}

/// The error names this row, or the block whose root shows the damage.
fn check_named(result: Result<Verified, Error>, table: Table, what: &str) {
    match result {
        Err(Error::Damaged { .. } | Error::Invariant { .. }) => {}
        other => panic!("{what} in {}: {other:?}", table.name()),
    }
}

#[test]
fn every_changed_lost_or_added_row_is_found() {
    let (_, kv, database) = filled(72, 40, options(Mode::Archive));
    verify(&database).unwrap();
    for table in [
        Table::Headers,
        Table::Numbers,
        Table::Bodies,
        Table::Receipts,
        Table::TxLookup,
        Table::Accounts,
        Table::Slots,
        Table::Code,
        Table::AccountTrie,
        Table::SlotTrie,
        Table::Undo,
        Table::AccountHistory,
        Table::SlotHistory,
        Table::LogIndex,
    ] {
        for (key, value) in some_rows(&kv, table) {
            check_named(tamper(&kv, &database, table, &key, None), table, "lost row");
            check_changes(&kv, &database, table, &key, &value);
            if !matches!(table, Table::Code | Table::AccountHistory | Table::SlotHistory | Table::LogIndex) {
                let mut other = key.clone();
                *other.last_mut().unwrap() ^= 0x80;
                check_named(tamper(&kv, &database, table, &other, Some(&value)), table, "added row");
            }
        }
    }
    verify(&database).unwrap();
}

/// Every byte of a short row, some of a long one. In the body the senders are the one thing that only recovery tells;
/// in a header's row the sums, which only execution gives; an index may have blocks too many.
fn check_changes(kv: &Memory, database: &Database, table: Table, key: &[u8], value: &[u8]) {
    let step = (value.len() / 24).max(1);
    for at in (0..value.len()).step_by(step) {
        let mut changed = value.to_vec();
        changed[at] ^= 0x01;
        let result = tamper(kv, database, table, key, Some(&changed));
        let unseen = match table {
            Table::Bodies => {
                let count = usize::from(value[4]);
                let senders = 5usize.saturating_add(count.saturating_mul(4));
                (senders..senders.saturating_add(count.saturating_mul(20))).contains(&at)
            }
            Table::Headers => (33..33usize.saturating_add(value[32].into())).contains(&at),
            Table::LogIndex => result.is_ok(),
            _ => false,
        };
        if !unseen {
            check_named(result, table, &format!("byte {at} changed"));
        }
    }
}

#[test]
fn error_names_row_and_both_values() {
    let (chain, kv, database) = filled(73, 5, with_history(1000));
    let key = number_key(3);
    let row = kv.get(Table::Receipts, &number_key(2)).unwrap().unwrap();
    let error = tamper(&kv, &database, Table::Receipts, &key, Some(&row)).unwrap_err().to_string();
    assert!(error.starts_with("damaged row in table receipts, key 0x0000000000000003: "), "{error}");
    let head = crate::Head { hash: B256::repeat_byte(1), ..database.head() };
    let error =
        tamper(&kv, &database, Table::Meta, meta::HEAD, Some(&head.encode())).unwrap_err().to_string();
    let expected = format!("{} expected", chain.blocks[5].hash);
    assert!(error.contains("the head's hash is 0x0101") && error.ends_with(&expected), "{error}");
}

#[test]
fn verification_reports_and_stops_when_told_to() {
    let (_, _, database) = filled(74, 20, options(Mode::Full));
    let mut stages = Vec::new();
    database
        .verify(&mut |Progress { stage, done, total }| {
            assert!(done <= total.max(done));
            stages.push(stage);
            ControlFlow::Continue(())
        })
        .unwrap();
    for stage in ["headers", "bodies", "accounts", "code", "undo records", "slot_history"] {
        assert!(stages.contains(&stage), "{stage} not in {stages:?}");
    }
    let stopped = database.verify(&mut |progress| match progress.stage {
        "accounts" => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped, Err(Error::Stopped));
}
