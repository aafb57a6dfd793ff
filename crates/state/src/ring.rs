//! The undo records of the newest blocks, in memory.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::RwLock;

use crate::codec::UndoRecord;

/// Blocks whose undo record stays in memory, at most.
pub(crate) const RING_BLOCKS: usize = 64;

/// An immutable picture of the newest records, ascending by block without gaps.
pub(crate) type RingSnapshot = Arc<VecDeque<Arc<UndoRecord>>>;

/// The newest records. The writer publishes a block's record **before** its batch: whoever reads a flat row that the
/// batch has changed, and looks here afterwards, finds the record.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    records: RwLock<RingSnapshot>,
}

impl Ring {
    pub(crate) fn snapshot(&self) -> RingSnapshot {
        self.records.read().clone()
    }

    /// Appends records, the newest last. Old ones leave when there are more than [`RING_BLOCKS`], or when all together
    /// exceed `max_bytes`; the newest `added` always stay.
    pub(crate) fn publish(&self, added: impl IntoIterator<Item = Arc<UndoRecord>>, max_bytes: usize) {
        let mut records = (*self.snapshot()).clone();
        let before = records.len();
        records.extend(added);
        let added = records.len().saturating_sub(before);
        let mut bytes: usize = records.iter().map(|record| record.bytes().len()).sum();
        while records.len() > added.max(1) && (records.len() > RING_BLOCKS || bytes > max_bytes) {
            if let Some(gone) = records.pop_front() {
                bytes = bytes.saturating_sub(gone.bytes().len());
            }
        }
        *self.records.write() = Arc::new(records);
    }

    /// Forgets the records of blocks above `head`.
    pub(crate) fn truncate(&self, head: u64) {
        let mut records = (*self.snapshot()).clone();
        records.retain(|record| record.number() <= head);
        *self.records.write() = Arc::new(records);
    }
}
