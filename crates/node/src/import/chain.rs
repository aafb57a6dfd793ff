//! The end of the chain as the executing stage sees it: blocks that may not be written yet.

use std::collections::VecDeque;

use alloy_primitives::{B256, U256};
use btt_evm::{Ancestor, Parent};
use btt_primitives::Header;
use btt_state::{BlockCommit, Database, Error, StateView, Version};

use crate::Node;

/// Blocks kept for the rules on ommers, which look back seven generations.
const RECENT: usize = 8;

/// The newest executed block, and what its child is executed on.
pub(super) struct Tip {
    pub(super) header: Header,
    pub(super) hash: B256,
    pub(super) sums: [U256; 2],
    pub(super) view: StateView,
    pub(super) trie: Version,
    database: Database,
    recent: VecDeque<(B256, Ancestor)>,
}

impl Tip {
    /// The head of the database.
    pub(super) fn of(node: &Node) -> Result<Self, Error> {
        let database = node.database.clone();
        let head = database.head();
        let stored = database.header(head.number)?.ok_or_else(|| Error::Invariant {
            number: head.number,
            hash: head.hash,
            what: "the head's header is not stored".to_owned(),
        })?;
        Ok(Self {
            header: stored.header,
            hash: stored.hash,
            sums: stored.sums,
            view: database.latest(),
            trie: node.database.trie().head(),
            database,
            recent: VecDeque::with_capacity(RECENT),
        })
    }

    pub(super) const fn parent(&self) -> Parent<'_> {
        Parent { header: &self.header, hash: self.hash, sums: self.sums }
    }

    /// An earlier block, from memory or from the database.
    pub(super) fn ancestor(&self, hash: &B256) -> Result<Option<Ancestor>, Error> {
        if let Some((_, ancestor)) = self.recent.iter().find(|(recent, _)| recent == hash) {
            return Ok(Some(ancestor.clone()));
        }
        let Some(number) = self.database.number(hash)? else { return Ok(None) };
        let block = self.database.block(number)?;
        Ok(block.map(|(block, _)| Ancestor { header: block.header, ommers: block.body.ommers }))
    }

    /// Moves on to an executed child.
    pub(super) fn advance(&mut self, child: &BlockCommit) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        let (header, ommers) = (child.block.header.clone(), child.block.body.ommers.clone());
        self.recent.push_back((child.hash, Ancestor { header: header.clone(), ommers }));
        self.view = self.view.settled().with_layer(child.layer.clone());
        self.trie = child.version.clone();
        (self.header, self.hash, self.sums) = (header, child.hash, child.sums);
    }
}
