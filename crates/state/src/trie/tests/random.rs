//! Random chains.

use alloy_primitives::{B256, keccak256};
use proptest::{prelude::*, sample::Index};

use super::world::{Action, World};

/// A key below one of a few prefixes of many lengths, so that extensions, deep branches and collapses are common.
fn key() -> impl Strategy<Value = B256> {
    let shared = prop_oneof![4 => Just(0_usize), 1 => 1..64_usize, 1 => 55..64_usize];
    (shared, 0..4_u8, 0..24_u8).prop_map(|(shared, stem, end)| {
        let (stem, end) = (keccak256([stem]), keccak256([0xff, end]));
        let mut key = end;
        key[..shared / 2].copy_from_slice(&stem[..shared / 2]);
        if shared % 2 == 1 {
            key[shared / 2] = (stem[shared / 2] & 0xf0) | (end[shared / 2] & 0x0f);
        }
        key
    })
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0_u64), 3 => 1..0x80_u64, 2 => any::<u64>()]
}

/// An action on one of the accounts or slots of a pool.
fn action() -> impl Strategy<Value = (u8, Index, Index, u64)> {
    (0..20_u8, any::<Index>(), any::<Index>(), value())
}

fn resolve((kind, account, slot, value): &(u8, Index, Index, u64), pool: &[B256]) -> Action {
    let account = pool[account.index(pool.len())];
    let slot = pool[slot.index(pool.len())];
    match kind {
        0..6 => Action::Account(account, *value),
        6..8 => Action::Remove(account),
        8 => Action::Wipe(pool[0]),
        9..12 => Action::Slot(account, slot, *value),
        _ => Action::Slot(pool[0], slot, *value),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn random_chains_equal_a_rebuild(
        pool in proptest::collection::vec(key(), 2..60),
        blocks in proptest::collection::vec(
            (proptest::collection::vec(proptest::collection::vec(action(), 0..12), 1..4), any::<bool>(), 0..8_u8),
            1..12,
        ),
    ) {
        let kinds = World::kinds();
        let mut world = World::new(&kinds);
        for (calls, publish, restart) in blocks {
            let calls: Vec<Vec<Action>> =
                calls.iter().map(|call| call.iter().map(|action| resolve(action, &pool)).collect()).collect();
            world.block(&calls);
            if publish {
                world.publish();
            }
            if restart == 0 {
                world.verify();
                world.restart(&kinds);
            }
        }
        world.verify();
    }
}
