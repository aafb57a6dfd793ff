//! What the protocol pays after a block's transactions under Ethereum's rules.

use alloy_primitives::{Address, U256};
use btt_chainspec::Fork;
use btt_primitives::{BlockBody, Header};

use crate::{ReadError, block_state::BlockState};

/// Wei in one unit of a withdrawal's amount.
const GWEI: u64 = 1_000_000_000;

/// Pays the block reward and the ommers' (before Paris), and the withdrawals (from Shanghai on).
///
/// # Errors
/// The state cannot be read.
pub(crate) fn pay(
    fork: Fork,
    header: &Header,
    body: &BlockBody,
    state: &mut BlockState,
) -> Result<(), ReadError> {
    let keep_empty = fork < Fork::SpuriousDragon;
    for (address, amount) in rewards(fork, header, &body.ommers) {
        state.credit(&address, amount, keep_empty)?;
    }
    for withdrawal in body.withdrawals.iter().flat_map(|list| list.iter()) {
        let amount = U256::from(withdrawal.amount).saturating_mul(U256::from(GWEI));
        state.credit(&withdrawal.address, amount, keep_empty)?;
    }
    Ok(())
}

/// Who gets how much: the ommers' beneficiaries (8 less the ommer's distance, eighths of the reward), and the block's
/// (the reward, and a 32nd of it for each ommer).
fn rewards(fork: Fork, header: &Header, ommers: &[Header]) -> Vec<(Address, U256)> {
    let Some(reward) = block_reward(fork) else { return Vec::new() };
    let mut payments = Vec::new();
    for ommer in ommers {
        let eighths = ommer.number.saturating_add(8).saturating_sub(header.number);
        let amount = reward.saturating_mul(U256::from(eighths)).wrapping_shr(3);
        payments.push((ommer.beneficiary, amount));
    }
    let for_each_ommer = reward.wrapping_shr(5).saturating_mul(U256::from(ommers.len()));
    payments.push((header.beneficiary, reward.saturating_add(for_each_ommer)));
    payments
}

/// The reward in wei: 5, 3 from Byzantium (EIP-649), 2 from Constantinople on (EIP-1234), none from Paris on
/// (EIP-3675).
fn block_reward(fork: Fork) -> Option<U256> {
    let ether = match fork {
        _ if fork >= Fork::Paris => return None,
        _ if fork >= Fork::Constantinople => 2,
        _ if fork >= Fork::Byzantium => 3,
        _ => 5_u64,
    };
    Some(U256::from(ether).saturating_mul(U256::from(1_000_000_000_000_000_000_u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64, beneficiary: u8) -> Header {
        Header { number, beneficiary: Address::repeat_byte(beneficiary), ..Header::default() }
    }

    #[test]
    fn reward_shrinks_with_the_forks_and_ends_at_paris() {
        let ether = |count: u64| Some(U256::from(count) * U256::from(10).pow(U256::from(18)));
        for (fork, expected) in [
            (Fork::Frontier, ether(5)),
            (Fork::SpuriousDragon, ether(5)),
            (Fork::Byzantium, ether(3)),
            (Fork::Constantinople, ether(2)),
            (Fork::GrayGlacier, ether(2)),
            (Fork::Paris, None),
            (Fork::Osaka, None),
        ] {
            assert_eq!(block_reward(fork), expected, "{fork}");
        }
    }

    #[test]
    fn ommers_are_paid_by_distance_and_the_block_for_including_them() {
        let milliether = |count: u64| U256::from(count) * U256::from(10).pow(U256::from(15));
        let paid = rewards(Fork::Constantinople, &block(10, 1), &[block(9, 2), block(4, 3)]);
        let expected = vec![
            (Address::repeat_byte(2), milliether(1750)),
            (Address::repeat_byte(3), milliether(500)),
            (Address::repeat_byte(1), milliether(2125)),
        ];
        assert_eq!(paid, expected);
        assert_eq!(rewards(Fork::Paris, &block(10, 1), &[]), vec![]);
    }
}
