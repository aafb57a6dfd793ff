//! The least hashing that a block's new state root needs: every node of the tries above a changed leaf, once.
//!
//! The keys of the whole state are known here, so the nodes and the lengths of their encodings follow exactly, without
//! a trie. The time to hash that many buffers of these lengths is the floor that the root's time is compared with.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256, keccak256};
use btt_state::{Account, StateChanges};

/// The hashed keys of all leaves, sorted: of the accounts, and of the slots of each account that has storage.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    accounts: Vec<B256>,
    slots: BTreeMap<B256, Vec<B256>>,
}

impl Leaves {
    /// The leaves of a first state, which is given as changes of an empty one.
    pub(super) fn of(changes: &StateChanges) -> Self {
        let accounts = changes.accounts.iter().map(|change| change.hashed).collect();
        let storages = changes.accounts.iter().filter(|change| !change.slots.is_empty());
        let slots =
            storages.map(|change| (change.hashed, change.slots.iter().map(|slot| slot.hashed).collect()));
        Self { accounts, slots: slots.collect() }
    }

    /// Applies a block's changes and returns the lengths of the encodings of all nodes that they dirty.
    pub(super) fn apply(&mut self, changes: &StateChanges) -> Vec<usize> {
        let mut lengths = Vec::new();
        for change in &changes.accounts {
            if change.slots.is_empty() {
                continue;
            }
            let slots = self.slots.entry(change.hashed).or_default();
            let set: Vec<_> = change
                .slots
                .iter()
                .map(|slot| (slot.hashed, (!slot.after.is_zero()).then(|| value_length(slot.after))))
                .collect();
            replace(slots, &set);
            dirty(slots, &set, &mut lengths);
        }
        let set: Vec<_> = changes
            .accounts
            .iter()
            .map(|change| (change.hashed, change.after.as_ref().map(account_length)))
            .collect();
        replace(&mut self.accounts, &set);
        dirty(&self.accounts, &set, &mut lengths);
        lengths
    }
}

/// Hashes buffers of these lengths and folds the results, so that nothing is left out.
pub(super) fn hash_all(lengths: &[usize]) -> B256 {
    let buffer: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 10).collect();
    lengths.iter().fold(B256::ZERO, |all, length| all ^ keccak256(&buffer[..(*length).min(buffer.len())]))
}

/// A changed key, with the length of its leaf's value; `None` when the leaf is gone.
type Changed = (B256, Option<usize>);

/// Merges added keys into the sorted keys and drops those that are gone.
fn replace(keys: &mut Vec<B256>, changed: &[Changed]) {
    let fresh: Vec<_> =
        changed.iter().filter(|(key, value)| value.is_some() && keys.binary_search(key).is_err()).collect();
    let gone: Vec<_> = changed.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
    if !gone.is_empty() {
        keys.retain(|key| gone.binary_search(key).is_err());
    }
    if !fresh.is_empty() {
        keys.extend(fresh.into_iter().map(|(key, _)| *key));
        keys.sort_unstable();
    }
}

/// Lengths of all nodes of the trie of `keys` on the paths of the changed ones.
fn dirty(keys: &[B256], changed: &[Changed], lengths: &mut Vec<usize>) {
    match keys {
        [] => {}
        [key] => lengths.extend(value_of(changed, key).map(|value| leaf_length(0, value))),
        _ => descend(keys, changed, 0, lengths),
    }
}

/// The nodes of the subtree whose keys, at least two, share their first `depth` nibbles.
fn descend(keys: &[B256], changed: &[Changed], depth: usize, lengths: &mut Vec<usize>) {
    let common = common_prefix(keys).max(depth);
    if common > depth {
        lengths.push(list_length(path_length(common.saturating_sub(depth)).saturating_add(33)));
    }
    let (mut children, mut rest_keys, mut rest_changed) = (0_usize, keys, changed);
    for digit in 0..16 {
        let below = |key: &B256| nibble(key, common) <= digit;
        let (own, others) = rest_keys.split_at(rest_keys.partition_point(below));
        let (own_changed, others_changed) =
            rest_changed.split_at(rest_changed.partition_point(|(key, _)| below(key)));
        (rest_keys, rest_changed) = (others, others_changed);
        children = children.saturating_add(usize::from(!own.is_empty()));
        if own_changed.is_empty() {
            continue;
        }
        match own {
            [] => {}
            [key] => {
                let value = value_of(own_changed, key);
                lengths.extend(value.map(|value| leaf_length(common.saturating_add(1), value)));
            }
            _ => descend(own, own_changed, common.saturating_add(1), lengths),
        }
    }
    lengths.push(list_length(children.saturating_mul(32).saturating_add(17)));
}

fn value_of(changed: &[Changed], key: &B256) -> Option<usize> {
    let index = changed.binary_search_by_key(key, |(changed, _)| *changed).ok()?;
    changed[index].1
}

const fn nibble(key: &B256, index: usize) -> u8 {
    let byte = key.0[index / 2];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

/// Nibbles that the first and the last of sorted keys share.
fn common_prefix(keys: &[B256]) -> usize {
    match keys {
        [first, .., last] => {
            (0..64).take_while(|index| nibble(first, *index) == nibble(last, *index)).count()
        }
        _ => 64,
    }
}

/// RLP of a hex-prefix path of so many nibbles.
const fn path_length(nibbles: usize) -> usize {
    let bytes = (nibbles / 2).saturating_add(1);
    if bytes == 1 { 1 } else { bytes.saturating_add(1) }
}

/// RLP of a leaf below `depth` nibbles whose value encodes to `value` bytes.
const fn leaf_length(depth: usize, value: usize) -> usize {
    let string = if value <= 1 { value } else { value.saturating_add(if value < 56 { 1 } else { 2 }) };
    list_length(path_length(64_usize.saturating_sub(depth)).saturating_add(string))
}

const fn list_length(payload: usize) -> usize {
    payload.saturating_add(if payload < 56 {
        1
    } else if payload < 256 {
        2
    } else {
        3
    })
}

/// RLP of a slot's value.
fn value_length(value: U256) -> usize {
    alloy_rlp::Encodable::length(&value)
}

/// RLP of nonce, balance and two hashes.
fn account_length(account: &Account) -> usize {
    let numbers = value_length(U256::from(account.nonce)).saturating_add(value_length(account.balance));
    list_length(numbers.saturating_add(66))
}

#[cfg(test)]
mod tests {
    use alloy_trie::{HashBuilder, Nibbles};

    use super::*;

    /// All nodes of the trie, from alloy's builder: with every key changed, the floor must hash exactly those.
    fn branch_count(keys: &[B256]) -> usize {
        let mut builder = HashBuilder::default().with_updates(true);
        for key in keys {
            builder.add_leaf(Nibbles::unpack(key), &[0xb8; 70]);
        }
        builder.root();
        let (_, updates) = builder.split();
        updates.len()
    }

    fn keys(count: usize) -> Vec<B256> {
        let mut keys: Vec<_> = (0..count).map(|index| keccak256((index as u64).to_be_bytes())).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn all_changed_means_every_leaf_and_every_branch() {
        for count in [2, 17, 300, 5_000] {
            let keys = keys(count);
            let changed: Vec<_> = keys.iter().map(|key| (*key, Some(70))).collect();
            let mut lengths = Vec::new();
            dirty(&keys, &changed, &mut lengths);
            let leaves = lengths.iter().filter(|length| (72 + 2 + 20..=110).contains(*length)).count();
            assert!(leaves >= count, "{leaves} leaves of {count}");
            // alloy stores only branches with branch children; the others stand above leaves alone
            let branches = lengths.len() - count;
            assert!(branches >= branch_count(&keys), "{branches} branches");
            assert!(branches < count, "{branches} branches, {count} leaves");
        }
    }

    #[test]
    fn one_change_dirties_its_path() {
        let keys = keys(100_000);
        let mut lengths = Vec::new();
        dirty(&keys, &[(keys[777], Some(70))], &mut lengths);
        assert!((5..=7).contains(&lengths.len()), "{lengths:?}");
        assert!(lengths[1..].iter().filter(|length| **length == 532).count() >= 3, "{lengths:?}");
    }

    #[test]
    fn keys_come_and_go() {
        let mut present = keys(10);
        let (first, fresh) = (present[0], B256::repeat_byte(0x77));
        let mut set = vec![(first, None), (fresh, Some(1))];
        set.sort_unstable();
        replace(&mut present, &set);
        assert_eq!(present.len(), 10);
        assert!(present.is_sorted() && present.contains(&fresh) && !present.contains(&first));
    }
}
