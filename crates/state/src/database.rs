//! The database of one chain.

mod blocks;
mod commit;
mod logs;
mod open;
mod past;
mod proof;
mod prune;
mod rewind;
mod rows;
#[cfg(test)]
mod tests;
mod upkeep;
mod verify;

use std::sync::{Arc, atomic::Ordering};

use parking_lot::Mutex;

pub use blocks::{Located, StoredHeader};
pub use commit::BlockCommit;
pub use logs::{LogFilter, LogMatch};
pub use open::{Identity, Options};
pub use prune::{PruneStep, Pruned};
pub use upkeep::{Progress, Report, Stats};
pub use verify::Verified;

use crate::{Error, Head, KeyValue, Mode, Retention, StateView, Trie, Version, store::Store};

/// The state, blocks and history of one chain above a key-value store. Cheap to clone; all clones are one database.
///
/// There is one writer at a time (commits wait for each other), and any number of readers, which never wait for it.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    retention: Retention,
    trie: Trie,
    writer: Mutex<commit::Writer>,
}

impl Database {
    /// The newest committed block; the zero hash before genesis is written.
    pub fn head(&self) -> Head {
        self.0.store.head()
    }

    /// The state after the newest committed block.
    pub fn latest(&self) -> StateView {
        let head = self.head();
        StateView::new(self.0.store.clone(), head.number, head.hash)
    }

    /// The state after the newest committed block, and its trie: what a job for its child starts from.
    pub fn tip(&self) -> (StateView, Version) {
        let tip = self.0.store.tip.read();
        let view = StateView::new(self.0.store.clone(), tip.head.number, tip.head.hash);
        (view, tip.version.clone())
    }

    /// The state after block `number` of the committed chain.
    ///
    /// # Errors
    /// [`Error::Unknown`] above the head, [`Error::Pruned`] when that state is no longer kept.
    pub fn at(&self, number: u64) -> Result<StateView, Error> {
        let head = self.head();
        if number > head.number {
            return Err(Error::Unknown { asked: number, head: head.number });
        }
        let earliest = self.earliest_state();
        if number < earliest {
            return Err(self.0.store.pruned(number, earliest));
        }
        let hash = self.0.store.block_hash(number)?;
        let hash = hash.ok_or(Error::Unknown { asked: number, head: head.number })?;
        Ok(StateView::new(self.0.store.clone(), number, hash))
    }

    /// The earliest block whose state can be read now.
    pub fn earliest_state(&self) -> u64 {
        let store = &self.0.store;
        let earliest = store.earliest_state.load(Ordering::Acquire);
        if store.has_history {
            return earliest;
        }
        store.earliest_in(&store.ring.snapshot()).max(earliest)
    }

    /// How much of the past is kept.
    pub fn mode(&self) -> Mode {
        self.0.store.mode
    }

    /// True when state older than the ring is kept.
    pub(crate) fn keeps_history(&self) -> bool {
        self.0.store.has_history
    }

    /// The trie above the state; jobs for blocks not yet committed start here.
    pub fn trie(&self) -> &Trie {
        &self.0.trie
    }

    /// The store below.
    pub fn key_value(&self) -> &Arc<dyn KeyValue> {
        &self.0.store.kv
    }
}
