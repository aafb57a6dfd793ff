//! The resident trie's memory: the nodes of the head, in shards by the first byte of their key, within a budget.

use std::{cmp::Reverse, collections::BTreeMap, ops::ControlFlow};

use alloy_primitives::{B256, map::B256Map};
use parking_lot::{Mutex, RwLock};

use crate::{
    Error, KeyValue, Table,
    trie::{
        changes::{Change, PathMap, Root},
        node::Node,
        path::Path,
        record::{self, Record},
        store::Changed,
    },
};

/// Longest paths of the account trie that stay in memory whatever the budget.
const TOP: usize = 4;

/// Shards of each kind of trie: one for each first byte.
const SHARDS: usize = 256;

/// Bytes of a map's entry beside its node, spare room included.
const ENTRY_BYTES: usize = 48;

/// Bytes of a storage trie's top and its place in the shard, spare room included.
const STORAGE_BYTES: usize = 320;

/// Shards that one block sweeps, so that no commit waits for all of them.
const SWEPT_PER_BLOCK: usize = 32;

/// The nodes of the head that are in memory.
#[derive(Debug)]
pub(super) struct Resident {
    root: RwLock<Option<Root>>,
    accounts: Vec<RwLock<PathMap<Held>>>,
    slots: Vec<RwLock<B256Map<Storage>>>,
    ledger: Mutex<Ledger>,
}

/// A storage trie.
#[derive(Debug)]
struct Storage {
    root: Root,
    epoch: u32,
    nodes: PathMap<Held>,
}

/// A node, and in which epoch (published blocks, counted from the start) it changed last.
#[derive(Debug)]
struct Held {
    node: Node,
    epoch: u32,
}

/// What goes first: the oldest epoch, in it the deepest.
type Age = (u32, Reverse<usize>);

/// What is held, by age. The writer's.
#[derive(Debug)]
struct Ledger {
    budget: usize,
    epoch: u32,
    ages: BTreeMap<Age, usize>,
    total: usize,
    sweep: Option<Sweep>,
}

/// An eviction under way: what is older than `keep` goes; the shards from `next` on are still to be swept.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    keep: Age,
    next: usize,
}

impl Resident {
    /// The nodes of at most four nibbles, read from disk; the others come as blocks change them.
    pub(super) fn load(database: &dyn KeyValue, budget: usize) -> Result<Self, Error> {
        let resident = Self {
            root: RwLock::new(None),
            accounts: (0..SHARDS).map(|_| RwLock::default()).collect(),
            slots: (0..SHARDS).map(|_| RwLock::default()).collect(),
            ledger: Mutex::new(Ledger { budget, epoch: 0, ages: BTreeMap::new(), total: 0, sweep: None }),
        };
        let end = [u8::try_from(TOP).unwrap_or_default().saturating_add(1)];
        let mut result = Ok(());
        database.scan(Table::AccountTrie, &[], Some(&end), &mut |key, bytes| {
            result = resident.load_record(key, bytes);
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        result.map(|()| resident)
    }

    fn load_record(&self, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        let path = record::path_of_key(key)?;
        if let Record::Branch(children) = record::decode(None, &path, bytes)? {
            let node = Some(Node::pack(&children, &mut Vec::new()));
            let mut ledger = self.ledger.lock();
            self.account_shard(&path).write().set(Change { path, node, had_record: true }, true, &mut ledger);
        }
        Ok(())
    }

    /// The branch at a path of the account trie, or of the storage trie of `account`.
    pub(super) fn node(&self, account: Option<&B256>, path: &Path) -> Option<Node> {
        match account {
            None => self.account_shard(path).read().get(path).map(|held| held.node.clone()),
            Some(account) => {
                let shard = self.slot_shard(account).read();
                shard.get(account)?.nodes.get(path).map(|held| held.node.clone())
            }
        }
    }

    /// The top of a trie.
    pub(super) fn root(&self, account: Option<&B256>) -> Option<Root> {
        match account {
            None => self.root.read().clone(),
            Some(account) => self.slot_shard(account).read().get(account).map(|storage| storage.root.clone()),
        }
    }

    /// Takes over what a committed block changed, and evicts what the budget asks for.
    pub(super) fn publish<'a>(&self, tries: impl Iterator<Item = Changed<'a>>) {
        let mut ledger = self.ledger.lock();
        ledger.epoch = ledger.epoch.saturating_add(1);
        for (account, changes) in tries {
            match account {
                None => {
                    *self.root.write() = Some(changes.root.clone());
                    for change in &changes.changes {
                        let pinned = change.path.len() <= TOP;
                        self.account_shard(&change.path).write().set(change.clone(), pinned, &mut ledger);
                    }
                }
                Some(account) => {
                    let mut shard = self.slot_shard(account).write();
                    let storage = ledger.storage(&mut shard, account, &changes.root);
                    for change in &changes.changes {
                        storage.nodes.set(change.clone(), false, &mut ledger);
                    }
                }
            }
        }
        self.evict(&mut ledger);
    }

    fn evict(&self, ledger: &mut Ledger) {
        let Some(sweep) = ledger.due() else { return };
        // Far over the budget (a block as large as the state): at once. Else a part with each block.
        let urgent = ledger.total > ledger.budget.saturating_add(ledger.budget / 8);
        let end = if urgent { SHARDS } else { sweep.next.saturating_add(SWEPT_PER_BLOCK).min(SHARDS) };
        for index in sweep.next..end {
            self.accounts[index].write().retain(|length, held| {
                length <= TOP || ledger.keeps(sweep.keep, held.age(length), held.size())
            });
            self.slots[index].write().retain(|_, storage| {
                storage.nodes.retain(|length, held| ledger.keeps(sweep.keep, held.age(length), held.size()));
                !storage.nodes.is_empty()
                    || ledger.keeps(sweep.keep, (storage.epoch, Reverse(0)), STORAGE_BYTES)
            });
        }
        ledger.sweep = (end < SHARDS).then_some(Sweep { next: end, ..sweep });
    }

    fn account_shard(&self, path: &Path) -> &RwLock<PathMap<Held>> {
        &self.accounts[usize::from(path.first_key()[0])]
    }

    fn slot_shard(&self, account: &B256) -> &RwLock<B256Map<Storage>> {
        &self.slots[usize::from(account[0])]
    }
}

impl PathMap<Held> {
    /// Puts in or takes out a changed branch. Pinned ones are never evicted.
    fn set(&mut self, change: Change, pinned: bool, ledger: &mut Ledger) {
        let length = change.path.len();
        let epoch = ledger.epoch;
        let held = change.node.map(|node| Held { node, epoch });
        if let Some(held) = &held {
            ledger.add(held.age(length), held.size(), pinned);
        }
        let old = match held {
            Some(held) => self.insert(&change.path, held),
            None => self.remove(&change.path),
        };
        if let Some(old) = old {
            ledger.subtract(old.age(length), old.size(), pinned);
        }
    }
}

impl Held {
    const fn age(&self, length: usize) -> Age {
        (self.epoch, Reverse(length))
    }

    fn size(&self) -> usize {
        self.node.size().saturating_add(ENTRY_BYTES)
    }
}

impl Ledger {
    fn add(&mut self, age: Age, bytes: usize, pinned: bool) {
        self.total = self.total.saturating_add(bytes);
        if !pinned {
            let sum = self.ages.entry(age).or_default();
            *sum = sum.saturating_add(bytes);
        }
    }

    fn subtract(&mut self, age: Age, bytes: usize, pinned: bool) {
        self.total = self.total.saturating_sub(bytes);
        if let Some(sum) = self.ages.get_mut(&age).filter(|_| !pinned) {
            *sum = sum.saturating_sub(bytes);
            if *sum == 0 {
                self.ages.remove(&age);
            }
        }
    }

    /// The entry of a storage trie, with its new top.
    fn storage<'a>(
        &mut self,
        shard: &'a mut B256Map<Storage>,
        account: &B256,
        root: &Root,
    ) -> &'a mut Storage {
        let epoch = self.epoch;
        self.add((epoch, Reverse(0)), STORAGE_BYTES, false);
        if let Some(old) = shard.get(account) {
            self.subtract((old.epoch, Reverse(0)), STORAGE_BYTES, false);
        }
        let new = || Storage { root: Root::Empty, epoch, nodes: PathMap::default() };
        let storage = shard.entry(*account).or_insert_with(new);
        storage.root = root.clone();
        storage.epoch = epoch;
        storage
    }

    /// The eviction under way, or a new one when the budget is passed: down to seven eighths of it.
    fn due(&mut self) -> Option<Sweep> {
        if self.sweep.is_none() && self.total > self.budget {
            let target = self.budget.saturating_sub(self.budget / 8);
            let mut rest = self.total;
            let mut keep = (u32::MAX, Reverse(0));
            for (age, bytes) in &self.ages {
                if rest <= target {
                    keep = *age;
                    break;
                }
                rest = rest.saturating_sub(*bytes);
            }
            self.sweep = Some(Sweep { keep, next: 0 });
        }
        self.sweep
    }

    /// True when something of this age stays; else it is struck off.
    fn keeps(&mut self, keep: Age, age: Age, bytes: usize) -> bool {
        if age < keep {
            self.subtract(age, bytes, false);
        }
        age >= keep
    }
}
