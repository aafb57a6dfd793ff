//! What a block changed in the state: the one form in which execution hands its result to the database and the trie.

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::account::Account;

/// The net changes of a block, or of a part of it, against its parent state.
///
/// Invariant: `accounts` is strictly ascending by `hashed`, each account's `slots` strictly ascending by `hashed`, and
/// nothing is listed whose value before equals its value after. The order never depends on a hash map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    /// Changed accounts, ascending by hashed address.
    pub accounts: Vec<AccountChange>,
    /// Code first seen in this block, ascending by code hash.
    pub codes: Vec<(B256, Bytes)>,
}

/// The change of one account and of its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account's address.
    pub address: Address,
    /// keccak256 of the address: the key in the flat table and the path in the trie.
    pub hashed: B256,
    /// The account in the parent state; `None` when it did not exist.
    pub before: Option<Account>,
    /// The account afterwards; `None` when it no longer exists. Its `storage_root` is not to be read: the trie computes
    /// the new one from `before`, `wiped` and `slots`.
    pub after: Option<Account>,
    /// All storage of the parent state is gone (SELFDESTRUCT before EIP-6780, or a wiped account created anew). Then
    /// `slots` holds the non-zero slots written afterwards and every old slot that execution had loaded; the old slots
    /// it had not loaded are enumerated by the database.
    pub wiped: bool,
    /// Changed slots, ascending by hashed slot.
    pub slots: Vec<SlotChange>,
}

impl AccountChange {
    /// True when no storage of the parent state is left: wiped, or the account is gone.
    pub const fn storage_gone(&self) -> bool {
        self.wiped || self.after.is_none()
    }
}

/// The change of one storage slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot's key.
    pub slot: B256,
    /// keccak256 of the key: the path in the storage trie.
    pub hashed: B256,
    /// Value in the parent state; zero means absent.
    pub before: U256,
    /// Value afterwards; zero deletes the slot.
    pub after: U256,
}
