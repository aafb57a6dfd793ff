//! Dropping what the mode does not keep, in steps that a running node can afford.

use std::sync::atomic::Ordering;

use crate::{
    Batch, Database, Durability, Error, SidecarRetention, Table,
    codec::{BodyRow, damaged, meta, number_key},
    database::Inner,
    steps,
};

/// What one step of [`Database::prune`] may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneStep {
    /// Blocks whose rows may be dropped.
    pub blocks: u64,
    /// Blocks by which a window must be exceeded before anything happens: a step costs a synced write and a range
    /// tombstone, so it should not be one block each time.
    pub slack: u64,
}

impl Default for PruneStep {
    fn default() -> Self {
        Self { blocks: 1024, slack: 256 }
    }
}

/// What one step has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Blocks whose body, receipts and look-ups are gone.
    pub bodies: u64,
    /// Blocks by which the earliest readable state rose.
    pub history: u64,
    /// Blocks whose sidecars were considered.
    pub sidecars: u64,
    /// Something is left for another step.
    pub more: bool,
}

impl Database {
    /// Drops a bounded part of what the mode no longer keeps. The node calls it between commits, `bttd db prune` until
    /// nothing is left.
    ///
    /// The new earliest heights are on stable storage before anything they allow to vanish does.
    ///
    /// # Errors
    /// Storage errors, and rows that do not decode.
    pub fn prune(&self, step: PruneStep) -> Result<Pruned, Error> {
        let _writer = self.0.writer.lock();
        let mut done = Pruned::default();
        self.0.prune_history(step, &mut done)?;
        self.0.prune_bodies(step, &mut done)?;
        self.0.prune_sidecars(step, &mut done)?;
        Ok(done)
    }
}

impl Inner {
    /// Raises the earliest readable state; compaction drops the rows below it.
    fn prune_history(&self, step: PruneStep, done: &mut Pruned) -> Result<(), Error> {
        let store = &self.store;
        let (Some(window), true) = (self.retention.history, store.has_history) else { return Ok(()) };
        let target = store.head().number.saturating_sub(window);
        let earliest = store.earliest_state.load(Ordering::Acquire);
        if target <= earliest.saturating_add(step.slack) {
            return Ok(());
        }
        let mut batch = Batch::default();
        batch.put(Table::Meta, meta::EARLIEST_STATE, &target.to_be_bytes());
        store.kv.write(batch, Durability::Synced)?;
        steps::step();
        store.earliest_state.store(target, Ordering::Release);
        steps::step();
        done.history = target.saturating_sub(earliest);
        self.release()
    }

    /// Deletes bodies, receipts and look-ups of the oldest blocks. Genesis stays.
    fn prune_bodies(&self, step: PruneStep, done: &mut Pruned) -> Result<(), Error> {
        let store = &self.store;
        let Some(window) = self.retention.bodies else { return Ok(()) };
        let target = store.head().number.saturating_add(1).saturating_sub(window);
        let earliest = store.earliest_body.load(Ordering::Acquire);
        if target <= earliest.saturating_add(step.slack) {
            return Ok(());
        }
        let next = target.min(earliest.saturating_add(step.blocks.max(1)));
        let mut batch = Batch::default();
        for number in earliest.max(1)..next {
            self.delete_lookups(number, &mut batch)?;
        }
        for table in [Table::Bodies, Table::Receipts] {
            batch.delete_range(table, &number_key(1), &number_key(next));
        }
        batch.put(Table::Meta, meta::EARLIEST_BODY, &next.to_be_bytes());
        // Readers that miss a row look here afterwards, so it moves before the rows go.
        store.earliest_body.store(next, Ordering::Release);
        store.kv.write(batch, Durability::Synced)?;
        for table in [Table::Bodies, Table::Receipts] {
            store.kv.drop_files(table, &number_key(1), &number_key(next.saturating_sub(1)))?;
        }
        done.bodies = next.saturating_sub(earliest);
        done.more |= next < target;
        self.release()
    }

    fn delete_lookups(&self, number: u64, batch: &mut Batch) -> Result<(), Error> {
        let key = number_key(number);
        let Some(row) = self.store.kv.get(Table::Bodies, &key)? else { return Ok(()) };
        let hashes = BodyRow::open(&row).and_then(|body| {
            let transactions = (0..body.len()).map(|index| body.transaction(index));
            transactions.map(|tx| Ok(tx?.map(|tx| *tx.tx_hash()))).collect::<Result<Vec<_>, String>>()
        });
        let mut hashes = hashes.map_err(|reason| damaged(Table::Bodies, &key, reason))?;
        hashes.sort_unstable();
        for hash in hashes.into_iter().flatten() {
            batch.delete(Table::TxLookup, hash.as_slice());
        }
        Ok(())
    }

    /// Deletes old sidecars between epoch ends.
    fn prune_sidecars(&self, step: PruneStep, done: &mut Pruned) -> Result<(), Error> {
        let store = &self.store;
        let Some(SidecarRetention { newest, epoch }) = self.retention.sidecars else { return Ok(()) };
        let target = store.head().number.saturating_add(1).saturating_sub(newest);
        let earliest = match store.kv.get(Table::Meta, meta::EARLIEST_SIDECAR)? {
            Some(row) => meta::decode_u64(&row)
                .map_err(|reason| damaged(Table::Meta, meta::EARLIEST_SIDECAR, reason))?,
            None => 0,
        };
        if target <= earliest.saturating_add(step.slack) {
            return Ok(());
        }
        let next = target.min(earliest.saturating_add(step.blocks.max(1)));
        let mut batch = Batch::default();
        let mut from = earliest;
        while from < next {
            let end = from.checked_next_multiple_of(epoch.max(1)).unwrap_or(next).min(next);
            if from < end {
                batch.delete_range(Table::Sidecars, &number_key(from), &number_key(end));
            }
            from = end.saturating_add(1);
        }
        batch.put(Table::Meta, meta::EARLIEST_SIDECAR, &next.to_be_bytes());
        store.kv.write(batch, Durability::Synced)?;
        done.sidecars = next.saturating_sub(earliest);
        done.more |= next < target;
        Ok(())
    }

    /// Tells the store what may vanish. Without history nothing of it is ever read, so all may.
    pub(super) fn release(&self) -> Result<(), Error> {
        let store = &self.store;
        let history = if store.has_history { store.earliest_state.load(Ordering::Acquire) } else { u64::MAX };
        store.kv.release(history, store.earliest_body.load(Ordering::Acquire))
    }
}
