//! A small chain whose every block goes through all kinds of trie and is then compared with a rebuild.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use alloy_primitives::{Address, B256, U256, hex, keccak256};

use crate::{
    Account, AccountChange, Batch, Durability, EMPTY_ROOT, Error, KeyValue, Leaves, Memory, Rebuild, RootJob,
    Rooted, SlotChange, StateChanges, Table, Trie, TrieKind, Version,
};

/// A record of the trie: table, key, value.
pub(super) type TrieRow = (Table, Vec<u8>, Vec<u8>);

/// A flat state in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat {
    pub(super) number: u64,
    pub(super) accounts: BTreeMap<B256, Account>,
    pub(super) slots: BTreeMap<B256, BTreeMap<B256, U256>>,
}

/// What a block does, in the order of its calls to the job. Later ones see the earlier ones' result.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Sets nonce and balance of an account.
    Account(B256, u64),
    /// Sets a slot; zero deletes it. Creates the account.
    Slot(B256, B256, u64),
    /// Removes an account and its storage.
    Remove(B256),
    /// Wipes the storage of an account that stays.
    Wipe(B256),
}

/// A trie with its own records, and its versions that are not published yet.
#[derive(Debug)]
struct Lane {
    name: &'static str,
    tables: Arc<dyn KeyValue>,
    trie: Trie,
    tip: Version,
    unpublished: Vec<Rooted>,
}

/// The chain: one flat state at its tip, many tries.
#[derive(Debug)]
pub(super) struct World {
    pub(super) tip: Flat,
    pub(super) root: B256,
    lanes: Vec<Lane>,
}

impl World {
    /// An empty chain with each of the kinds of trie.
    pub(super) fn new(kinds: &[(&'static str, TrieKind)]) -> Self {
        let lane = |(name, kind): &(&'static str, TrieKind)| {
            let tables: Arc<dyn KeyValue> = Arc::new(Memory::default());
            let trie = Trie::open(tables.clone(), EMPTY_ROOT, kind.clone()).unwrap();
            Lane { name, tables, tip: trie.head(), trie, unpublished: Vec::new() }
        };
        Self { tip: Flat::default(), root: EMPTY_ROOT, lanes: kinds.iter().map(lane).collect() }
    }

    /// The kinds that must not differ: nothing, something or everything in memory, one to sixteen threads.
    pub(super) fn kinds() -> Vec<(&'static str, TrieKind)> {
        let pool =
            |threads| Some(Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()));
        vec![
            ("plain without memory", TrieKind::Plain { cache_bytes: 0 }),
            ("plain", TrieKind::Plain { cache_bytes: 1 << 20 }),
            ("resident without budget", TrieKind::Resident { budget_bytes: 0, pool: None }),
            ("resident, tight, 2 threads", TrieKind::Resident { budget_bytes: 20_000, pool: pool(2) }),
            ("resident, 1 thread", TrieKind::Resident { budget_bytes: 1 << 30, pool: pool(1) }),
            ("resident, 16 threads", TrieKind::Resident { budget_bytes: 1 << 30, pool: pool(16) }),
        ]
    }

    /// Adds a block that does `calls`, each handed to the jobs by itself. It stays unpublished.
    pub(super) fn block(&mut self, calls: &[Vec<Action>]) {
        let base: Arc<dyn Leaves> = Arc::new(self.tip.clone());
        let mut jobs: Vec<RootJob> =
            self.lanes.iter().map(|lane| lane.trie.job(&lane.tip, base.clone())).collect();
        for actions in calls {
            let changes = self.tip.run(actions);
            for (job, lane) in jobs.iter_mut().zip(&self.lanes) {
                job.update(&changes).unwrap_or_else(|error| panic!("{}: {error}\n{changes:#?}", lane.name));
            }
            self.root = self.tip.roots(&changes);
            for (job, lane) in jobs.iter().zip(&self.lanes) {
                assert_eq!(job.root(), self.root, "{}: root after {changes:#?}", lane.name);
            }
        }
        self.tip.number = self.tip.number.saturating_add(1);
        let mut first: Option<Rooted> = None;
        for (job, lane) in jobs.into_iter().zip(&mut self.lanes) {
            let rooted = job.finish();
            for (account, root) in &rooted.storage_roots {
                let after = self.tip.accounts.get(account).map_or(EMPTY_ROOT, |account| account.storage_root);
                assert_eq!(*root, after, "{}: storage root of {account}", lane.name);
            }
            let first = first.get_or_insert_with(|| rooted.clone());
            assert_eq!(rooted.nodes, first.nodes, "{}: node set", lane.name);
            assert_eq!(rooted.storage_roots, first.storage_roots, "{}: storage roots", lane.name);
            assert!(rooted.nodes.iter().map(|(table, key, _)| (table, key)).is_sorted_by(|a, b| a < b));
            lane.tip = rooted.version.clone();
            lane.unpublished.push(rooted);
        }
    }

    /// Commits and publishes the oldest block that is not.
    pub(super) fn publish(&mut self) {
        for lane in &mut self.lanes {
            if !lane.unpublished.is_empty() {
                lane.publish();
            }
        }
    }

    /// Commits everything and compares the records with a rebuild.
    pub(super) fn verify(&mut self) {
        for lane in &mut self.lanes {
            while !lane.unpublished.is_empty() {
                lane.publish();
            }
        }
        let (root, records) = self.tip.rebuild();
        assert_eq!(root, self.root);
        for lane in &self.lanes {
            assert_eq!(trie_rows(lane.tables.as_ref()), records, "{}: records", lane.name);
        }
    }

    /// The tables of the first trie.
    pub(super) fn tables(&self) -> Arc<dyn KeyValue> {
        self.lanes[0].tables.clone()
    }

    /// Opens every trie anew from its records; everything must be published.
    pub(super) fn restart(&mut self, kinds: &[(&'static str, TrieKind)]) {
        for (lane, (_, kind)) in self.lanes.iter_mut().zip(kinds) {
            assert!(lane.unpublished.is_empty());
            lane.trie = Trie::open(lane.tables.clone(), self.root, kind.clone()).unwrap();
            lane.tip = lane.trie.head();
        }
    }
}

impl Lane {
    fn publish(&mut self) {
        let rooted = self.unpublished.remove(0);
        let mut batch = Batch::default();
        rooted.nodes.append_to(&mut batch);
        self.tables.write(batch, Durability::Buffered).unwrap();
        self.trie.publish(&rooted.version).unwrap();
    }
}

impl Flat {
    /// Carries out actions and returns their net changes. Storage roots are left as they were.
    pub(super) fn run(&mut self, actions: &[Action]) -> StateChanges {
        let before = self.clone();
        let mut wiped = Vec::new();
        for action in actions {
            match action {
                Action::Account(key, value) => {
                    let account = self.accounts.entry(*key).or_default();
                    (account.nonce, account.balance) =
                        (*value, U256::from(*value).saturating_mul(U256::from(3)));
                }
                Action::Slot(key, slot, value) => {
                    self.accounts.entry(*key).or_default();
                    let slots = self.slots.entry(*key).or_default();
                    match value {
                        0 => slots.remove(slot),
                        _ => slots.insert(*slot, U256::from(*value)),
                    };
                }
                Action::Remove(key) => {
                    self.accounts.remove(key);
                    self.slots.remove(key);
                    wiped.push(*key);
                }
                Action::Wipe(key) => {
                    self.slots.remove(key);
                    wiped.push(*key);
                }
            }
        }
        let mut keys: Vec<B256> = before.accounts.keys().chain(self.accounts.keys()).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let change = |key: &B256| self.change(&before, key, wiped.contains(key));
        StateChanges { accounts: keys.iter().filter_map(change).collect(), codes: Vec::new() }
    }

    fn change(&self, before: &Self, key: &B256, wiped: bool) -> Option<AccountChange> {
        let none = BTreeMap::new();
        let (old, new) = (before.slots.get(key).unwrap_or(&none), self.slots.get(key).unwrap_or(&none));
        let mut slots: Vec<B256> = old.keys().chain(new.keys()).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        let slot = |slot: &B256| SlotChange {
            slot: *slot,
            hashed: *slot,
            before: old.get(slot).copied().unwrap_or_default(),
            after: new.get(slot).copied().unwrap_or_default(),
        };
        let changed = |slot: &SlotChange| slot.before != slot.after || (wiped && !slot.after.is_zero());
        let change = AccountChange {
            address: Address::from_slice(&key[..20]),
            hashed: *key,
            before: before.accounts.get(key).copied(),
            after: self.accounts.get(key).copied(),
            wiped: wiped && !old.is_empty(),
            slots: slots.iter().map(slot).filter(changed).collect(),
        };
        let nothing = change.before == change.after && change.slots.is_empty() && !change.wiped;
        (!nothing).then_some(change)
    }

    /// Sets the storage roots of changed accounts, and returns the state root.
    pub(super) fn roots(&mut self, changes: &StateChanges) -> B256 {
        for change in &changes.accounts {
            if let Some(mut account) = self.accounts.get(&change.hashed).copied() {
                account.storage_root = self.storage(&change.hashed).finish().unwrap().0;
                self.accounts.insert(change.hashed, account);
            }
        }
        self.state().finish().unwrap().0
    }

    /// Root and all records, sorted as the tables are.
    pub(super) fn rebuild(&self) -> (B256, Vec<TrieRow>) {
        let (root, records) = self.state().finish().unwrap();
        let mut rows: Vec<_> = records.into_iter().map(|(key, row)| (Table::AccountTrie, key, row)).collect();
        for account in self.slots.keys() {
            let (_, records) = self.storage(account).finish().unwrap();
            rows.extend(records.into_iter().map(|(key, row)| (Table::SlotTrie, key, row)));
        }
        rows.sort_unstable();
        (root, rows)
    }

    fn state(&self) -> Rebuild {
        let mut rebuild = Rebuild::of_accounts();
        self.accounts.iter().for_each(|(key, account)| rebuild.push_account(key, account).unwrap());
        rebuild
    }

    fn storage(&self, account: &B256) -> Rebuild {
        let mut rebuild = Rebuild::of_slots(*account);
        let slots = self.slots.get(account).into_iter().flatten();
        slots.for_each(|(key, value)| rebuild.push_slot(key, *value).unwrap());
        rebuild
    }
}

impl Leaves for Flat {
    fn block(&self) -> (u64, B256) {
        (self.number, keccak256(self.number.to_be_bytes()))
    }

    fn accounts(
        &self,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, &Account) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let _ = self.accounts.range(*from..=*to).try_for_each(|(key, account)| visit(key, account));
        Ok(())
    }

    fn slots(
        &self,
        account: &B256,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let slots = self.slots.get(account).map(|slots| slots.range(*from..=*to));
        let _ = slots.into_iter().flatten().try_for_each(|(key, value)| visit(key, *value));
        Ok(())
    }
}

/// A key that starts with these nibbles (hex digits) and goes on as the hash of `rest`.
pub(super) fn key(prefix: &str, rest: u8) -> B256 {
    let digits = format!("{prefix}{}", hex::encode(keccak256([rest])));
    digits[..64].parse().unwrap()
}

/// All records of both tables, in order.
pub(super) fn trie_rows(tables: &dyn KeyValue) -> Vec<TrieRow> {
    let mut rows = Vec::new();
    for table in [Table::AccountTrie, Table::SlotTrie] {
        let mut visit = |key: &[u8], value: &[u8]| {
            rows.push((table, key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        tables.scan(table, &[], None, &mut visit).unwrap();
    }
    rows
}
