//! Keys of more than one part.

use alloy_primitives::{Address, B256};

/// number8.
pub(crate) const fn number_key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// H(address), H(slot).
pub(crate) const fn slot_key(account: &B256, slot: &B256) -> [u8; 64] {
    let mut key = [0; 64];
    let (left, right) = key.split_at_mut(32);
    left.copy_from_slice(&account.0);
    right.copy_from_slice(&slot.0);
    key
}

/// address20, number8.
pub(crate) fn account_history_key(address: &Address, number: u64) -> [u8; 28] {
    let mut key = [0; 28];
    let (left, right) = key.split_at_mut(20);
    left.copy_from_slice(address.as_slice());
    right.copy_from_slice(&number.to_be_bytes());
    key
}

/// address20, H(slot), number8.
pub(crate) fn slot_history_key(address: &Address, slot: &B256, number: u64) -> [u8; 60] {
    let mut key = [0; 60];
    let (left, rest) = key.split_at_mut(20);
    let (middle, right) = rest.split_at_mut(32);
    left.copy_from_slice(address.as_slice());
    middle.copy_from_slice(slot.as_slice());
    right.copy_from_slice(&number.to_be_bytes());
    key
}
