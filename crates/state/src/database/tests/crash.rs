//! Power cuts: what was not synced is lost from some block on, and what is left is whole.

use std::{ops::ControlFlow, sync::Arc};

use super::{database, options, reads::check_state};
use crate::{
    Database, Durability, Memory, Mode,
    testing::{Chain, Random, commits},
};

#[test]
fn after_a_power_cut_the_head_is_a_whole_block_at_or_above_the_last_synced() {
    let mut chain = Chain::new(110);
    chain.extend(60);
    for mode in [Mode::Archive, Mode::Minimal] {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let kv = Arc::new(Memory::with_power_cuts());
            let database = database(kv.clone(), &chain, options(mode));
            let mut synced = 0;
            let blocks = usize::try_from(random.below(60)).unwrap();
            while database.head().number < blocks as u64 {
                let rest = chain.after(database.head().number);
                let group = &rest[..random.index(3).saturating_add(1).min(rest.len())];
                let durability = if random.once_in(4) { Durability::Synced } else { Durability::Buffered };
                database.commit_all(&commits(&database, group), durability).unwrap();
                if durability == Durability::Synced {
                    synced = database.head().number;
                }
            }
            check_cut(&chain, &kv, mode, &mut random, synced..=database.head().number);
        }
    }
}

fn check_cut(
    chain: &Chain,
    kv: &Memory,
    mode: Mode,
    random: &mut Random,
    heads: std::ops::RangeInclusive<u64>,
) {
    let left = Arc::new(kv.power_cut(random.index(8)));
    let after = Database::open(left, options(mode)).unwrap();
    let head = after.head().number;
    assert!(heads.contains(&head), "{head} not in {heads:?}");
    check_state(&after.latest(), chain.state(head));
    after.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    super::catch_up(&after, chain);
    check_state(&after.latest(), chain.state(60));
}
