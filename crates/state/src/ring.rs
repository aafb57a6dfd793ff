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
#[derive(Debug)]
pub(crate) struct Ring {
    records: RwLock<RingSnapshot>,
    max_blocks: usize,
    max_bytes: usize,
}

impl Ring {
    /// An empty ring of at most so many blocks (and never more than [`RING_BLOCKS`]) and bytes.
    pub(crate) fn new(max_blocks: usize, max_bytes: usize) -> Self {
        Self { records: RwLock::default(), max_blocks: max_blocks.min(RING_BLOCKS), max_bytes }
    }

    pub(crate) fn snapshot(&self) -> RingSnapshot {
        self.records.read().clone()
    }

    /// Appends records, the newest last. Old ones leave when there are too many or too large; the added ones always
    /// stay.
    pub(crate) fn publish(&self, added: impl IntoIterator<Item = Arc<UndoRecord>>) {
        let mut records = (*self.snapshot()).clone();
        let before = records.len();
        records.extend(added);
        let added = records.len().saturating_sub(before);
        let mut bytes: usize = records.iter().map(|record| record.bytes().len()).sum();
        while records.len() > added.max(1) && (records.len() > self.max_blocks || bytes > self.max_bytes) {
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
