//! The accounts of a run: the bench chain's keys, and addresses without keys from the seed.

use alloy_primitives::{Address, B256, U256, keccak256};
use btt_chainspec::bench_key;
use btt_primitives::SigningKey;
use rayon::prelude::*;

/// Balance of each account at the start: a million BTT, in wei.
pub(super) const BALANCE: U256 = U256::from_limbs([0x1bce_cced_a100_0000, 0xd3c2, 0, 0]);

/// The first accounts have keys, the others are known by their address alone: a key costs 50 us to derive.
#[derive(Debug)]
pub(super) struct Accounts {
    keys: Vec<SigningKey>,
    addresses: Vec<Address>,
}

impl Accounts {
    /// `count` accounts of which the first `keyed` can sign.
    pub(super) fn new(seed: u64, count: usize, keyed: usize) -> Self {
        let keys: Vec<_> = (0..keyed.min(count)).into_par_iter().map(key).collect();
        let rest = (keys.len()..count)
            .into_par_iter()
            .map(|index| Address::from_word(word(b"address", seed, index)));
        let addresses = keys.par_iter().map(SigningKey::address).chain(rest).collect();
        Self { keys, addresses }
    }

    /// Number of accounts.
    pub(super) const fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Number of accounts that can sign; the first ones.
    pub(super) const fn keyed(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn key(&self, index: usize) -> &SigningKey {
        &self.keys[index]
    }

    pub(super) fn address(&self, index: usize) -> Address {
        self.addresses[index]
    }

    pub(super) fn addresses(&self) -> &[Address] {
        &self.addresses
    }
}

/// The bench chain's key of that index.
fn key(index: usize) -> SigningKey {
    bench_key(u32::try_from(index).expect("there are fewer than 2^32 accounts"))
}

/// keccak256 over a domain, the seed and an index.
pub(super) fn word(domain: &[u8], seed: u64, index: usize) -> B256 {
    keccak256([domain, &seed.to_be_bytes(), &(index as u64).to_be_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_accounts_and_none_twice() {
        let accounts = Accounts::new(7, 500, 20);
        assert_eq!(accounts.addresses(), Accounts::new(7, 500, 20).addresses());
        assert_ne!(accounts.address(20), Accounts::new(8, 500, 20).address(20));
        let mut sorted = accounts.addresses().to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 500);
        assert_eq!(accounts.key(19).address(), accounts.address(19));
    }

    #[test]
    fn the_balance_is_a_million_btt() {
        assert_eq!(BALANCE, U256::from(10).pow(U256::from(24)));
    }
}
