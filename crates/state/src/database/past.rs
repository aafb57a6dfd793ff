//! The state some blocks back, under one snapshot of the store: what the newest 256 undo records give.

use std::{collections::BTreeMap, ops::ControlFlow};

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::{
    Account, AccountChange, Error, Head, KeyValue, Leaves, Records, SlotChange, Snapshot, StateChanges,
    Table,
    codec::{UndoRecord, damaged, decode_account, decode_header, decode_slot, meta, number_key, slot_key},
    view::{flat_account, flat_slot},
};

/// One moment of the whole store.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    snapshot: Box<dyn Snapshot + 'a>,
    head: Head,
}

impl<'a> Moment<'a> {
    pub(crate) fn new(kv: &'a dyn KeyValue) -> Result<Self, Error> {
        let snapshot = kv.snapshot();
        let head = snapshot.get(Table::Meta, meta::HEAD)?.ok_or(Error::Unknown { asked: 0, head: 0 })?;
        let head = Head::decode(&head).map_err(|reason| damaged(Table::Meta, meta::HEAD, reason))?;
        Ok(Self { snapshot, head })
    }

    pub(crate) const fn head(&self) -> Head {
        self.head
    }

    pub(crate) fn snapshot(&self) -> &(dyn Snapshot + 'a) {
        &*self.snapshot
    }

    /// The undo record of block `number`, `None` when it is not kept any more.
    pub(crate) fn undo(&self, number: u64) -> Result<Option<UndoRecord>, Error> {
        let key = number_key(number);
        let Some(row) = self.snapshot.get(Table::Undo, &key)? else { return Ok(None) };
        UndoRecord::decode(number, row).map(Some).map_err(|reason| damaged(Table::Undo, &key, reason))
    }

    /// Hash and state root of block `number`.
    pub(crate) fn block(&self, number: u64) -> Result<Head, Error> {
        let key = number_key(number);
        let row = self.snapshot.get(Table::Headers, &key)?;
        let row = row.ok_or_else(|| damaged(Table::Headers, &key, "missing row of a committed block"))?;
        let row = decode_header(&row).map_err(|reason| damaged(Table::Headers, &key, reason))?;
        Ok(Head { number, hash: row.hash, state_root: row.header.state_root })
    }

    fn account(&self, hashed: &B256) -> Result<Option<Account>, Error> {
        let Some(row) = self.snapshot.get(Table::Accounts, hashed.as_slice())? else { return Ok(None) };
        decode_account(&row).map(Some).map_err(|reason| damaged(Table::Accounts, hashed.as_slice(), reason))
    }

    fn slot(&self, account: &B256, slot: &B256) -> Result<U256, Error> {
        let key = slot_key(account, slot);
        let Some(row) = self.snapshot.get(Table::Slots, &key)? else { return Ok(U256::ZERO) };
        decode_slot(&row).map_err(|reason| damaged(Table::Slots, &key, reason))
    }
}

impl Records for Moment<'_> {
    fn record(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.snapshot.get(table, key)
    }
}

impl Leaves for Moment<'_> {
    fn block(&self) -> (u64, B256) {
        (self.head.number, self.head.hash)
    }

    fn accounts(
        &self,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, &Account) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut cursor = self.snapshot.cursor(Table::Accounts);
        let mut found = flat_account(cursor.seek(from.as_slice())?)?;
        while let Some((hashed, account)) = found.filter(|(hashed, _)| hashed <= to) {
            if visit(&hashed, &account).is_break() {
                break;
            }
            found = flat_account(cursor.next()?)?;
        }
        Ok(())
    }

    fn slots(
        &self,
        account: &B256,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut cursor = self.snapshot.cursor(Table::Slots);
        let mut found = flat_slot(account, cursor.seek(&slot_key(account, from))?)?;
        while let Some((slot, value)) = found.filter(|(slot, _)| slot <= to) {
            if visit(&slot, value).is_break() {
                break;
            }
            found = flat_slot(account, cursor.next()?)?;
        }
        Ok(())
    }
}

/// Walks from the head's state to older ones.
#[derive(Debug, Default)]
pub(crate) struct Backwards {
    accounts: BTreeMap<Address, Option<Account>>,
    slots: BTreeMap<(Address, B256), U256>,
}

impl Backwards {
    /// The changes that undo the blocks of `records`, newest first, after all that were undone before.
    pub(crate) fn undo(
        &mut self,
        moment: &Moment<'_>,
        records: &[UndoRecord],
    ) -> Result<StateChanges, Error> {
        let mut accounts = BTreeMap::new();
        let mut slots: BTreeMap<Address, BTreeMap<B256, U256>> = BTreeMap::new();
        for record in records {
            let wrong = |reason| damaged(Table::Undo, &number_key(record.number()), reason);
            for (address, account) in record.accounts() {
                accounts.insert(address, account.map_err(wrong)?);
            }
            for (address, slot, value) in record.slots() {
                slots.entry(address).or_default().insert(slot, value.map_err(wrong)?);
            }
        }
        let owners = slots.keys().copied().filter(|owner| !accounts.contains_key(owner));
        for owner in owners.collect::<Vec<_>>() {
            let unchanged = self.account(moment, &owner)?;
            accounts.insert(owner, unchanged);
        }
        let mut changes = Vec::with_capacity(accounts.len());
        for (address, after) in accounts {
            let slots = slots.remove(&address).unwrap_or_default();
            changes.extend(self.change(moment, address, after, slots)?);
        }
        changes.sort_unstable_by_key(|change| change.hashed);
        Ok(StateChanges { accounts: changes, codes: Vec::new() })
    }

    fn change(
        &mut self,
        moment: &Moment<'_>,
        address: Address,
        after: Option<Account>,
        values: BTreeMap<B256, U256>,
    ) -> Result<Option<AccountChange>, Error> {
        let hashed = keccak256(address);
        let before = self.account(moment, &address)?;
        let mut slots = Vec::with_capacity(values.len());
        for (slot, after) in values {
            let before = match self.slots.get(&(address, slot)) {
                Some(value) => *value,
                None => moment.slot(&hashed, &slot)?,
            };
            self.slots.insert((address, slot), after);
            if before != after {
                // Undo records know slots by their hash alone, and so do those who take these changes.
                slots.push(SlotChange { slot, hashed: slot, before, after });
            }
        }
        self.accounts.insert(address, after);
        let change = AccountChange { address, hashed, before, after, wiped: false, slots };
        Ok((before != after || !change.slots.is_empty()).then_some(change))
    }

    fn account(&self, moment: &Moment<'_>, address: &Address) -> Result<Option<Account>, Error> {
        match self.accounts.get(address) {
            Some(account) => Ok(*account),
            None => moment.account(&keccak256(address)),
        }
    }
}
