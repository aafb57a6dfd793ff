//! A trie of arbitrary values in memory, walked and recorded like the state's: for conformance suites and fuzzing.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use crate::{
    EMPTY_ROOT, Error, Table,
    trie::{
        NodeSet, Rebuild, Records,
        changes::{Output, Overlay, Root, TrieChanges},
        descent::Update,
        rlp::Value,
        source::{Rows, Source},
    },
};

/// A trie of 32-byte keys to bytes, with the leaves and records that a database would hold.
#[derive(Debug)]
pub struct ByteTrie {
    root: B256,
    leaves: BTreeMap<B256, Vec<u8>>,
    records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Default for ByteTrie {
    fn default() -> Self {
        Self { root: EMPTY_ROOT, leaves: BTreeMap::new(), records: BTreeMap::new() }
    }
}

impl ByteTrie {
    /// The root.
    pub const fn root(&self) -> B256 {
        self.root
    }

    /// Sets the keys that have a value and deletes the others, in one walk. Absent keys may be deleted; of a key that
    /// comes twice the last value counts.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the walk meets what it left behind itself and finds it wanting.
    pub fn update(
        &mut self,
        changes: impl IntoIterator<Item = (B256, Option<Vec<u8>>)>,
    ) -> Result<(), Error> {
        let changes: BTreeMap<B256, Option<Vec<u8>>> = changes.into_iter().collect();
        let update = |(key, value): (&B256, &Option<Vec<u8>>)| Update {
            key: *key,
            value: value.clone(),
            existed: self.leaves.contains_key(key),
        };
        let updates: Vec<_> =
            changes.iter().map(update).filter(|update| update.existed || update.value.is_some()).collect();
        let source = Source {
            account: None,
            layers: Vec::new(),
            store: None,
            records: &self.records,
            rows: &self.leaves,
            parallel: false,
        };
        let mut output = Output::default();
        let before = source.root(self.root)?;
        let (root, hash) = source.apply(before.clone(), &updates, &mut output)?;
        self.commit(before, root, output);
        self.root = hash;
        for (key, value) in changes {
            match value {
                Some(value) => self.leaves.insert(key, value),
                None => self.leaves.remove(&key),
            };
        }
        Ok(())
    }

    /// Builds the trie anew.
    ///
    /// # Errors
    /// [`Error::Invariant`] when root or records of the rebuilt trie differ from those here.
    pub fn verify(&self) -> Result<(), Error> {
        let mut rebuild = Rebuild::of_accounts();
        for (key, value) in &self.leaves {
            rebuild.push(key, value.clone())?;
        }
        let (root, records) = rebuild.finish()?;
        let what = if root != self.root {
            format!("the root is {}, rebuilt {root}", self.root)
        } else if records.into_iter().collect::<BTreeMap<_, _>>() != self.records {
            "the records differ from a rebuild".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::Invariant { number: 0, hash: B256::ZERO, what })
    }

    fn commit(&mut self, before: Root, root: Root, output: Output) {
        let changes = TrieChanges::new(before, root, output.into_changes());
        let nodes = NodeSet::of(&Overlay { accounts: Some(changes), slots: BTreeMap::new() });
        for (_, key, value) in nodes.iter() {
            match value {
                Some(value) => self.records.insert(key.to_vec(), value.to_vec()),
                None => self.records.remove(key),
            };
        }
    }
}

impl Value for Vec<u8> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Rows for &BTreeMap<B256, Vec<u8>> {
    type Value = Vec<u8>;

    fn rows(&self, from: &B256, to: &B256, limit: usize) -> Result<Vec<(B256, Vec<u8>)>, Error> {
        Ok(self.range(*from..=*to).take(limit).map(|(key, value)| (*key, value.clone())).collect())
    }

    fn block(&self) -> (u64, B256) {
        (0, B256::ZERO)
    }
}

impl Records for BTreeMap<Vec<u8>, Vec<u8>> {
    fn record(&self, _: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.get(key).cloned())
    }
}
