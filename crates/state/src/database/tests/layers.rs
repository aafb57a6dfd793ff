use std::sync::Arc;

use super::{
    catch_up, commit, memory, options,
    reads::{check_state, check_walks},
};
use crate::{Mode, StateView, testing::Chain};

/// The view after block `number`, from `base` by the layers of the blocks between.
fn stacked(base: &StateView, chain: &Chain, number: u64) -> StateView {
    let blocks = chain.after(base.number()).iter().take_while(|block| block.layer.number() <= number);
    blocks.fold(base.clone(), |view, block| view.with_layer(block.layer.clone()))
}

#[test]
fn uncommitted_layers_read_as_their_blocks() {
    let mut chain = Chain::new(20);
    chain.extend(40);
    let database = memory(&chain, options(Mode::Full));
    let base = database.latest();
    for number in 0..=40 {
        let view = stacked(&base, &chain, number);
        assert_eq!((view.number(), view.hash()), (number, chain.block(number).hash));
        check_state(&view, chain.state(number));
        check_walks(&view, chain.state(number));
    }
}

#[test]
fn layered_views_stay_right_while_their_blocks_and_later_ones_commit() {
    let mut chain = Chain::new(21);
    chain.extend(120);
    let database = memory(&chain, options(Mode::Archive));
    let views: Vec<_> = (0..6).map(|number| stacked(&database.latest(), &chain, number)).collect();
    for block in &chain.blocks[1..] {
        commit(&database, block);
        let number = block.block.header.number;
        if number < 12 || number % 20 == 0 {
            for (view, state) in views.iter().zip(&chain.states) {
                check_state(view, state);
                check_state(&view.settled(), state);
            }
        }
    }
    assert!(views.iter().all(|view| view.settled().layers().is_empty()));
}

#[test]
fn layers_of_a_block_that_lost_are_not_mixed_with_the_one_committed() {
    let mut chain = Chain::new(22);
    chain.extend(5);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    let base = database.latest();
    // Two different blocks of height 6: one stays a layer, the other is committed.
    let mut other = Chain {
        random: crate::testing::Random::new(99),
        states: chain.states.clone(),
        blocks: chain.blocks.clone(),
    };
    other.extend(1);
    chain.extend(3);
    assert_ne!(other.blocks[6].hash, chain.blocks[6].hash);
    let candidate = base.with_layer(other.blocks[6].layer.clone());
    catch_up(&database, &chain);
    check_state(&candidate, &other.states[6]);
    assert_eq!(candidate.settled().layers().len(), 1);
}

#[test]
fn block_hashes_come_from_layers_and_from_the_chain() {
    let mut chain = Chain::new(23);
    chain.extend(9);
    let database = memory(&chain, options(Mode::Full));
    for block in &chain.blocks[1..6] {
        commit(&database, block);
    }
    let view = stacked(&database.latest(), &chain, 8);
    for (number, block) in chain.blocks.iter().enumerate() {
        let expected = (number <= 8).then_some(block.hash);
        assert_eq!(view.block_hash(number as u64), Ok(expected), "{number}");
    }
}

#[test]
fn code_is_found_in_layers_and_in_the_database() {
    let mut chain = Chain::new(24);
    chain.extend(30);
    let database = memory(&chain, options(Mode::Full));
    let view = stacked(&database.latest(), &chain, 30);
    catch_up(&database, &chain);
    let codes: Vec<_> = chain.blocks.iter().flat_map(|block| block.layer.changes().codes.clone()).collect();
    assert!(codes.len() > 10);
    for (hash, code) in codes {
        assert_eq!(view.code(&hash), Ok(Some(code.clone())));
        assert_eq!(database.latest().code(&hash), Ok(Some(code)));
    }
    assert_eq!(view.code(&Arc::new(alloy_primitives::B256::ZERO)), Ok(None));
}
