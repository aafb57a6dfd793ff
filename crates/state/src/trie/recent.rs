//! The plain trie's memory: the most recently used nodes, bounded in bytes.

use alloy_primitives::B256;
use quick_cache::{Weighter, sync::Cache};

use crate::trie::{
    changes::{Root, TrieChanges},
    node::Node,
    path::Path,
};

/// Bytes of a typical entry; sizes the cache's tables.
const TYPICAL_BYTES: usize = 400;

/// A cache of nodes and tops by owner and path.
#[derive(Debug)]
pub(super) struct Recent {
    nodes: Cache<(Option<B256>, Path), Node, Size>,
    roots: Cache<Option<B256>, Root, Size>,
}

#[derive(Clone, Debug)]
struct Size;

impl Recent {
    /// Keeps about so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let roots = bytes / 4;
        let nodes = bytes.saturating_sub(roots);
        let weight = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        Self {
            nodes: Cache::with_weighter(nodes / TYPICAL_BYTES, weight(nodes), Size),
            roots: Cache::with_weighter(roots / TYPICAL_BYTES, weight(roots), Size),
        }
    }

    pub(super) fn node(&self, account: Option<&B256>, path: &Path) -> Option<Node> {
        self.nodes.get(&(account.copied(), *path))
    }

    pub(super) fn root(&self, account: Option<&B256>) -> Option<Root> {
        self.roots.get(&account.copied())
    }

    pub(super) fn publish(&self, account: Option<&B256>, changes: &TrieChanges) {
        for change in &changes.changes {
            let key = (account.copied(), change.path);
            match &change.node {
                Some(node) => self.nodes.insert(key, node.clone()),
                None => {
                    self.nodes.remove(&key);
                }
            }
        }
        self.roots.insert(account.copied(), changes.root.clone());
    }
}

impl Weighter<(Option<B256>, Path), Node> for Size {
    fn weight(&self, _: &(Option<B256>, Path), node: &Node) -> u64 {
        u64::try_from(node.size().saturating_add(120)).unwrap_or(u64::MAX)
    }
}

impl Weighter<Option<B256>, Root> for Size {
    fn weight(&self, _: &Option<B256>, _: &Root) -> u64 {
        u64::try_from(size_of::<Root>().saturating_add(80)).unwrap_or(u64::MAX)
    }
}
