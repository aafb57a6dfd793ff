//! The net changes of a block, in the form that database and trie take.

use alloy_primitives::{Address, B256, U256, keccak256};
use btt_state::{AccountChange, SlotChange, StateChanges};
use rayon::prelude::*;

use crate::block_state::{
    loaded::Loaded,
    state::{BlockState, ReadError},
};

/// Hashes of keys from which on several threads compute them.
const PARALLEL_HASHES: usize = 512;

impl BlockState {
    /// What changed against the parent state so far, in the database's order.
    ///
    /// # Errors
    /// The state cannot be read (only asked after the storage of an old contract was wiped).
    pub fn changes(&self) -> Result<StateChanges, ReadError> {
        let mut accounts = Vec::with_capacity(self.changed.len());
        for (place, before) in &self.changed {
            let account = &self.accounts[*place];
            let (after, slots) = (account.account(), self.changed_slots(account)?);
            let wiped = account.wiped;
            if *before != after || wiped || !slots.is_empty() {
                let (address, before) = (account.address, *before);
                accounts.push(AccountChange { address, hashed: B256::ZERO, before, after, wiped, slots });
            }
        }
        let keys =
            accounts.iter().fold(accounts.len(), |sum, account| sum.saturating_add(account.slots.len()));
        if keys < PARALLEL_HASHES {
            accounts.iter_mut().for_each(hash_and_sort);
            accounts.sort_unstable_by_key(|account| account.hashed);
        } else {
            accounts.par_iter_mut().with_min_len(16).for_each(hash_and_sort);
            accounts.par_sort_unstable_by_key(|account| account.hashed);
        }
        Ok(StateChanges { accounts, codes: self.new_codes() })
    }

    /// Each changed account's balance in the parent state and now, in no particular order.
    pub(crate) fn balances(&self) -> impl Iterator<Item = (Address, U256, U256)> + '_ {
        self.changed.iter().map(|(place, before)| {
            let account = &self.accounts[*place];
            (account.address, before.map_or(U256::ZERO, |before| before.balance), account.info.balance)
        })
    }

    fn changed_slots(&self, account: &Loaded) -> Result<Vec<SlotChange>, ReadError> {
        let slots = account.slots.iter().filter(|(_, slot)| slot.before != Some(slot.now));
        let mut changed = Vec::new();
        for (key, slot) in slots.map(|(key, slot)| (B256::from(*key), *slot)).collect::<Vec<_>>() {
            let before = match slot.before {
                Some(before) => before,
                None => self.view.storage(&account.address, &key)?,
            };
            if before != slot.now {
                changed.push(SlotChange { slot: key, hashed: B256::ZERO, before, after: slot.now });
            }
        }
        Ok(changed)
    }

    fn new_codes(&self) -> Vec<(B256, alloy_primitives::Bytes)> {
        let mut hashes = self.created_codes.clone();
        hashes.sort_unstable();
        hashes.dedup();
        let code = |hash: B256| self.codes.get(&hash).map(|code| (hash, code.original_bytes()));
        hashes.into_iter().filter_map(code).collect()
    }
}

fn hash_and_sort(account: &mut AccountChange) {
    account.hashed = keccak256(account.address);
    account.slots.iter_mut().for_each(|slot| slot.hashed = keccak256(slot.slot));
    account.slots.sort_unstable_by_key(|slot| slot.hashed);
}
