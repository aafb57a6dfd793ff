//! Accounts, slots and code across blocks, bounded by bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256, Bytes, U256, map::AddressSet};
use parking_lot::RwLock;
use quick_cache::{Weighter, sync::Cache};

use crate::{Account, Layer, steps};

/// Bytes that an account takes in the cache: key, value, links.
const ACCOUNT_BYTES: u64 = 208;
/// Bytes that a slot takes.
const SLOT_BYTES: u64 = 144;
/// Items for which room is made at once; the rest grows with use.
const INITIAL_ITEMS: usize = 1024;

/// Flat values of the newest commit.
///
/// A reader that missed may insert what it read only if no commit began since before its read, or a value of the old
/// block would stay for good: [`StateCache::ticket`] before the read, and the insert checks it.
#[derive(Debug)]
pub(crate) struct StateCache {
    accounts: Cache<Address, Option<Account>>,
    slots: Cache<(Address, B256), U256>,
    codes: Cache<B256, Bytes, CodeBytes>,
    /// Even: no commit under way. Moves by one when a commit's batch begins, and again when the cache holds its values.
    commits: AtomicU64,
    /// Held shared by an insert after a miss, alone by the move of `commits`.
    gate: RwLock<()>,
}

/// The number of commits at the moment a read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Clone, Debug)]
struct CodeBytes;

impl Weighter<B256, Bytes> for CodeBytes {
    fn weight(&self, _: &B256, code: &Bytes) -> u64 {
        u64::try_from(code.len()).unwrap_or(u64::MAX).saturating_add(128)
    }
}

impl StateCache {
    /// A cache of at most `state_bytes` for accounts and slots, half each, and `code_bytes` for code.
    pub(crate) fn new(state_bytes: u64, code_bytes: u64) -> Self {
        let items = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let half = state_bytes / 2;
        Self {
            accounts: Cache::new(items(half / ACCOUNT_BYTES)),
            slots: Cache::new(items(half / SLOT_BYTES)),
            codes: Cache::with_weighter(INITIAL_ITEMS, code_bytes, CodeBytes),
            commits: AtomicU64::new(0),
            gate: RwLock::new(()),
        }
    }

    pub(crate) fn account(&self, address: &Address) -> Option<Option<Account>> {
        self.accounts.get(address)
    }

    pub(crate) fn slot(&self, address: &Address, slot: &B256) -> Option<U256> {
        self.slots.get(&(*address, *slot))
    }

    pub(crate) fn code(&self, hash: &B256) -> Option<Bytes> {
        self.codes.get(hash)
    }

    /// To be taken before a read whose result may be inserted.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.commits.load(Ordering::Acquire))
    }

    pub(crate) fn fill_account(&self, ticket: Ticket, address: Address, account: Option<Account>) {
        self.fill(ticket, || self.accounts.insert(address, account));
    }

    pub(crate) fn fill_slot(&self, ticket: Ticket, address: Address, slot: B256, value: U256) {
        self.fill(ticket, || self.slots.insert((address, slot), value));
    }

    /// Code never changes under its hash.
    pub(crate) fn fill_code(&self, hash: B256, code: Bytes) {
        self.codes.insert(hash, code);
    }

    /// To be called before a batch is written: voids the tickets of all reads under way.
    pub(crate) fn begin_commit(&self) {
        let _alone = self.gate.write();
        self.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// To be called after the batch: takes the new values over and lets misses insert again.
    pub(crate) fn end_commit<'a>(&self, layers: impl IntoIterator<Item = &'a Layer>) {
        for layer in layers {
            self.drop_wiped(layer);
            for change in &layer.changes().accounts {
                steps::step();
                self.accounts.insert(change.address, change.after);
                for slot in &change.slots {
                    self.slots.insert((change.address, slot.slot), slot.after);
                }
            }
            for (hash, code) in &layer.changes().codes {
                self.codes.insert(*hash, code.clone());
            }
        }
        self.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets everything, as a rewind needs it.
    pub(crate) fn clear(&self) {
        self.accounts.clear();
        self.slots.clear();
    }

    /// Drops the slots of accounts whose old storage is gone; one pass for all of them, since it visits every slot.
    fn drop_wiped(&self, layer: &Layer) {
        let had_storage = |account: &Option<Account>| account.is_some_and(|account| account.has_storage());
        let changes = layer.changes().accounts.iter();
        let wiped: AddressSet = changes
            .filter(|change| change.storage_gone() && had_storage(&change.before))
            .map(|change| change.address)
            .collect();
        if !wiped.is_empty() {
            self.slots.retain(|(address, _), _| !wiped.contains(address));
        }
    }

    fn fill(&self, Ticket(ticket): Ticket, insert: impl FnOnce()) {
        let _shared = self.gate.read();
        if ticket.is_multiple_of(2) && self.commits.load(Ordering::Acquire) == ticket {
            insert();
        }
    }
}
