//! The changes of trie records that one block writes.

use alloy_primitives::B256;

use crate::{
    Batch, Table,
    trie::{
        changes::{Overlay, Root, TrieChanges},
        path::Path,
        record,
    },
};

/// Changed and deleted records of [`Table::AccountTrie`] and [`Table::SlotTrie`], each table ascending by key.
///
/// Invariant: equal changes of equal states give equal sets, whichever kind of trie made them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where one record lies in the set's bytes: key, then value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    table: Table,
    start: usize,
    key: usize,
    value: Option<usize>,
}

impl NodeSet {
    /// The records: table, key, and the new bytes or `None` for a record that is gone.
    pub fn iter(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        self.entries.iter().map(|entry| {
            let (key, rest) = self.bytes[entry.start..].split_at(entry.key);
            (entry.table, key, entry.value.map(|length| &rest[..length]))
        })
    }

    /// How many records change.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when no record changes.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends the changes to a batch.
    pub fn append_to(&self, batch: &mut Batch) {
        self.iter().for_each(|(table, key, value)| match value {
            Some(value) => batch.put(table, key, value),
            None => batch.delete(table, key),
        });
    }

    /// The records that differ after these changes.
    pub(super) fn of(changes: &Overlay) -> Self {
        let mut nodes = Self::default();
        changes.accounts.iter().for_each(|changes| nodes.push_trie(None, changes));
        changes.slots.iter().for_each(|(account, changes)| nodes.push_trie(Some(account), changes));
        nodes
    }

    /// Adds the changes of one trie behind those of the tries before it; `account` owns a storage trie.
    fn push_trie(&mut self, account: Option<&B256>, changes: &TrieChanges) {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        self.push_pointer(account, changes);
        for change in &changes.changes {
            record::write_key(account, &change.path, &mut key);
            match change.node.as_ref().filter(|node| node.has_record()) {
                Some(node) => {
                    record::write_branch(&node.unpack(), &change.path, &mut value);
                    self.push(account, &key, Some(&value));
                }
                // The empty path of a root behind an extension is the pointer's.
                None if change.had_record && !(change.path.len() == 0 && changes.root.stored().is_some()) => {
                    self.push(account, &key, None);
                }
                None => {}
            }
        }
    }

    /// Adds the change of the pointer to a root behind an extension.
    fn push_pointer(&mut self, account: Option<&B256>, changes: &TrieChanges) {
        let pointer =
            |root: &Root| root.stored().filter(|tip| tip.path.len() > 0).map(|tip| (tip.path, tip.reference));
        let (mut key, mut value) = (Vec::new(), Vec::new());
        record::write_key(account, &Path::EMPTY, &mut key);
        match (pointer(&changes.before), pointer(&changes.root)) {
            (before, Some((path, reference))) if before != Some((path, reference)) => {
                record::write_pointer(&path, &reference, &mut value);
                self.push(account, &key, Some(&value));
            }
            (Some(_), None) if changes.root.stored().is_none() => self.push(account, &key, None),
            _ => {}
        }
    }

    fn push(&mut self, account: Option<&B256>, key: &[u8], value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let table = record::table(account);
        self.entries.push(Entry { table, start, key: key.len(), value: value.map(<[u8]>::len) });
    }
}
