//! Crafted changes, one behaviour each.

use alloy_primitives::{B256, keccak256};

use super::world::{Action, World, key};

/// Sets the first keys to one value each, then applies the later blocks; compares after every block.
fn check(first: &[B256], later: &[&[Action]]) {
    let owner = key("77", 0);
    let mut worlds = [World::new(&World::kinds()), World::new(&World::kinds())];
    let account = |key: &B256| Action::Account(*key, 1);
    let slot = |key: &B256| Action::Slot(owner, *key, 1);
    worlds[0].block(&[first.iter().map(account).collect()]);
    worlds[1].block(&[first.iter().map(slot).collect()]);
    worlds.iter_mut().for_each(World::verify);
    for actions in later {
        let as_slots = actions.iter().map(|action| match action {
            Action::Account(key, value) => Action::Slot(owner, *key, *value),
            Action::Remove(key) => Action::Slot(owner, *key, 0),
            other => other.clone(),
        });
        worlds[1].block(&[as_slots.collect()]);
        worlds[0].block(&[actions.to_vec()]);
        worlds.iter_mut().for_each(World::verify);
    }
}

fn set(key: B256) -> Action {
    Action::Account(key, 2)
}

fn remove(key: B256) -> Action {
    Action::Remove(key)
}

#[test]
fn one_leaf_comes_and_goes() {
    let only = key("", 1);
    check(&[only], &[&[set(only)], &[remove(only)], &[set(only)]]);
}

#[test]
fn a_branch_collapses_to_the_leaf_that_is_left() {
    let [a, b, c] = ["1a", "1b", "2"].map(|prefix| key(prefix, 1));
    check(&[a, b, c], &[&[remove(a)], &[remove(b)], &[remove(c)]]);
}

#[test]
fn a_branch_collapses_into_the_extension_of_its_branch() {
    let [a, b, c, d] = ["1abc0", "1abc1", "1f", "2"].map(|prefix| key(prefix, 1));
    check(&[a, b, c, d], &[&[remove(c)], &[remove(d)], &[set(c), set(d)]]);
}

#[test]
fn a_branch_that_loses_one_child_and_gains_another_stays() {
    let [a, b, c, d] = ["1abc0", "1abc1", "1abc2", "2"].map(|prefix| key(prefix, 1));
    check(&[a, b, d], &[&[remove(a), set(c)], &[remove(b), remove(c), set(a)], &[set(b), remove(a)]]);
}

#[test]
fn extensions_split_at_every_nibble() {
    let [a, b] = ["123456789a0", "123456789a1"].map(|prefix| key(prefix, 1));
    for length in 0..10 {
        let off = key(&format!("{}f", &"123456789a"[..length]), 2);
        let also = key(&format!("{}e", &"123456789a"[..length / 2]), 3);
        check(&[a, b], &[&[set(off)], &[set(also), remove(off)], &[remove(also)]]);
    }
}

#[test]
fn a_leaf_is_split_replaced_and_moved_at_once() {
    let [a, b, c, d] = ["1", "1", "1", "2"].map(str::to_owned);
    let [a, b, c, d] = [(a, 1), (b, 2), (c, 3), (d, 4)].map(|(prefix, rest)| key(&prefix, rest));
    check(
        &[a, d],
        &[&[set(b)], &[remove(a), set(c)], &[set(a), remove(b), remove(c)], &[remove(d), set(b), set(a)]],
    );
}

#[test]
fn the_root_moves_between_all_its_forms() {
    let deep: Vec<B256> = (0..40).map(|rest| key("abcd", rest)).collect();
    let far = key("0", 99);
    let all: Vec<Action> = deep.iter().copied().map(remove).collect();
    let sets: Vec<Action> = deep.iter().copied().map(set).collect();
    check(
        &deep,
        &[&[set(far)], &[remove(far)], &all, &[set(far)], &sets, &[remove(far)], &all[1..], &all[..1]],
    );
}

#[test]
fn nodes_that_fit_into_their_parent_are_embedded() {
    // Suffixes of at most 55 nibbles with small values: leaves, then whole branches, shorter than 32 bytes.
    for shared in [9, 40, 58, 61, 62, 63] {
        let stem = alloy_primitives::hex::encode(keccak256([7]));
        let near: Vec<B256> = (0..6_u8).map(|end| key(&format!("{}{end:x}", &stem[..shared]), end)).collect();
        let off = key("5", 9);
        check(&near, &[&[set(off)], &[remove(near[1]), remove(near[2])], &[remove(near[3]), set(near[1])]]);
        check(&near[..2], &[&[set(off)], &[remove(near[0])], &[set(near[0]), remove(off)]]);
    }
}

#[test]
fn wiped_storage_leaves_no_record() {
    let kinds = World::kinds();
    let (owner, other) = (key("1", 1), key("2", 2));
    let slots: Vec<B256> = (0..200_u8).map(|slot| key("", slot)).collect();
    let fill = |owner: B256| slots.iter().map(move |slot| Action::Slot(owner, *slot, 5));
    let endings: [Vec<Action>; 4] = [
        vec![Action::Wipe(owner)],
        vec![Action::Remove(owner)],
        vec![Action::Wipe(owner), Action::Slot(owner, slots[3], 5), Action::Slot(owner, slots[4], 6)],
        vec![Action::Remove(owner)].into_iter().chain(fill(owner).skip(100)).collect(),
    ];
    for ending in endings {
        let mut world = World::new(&kinds);
        world.block(&[fill(owner).chain(fill(other)).collect()]);
        world.block(std::slice::from_ref(&ending));
        world.verify();
        world.block(&[ending.clone(), fill(owner).collect(), ending]);
        world.verify();
        world.block(&[fill(owner).take(50).collect()]);
        world.verify();
    }
}

#[test]
fn large_blocks_are_spread_over_threads() {
    let kinds = World::kinds();
    let mut world = World::new(&kinds);
    let hash = |seed: u64| keccak256(seed.to_be_bytes());
    for block in 0..3_u64 {
        let accounts = (0..700).map(|seed| Action::Account(hash(seed * (block + 1)), block + 1));
        let slots =
            (0..500).map(|seed| Action::Slot(hash(seed % 3), hash(seed * (block + 2)), (seed + block) % 5));
        let removed = (0..200).filter(|_| block > 0).map(|seed| Action::Remove(hash(seed * 3)));
        world.block(&[removed.chain(accounts).chain(slots).collect()]);
        world.verify();
    }
    world.restart(&kinds);
    world.block(&[(0..300).map(|seed| Action::Remove(hash(seed * 2))).collect()]);
    world.verify();
}
