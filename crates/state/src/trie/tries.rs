//! The account trie and the storage tries while a job changes them.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{B256, U256};
use rayon::prelude::*;

use crate::{
    Account, AccountChange, EMPTY_ROOT, Error, StateChanges,
    trie::{
        Leaves, Records,
        changes::{Output, Overlay, Root, TrieChanges, merge},
        descent::Update,
        source::{AccountRows, EarlierSlots, Rows, SlotRows, Source},
        store::Store,
    },
};

/// What a job stands on.
#[derive(Debug)]
pub(super) struct Base<'a> {
    /// The records on disk.
    pub(super) records: &'a dyn Records,
    /// The published nodes in memory; proofs do without.
    pub(super) store: Option<&'a Store>,
    /// The flat state of the base.
    pub(super) leaves: &'a dyn Leaves,
    /// The changes of versions that are not published, newest first.
    pub(super) overlays: &'a [Arc<Overlay>],
    /// True to use all threads of the current pool.
    pub(super) parallel: bool,
}

/// All tries of the state after the updates so far.
#[derive(Debug)]
pub(super) struct Tries {
    /// The state root.
    pub(super) root: B256,
    /// The new storage roots, by hashed address.
    pub(super) storage_roots: BTreeMap<B256, B256>,
    /// The branches that changed.
    pub(super) changes: Overlay,
    earlier: Earlier,
    last: Option<Applied>,
}

/// The rows that earlier updates changed.
#[derive(Debug, Default)]
struct Earlier {
    accounts: BTreeMap<B256, Option<Account>>,
    slots: BTreeMap<B256, EarlierSlots>,
}

/// The updates of one call. They join [`Earlier`] when there is another.
#[derive(Debug)]
struct Applied {
    accounts: Vec<Update<Account>>,
    storages: Vec<Storage>,
}

/// The storage updates of one account.
#[derive(Debug)]
struct Storage {
    account: B256,
    root: B256,
    wiped: bool,
    updates: Vec<Update<U256>>,
}

impl Tries {
    /// The tries of the state with this root.
    pub(super) fn new(root: B256) -> Self {
        Self {
            root,
            storage_roots: BTreeMap::new(),
            changes: Overlay { accounts: None, slots: BTreeMap::new() },
            earlier: Earlier::default(),
            last: None,
        }
    }

    /// Applies changes and hashes what they touch.
    pub(super) fn apply(&mut self, base: &Base<'_>, changes: &StateChanges) -> Result<(), Error> {
        self.settle();
        let storages: Vec<_> = changes.accounts.iter().filter_map(|change| self.storage_of(change)).collect();
        for (storage, (root, trie)) in storages.iter().zip(self.storage_tries(base, &storages)?) {
            self.storage_roots.insert(storage.account, root);
            let trie = match self.changes.slots.remove(&storage.account) {
                Some(earlier) => earlier.followed_by(trie),
                None => trie,
            };
            self.changes.slots.insert(storage.account, trie);
        }
        let accounts: Vec<_> =
            changes.accounts.iter().filter_map(|change| self.account_update(change)).collect();
        let (root, trie) = self.account_trie(base, &accounts)?;
        self.changes.accounts = Some(match self.changes.accounts.take() {
            Some(earlier) => earlier.followed_by(trie),
            None => trie,
        });
        self.root = root;
        self.last = Some(Applied { accounts, storages });
        Ok(())
    }

    /// Makes the last updates part of the rows, for what is read from now on.
    pub(super) fn settle(&mut self) {
        if let Some(last) = self.last.take() {
            self.earlier.add(last);
        }
    }

    /// What a change does to the account's storage; `None` for nothing.
    fn storage_of(&self, change: &AccountChange) -> Option<Storage> {
        let root = self.storage_root_before(change);
        let wiped = (change.wiped || change.after.is_none()) && root != EMPTY_ROOT;
        let existed = |before: U256| !before.is_zero() && root != EMPTY_ROOT && !wiped;
        let updates: Vec<_> = change
            .slots
            .iter()
            .filter(|_| change.after.is_some())
            .map(|slot| Update {
                key: slot.hashed,
                value: (!slot.after.is_zero()).then_some(slot.after),
                existed: existed(slot.before),
            })
            .filter(|update| update.existed || update.value.is_some())
            .collect();
        let changes = wiped || !updates.is_empty();
        changes.then_some(Storage { account: change.hashed, root, wiped, updates })
    }

    fn account_update(&self, change: &AccountChange) -> Option<Update<Account>> {
        let storage_root = self.storage_root_before(change);
        let value = change.after.map(|after| Account { storage_root, ..after });
        let update = Update { key: change.hashed, value, existed: change.before.is_some() };
        (update.existed || update.value.is_some()).then_some(update)
    }

    /// The account's storage root as of the last call, or as of this one once its storage trie is done.
    fn storage_root_before(&self, change: &AccountChange) -> B256 {
        let known = self.storage_roots.get(&change.hashed).copied();
        known.or_else(|| change.before.map(|account| account.storage_root)).unwrap_or(EMPTY_ROOT)
    }

    fn storage_tries(
        &self,
        base: &Base<'_>,
        storages: &[Storage],
    ) -> Result<Vec<(B256, TrieChanges)>, Error> {
        if !base.parallel || storages.len() < 2 {
            return storages.iter().map(|storage| self.storage_trie(base, storage)).collect();
        }
        let done: Vec<_> = storages.par_iter().map(|storage| self.storage_trie(base, storage)).collect();
        done.into_iter().collect()
    }

    fn storage_trie(&self, base: &Base<'_>, storage: &Storage) -> Result<(B256, TrieChanges), Error> {
        let account = &storage.account;
        let source = self.slots(base, account);
        let before = source.root(storage.root)?;
        let (top, removed) = match storage.wiped {
            true => (Root::Empty, source.removals(&before)?),
            false => (before.clone(), Vec::new()),
        };
        let mut output = Output::default();
        let (root, hash) = source.apply(top, &storage.updates, &mut output)?;
        Ok((hash, TrieChanges::new(before, root, merge(removed, output.into_changes()))))
    }

    fn account_trie(
        &self,
        base: &Base<'_>,
        updates: &[Update<Account>],
    ) -> Result<(B256, TrieChanges), Error> {
        let source = self.accounts(base);
        let before = source.root(self.root)?;
        let mut output = Output::default();
        let (root, hash) = source.apply(before.clone(), updates, &mut output)?;
        Ok((hash, TrieChanges::new(before, root, output.into_changes())))
    }

    /// The account trie to read from.
    pub(super) fn accounts<'a>(&'a self, base: &Base<'a>) -> Source<'a, AccountRows<'a>> {
        self.source(base, None, AccountRows { leaves: base.leaves, earlier: &self.earlier.accounts })
    }

    /// The storage trie of an account to read from.
    pub(super) fn slots<'a>(&'a self, base: &Base<'a>, account: &'a B256) -> Source<'a, SlotRows<'a>> {
        let earlier = self.earlier.slots.get(account);
        self.source(base, Some(account), SlotRows { leaves: base.leaves, account, earlier })
    }

    fn source<'a, R: Rows>(&'a self, base: &Base<'a>, account: Option<&'a B256>, rows: R) -> Source<'a, R> {
        let own = self.changes.trie(account);
        let unpublished = base.overlays.iter().filter_map(|overlay| overlay.trie(account));
        Source {
            account,
            layers: own.into_iter().chain(unpublished).collect(),
            store: base.store,
            records: base.records,
            rows,
            parallel: base.parallel,
        }
    }
}

impl Earlier {
    fn add(&mut self, applied: Applied) {
        self.accounts.extend(applied.accounts.into_iter().map(|update| (update.key, update.value)));
        for storage in applied.storages {
            let earlier = self.slots.entry(storage.account).or_default();
            if storage.wiped {
                *earlier = EarlierSlots { wiped: true, slots: BTreeMap::new() };
            }
            earlier.slots.extend(storage.updates.into_iter().map(|update| (update.key, update.value)));
        }
    }
}
