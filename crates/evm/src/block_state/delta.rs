//! The step between two states of one block.

use std::{cmp::Ordering, iter::Peekable};

use alloy_primitives::U256;
use btt_state::{AccountChange, SlotChange, StateChanges};

/// What leads from `earlier` to `later`, both the net changes of one block against its parent, `later` after more of
/// its transactions. Before Byzantium each receipt holds a state root, so that a root job takes a block in such steps.
pub fn delta(earlier: &StateChanges, later: &StateChanges) -> StateChanges {
    let accounts = merge(&earlier.accounts, &later.accounts, |account| account.hashed)
        .filter_map(|pair| match pair {
            (None, Some(later)) => Some(later.clone()),
            (Some(earlier), None) => undone(earlier),
            (Some(earlier), Some(later)) => step(earlier, later),
            (None, None) => None,
        })
        .collect();
    let known = |hash| earlier.codes.binary_search_by(|(known, _)| known.cmp(hash)).is_ok();
    let codes = later.codes.iter().filter(|(hash, _)| !known(hash)).cloned().collect();
    StateChanges { accounts, codes }
}

/// The account is again as the parent had it.
fn undone(earlier: &AccountChange) -> Option<AccountChange> {
    let back = AccountChange { after: earlier.before, wiped: false, slots: Vec::new(), ..earlier.clone() };
    step(earlier, &back)
}

fn step(earlier: &AccountChange, later: &AccountChange) -> Option<AccountChange> {
    let wiped = later.wiped && !earlier.wiped;
    let slots: Vec<_> = merge(&earlier.slots, &later.slots, |slot| slot.hashed)
        .filter_map(|(earlier_slot, later_slot)| {
            let (key, before, after) = match (earlier_slot, later_slot) {
                (None, Some(slot)) => {
                    (slot, if earlier.wiped { U256::ZERO } else { slot.before }, slot.after)
                }
                (Some(slot), None) => (slot, slot.after, if later.wiped { U256::ZERO } else { slot.before }),
                (Some(slot), Some(later)) => (slot, slot.after, later.after),
                (None, None) => return None,
            };
            (before != after).then_some(SlotChange { before, after, ..*key })
        })
        .collect();
    let (before, after) = (earlier.after, later.after);
    let changed = before != after || wiped || !slots.is_empty();
    changed.then(|| AccountChange { before, after, wiped, slots, ..later.clone() })
}

/// Pairs the items of two ascending lists by key.
fn merge<'a, T, K: Ord>(
    left: &'a [T],
    right: &'a [T],
    key: impl Fn(&T) -> K + 'a,
) -> impl Iterator<Item = (Option<&'a T>, Option<&'a T>)> {
    let (mut left, mut right): (Peekable<_>, Peekable<_>) = (left.iter().peekable(), right.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => key(left).cmp(&key(right)),
        };
        Some(match order {
            Ordering::Less => (left.next(), None),
            Ordering::Greater => (None, right.next()),
            Ordering::Equal => (left.next(), right.next()),
        })
    })
}
