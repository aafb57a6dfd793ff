//! The rows that one block writes.

use std::ops::ControlFlow;

use alloy_primitives::{B256, Bytes, U256};

use crate::{
    Account, AccountChange, Batch, BlockCommit, Error, Layer, Leaves, StateView, Table,
    codec::{
        Before, account_history_key, encode_account, encode_body, encode_lookup, encode_receipts, log_index,
        number_key, slot_history_key, slot_key, trimmed,
    },
};

/// What the block's changes replace, ascending by address; for wiped accounts every slot they had.
pub(super) fn before(layer: &Layer, parent: &StateView) -> Result<Vec<Before>, Error> {
    let mut all = Vec::with_capacity(layer.changes().accounts.len());
    for change in &layer.changes().accounts {
        let account = (change.before != change.after).then_some(change.before);
        all.push(Before { address: change.address, account, slots: slots_before(change, parent)? });
    }
    all.sort_unstable_by_key(|before| before.address);
    Ok(all)
}

fn slots_before(change: &AccountChange, parent: &StateView) -> Result<Vec<(B256, U256)>, Error> {
    let had_storage = change.before.is_some_and(|account: Account| account.has_storage());
    if !(change.storage_gone() && had_storage) {
        return Ok(change.slots.iter().map(|slot| (slot.hashed, slot.before)).collect());
    }
    let mut slots = Vec::new();
    parent.slots(&change.hashed, &B256::ZERO, &B256::repeat_byte(0xff), &mut |slot, value| {
        slots.push((*slot, value));
        ControlFlow::Continue(())
    })?;
    let fresh =
        change.slots.iter().filter(|slot| slot.before.is_zero()).map(|slot| (slot.hashed, U256::ZERO));
    slots.extend(fresh);
    slots.sort_unstable_by_key(|(slot, _)| *slot);
    Ok(slots)
}

pub(super) fn put_body(batch: &mut Batch, block: &BlockCommit) -> Result<(), String> {
    let number = block.block.header.number;
    let mut row = Vec::with_capacity(block.block.body.transactions.len().saturating_mul(160));
    encode_body(&block.block.body, &block.senders, &mut row)?;
    batch.put(Table::Bodies, &number_key(number), &row);
    let hashes = block.block.body.transactions.iter().enumerate();
    let mut hashes = hashes.map(|(index, tx)| (*tx.tx_hash(), index)).collect::<Vec<_>>();
    hashes.sort_unstable();
    for (hash, index) in hashes {
        batch.put(Table::TxLookup, hash.as_slice(), &encode_lookup(number, index)?);
    }
    Ok(())
}

pub(super) fn put_receipts(batch: &mut Batch, block: &BlockCommit) -> Result<(), String> {
    let header = &block.block.header;
    if block.receipts.len() != block.block.body.transactions.len() {
        return Err(format!(
            "{} receipts of {} transactions",
            block.receipts.len(),
            block.block.body.transactions.len()
        ));
    }
    let mut row = Vec::new();
    encode_receipts(&block.receipts, &mut row)?;
    batch.put(Table::Receipts, &number_key(header.number), &row);
    for term in log_index::terms(&block.receipts) {
        let (section, offset) = log_index::place(header.number);
        batch.merge(Table::LogIndex, &log_index::key(&term, section), &log_index::operand(offset));
    }
    Ok(())
}

pub(super) fn put_state(batch: &mut Batch, layer: &Layer, before: &[Before]) {
    for change in &layer.changes().accounts {
        match &change.after {
            Some(after) => {
                batch.put_with(Table::Accounts, change.hashed.as_slice(), |out| encode_account(after, out));
            }
            None => batch.delete(Table::Accounts, change.hashed.as_slice()),
        }
    }
    for change in &layer.changes().accounts {
        put_slots(batch, change, before);
    }
    for (hash, code) in &layer.changes().codes {
        put_code(batch, hash, code);
    }
}

fn put_slots(batch: &mut Batch, change: &AccountChange, before: &[Before]) {
    if change.storage_gone() {
        let at = before.binary_search_by_key(&change.address, |before| before.address);
        for (slot, value) in at.ok().and_then(|at| before.get(at)).map_or(&[][..], |before| &before.slots) {
            if !value.is_zero() {
                batch.delete(Table::Slots, &slot_key(&change.hashed, slot));
            }
        }
    }
    for slot in &change.slots {
        let key = slot_key(&change.hashed, &slot.hashed);
        if slot.after.is_zero() {
            batch.delete(Table::Slots, &key);
        } else {
            let (bytes, start) = trimmed(&slot.after);
            batch.put(Table::Slots, &key, bytes.get(start..).unwrap_or_default());
        }
    }
}

fn put_code(batch: &mut Batch, hash: &B256, code: &Bytes) {
    batch.put(Table::Code, hash.as_slice(), code);
}

pub(super) fn put_history(batch: &mut Batch, number: u64, before: &[Before]) {
    for entry in before {
        let Some(account) = &entry.account else { continue };
        batch.put_with(Table::AccountHistory, &account_history_key(&entry.address, number), |out| {
            if let Some(account) = account {
                encode_account(account, out);
            }
        });
    }
    for entry in before {
        for (slot, value) in &entry.slots {
            let (bytes, start) = trimmed(value);
            let key = slot_history_key(&entry.address, slot, number);
            batch.put(Table::SlotHistory, &key, bytes.get(start..).unwrap_or_default());
        }
    }
}
