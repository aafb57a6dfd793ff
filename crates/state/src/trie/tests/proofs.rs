//! Proofs, checked by the verifier of `alloy-trie`.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};

use super::world::{Action, Flat, World, key};
use crate::{Account, AccountChange, EMPTY_ROOT, Prover, SlotChange, StateChanges};

fn verify(root: B256, key: &B256, value: Option<Vec<u8>>, nodes: &[Bytes]) {
    verify_proof(root, Nibbles::unpack(key), value, nodes).unwrap_or_else(|error| panic!("{key}: {error}"));
}

fn encode(account: &Account) -> Vec<u8> {
    let Account { nonce, balance, code_hash, storage_root } = *account;
    alloy_rlp::encode(TrieAccount { nonce, balance, storage_root, code_hash })
}

/// Proves every account and slot of `expected`, and keys near them that are absent.
fn check(prover: &Prover<'_>, expected: &Flat) {
    let absent = |key: &B256| {
        // The same path up to each of a few nibbles, then another one.
        [0, 1, 4, 20, 31].map(|byte| {
            let mut other = *key;
            other[byte] ^= 0x5a;
            other
        })
    };
    let accounts = expected.accounts.keys().flat_map(|key| absent(key).into_iter().chain([*key]));
    for account in accounts.chain([keccak256("absent")]).collect::<Vec<_>>() {
        let slots: Vec<B256> =
            expected.slots.get(&account).into_iter().flatten().map(|(slot, _)| *slot).collect();
        let asked: Vec<B256> = slots
            .iter()
            .flat_map(|slot| absent(slot).into_iter().chain([*slot]))
            .chain([B256::ZERO])
            .collect();
        let proof = prover.prove(&account, &asked).unwrap();
        assert_eq!(proof.account.as_ref(), expected.accounts.get(&account));
        verify(prover.root(), &account, proof.account.as_ref().map(encode), &proof.nodes);
        let storage_root = proof.account.map_or(EMPTY_ROOT, |account| account.storage_root);
        assert_eq!(proof.slots.len(), asked.len());
        for (proof, slot) in proof.slots.iter().zip(&asked) {
            let value = expected.slots.get(&account).and_then(|slots| slots.get(slot)).copied();
            assert_eq!((proof.hashed, proof.value), (*slot, value.unwrap_or_default()));
            verify(storage_root, slot, value.map(alloy_rlp::encode), &proof.nodes);
        }
    }
}

/// A state with small tries, large ones, extensions and embedded nodes.
fn actions() -> Vec<Action> {
    let hash = |seed: u16| keccak256(seed.to_be_bytes());
    let (large, embedded) = (key("1", 1), key("2", 2));
    let stem = alloy_primitives::hex::encode(keccak256([7]));
    let near = |end: u8| key(&format!("{}{end:x}", &stem[..[9, 58, 62][usize::from(end) % 3]]), end);
    (0..300)
        .map(|seed| Action::Account(hash(seed), u64::from(seed)))
        .chain(
            (0..200).map(|seed| {
                Action::Slot(large, hash(seed), u64::from(seed).wrapping_mul(77).wrapping_add(1))
            }),
        )
        .chain((0..10).map(|end| Action::Slot(embedded, near(end), u64::from(end) + 1)))
        .chain((0..3).map(|seed| Action::Slot(hash(seed), hash(9), 5)))
        .chain([Action::Account(key("abcd", 1), 1), Action::Account(key("abcd", 2), 1)])
        .collect()
}

#[test]
fn every_key_and_its_absent_neighbours_are_proved() {
    let mut world = World::new(&World::kinds());
    world.block(&[actions()]);
    world.verify();
    check(&Prover::new(&world.tables(), &world.tip, world.root), &world.tip);
}

#[test]
fn tries_of_no_or_one_or_two_leaves_are_proved() {
    let [a, b, c] = ["1ab", "1ac", "2"].map(|prefix| key(prefix, 1));
    for leaves in [&[][..], &[a], &[a, b], &[a, b, c]] {
        let mut world = World::new(&World::kinds());
        let slots = leaves.iter().map(|slot| Action::Slot(a, *slot, 7));
        let accounts = leaves.iter().map(|account| Action::Account(*account, 1));
        world.block(&[slots.chain(accounts).collect()]);
        world.verify();
        check(&Prover::new(&world.tables(), &world.tip, world.root), &world.tip);
    }
}

#[test]
fn an_older_state_is_proved_by_undoing_its_successors() {
    let mut world = World::new(&World::kinds());
    world.block(&[actions()]);
    world.verify();
    let (old, old_root) = (world.tip.clone(), world.root);
    let hash = |seed: u16| keccak256(seed.to_be_bytes());
    let changes = [
        (0..100).map(|seed| Action::Remove(hash(seed * 2))).collect::<Vec<_>>(),
        (250..400).map(|seed| Action::Slot(key("1", 1), hash(seed - 200), u64::from(seed % 3))).collect(),
        vec![Action::Wipe(key("2", 2)), Action::Account(key("abce", 1), 3)],
    ];
    let mut undone = Vec::new();
    for actions in changes {
        let before = world.tip.clone();
        world.block(&[actions]);
        world.verify();
        undone.push(backwards(&before, &world.tip));
    }
    let tables = world.tables();
    let mut prover = Prover::new(&tables, &world.tip, world.root);
    undone.iter().rev().for_each(|changes| prover.update(changes).unwrap());
    assert_eq!(prover.root(), old_root);
    check(&prover, &old);
}

/// The changes from the state after a block to the one before it, every slot named.
fn backwards(before: &Flat, after: &Flat) -> StateChanges {
    let mut keys: Vec<&B256> = before.accounts.keys().chain(after.accounts.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let slots = |flat: &Flat, key: &B256| flat.slots.get(key).cloned().unwrap_or_default();
    let change = |key: &B256| {
        let (old, new) = (slots(before, key), slots(after, key));
        let mut names: Vec<&B256> = old.keys().chain(new.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let slot = |slot: &B256| SlotChange {
            slot: *slot,
            hashed: *slot,
            before: new.get(slot).copied().unwrap_or_default(),
            after: old.get(slot).copied().unwrap_or_default(),
        };
        AccountChange {
            address: alloy_primitives::Address::from_slice(&key[..20]),
            hashed: *key,
            before: after.accounts.get(key).copied(),
            after: before.accounts.get(key).copied(),
            wiped: false,
            slots: names.into_iter().map(slot).filter(|slot| slot.before != slot.after).collect(),
        }
    };
    let changed = |change: &AccountChange| change.before != change.after || !change.slots.is_empty();
    StateChanges { accounts: keys.into_iter().map(change).filter(changed).collect(), codes: Vec::new() }
}
