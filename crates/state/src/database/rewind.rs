//! Going back some blocks, for an operator who was told to.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    Batch, Database, Durability, Error, Head, Layer, Rooted, StateChanges, Table,
    codec::{BodyRow, UndoRecord, account_history_key, damaged, meta, number_key, slot_history_key},
    database::{
        Inner,
        commit::UNDO_BLOCKS,
        past::{Backwards, Moment},
        rows::put_state,
    },
    store::Tip,
};

impl Database {
    /// Takes the newest blocks back until `target` is the head, at most 256 of them, in one synced batch.
    ///
    /// Nobody may hold a view of a block above `target`. A validator that has voted above `target` must not do this.
    /// The log index keeps the removed blocks' entries, which cost look-ups and never change their result.
    ///
    /// # Errors
    /// [`Error::Unknown`] when `target` is not below the head, [`Error::Pruned`] when an undo record is gone,
    /// [`Error::Invariant`] when the state that results does not have `target`'s root; nothing has happened then.
    pub fn rewind(&self, target: u64) -> Result<Head, Error> {
        let mut writer = self.0.writer.lock();
        writer.check()?;
        let moment = Moment::new(&**self.key_value())?;
        let head = moment.head();
        if target >= head.number {
            return Err(Error::Unknown { asked: target, head: head.number });
        }
        let block = moment.block(target)?;
        let mut records = Vec::new();
        for number in (target.saturating_add(1)..=head.number).rev() {
            let pruned =
                Error::Pruned { what: "undo records", asked: target, earliest: number, mode: self.mode() };
            records.push(moment.undo(number)?.ok_or(pruned)?);
        }
        let changes = Backwards::default().undo(&moment, &records)?;
        drop(moment);
        let rooted = self.0.root_of(&changes, block)?;
        let mut batch = Batch::default();
        for record in &records {
            self.0.delete_block(&mut batch, record)?;
        }
        put_state(&mut batch, &Layer::new(target, block.hash, changes, &rooted.storage_roots), &[]);
        rooted.nodes.append_to(&mut batch);
        let earliest = head.number.saturating_sub(UNDO_BLOCKS).saturating_add(1);
        batch.put(Table::Meta, meta::EARLIEST_UNDO, &earliest.to_be_bytes());
        batch.put(Table::Meta, meta::HEAD, &block.encode());
        writer.begin();
        self.0.go_back(batch, block, &rooted)?;
        writer.end();
        Ok(block)
    }
}

impl Inner {
    /// Applies the changes to the head's trie, which has to come to the root of `block`, and to its storage roots.
    fn root_of(&self, changes: &StateChanges, block: Head) -> Result<Rooted, Error> {
        let head = self.store.head();
        let view = crate::StateView::new(self.store.clone(), head.number, head.hash);
        let mut job = self.trie.job(&self.trie.head(), Arc::new(view));
        job.update(changes)?;
        let rooted = job.finish();
        let wrong = |what| Err(Error::Invariant { number: block.number, hash: block.hash, what });
        if rooted.root != block.state_root {
            return wrong(format!(
                "state root {} by undo records, header says {}",
                rooted.root, block.state_root
            ));
        }
        for (account, root) in &rooted.storage_roots {
            let at = changes.accounts.binary_search_by(|change| change.hashed.cmp(account));
            let after = at.ok().and_then(|at| changes.accounts.get(at)).and_then(|change| change.after);
            if let Some(after) = after
                && after.storage_root != *root
            {
                return wrong(format!(
                    "storage root {root} of {account}, its record says {}",
                    after.storage_root
                ));
            }
        }
        Ok(rooted)
    }

    /// Deletes every row of a block but its index entries.
    fn delete_block(&self, batch: &mut Batch, record: &UndoRecord) -> Result<(), Error> {
        let number = record.number();
        let key = number_key(number);
        if let Some(row) = self.store.kv.get(Table::Bodies, &key)? {
            let wrong = |reason| damaged(Table::Bodies, &key, reason);
            let body = BodyRow::open(&row).map_err(wrong)?;
            for index in 0..body.len() {
                if let Some(transaction) = body.transaction(index).map_err(wrong)? {
                    batch.delete(Table::TxLookup, transaction.tx_hash().as_slice());
                }
            }
        }
        batch.delete(Table::Numbers, record.hash().as_slice());
        for table in [
            Table::Headers,
            Table::Bodies,
            Table::Receipts,
            Table::Sidecars,
            Table::Certificates,
            Table::Undo,
        ] {
            batch.delete(table, &key);
        }
        for (address, _) in record.accounts() {
            batch.delete(Table::AccountHistory, &account_history_key(&address, number));
        }
        for (address, slot, _) in record.slots() {
            batch.delete(Table::SlotHistory, &slot_history_key(&address, &slot, number));
        }
        Ok(())
    }

    fn go_back(&self, batch: Batch, block: Head, rooted: &Rooted) -> Result<(), Error> {
        let store = &self.store;
        store.cache.begin_commit();
        store.kv.write(batch, Durability::Synced)?;
        self.trie.publish(&rooted.version)?;
        store.ring.truncate(block.number);
        store.published.store(block.number, Ordering::Release);
        *store.tip.write() = Tip { head: block, version: rooted.version.clone() };
        store.cache.clear();
        store.cache.end_commit([]);
        Ok(())
    }
}
