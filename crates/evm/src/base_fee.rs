//! The base fee of the next block (EIP-1559), on bttd chains with a floor.

use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::Header;

/// Base fee of the first block of London on a chain that began without, in wei.
const INITIAL_BASE_FEE: u64 = 1_000_000_000;
/// The gas limit is so many times the target.
const ELASTICITY: u64 = 2;
/// The base fee moves by at most this fraction of itself.
const MAX_CHANGE_DENOMINATOR: u128 = 8;

/// The base fee that a child of `parent` has, in wei; `None` before London.
pub fn next_base_fee(spec: &ChainSpec, fork: Fork, parent: &Header) -> Option<u64> {
    if fork < Fork::London {
        return None;
    }
    let next = parent
        .base_fee_per_gas
        .map_or(INITIAL_BASE_FEE, |base_fee| moved(base_fee, parent.gas_used, parent.gas_limit / ELASTICITY));
    Some(spec.btt().map_or(next, |rules| next.max(rules.base_fee_floor)))
}

/// The base fee after a block that used `used` gas where `target` was aimed at.
fn moved(base_fee: u64, used: u64, target: u64) -> u64 {
    let change = |distance: u64| {
        let product = u128::from(base_fee).saturating_mul(u128::from(distance));
        let step = product.checked_div(u128::from(target)).unwrap_or_default() / MAX_CHANGE_DENOMINATOR;
        u64::try_from(step).unwrap_or(u64::MAX)
    };
    match used.checked_sub(target) {
        Some(0) => base_fee,
        Some(above) => base_fee.saturating_add(change(above).max(1)),
        None => base_fee.saturating_sub(change(target.saturating_sub(used))),
    }
}

#[cfg(test)]
mod tests {
    use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_the_eip_1559_reference() {
        for (base_fee, limit, used, expected) in [
            (1_000_000_000, 20_000_000, 10_000_000, 1_000_000_000),
            (1_000_000_000, 20_000_000, 9_000_000, 987_500_000),
            (1_000_000_000, 20_000_000, 11_000_000, 1_012_500_000),
            (7, 20_000_000, 10_000_001, 8),
            (7, 20_000_000, 0, 7),
        ] {
            assert_eq!(moved(base_fee, used, limit / 2), expected, "{base_fee} {used}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

        #[test]
        fn moves_as_alloy_does(base_fee in 0..1u64 << 50, limit in 5_000..1u64 << 40, share in 0u64..=1000) {
            let used = (limit / 1000).saturating_mul(share);
            let expected = calc_next_block_base_fee(used, limit, base_fee, BaseFeeParams::ethereum());
            prop_assert_eq!(moved(base_fee, used, limit / 2), expected);
        }
    }

    #[test]
    fn hostile_values_do_not_overflow() {
        assert_eq!(moved(u64::MAX, u64::MAX, 1), u64::MAX);
        assert_eq!(moved(u64::MAX, u64::MAX, 0), u64::MAX);
        assert_eq!(moved(0, 0, 0), 0);
    }
}
