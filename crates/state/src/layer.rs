//! One executed block's changes, indexed for reads, before and while they are written.

use std::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap},
};

use crate::{Account, AccountChange, EMPTY_ROOT, StateChanges};

/// What an executed block changed, on top of its parent's view; see [`crate::StateView::with_layer`].
#[derive(Debug)]
pub struct Layer {
    number: u64,
    hash: B256,
    changes: StateChanges,
    accounts: AddressMap<usize>,
    slots: HashMap<(Address, B256), U256>,
    codes: B256Map<usize>,
    /// Set by the writer when the block's undo record is published: from then on the flat tables below a view on this
    /// layer may hold the block's values, and do no harm, because the layer answers for them first.
    committed: AtomicBool,
}

impl Layer {
    /// Indexes the changes of block `number`. `storage_roots` are the new roots of the accounts whose storage changed,
    /// ascending by hashed address, as the root job gives them; they are written into `changes`, in accounts left out
    /// the root stays.
    pub fn new(number: u64, hash: B256, mut changes: StateChanges, storage_roots: &[(B256, B256)]) -> Self {
        for change in &mut changes.accounts {
            let Some(after) = &mut change.after else { continue };
            let kept =
                if change.wiped { EMPTY_ROOT } else { change.before.map_or(EMPTY_ROOT, |b| b.storage_root) };
            let found = storage_roots.binary_search_by(|(hashed, _)| hashed.cmp(&change.hashed));
            after.storage_root =
                found.ok().and_then(|at| storage_roots.get(at)).map_or(kept, |(_, root)| *root);
        }
        let accounts = changes.accounts.iter().enumerate().map(|(at, change)| (change.address, at)).collect();
        let slots = changes
            .accounts
            .iter()
            .flat_map(|change| change.slots.iter().map(|slot| ((change.address, slot.slot), slot.after)));
        let slots = slots.collect();
        let codes = changes.codes.iter().enumerate().map(|(at, (hash, _))| (*hash, at)).collect();
        Self { number, hash, changes, accounts, slots, codes, committed: AtomicBool::new(false) }
    }

    /// The block's height.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The block's hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The changes, with storage roots filled in.
    pub const fn changes(&self) -> &StateChanges {
        &self.changes
    }

    /// The account after the block, if the block changed it.
    pub fn account(&self, address: &Address) -> Option<Option<Account>> {
        let at = *self.accounts.get(address)?;
        self.changes.accounts.get(at).map(|change| change.after)
    }

    /// The slot after the block, if the block changed it or wiped its account.
    pub fn storage(&self, address: &Address, slot: &B256) -> Option<U256> {
        if let Some(value) = self.slots.get(&(*address, *slot)) {
            return Some(*value);
        }
        let change = self.changes.accounts.get(*self.accounts.get(address)?)?;
        change.storage_gone().then_some(U256::ZERO)
    }

    /// Code first seen in the block.
    pub fn code(&self, hash: &B256) -> Option<&Bytes> {
        self.changes.codes.get(*self.codes.get(hash)?).map(|(_, code)| code)
    }

    pub(crate) fn change_of(&self, hashed: &B256) -> Option<&AccountChange> {
        let at = self.changes.accounts.binary_search_by(|change| change.hashed.cmp(hashed)).ok()?;
        self.changes.accounts.get(at)
    }

    pub(crate) fn set_committed(&self) {
        self.committed.store(true, Ordering::Release);
    }

    pub(crate) fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Acquire)
    }
}
