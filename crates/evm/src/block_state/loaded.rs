//! An account as execution loaded it, with what is known of its storage.

use alloy_primitives::{Address, U256, map::U256Map};
use btt_state::{Account, EMPTY_ROOT};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountId, AccountInfo, Bytecode},
};

/// One account of a block's state.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) address: Address,
    pub(super) exists: bool,
    /// It was changed at least once, so that its value in the parent state is recorded.
    pub(super) changed: bool,
    /// Nothing of the parent's storage is left.
    pub(super) wiped: bool,
    /// The account now, with its code once that was loaded; the default while it does not exist.
    pub(super) info: AccountInfo,
    /// Root of the storage in the parent state.
    pub(super) parent_root: alloy_primitives::B256,
    pub(super) slots: U256Map<Slot>,
}

/// One storage slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Value in the parent state; `None` while it is not known (written after a wipe, never read).
    pub(super) before: Option<U256>,
    pub(super) now: U256,
}

impl Loaded {
    pub(super) fn new(address: Address, id: AccountId, account: Option<Account>) -> Self {
        let (exists, account) = (account.is_some(), account.unwrap_or_default());
        let info = AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            account_id: Some(id),
            code: (account.code_hash == KECCAK_EMPTY).then(Bytecode::default),
        };
        let parent_root = account.storage_root;
        Self { address, exists, changed: false, wiped: false, info, parent_root, slots: U256Map::default() }
    }

    /// The account now in the database's form; the storage root is the parent's.
    pub(super) fn account(&self) -> Option<Account> {
        self.exists.then_some(Account {
            nonce: self.info.nonce,
            balance: self.info.balance,
            code_hash: self.info.code_hash,
            storage_root: self.parent_root,
        })
    }

    /// True when slots that were not read yet may hold something in the parent state.
    pub(super) fn inherits_storage(&self) -> bool {
        !self.wiped && self.parent_root != EMPTY_ROOT
    }

    /// True when any slot is other than zero now.
    pub(super) fn has_storage(&self) -> bool {
        self.inherits_storage() || self.slots.values().any(|slot| !slot.now.is_zero())
    }

    pub(super) fn wipe(&mut self) {
        self.wiped = self.parent_root != EMPTY_ROOT;
        self.slots.values_mut().for_each(|slot| slot.now = U256::ZERO);
    }

    pub(super) fn write_slot(&mut self, key: U256, value: U256) {
        let before = if self.parent_root == EMPTY_ROOT { Some(U256::ZERO) } else { None };
        self.slots.entry(key).or_insert(Slot { before, now: U256::ZERO }).now = value;
    }
}
