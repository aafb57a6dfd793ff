//! The difficulty of proof-of-work blocks. bttd never seals such a block; it checks those of chains under Ethereum's
//! rules.

use alloy_primitives::U256;
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{EMPTY_OMMERS_HASH, Header};

/// No block is easier.
const MINIMUM: U256 = U256::from_limbs([131_072, 0, 0, 0]);
/// The bomb doubles each so many blocks.
const BOMB_PERIOD: u64 = 100_000;
/// By how many blocks the forks put the bomb off, latest fork first (EIP-5133, 4345, 3554, 2384, 1234, 649).
const BOMB_DELAYS: [(Fork, u64); 6] = [
    (Fork::GrayGlacier, 11_400_000),
    (Fork::ArrowGlacier, 10_700_000),
    (Fork::London, 9_700_000),
    (Fork::MuirGlacier, 9_000_000),
    (Fork::Constantinople, 5_000_000),
    (Fork::Byzantium, 3_000_000),
];

/// The difficulty of a child of `parent` with this timestamp, which is later than the parent's, while `fork` is active.
pub fn next_difficulty(spec: &ChainSpec, fork: Fork, parent: &Header, timestamp: u64) -> U256 {
    let elapsed = timestamp.saturating_sub(parent.timestamp);
    let number = parent.number.saturating_add(1);
    let adjusted = if fork < Fork::Homestead {
        moved(parent.difficulty, if elapsed < 13 { 1 } else { -1 })
    } else if fork < Fork::Byzantium {
        moved(parent.difficulty, steps(1, elapsed / 10))
    } else {
        let base = if parent.ommers_hash == EMPTY_OMMERS_HASH { 1 } else { 2 };
        moved(parent.difficulty, steps(base, elapsed / 9))
    };
    let bomb = bomb(number.saturating_sub(bomb_delay(spec, number)));
    adjusted.max(MINIMUM).saturating_add(bomb)
}

/// `base` less the elapsed intervals, at least -99.
fn steps(base: i64, intervals: u64) -> i64 {
    base.saturating_sub(i64::try_from(intervals).unwrap_or(i64::MAX)).max(-99)
}

/// The difficulty moved by so many 2048ths of itself.
fn moved(difficulty: U256, steps: i64) -> U256 {
    let change = difficulty.wrapping_shr(11).saturating_mul(U256::from(steps.unsigned_abs()));
    if steps < 0 { difficulty.saturating_sub(change) } else { difficulty.saturating_add(change) }
}

fn bomb(number: u64) -> U256 {
    let Some(exponent) = (number / BOMB_PERIOD).checked_sub(2) else { return U256::ZERO };
    usize::try_from(exponent).ok().and_then(|bits| U256::ONE.checked_shl(bits)).unwrap_or(U256::MAX)
}

/// The delay that the latest of the bomb's forks brings, whether or not a fork between was scheduled.
fn bomb_delay(spec: &ChainSpec, number: u64) -> u64 {
    let begun = |fork| {
        let activation = spec.forks.activation(fork);
        activation.is_some_and(|activation| activation.is_active(number, 0, U256::ZERO))
    };
    BOMB_DELAYS.into_iter().find(|(fork, _)| begun(*fork)).map_or(0, |(_, delay)| delay)
}
