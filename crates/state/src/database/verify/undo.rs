//! Undo records: applied backwards they give the roots of older headers, and history says the same.

use crate::{
    Error, Prover, Report, Table,
    codec::{
        UndoRecord, account_history_key, damaged, decode_account_or_absent, decode_slot_or_zero, meta,
        number_key, slot_history_key,
    },
    database::{
        commit::UNDO_BLOCKS,
        past::Backwards,
        verify::{
            Verified,
            rows::{Check, differ, tick},
        },
    },
};

impl Check<'_> {
    /// Goes back block by block as far as records are kept.
    pub(super) fn undo(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        let head = self.moment.head();
        let mut prover = Prover::new(&self.moment, &self.moment, head.state_root);
        let mut backwards = Backwards::default();
        let earliest =
            head.number.saturating_sub(UNDO_BLOCKS).saturating_add(1).max(self.height(meta::EARLIEST_UNDO)?);
        let earliest = earliest.max(1);
        for number in (earliest..=head.number).rev() {
            tick(report, "undo records", head.number.saturating_sub(number), UNDO_BLOCKS)?;
            let key = number_key(number);
            let record = self.moment.undo(number)?;
            let record = record.ok_or_else(|| damaged(Table::Undo, &key, "missing row of a recent block"))?;
            let block = self.moment.block(number)?;
            if record.hash() != block.hash {
                return Err(damaged(
                    Table::Undo,
                    &key,
                    differ("the block's hash", record.hash(), block.hash),
                ));
            }
            prover.update(&backwards.undo(&self.moment, std::slice::from_ref(&record))?)?;
            let expected = self.moment.block(number.saturating_sub(1))?.state_root;
            if prover.root() != expected {
                return Err(damaged(
                    Table::Undo,
                    &key,
                    differ("the older state root", prover.root(), expected),
                ));
            }
            for (address, account) in record.accounts() {
                if let Ok(Some(account)) = account {
                    self.check_code(&account, address)?;
                }
            }
            if self.database.keeps_history() && number > self.database.earliest_state() {
                self.check_same(&record)?;
            }
            done.states = done.states.saturating_add(1);
        }
        self.walk(Table::Undo, report, &mut |(key, _)| {
            let kept = (&number_key(earliest)[..]..=&number_key(head.number)).contains(&key);
            if kept { Ok(()) } else { Err(damaged(Table::Undo, key, "of no recent block")) }
        })?;
        Ok(())
    }

    /// History holds the values of the record.
    fn check_same(&self, record: &UndoRecord) -> Result<(), Error> {
        for (address, account) in record.accounts() {
            let key = account_history_key(&address, record.number());
            let row = self.get(Table::AccountHistory, &key)?;
            if row.map(|row| decode_account_or_absent(&row)) != Some(account) {
                return Err(damaged(Table::AccountHistory, &key, "not the value of the undo record"));
            }
        }
        for (address, slot, value) in record.slots() {
            let key = slot_history_key(&address, &slot, record.number());
            let row = self.get(Table::SlotHistory, &key)?;
            if row.map(|row| decode_slot_or_zero(&row)) != Some(value) {
                return Err(damaged(Table::SlotHistory, &key, "not the value of the undo record"));
            }
        }
        Ok(())
    }
}
