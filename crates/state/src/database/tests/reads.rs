use alloy_primitives::{Address, B256, keccak256};

use super::{catch_up, database, memory, on_each_store, options, with_history};
use crate::{
    Database, Durability, Error, Leaves, Mode, Options, StateView,
    ring::RING_BLOCKS,
    testing::{Chain, State, commits},
};

/// Every account, slot and walk of a view equals the model.
pub(super) fn check_state(view: &StateView, state: &State) {
    for address in Chain::addresses() {
        assert_eq!(view.account(&address), Ok(state.account(&address)), "{address} at {}", view.number());
        for slot in Chain::slots() {
            let value = view.storage(&address, &slot);
            assert_eq!(value, Ok(state.storage(&address, &slot)), "{address} {slot} at {}", view.number());
        }
    }
}

/// A few random keys at a random block.
fn check_some(database: &Database, chain: &mut Chain, reads: usize) {
    let head = database.head().number;
    for _ in 0..reads {
        let number = chain.random.below(head.saturating_add(1));
        let (address, slot) = (chain.address(), chain.slot());
        match database.at(number) {
            Ok(view) => {
                let state = chain.state(number);
                assert_eq!(view.hash(), chain.block(number).hash);
                assert_eq!(view.account(&address), Ok(state.account(&address)), "{address} at {number}");
                assert_eq!(view.storage(&address, &slot), Ok(state.storage(&address, &slot)), "{number}");
            }
            Err(error) => {
                assert!(number < database.earliest_state(), "{error}");
                assert!(matches!(error, Error::Pruned { .. }), "{error}");
            }
        }
    }
}

fn check(seed: u64, blocks: usize, options: &Options) {
    on_each_store(|kv| {
        let mut chain = Chain::new(seed);
        let database = database(kv, &chain, options.clone());
        for _ in 0..blocks / 10 {
            chain.extend(10);
            catch_up(&database, &chain);
            check_some(&database, &mut chain, 100);
            check_state(&database.latest(), chain.states.last().unwrap());
        }
    });
}

#[test]
fn reads_at_any_height_equal_the_model() {
    check(1, 300, &options(Mode::Archive));
    check(2, 300, &options(Mode::Full));
    check(3, 300, &options(Mode::Minimal));
    check(4, 300, &Options { ring_bytes: 0, ..options(Mode::Archive) });
    check(5, 300, &with_history(40));
}

#[test]
fn minimal_reads_the_ring_and_nothing_older() {
    let mut chain = Chain::new(6);
    chain.extend(200);
    let database = memory(&chain, options(Mode::Minimal));
    catch_up(&database, &chain);
    let earliest = 200 - RING_BLOCKS as u64;
    assert_eq!(database.earliest_state(), earliest);
    check_state(&database.at(earliest).unwrap(), chain.state(earliest));
    let refused = Error::Pruned { what: "state", asked: earliest - 1, earliest, mode: Mode::Minimal };
    assert_eq!(database.at(earliest - 1).unwrap_err(), refused);
}

#[test]
fn view_stays_right_while_later_blocks_commit() {
    let mut chain = Chain::new(7);
    chain.extend(10);
    let database = memory(&chain, options(Mode::Archive));
    catch_up(&database, &chain);
    let view = database.latest();
    for _ in 0..12 {
        chain.extend(10);
        catch_up(&database, &chain);
        check_state(&view, &chain.states[10]);
    }
}

#[test]
fn view_of_minimal_says_pruned_once_the_ring_has_moved_past() {
    let mut chain = Chain::new(8);
    let database = memory(&chain, options(Mode::Minimal));
    let view = database.latest();
    chain.extend(RING_BLOCKS);
    catch_up(&database, &chain);
    check_state(&view, &chain.states[0]);
    chain.extend(1);
    catch_up(&database, &chain);
    for address in Chain::addresses() {
        assert!(matches!(view.account(&address), Err(Error::Pruned { asked: 0, earliest: 1, .. })));
        assert!(matches!(view.storage(&address, &B256::ZERO), Err(Error::Pruned { .. })));
    }
}

#[test]
fn blocks_of_one_batch_read_as_blocks_of_many() {
    let mut chain = Chain::new(9);
    chain.extend(120);
    let database = memory(&chain, options(Mode::Archive));
    for group in chain.blocks[1..].chunks(17) {
        database.commit_all(&commits(&database, group), Durability::Buffered).unwrap();
    }
    for (number, state) in chain.states.iter().enumerate() {
        check_state(&database.at(number as u64).unwrap(), state);
    }
}

#[test]
fn walks_visit_what_the_model_holds_in_hashed_order() {
    let mut chain = Chain::new(10);
    chain.extend(60);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    check_walks(&database.latest(), &chain.states[60]);
}

/// All accounts, and all slots of each, in the order of their hashes.
pub(super) fn check_walks(view: &StateView, state: &State) {
    let (first, last) = (B256::ZERO, B256::repeat_byte(0xff));
    let mut accounts = Vec::new();
    view.accounts(&first, &last, &mut |hashed, account| {
        accounts.push((*hashed, *account));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let mut expected: Vec<_> =
        state.accounts.iter().map(|(address, account)| (keccak256(address), *account)).collect();
    expected.sort_unstable_by_key(|(hashed, _)| *hashed);
    assert_eq!(accounts, expected);
    for address in Chain::addresses() {
        check_slots(view, state, &address);
    }
}

fn check_slots(view: &StateView, state: &State, address: &Address) {
    let (first, last) = (B256::ZERO, B256::repeat_byte(0xff));
    let mut slots = Vec::new();
    view.slots(&keccak256(address), &first, &last, &mut |hashed, value| {
        slots.push((*hashed, value));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let expected = state.slots.get(address).into_iter().flatten();
    let mut expected: Vec<_> = expected.map(|(slot, value)| (keccak256(slot), *value)).collect();
    expected.sort_unstable();
    assert_eq!(slots, expected, "{address}");
}

#[test]
fn unknown_heights_are_refused() {
    let chain = Chain::new(11);
    let database = memory(&chain, options(Mode::Full));
    assert_eq!(database.at(1).unwrap_err(), Error::Unknown { asked: 1, head: 0 });
}
