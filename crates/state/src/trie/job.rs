//! The root job of one candidate block.

use std::sync::Arc;

use alloy_primitives::B256;

use crate::{
    Error, StateChanges,
    trie::{
        Leaves, NodeSet, Version,
        changes::Overlay,
        tries::{Base, Tries},
        version::Shared,
    },
};

/// Computes the root of a block from its parent's [`Version`], the parent's flat state and the block's changes.
///
/// Several jobs may stand on one version; dropping one costs nothing.
#[derive(Debug)]
pub struct RootJob {
    shared: Arc<Shared>,
    base: Version,
    overlays: Vec<Arc<Overlay>>,
    leaves: Arc<dyn Leaves>,
    tries: Tries,
}

/// What a finished job gives.
#[derive(Clone, Debug)]
pub struct Rooted {
    /// The state root.
    pub root: B256,
    /// Hashed address and new storage root of every account whose storage changed, ascending.
    pub storage_roots: Vec<(B256, B256)>,
    /// The records to write with the block.
    pub nodes: NodeSet,
    /// The trie of the block: base of its children, to be published after its commit.
    pub version: Version,
}

impl RootJob {
    pub(super) fn new(shared: Arc<Shared>, base: Version, leaves: Arc<dyn Leaves>) -> Self {
        Self { overlays: base.overlays(), tries: Tries::new(base.root()), shared, base, leaves }
    }

    /// Applies changes on top of the base and of earlier calls; each `before` is the value as of the previous call.
    ///
    /// Every call hashes what it changed, so changes should come in few calls.
    ///
    /// # Errors
    /// When a read fails or the changes contradict the trie. The job is then to be dropped.
    pub fn update(&mut self, changes: &StateChanges) -> Result<(), Error> {
        let base = Base {
            records: self.shared.records.as_ref(),
            store: Some(&self.shared.store),
            leaves: self.leaves.as_ref(),
            overlays: &self.overlays,
            parallel: self.shared.pool.is_some(),
        };
        match &self.shared.pool {
            Some(pool) => pool.install(|| self.tries.apply(&base, changes)),
            None => self.tries.apply(&base, changes),
        }
    }

    /// The state root after the changes so far.
    pub const fn root(&self) -> B256 {
        self.tries.root
    }

    /// Ends the job.
    pub fn finish(self) -> Rooted {
        let Tries { root, storage_roots, changes, .. } = self.tries;
        Rooted {
            root,
            storage_roots: storage_roots.into_iter().collect(),
            nodes: NodeSet::of(&changes),
            version: Version::child(self.base, self.leaves.block(), root, changes),
        }
    }
}
