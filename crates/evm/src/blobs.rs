//! The price of blobs (EIP-4844, EIP-7691, EIP-7918), in arithmetic that no header can make overflow.

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::U256;
use btt_primitives::Header;

/// Gas that one blob takes (EIP-4844).
pub const GAS_PER_BLOB: u64 = 131_072;

/// Price of one unit of blob gas in wei at this excess, at most `u128::MAX`.
pub fn blob_base_fee(blobs: &BlobParams, excess_blob_gas: u64) -> u128 {
    fake_exponential(blobs.min_blob_fee, excess_blob_gas, blobs.update_fraction)
}

/// What a block's header has to give as excess blob gas, by its parent's header and the parameters of its own fork.
pub fn next_excess_blob_gas(blobs: &BlobParams, parent: &Header) -> u64 {
    let excess = parent.excess_blob_gas.unwrap_or_default();
    let used = parent.blob_gas_used.unwrap_or_default();
    let target = blobs.target_blob_count.saturating_mul(GAS_PER_BLOB);
    let Some(above_target) = excess.saturating_add(used).checked_sub(target) else { return 0 };
    if !below_reserve_price(blobs, excess, parent.base_fee_per_gas.unwrap_or_default()) {
        return above_target;
    }
    let spare = u128::from(blobs.max_blob_count.saturating_sub(blobs.target_blob_count));
    let scaled = u128::from(used).saturating_mul(spare).checked_div(u128::from(blobs.max_blob_count));
    excess.saturating_add(u64::try_from(scaled.unwrap_or_default()).unwrap_or(u64::MAX))
}

/// EIP-7918: a blob costs less than the execution gas that handling it takes.
fn below_reserve_price(blobs: &BlobParams, excess_blob_gas: u64, base_fee: u64) -> bool {
    let reserve = u128::from(blobs.blob_base_cost).saturating_mul(u128::from(base_fee));
    let price = U256::from(blob_base_fee(blobs, excess_blob_gas)).saturating_mul(U256::from(GAS_PER_BLOB));
    U256::from(reserve) > price
}

/// `factor * e^(numerator / denominator)` as EIP-4844 approximates it, at most `u128::MAX`.
fn fake_exponential(factor: u128, numerator: u64, denominator: u128) -> u128 {
    let (numerator, denominator) = (U256::from(numerator), U256::from(denominator.max(1)));
    let limit = U256::from(u128::MAX).saturating_mul(denominator);
    let mut sum = U256::ZERO;
    let mut term = U256::from(factor).saturating_mul(denominator);
    let mut step = U256::ZERO;
    while !term.is_zero() {
        sum = sum.saturating_add(term);
        if sum >= limit {
            return u128::MAX;
        }
        step = step.saturating_add(U256::ONE);
        term = term.saturating_mul(numerator).wrapping_div(denominator.saturating_mul(step));
    }
    sum.wrapping_div(denominator).saturating_to()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_gives_the_values_of_the_eip() {
        let rows = [
            (1, 0, 1, 1),
            (38_493, 0, 1000, 38_493),
            (0, 1234, 2345, 0),
            (1, 2, 1, 6),
            (1, 4, 2, 6),
            (1, 3, 1, 16),
            (10, 8, 2, 542),
            (1, 5, 2, 11),
            (1, 50_000_000, 2_225_652, 5_709_098_764),
            (1, 380_928, 3_338_477, 1),
        ];
        for (factor, numerator, denominator, expected) in rows {
            assert_eq!(
                fake_exponential(factor, numerator, denominator),
                expected,
                "{factor} {numerator} {denominator}"
            );
        }
    }

    #[test]
    fn exponential_saturates_and_ends() {
        for numerator in [u64::MAX, u64::MAX / 2, 1 << 40] {
            assert_eq!(fake_exponential(1, numerator, 1), u128::MAX);
            assert_eq!(blob_base_fee(&BlobParams::cancun(), numerator), u128::MAX);
        }
        assert_eq!(fake_exponential(u128::MAX, 1, 1), u128::MAX);
        assert_eq!(fake_exponential(1, 1, 0), 2);
    }

    fn parent(excess: u64, blobs: u64, base_fee: u64) -> Header {
        Header {
            excess_blob_gas: Some(excess),
            blob_gas_used: blobs.checked_mul(GAS_PER_BLOB),
            base_fee_per_gas: Some(base_fee),
            ..Header::default()
        }
    }

    #[test]
    fn excess_follows_alloy_on_ordinary_values() {
        for params in [BlobParams::cancun(), BlobParams::prague(), BlobParams::osaka(), BlobParams::bpo2()] {
            for excess in [0, 1, GAS_PER_BLOB * 3, GAS_PER_BLOB * 100, 60_000_000] {
                for blobs in 0..=params.max_blob_count {
                    for base_fee in [0, 7, 1_000_000_000, 100_000_000_000] {
                        let header = parent(excess, blobs, base_fee);
                        let expected =
                            params.next_block_excess_blob_gas_osaka(excess, blobs * GAS_PER_BLOB, base_fee);
                        assert_eq!(next_excess_blob_gas(&params, &header), expected, "{params:?} {header:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn excess_of_hostile_headers_saturates() {
        for params in [BlobParams::cancun(), BlobParams::osaka()] {
            let header = Header {
                excess_blob_gas: Some(u64::MAX),
                blob_gas_used: Some(u64::MAX),
                ..parent(0, 0, u64::MAX)
            };
            assert!(next_excess_blob_gas(&params, &header) > u64::MAX / 2);
        }
    }
}
