//! Records, rows and changes that contradict each other give an error that names the place, never a panic.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alloy_primitives::{B256, U256, keccak256};
use parking_lot::Mutex;

use super::world::{Action, Flat, World, key, trie_rows};
use crate::{
    Account, AccountChange, Batch, Durability, EMPTY_ROOT, Error, KeyValue, Memory, Prover, Rebuild, Records,
    Rooted, StateChanges, Table, Trie, TrieKind, Version, trie::store::Store,
};

fn hash(seed: u16) -> B256 {
    keccak256(seed.to_be_bytes())
}

fn plain(tables: &Arc<dyn KeyValue>, root: B256) -> Trie {
    Trie::open(tables.clone(), root, TrieKind::Plain { cache_bytes: 0 }).unwrap()
}

fn run(
    tables: &Arc<dyn KeyValue>,
    root: B256,
    leaves: &Flat,
    changes: &StateChanges,
) -> Result<Rooted, Error> {
    let trie = plain(tables, root);
    let mut job = trie.job(&trie.head(), Arc::new(leaves.clone()));
    job.update(changes)?;
    Ok(job.finish())
}

fn set(tables: &Arc<dyn KeyValue>, table: Table, key: &[u8], row: Option<&[u8]>) {
    let mut batch = Batch::default();
    match row {
        Some(row) => batch.put(table, key, row),
        None => batch.delete(table, key),
    }
    tables.write(batch, Durability::Buffered).unwrap();
}

fn world() -> World {
    let mut world = World::new(&World::kinds()[..1]);
    let accounts = (0..600).map(|seed| Action::Account(hash(seed), 1));
    world.block(&[accounts.chain((0..300).map(|seed| Action::Slot(hash(1), hash(seed), 1))).collect()]);
    world.verify();
    world
}

#[test]
fn changes_that_contradict_the_trie_are_refused() {
    let world = world();
    let change = |key: B256, before: bool, after: bool| AccountChange {
        before: before.then(Account::default),
        after: after.then(Account::default),
        hashed: key,
        address: Default::default(),
        wiped: false,
        slots: Vec::new(),
    };
    let (there, absent) = (hash(5), hash(50_000));
    for (change, expected) in [
        (change(there, false, true), "an inserted key exists already"),
        (change(absent, true, true), "a key that is said to exist is not in the trie"),
        (change(absent, true, false), "a key that is said to exist is not in the trie"),
    ] {
        let changes = StateChanges { accounts: vec![change], codes: Vec::new() };
        match run(&world.tables(), world.root, &world.tip, &changes) {
            Err(Error::Invariant { number: 1, what, .. }) => assert!(what.contains(expected), "{what}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn lost_and_damaged_records_are_errors_or_give_the_right_root() {
    let mut world = world();
    let (before, root, tables) = (world.tip.clone(), world.root, world.tables());
    let actions = (0..200).map(|seed| Action::Account(hash(seed * 3), 9));
    let slots = (0..50).map(|seed| Action::Slot(hash(1), hash(seed * 4), u64::from(seed % 2)));
    let changes = world.tip.run(&actions.chain(slots).collect::<Vec<_>>());
    let expected = world.tip.roots(&changes);
    assert_eq!(run(&tables, root, &before, &changes).unwrap().root, expected);
    let mut errors = 0;
    for (index, (table, key, record)) in trie_rows(tables.as_ref()).into_iter().enumerate() {
        let mut damaged = record.clone();
        damaged[index % record.len()] ^= 1 << (index % 8);
        for row in [None, Some(&record[..record.len() - 1]), Some(&damaged)] {
            set(&tables, table, &key, row);
            // A flipped bit of a reference changes the root; all else is either not read or found out.
            errors +=
                usize::from(run(&tables, root, &before, &changes).map(|rooted| rooted.root) != Ok(expected));
            let _ = Prover::new(&tables, &before, root).prove(&hash(1), &[hash(8)]);
        }
        set(&tables, table, &key, Some(&record));
    }
    assert!(errors > 100, "{errors}");
}

#[test]
fn missing_rows_are_errors() {
    let world = world();
    let mut leaves = world.tip.clone();
    leaves.accounts.retain(|key, _| *key == hash(7));
    let change = |before: Option<Account>, after| AccountChange {
        hashed: hash(7),
        address: Default::default(),
        before,
        after,
        wiped: false,
        slots: Vec::new(),
    };
    let account = world.tip.accounts[&hash(7)];
    let changes = StateChanges { accounts: vec![change(Some(account), None)], codes: Vec::new() };
    let result = run(&world.tables(), world.root, &leaves, &changes);
    assert!(matches!(&result, Err(Error::Invariant { .. })), "{result:?}");
    let nothing = Flat::default();
    let result = run(&(Arc::new(Memory::default()) as Arc<dyn KeyValue>), hash(0), &nothing, &changes);
    assert!(matches!(&result, Err(Error::Invariant { .. })), "{result:?}");
}

#[test]
fn rebuilding_refuses_leaves_out_of_order() {
    let mut rebuild = Rebuild::of_slots(hash(0));
    rebuild.push_slot(&key("5", 0), U256::from(1)).unwrap();
    for late in [key("5", 0), key("4", 0)] {
        let result = Rebuild::of_slots(hash(0)).push_slot(&late, U256::from(1));
        assert_eq!(result, Ok(()));
        assert!(rebuild.push_slot(&late, U256::from(1)).is_err());
        rebuild = Rebuild::of_slots(hash(0));
        rebuild.push_slot(&key("5", 0), U256::from(1)).unwrap();
    }
}

#[test]
fn only_a_child_of_the_head_is_published() {
    let world = world();
    let tables = world.tables();
    let trie = plain(&tables, world.root);
    let job = |base| trie.job(base, Arc::new(world.tip.clone())).finish().version;
    let (first, rival) = (job(&trie.head()), job(&trie.head()));
    let grandchild = trie.job(&first, Arc::new(world.tip.clone())).finish().version;
    assert!(trie.publish(&grandchild).is_err());
    trie.publish(&first).unwrap();
    trie.publish(&first).unwrap();
    assert!(trie.publish(&rival).is_err());
    assert!(trie.head().is(&first));
    trie.publish(&grandchild).unwrap();
    assert_eq!(trie.head().root(), world.root);
}

/// A database that commits and publishes the block below a job while the job reads.
#[derive(Debug, Default)]
struct Moving {
    tables: Memory,
    reads: AtomicUsize,
    /// At which read the batch is written, and at which the version is published.
    moves: Mutex<Vec<(usize, Move)>>,
}

#[derive(Debug)]
enum Move {
    Write(Batch),
    Publish(Arc<Trie>, Version),
}

impl Moving {
    fn step(&self) {
        let read = self.reads.fetch_add(1, Ordering::SeqCst);
        let due: Vec<Move> = {
            let mut moves = self.moves.lock();
            let due = moves.iter().take_while(|(at, _)| *at <= read).count();
            moves.drain(..due).map(|(_, due)| due).collect()
        };
        for due in due {
            match due {
                Move::Write(batch) => self.tables.write(batch, Durability::Buffered).unwrap(),
                Move::Publish(trie, version) => trie.publish(&version).unwrap(),
            }
        }
    }
}

impl Records for Moving {
    fn record(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.step();
        self.tables.get(table, key)
    }
}

#[test]
fn a_job_is_blind_to_the_commit_of_its_base() {
    let hash = |seed: u16| keccak256(seed.to_be_bytes());
    let kinds = [
        TrieKind::Plain { cache_bytes: 0 },
        TrieKind::Plain { cache_bytes: 1 << 20 },
        TrieKind::Resident { budget_bytes: 0, pool: None },
        TrieKind::Resident { budget_bytes: 1 << 20, pool: None },
    ];
    // Genesis, then two blocks that delete, insert and collapse in the same places.
    let mut flat = Flat::default();
    let mut next = |actions: Vec<Action>| {
        let before = flat.clone();
        let changes = flat.run(&actions);
        let root = flat.roots(&changes);
        flat.number += 1;
        (before, changes, root)
    };
    let genesis = next((0..40).map(|seed| Action::Account(hash(seed), 1)).collect());
    let first = next((0..30).map(|seed| Action::Remove(hash(seed))).collect());
    let second = next((15..60).map(|seed| Action::Account(hash(seed), 2)).collect());
    for kind in kinds {
        let mut end = 1;
        for write in 0.. {
            if write > end {
                break;
            }
            let reads = end;
            for publish in write..=reads {
                let moving = Arc::new(Moving::default());
                let tables = &moving.tables;
                let trie = Arc::new(Trie::over(
                    moving.clone(),
                    EMPTY_ROOT,
                    Store::new(tables, &kind).unwrap(),
                    None,
                ));
                let job = |base: &Version, (before, changes, root): &(Flat, StateChanges, B256)| {
                    let mut job = trie.job(base, Arc::new(before.clone()));
                    job.update(changes).unwrap();
                    assert_eq!(job.root(), *root, "written at read {write}, published at read {publish}");
                    job.finish()
                };
                let batch = |rooted: &Rooted| {
                    let mut batch = Batch::default();
                    rooted.nodes.append_to(&mut batch);
                    batch
                };
                let base = job(&trie.head(), &genesis);
                tables.write(batch(&base), Durability::Buffered).unwrap();
                trie.publish(&base.version).unwrap();
                let base = job(&trie.head(), &first);
                moving.reads.store(0, Ordering::SeqCst);
                *moving.moves.lock() = vec![
                    (write, Move::Write(batch(&base))),
                    (publish, Move::Publish(trie.clone(), base.version.clone())),
                ];
                let last = job(&base.version, &second);
                end = moving.reads.load(Ordering::SeqCst);
                // What was not due in the middle of the job comes now.
                moving.reads.store(usize::MAX - 1, Ordering::SeqCst);
                moving.step();
                tables.write(batch(&last), Durability::Buffered).unwrap();
                trie.publish(&last.version).unwrap();
                assert_eq!(trie_rows(tables), flat.rebuild().1);
            }
        }
    }
}
