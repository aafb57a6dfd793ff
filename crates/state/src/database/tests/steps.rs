//! Readers and jobs beside the writer, one step at a time, in orders drawn from seeds.

use std::sync::{Arc, atomic::Ordering};

use super::{database, options, reads::check_state};
use crate::{
    Database, Durability, Error, Layer, Memory, Mode, Options, PruneStep, Retention, StateView,
    steps::Turns,
    testing::{Chain, Random, commits},
};

const BLOCKS: u64 = 12;
const SCHEDULES: u64 = 300;

/// Commits the chain, now one block at a time, now three in one batch, pruning in between.
fn write(database: &Database, chain: &Chain, seed: u64) {
    let mut random = Random::new(seed);
    while database.head().number < BLOCKS {
        let rest = chain.after(database.head().number);
        let count = rest.len().min(if random.once_in(3) { 3 } else { 1 });
        database.commit_all(&commits(database, &rest[..count]), Durability::Buffered).unwrap();
        if random.once_in(2) {
            database.prune(PruneStep { blocks: 2, slack: 0 }).unwrap();
        }
    }
}

/// Reads some keys of a view: the model's values, or "pruned" where the mode permits it.
fn read(view: &StateView, chain: &Chain, random: &mut Random, may_be_pruned: bool) {
    let state = chain.state(view.number());
    for _ in 0..3 {
        let address = Chain::addresses().nth(random.index(6)).unwrap();
        let slot = Chain::slots().nth(random.index(4)).unwrap();
        let pruned = |error: &Error| may_be_pruned && matches!(error, Error::Pruned { .. });
        match view.account(&address) {
            Ok(account) => assert_eq!(account, state.account(&address), "{address} at {}", view.number()),
            Err(error) => assert!(pruned(&error), "{error}"),
        }
        match view.storage(&address, &slot) {
            Ok(value) => {
                assert_eq!(value, state.storage(&address, &slot), "{address} {slot} at {}", view.number());
            }
            Err(error) => assert!(pruned(&error), "{error}"),
        }
    }
}

/// Views of the head, kept while blocks commit, and of older blocks.
fn read_along(database: &Database, chain: &Chain, seed: u64, may_be_pruned: bool) {
    let mut random = Random::new(seed);
    let mut kept: Vec<StateView> = vec![database.latest()];
    for _ in 0..8 {
        kept.push(database.latest());
        let number = random.below(database.head().number.saturating_add(1));
        match database.at(number) {
            Ok(view) => kept.push(view),
            Err(error) => assert!(may_be_pruned && matches!(error, Error::Pruned { .. }), "{error}"),
        }
        let view = kept[random.index(kept.len())].clone();
        read(&view, chain, &mut random, may_be_pruned);
    }
}

/// Layers on the head, whose blocks commit meanwhile.
fn stack(database: &Database, chain: &Chain, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..4 {
        let mut view = database.latest();
        let count = random.index(4);
        for block in chain.after(view.number()).iter().take(count) {
            view = view.with_layer(block.layer.clone());
        }
        for _ in 0..3 {
            read(&view, chain, &mut random, false);
            view = view.settled();
        }
    }
}

/// Computes the root of the head's child, and of the grandchild on top of it while the child is being committed.
fn root(database: &Database, chain: &Chain) {
    for _ in 0..4 {
        let (mut view, mut version) = database.tip();
        for block in chain.after(view.number()).iter().take(2) {
            let mut job = database.trie().job(&version, Arc::new(view.clone()));
            let result = job.update(block.layer.changes());
            // Once a block above the job's base is being committed, its result is to be dropped, an error included.
            if database.0.store.published.load(Ordering::Acquire) > view.number() {
                break;
            }
            result.unwrap();
            let rooted = job.finish();
            assert_eq!(rooted.root, block.block.header.state_root);
            version = rooted.version;
            view = view.with_layer(block.layer.clone());
        }
    }
}

fn check(seed: u64, options: &Options, history: bool, may_be_pruned: bool) {
    let mut chain = Chain::new(seed);
    chain.extend(usize::try_from(BLOCKS).unwrap());
    for schedule in 0..SCHEDULES {
        let database = database(Arc::new(Memory::new()), &chain, options.clone());
        // Another layer of the same block, as a second execution gives it: the writer never marks it committed.
        let again = chain.block(1);
        let again = Arc::new(Layer::new(1, again.hash, again.layer.changes().clone(), &[]));
        let seed = seed.wrapping_mul(1 << 20).wrapping_add(schedule);
        let (database, chain) = (&database, &chain);
        let twice = database.latest().with_layer(again);
        let mut actors: Vec<Box<dyn FnOnce() + Send + '_>> = vec![
            Box::new(move || write(database, chain, seed)),
            Box::new(move || read_along(database, chain, seed.wrapping_add(1), may_be_pruned)),
            Box::new(move || root(database, chain)),
        ];
        if history {
            actors.push(Box::new(move || stack(database, chain, seed.wrapping_add(2))));
            actors.push(Box::new(move || {
                let mut random = Random::new(seed.wrapping_add(3));
                (0..4).for_each(|_| read_accounts(&twice, chain, &mut random));
            }));
        }
        Turns::run(seed, actors);
        check_state(&database.latest(), chain.state(BLOCKS));
    }
}

/// Values without the storage root, which this layer was not told.
fn read_accounts(view: &StateView, chain: &Chain, random: &mut Random) {
    let address = Chain::addresses().nth(random.index(6)).unwrap();
    let slot = Chain::slots().nth(random.index(4)).unwrap();
    let state = chain.state(view.number());
    let balance = |account: Option<crate::Account>| account.map(|account| (account.nonce, account.balance));
    assert_eq!(balance(view.account(&address).unwrap()), balance(state.account(&address)));
    assert_eq!(view.storage(&address, &slot), Ok(state.storage(&address, &slot)));
}

fn small_ring(blocks: usize, options: Options) -> Options {
    Options { ring_blocks: blocks, ..options }
}

#[test]
fn archive_readers_see_their_block_in_every_order() {
    check(120, &small_ring(64, options(Mode::Archive)), true, false);
    check(121, &small_ring(1, options(Mode::Archive)), true, false);
    check(122, &small_ring(2, options(Mode::Archive)), true, false);
}

#[test]
fn readers_of_a_short_history_see_their_block_or_that_it_is_pruned() {
    let retention = Retention { bodies: Some(3), history: Some(2), sidecars: None };
    let options = Options { retention: Some(retention), ..options(Mode::Full) };
    check(123, &small_ring(1, options.clone()), false, true);
    check(124, &small_ring(3, options), false, true);
}

#[test]
fn minimal_readers_see_their_block_or_that_it_is_pruned() {
    check(125, &small_ring(1, options(Mode::Minimal)), false, true);
    check(126, &small_ring(3, options(Mode::Minimal)), false, true);
}
