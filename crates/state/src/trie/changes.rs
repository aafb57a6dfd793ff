//! What a job changed in one trie: the branches at their paths, and the new top.

use std::{cmp::Ordering, collections::BTreeMap, sync::OnceLock};

use alloy_primitives::{B256, map::HashMap};

use crate::trie::{
    node::Node,
    path::Path,
    rlp::{Encoder, Reference},
};

/// A branch as its parent knows it. The nibbles between the parent and `path` are its extension, so an extension that
/// grows, shrinks or merges changes nothing here.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    /// Where the branch lies.
    pub(super) path: Path,
    /// The reference of the branch itself.
    pub(super) reference: Reference,
    /// True when the branch has a record on disk.
    pub(super) stored: bool,
    /// The branch, where it came along.
    pub(super) node: Option<Node>,
}

/// The top of a trie.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// No leaf at all.
    Empty,
    /// One leaf.
    Leaf,
    /// A branch, behind an extension when its path is not empty.
    Branch(Tip),
}

impl Root {
    /// The branch that has a record at the empty path: itself, or the pointer to it.
    pub(super) const fn stored(&self) -> Option<&Tip> {
        match self {
            Self::Branch(tip) if tip.stored => Some(tip),
            _ => None,
        }
    }
}

/// A branch that is new, changed or gone.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Where it lies.
    pub(super) path: Path,
    /// What it is now; `None` when it is gone.
    pub(super) node: Option<Node>,
    /// True when the base has a record at this path.
    pub(super) had_record: bool,
}

impl Change {
    fn order(&self, other: &Self) -> Ordering {
        (self.path.len(), self.path).cmp(&(other.path.len(), other.path))
    }
}

/// All changes of one trie.
#[derive(Debug)]
pub(super) struct TrieChanges {
    /// The top of the base.
    pub(super) before: Root,
    /// The top now.
    pub(super) root: Root,
    /// The changed branches, ascending by length of path, then path.
    pub(super) changes: Vec<Change>,
    /// Place in `changes` by path; made when first asked.
    index: OnceLock<PathMap<usize>>,
}

/// The changes of the account trie and of storage tries, by hashed address.
#[derive(Debug)]
pub(super) struct Overlay {
    /// The account trie; `None` when it did not change.
    pub(super) accounts: Option<TrieChanges>,
    /// The storage tries that changed.
    pub(super) slots: BTreeMap<B256, TrieChanges>,
}

impl Overlay {
    /// The changes of one trie; `account` is the owner of a storage trie.
    pub(super) fn trie(&self, account: Option<&B256>) -> Option<&TrieChanges> {
        match account {
            None => self.accounts.as_ref(),
            Some(account) => self.slots.get(account),
        }
    }
}

impl TrieChanges {
    /// Changes from `before` to `root`; `changes` is sorted.
    pub(super) const fn new(before: Root, root: Root, changes: Vec<Change>) -> Self {
        Self { before, root, changes, index: OnceLock::new() }
    }

    /// The change at a path.
    pub(super) fn get(&self, path: &Path) -> Option<&Change> {
        let index = self.index.get_or_init(|| {
            let mut index = PathMap::default();
            index.reserve(self.changes.len());
            for (place, change) in self.changes.iter().enumerate() {
                index.insert(&change.path, place);
            }
            index
        });
        self.changes.get(*index.get(path)?)
    }

    /// These changes, then `later`.
    pub(super) fn followed_by(self, later: Self) -> Self {
        Self::new(self.before, later.root, merge(self.changes, later.changes))
    }
}

/// Joins two sorted lists of changes, the second being the later.
pub(super) fn merge(earlier: Vec<Change>, later: Vec<Change>) -> Vec<Change> {
    if earlier.is_empty() {
        return later;
    }
    let mut merged = Vec::with_capacity(earlier.len().saturating_add(later.len()));
    let mut earlier = earlier.into_iter().peekable();
    for mut change in later {
        while let Some(before) = earlier.next_if(|before| before.order(&change).is_lt()) {
            merged.push(before);
        }
        if let Some(before) = earlier.next_if(|before| before.order(&change).is_eq()) {
            change.had_record = before.had_record;
        }
        merged.push(change);
    }
    merged.extend(earlier);
    merged
}

/// Collects changes while a trie is walked in key order, by level, so that none has to be sorted.
#[derive(Debug, Default)]
pub(super) struct Output {
    levels: Vec<Vec<Change>>,
    /// For the nodes that are hashed on the way.
    pub(super) encoder: Encoder,
    /// Scratch space for packing.
    pub(super) buffer: Vec<u8>,
}

impl Output {
    /// Adds a change behind those before it.
    pub(super) fn push(&mut self, path: Path, node: Option<Node>, had_record: bool) {
        if self.levels.len() <= path.len() {
            self.levels.resize_with(path.len().saturating_add(1), Vec::new);
        }
        self.levels[path.len()].push(Change { path, node, had_record });
    }

    /// Adds the changes of the next part of the trie.
    pub(super) fn append(&mut self, other: Self) {
        if self.levels.len() < other.levels.len() {
            self.levels.resize_with(other.levels.len(), Vec::new);
        }
        for (level, mut changes) in self.levels.iter_mut().zip(other.levels) {
            level.append(&mut changes);
        }
    }

    /// The changes, ascending by length of path, then path.
    pub(super) fn into_changes(self) -> Vec<Change> {
        let changes: Vec<Change> = self.levels.into_iter().flatten().collect();
        debug_assert!(changes.is_sorted_by(|left, right| left.order(right).is_lt()));
        changes
    }
}

/// A map by path, small for the paths of hashed keys that nobody crafted.
#[derive(Clone, Debug)]
pub(super) struct PathMap<T> {
    near: HashMap<u64, T>,
    deep: BTreeMap<Path, T>,
}

impl<T> Default for PathMap<T> {
    fn default() -> Self {
        Self { near: HashMap::default(), deep: BTreeMap::new() }
    }
}

impl<T> PathMap<T> {
    pub(super) fn get(&self, path: &Path) -> Option<&T> {
        match path.short() {
            Some(key) => self.near.get(&key),
            None => self.deep.get(path),
        }
    }

    pub(super) fn insert(&mut self, path: &Path, value: T) -> Option<T> {
        match path.short() {
            Some(key) => self.near.insert(key, value),
            None => self.deep.insert(*path, value),
        }
    }

    pub(super) fn remove(&mut self, path: &Path) -> Option<T> {
        match path.short() {
            Some(key) => self.near.remove(&key),
            None => self.deep.remove(path),
        }
    }

    /// Keeps the entries of which `keep` says so, given the length of their path.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(usize, &T) -> bool) {
        self.near.retain(|key, value| keep(usize::from(key.to_be_bytes()[7]), value));
        self.deep.retain(|path, value| keep(path.len(), value));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.near.is_empty() && self.deep.is_empty()
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.near.reserve(more);
    }
}
