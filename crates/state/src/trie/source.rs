//! Where a job finds the nodes and leaves of one trie: its own changes, unpublished versions, memory, disk, flat rows.

use std::{collections::BTreeMap, ops::ControlFlow};

use alloy_primitives::{B256, U256};

use crate::{
    Account, EMPTY_ROOT, Error,
    trie::{
        Leaves, Records,
        changes::{Root, Tip, TrieChanges},
        node::{Children, Node, bit},
        path::{Path, common, nibble},
        record::{self, Record},
        rlp::{Encoder, Reference, Value},
        store::Store,
    },
};

/// The most leaves that a branch without branch children can have.
const FAN_OUT: usize = 16;

/// The leaves of one trie, as of the base and the earlier updates of a job.
pub(super) trait Rows: Sync {
    /// What a leaf holds.
    type Value: Value;

    /// The first `limit` leaves with `from <= key <= to`, ascending.
    fn rows(&self, from: &B256, to: &B256, limit: usize) -> Result<Vec<(B256, Self::Value)>, Error>;

    /// Number and hash of the base block.
    fn block(&self) -> (u64, B256);
}

/// One trie as a job sees it.
#[derive(Debug)]
pub(super) struct Source<'a, R> {
    /// The hashed address of a storage trie's owner; `None` for the account trie.
    pub(super) account: Option<&'a B256>,
    /// The changes that hide what is below: the job's own, then those of unpublished versions, newest first.
    pub(super) layers: Vec<&'a TrieChanges>,
    /// The published nodes in memory; proofs read without them.
    pub(super) store: Option<&'a Store>,
    /// The records on disk.
    pub(super) records: &'a dyn Records,
    /// The leaves.
    pub(super) rows: R,
    /// True when large updates are to be spread over the threads of the current pool.
    pub(super) parallel: bool,
}

impl<R: Rows> Source<'_, R> {
    /// The top of the trie whose root is `hash`.
    pub(super) fn root(&self, hash: B256) -> Result<Root, Error> {
        if hash == EMPTY_ROOT {
            return Ok(Root::Empty);
        }
        if let Some(layer) = self.layers.first() {
            return Ok(layer.root.clone());
        }
        if let Some(root) = self.store.and_then(|store| store.root(self.account)) {
            return Ok(root);
        }
        match self.record(&Path::EMPTY)? {
            Some(Record::Branch(children)) => {
                let node = Some(Node::pack(&children, &mut Vec::new()));
                let reference = Reference::of_hash(hash);
                Ok(Root::Branch(Tip { path: Path::EMPTY, reference, stored: true, node }))
            }
            Some(Record::Pointer(path, reference)) => {
                Ok(Root::Branch(Tip { path, reference, stored: true, node: None }))
            }
            None => self.small_root(),
        }
    }

    /// The children of the branch at a tip.
    pub(super) fn branch(&self, tip: &Tip) -> Result<Children, Error> {
        if let Some(node) = &tip.node {
            return Ok(node.unpack());
        }
        if let Some(change) = self.layers.iter().find_map(|layer| layer.get(&tip.path)) {
            return match &change.node {
                Some(node) => Ok(node.unpack()),
                None => Err(self.broken(&tip.path, "a branch was removed that its parent still has")),
            };
        }
        if let Some(node) = self.store.and_then(|store| store.node(self.account, &tip.path)) {
            return Ok(node.unpack());
        }
        if !tip.stored {
            return self.small_branch(&tip.path);
        }
        match self.record(&tip.path)? {
            Some(Record::Branch(children)) => Ok(*children),
            _ => Err(self.broken(&tip.path, "record of a branch is missing")),
        }
    }

    /// The one leaf below a path.
    pub(super) fn leaf(&self, path: &Path) -> Result<(B256, R::Value), Error> {
        let rows = self.rows.rows(path.first_key(), &path.last_key(), 1)?;
        rows.into_iter().next().ok_or_else(|| self.broken(path, "flat row of a leaf is missing"))
    }

    /// Fills in the references of leaves that are unknown. `gaps` are the places below which there is no row at all.
    pub(super) fn fill_leaves(
        &self,
        path: &Path,
        children: &mut Children,
        gaps: u16,
        encoder: &mut Encoder,
    ) -> Result<(), Error> {
        let unknown = children.unknown();
        let mut from = 0;
        while let Some(first) = (from..FAN_OUT).find(|nibble| unknown & bit(*nibble) != 0) {
            // Rows of neighbouring leaves stand side by side; a branch between them would have to be read over.
            let run = (first..FAN_OUT).take_while(|nibble| (unknown | gaps) & bit(*nibble) != 0);
            let run: Vec<usize> = run.filter(|nibble| unknown & bit(*nibble) != 0).collect();
            let last = run.last().copied().unwrap_or(first);
            let (low, high) = (path.child(first), path.child(last));
            let rows = self.rows.rows(low.first_key(), &high.last_key(), run.len())?;
            if !rows.iter().map(|(key, _)| nibble(key, path.len())).eq(run) {
                return Err(self.broken(path, "flat rows differ from the leaves of a branch"));
            }
            for (key, value) in rows {
                let rlp = encoder.leaf(&key, path.len().saturating_add(1), &value);
                children.references[nibble(&key, path.len())] = Reference::of_rlp(rlp);
            }
            from = last.saturating_add(1);
        }
        Ok(())
    }

    /// The error of records, rows and changes that contradict each other.
    pub(super) fn broken(&self, path: &Path, what: &str) -> Error {
        let (number, hash) = self.rows.block();
        let trie = self
            .account
            .map_or_else(|| "account trie".to_owned(), |account| format!("storage trie of {account}"));
        Error::Invariant { number, hash, what: format!("{trie}, path {path:?}: {what}") }
    }

    fn record(&self, path: &Path) -> Result<Option<Record>, Error> {
        let mut key = Vec::with_capacity(66);
        record::write_key(self.account, path, &mut key);
        let bytes = self.records.record(record::table(self.account), &key)?;
        bytes.map(|bytes| record::decode(self.account, path, &bytes)).transpose()
    }

    /// The top of a trie without a record for it: at most 16 leaves.
    fn small_root(&self) -> Result<Root, Error> {
        let rows = self.rows.rows(&B256::ZERO, &B256::repeat_byte(0xff), FAN_OUT.saturating_add(1))?;
        match rows.as_slice() {
            [] => Err(self.broken(&Path::EMPTY, "the root is not empty, but there is no record and no row")),
            [_] => Ok(Root::Leaf),
            [(first, _), .., (last, _)] => {
                let path = Path::of_key(first, common(first, last));
                let children = self.branch_of(&path, &rows)?;
                let reference = Reference::of_rlp(Encoder::default().branch(&children.references));
                let node = Some(Node::pack(&children, &mut Vec::new()));
                Ok(Root::Branch(Tip { path, reference, stored: false, node }))
            }
        }
    }

    /// A branch without a record: it has leaves alone.
    fn small_branch(&self, path: &Path) -> Result<Children, Error> {
        let rows = self.rows.rows(path.first_key(), &path.last_key(), FAN_OUT.saturating_add(1))?;
        self.branch_of(path, &rows)
    }

    fn branch_of(&self, path: &Path, rows: &[(B256, R::Value)]) -> Result<Children, Error> {
        let mut children = Children::EMPTY;
        let mut encoder = Encoder::default();
        for (key, value) in rows {
            let at = nibble(key, path.len());
            if children.present & bit(at) != 0 {
                return Err(self.broken(path, "two rows below one leaf of a branch without a record"));
            }
            children.present |= bit(at);
            let rlp = encoder.leaf(key, path.len().saturating_add(1), value);
            children.references[at] = Reference::of_rlp(rlp);
        }
        if rows.len() < 2 {
            return Err(self.broken(path, "fewer than two rows below a branch"));
        }
        Ok(children)
    }
}

/// The leaves of the account trie.
#[derive(Debug)]
pub(super) struct AccountRows<'a> {
    /// The base's rows.
    pub(super) leaves: &'a dyn Leaves,
    /// What earlier updates of the job changed; `None` is deleted.
    pub(super) earlier: &'a BTreeMap<B256, Option<Account>>,
}

/// The leaves of one storage trie.
#[derive(Debug)]
pub(super) struct SlotRows<'a> {
    /// The base's rows.
    pub(super) leaves: &'a dyn Leaves,
    /// The hashed address of the owner.
    pub(super) account: &'a B256,
    /// What earlier updates of the job changed.
    pub(super) earlier: Option<&'a EarlierSlots>,
}

/// The slots of one account that earlier updates of a job changed.
#[derive(Clone, Debug, Default)]
pub(super) struct EarlierSlots {
    /// The base's rows are gone.
    pub(super) wiped: bool,
    /// New values; `None` is deleted.
    pub(super) slots: BTreeMap<B256, Option<U256>>,
}

impl Rows for AccountRows<'_> {
    type Value = Account;

    fn rows(&self, from: &B256, to: &B256, limit: usize) -> Result<Vec<(B256, Account)>, Error> {
        let base = |visit: &mut dyn FnMut(&B256, Account) -> ControlFlow<()>| {
            self.leaves.accounts(from, to, &mut |key, account| visit(key, *account))
        };
        merge(base, self.earlier, from, to, limit)
    }

    fn block(&self) -> (u64, B256) {
        self.leaves.block()
    }
}

impl Rows for SlotRows<'_> {
    type Value = U256;

    fn rows(&self, from: &B256, to: &B256, limit: usize) -> Result<Vec<(B256, U256)>, Error> {
        let none = BTreeMap::new();
        let (wiped, slots) = self.earlier.map_or((false, &none), |earlier| (earlier.wiped, &earlier.slots));
        let base = |visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>| match wiped {
            true => Ok(()),
            false => self.leaves.slots(self.account, from, to, visit),
        };
        merge(base, slots, from, to, limit)
    }

    fn block(&self) -> (u64, B256) {
        self.leaves.block()
    }
}

/// The first `limit` rows of `base` below the changes of earlier updates.
fn merge<V: Clone>(
    base: impl FnOnce(&mut dyn FnMut(&B256, V) -> ControlFlow<()>) -> Result<(), Error>,
    earlier: &BTreeMap<B256, Option<V>>,
    from: &B256,
    to: &B256,
    limit: usize,
) -> Result<Vec<(B256, V)>, Error> {
    let mut rows = Vec::new();
    base(&mut |key, value| {
        if !earlier.contains_key(key) {
            rows.push((*key, value));
        }
        if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if !earlier.is_empty() {
        let changed = earlier.range(*from..=*to);
        rows.extend(changed.filter_map(|(key, value)| Some((*key, value.clone()?))));
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows.truncate(limit);
    }
    Ok(rows)
}
