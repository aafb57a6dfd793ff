//! The published nodes that are in memory. Only publishing writes here, so nothing read at the wrong moment can stay.

use alloy_primitives::B256;

use crate::{
    Error, KeyValue,
    trie::{
        TrieKind,
        changes::{Overlay, Root, TrieChanges},
        node::Node,
        path::Path,
        recent::Recent,
        resident::Resident,
    },
};

/// The nodes of the head, as far as they are kept.
#[derive(Debug)]
pub(super) enum Store {
    /// The most recently used ones.
    Plain(Recent),
    /// All of them, within a budget.
    Resident(Resident),
}

impl Store {
    /// The memory of this kind of trie, filled from the database as far as it wants.
    pub(super) fn new(database: &dyn KeyValue, kind: &TrieKind) -> Result<Self, Error> {
        Ok(match kind {
            TrieKind::Plain { cache_bytes } => Self::Plain(Recent::new(*cache_bytes)),
            TrieKind::Resident { budget_bytes, .. } => {
                Self::Resident(Resident::load(database, *budget_bytes)?)
            }
        })
    }

    /// The branch at a path of the account trie, or of the storage trie of `account`.
    pub(super) fn node(&self, account: Option<&B256>, path: &Path) -> Option<Node> {
        match self {
            Self::Plain(recent) => recent.node(account, path),
            Self::Resident(resident) => resident.node(account, path),
        }
    }

    /// The top of a trie.
    pub(super) fn root(&self, account: Option<&B256>) -> Option<Root> {
        match self {
            Self::Plain(recent) => recent.root(account),
            Self::Resident(resident) => resident.root(account),
        }
    }

    /// Takes over what a committed block changed.
    pub(super) fn publish(&self, overlay: &Overlay) {
        let accounts = overlay.accounts.iter().map(|changes| (None, changes));
        let slots = overlay.slots.iter().map(|(account, changes)| (Some(account), changes));
        let tries = accounts.chain(slots);
        match self {
            Self::Plain(recent) => tries.for_each(|(account, changes)| recent.publish(account, changes)),
            Self::Resident(resident) => resident.publish(tries),
        }
    }
}

/// The tries a block changed, with the owner of each storage trie.
pub(super) type Changed<'a> = (Option<&'a B256>, &'a TrieChanges);
