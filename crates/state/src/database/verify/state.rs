//! The flat state and the trie above it, against a trie built anew.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use crate::{
    Account, Cursor, Error, Rebuild, Report, Table,
    codec::{damaged, decode_slot},
    database::verify::{
        Verified,
        rows::{Check, differ, tick},
    },
    view::flat_account,
};

/// Leaves between two looks at the records that are complete.
const LEAVES: u64 = 1024;

/// Trie records as they are built: each is compared with the stored one and counted.
struct Built<'a> {
    check: &'a Check<'a>,
    rows: u64,
    /// All keys, kept only when a row too many is to be found.
    keys: Option<BTreeSet<(Table, Vec<u8>)>>,
}

impl Check<'_> {
    /// Every account and slot is in the tries, whose roots are the accounts' and the head's; every record is the one
    /// built; every code is there; and there is no row more.
    pub(super) fn state(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        let mut built = Built { check: self, rows: 0, keys: None };
        self.rebuild(report, &mut built, done)?;
        let rows = self.walk(Table::AccountTrie, report, &mut |_| Ok(()))?;
        let rows = rows.saturating_add(self.walk(Table::SlotTrie, report, &mut |_| Ok(()))?);
        if rows == built.rows {
            done.records = rows;
            return Ok(());
        }
        built.keys = Some(BTreeSet::new());
        self.rebuild(report, &mut built, &mut Verified::default())?;
        let keys = built.keys.unwrap_or_default();
        for table in [Table::AccountTrie, Table::SlotTrie] {
            self.walk(table, report, &mut |(key, _)| {
                let known = keys.contains(&(table, key.to_vec()));
                if known { Ok(()) } else { Err(damaged(table, key, "record of no branch")) }
            })?;
        }
        let head = self.moment.head();
        let what = format!("{rows} trie records, {} expected", built.rows);
        Err(Error::Invariant { number: head.number, hash: head.hash, what })
    }

    fn rebuild(
        &self,
        report: &mut Report<'_>,
        built: &mut Built<'_>,
        done: &mut Verified,
    ) -> Result<(), Error> {
        let mut trie = Rebuild::of_accounts();
        let mut slots = self.moment.snapshot().cursor(Table::Slots);
        slots.seek(&[])?;
        let total = self.database.key_value().stats(Table::Accounts)?.rows;
        let mut accounts = self.moment.snapshot().cursor(Table::Accounts);
        let mut row = flat_account(accounts.seek(&[])?)?;
        while let Some((hashed, account)) = row {
            tick(report, "accounts", done.accounts, total)?;
            self.check_storage(&hashed, &account, &mut *slots, report, built, done)?;
            self.check_code(&account, hashed)?;
            trie.push_account(&hashed, &account)?;
            done.accounts = done.accounts.saturating_add(1);
            if done.accounts.is_multiple_of(LEAVES) {
                built.take(Table::AccountTrie, trie.take_records())?;
            }
            row = flat_account(accounts.next()?)?;
        }
        if let Some((key, _)) = slots.current()? {
            return Err(damaged(Table::Slots, key, "slot of no account"));
        }
        let (root, records) = trie.finish()?;
        let head = self.moment.head();
        if root != head.state_root {
            let what = differ("the root of the flat state", root, head.state_root);
            return Err(Error::Invariant { number: head.number, hash: head.hash, what });
        }
        built.take(Table::AccountTrie, records)
    }

    /// The account's slots, which begin where the cursor stands.
    fn check_storage(
        &self,
        hashed: &B256,
        account: &Account,
        slots: &mut (dyn Cursor + '_),
        report: &mut Report<'_>,
        built: &mut Built<'_>,
        done: &mut Verified,
    ) -> Result<(), Error> {
        let mut trie = Rebuild::of_slots(*hashed);
        let mut row = slots.current()?;
        while let Some((key, value)) = row {
            let (owner, slot) = key
                .split_at_checked(32)
                .filter(|(_, slot)| slot.len() == 32)
                .ok_or_else(|| damaged(Table::Slots, key, "key of a wrong length"))?;
            if owner > hashed.as_slice() {
                break;
            }
            if owner < hashed.as_slice() || !account.has_storage() {
                return Err(damaged(Table::Slots, key, "slot of no account with storage"));
            }
            let value = decode_slot(value).map_err(|reason| damaged(Table::Slots, key, reason))?;
            trie.push_slot(&B256::from_slice(slot), value)?;
            tick(report, "slots", done.slots, done.slots)?;
            done.slots = done.slots.saturating_add(1);
            if done.slots.is_multiple_of(LEAVES) {
                built.take(Table::SlotTrie, trie.take_records())?;
            }
            row = slots.next()?;
        }
        let (root, records) = trie.finish()?;
        if root != account.storage_root {
            let reason = differ("the root of its slots", root, account.storage_root);
            return Err(damaged(Table::Accounts, hashed.as_slice(), reason));
        }
        built.take(Table::SlotTrie, records)
    }
}

impl Built<'_> {
    fn take(&mut self, table: Table, records: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), Error> {
        for (key, record) in records {
            if let Some(keys) = &mut self.keys {
                keys.insert((table, key));
                continue;
            }
            self.rows = self.rows.saturating_add(1);
            match self.check.get(table, &key)? {
                Some(stored) if stored == record => {}
                Some(_) => return Err(damaged(table, &key, "not the record of this branch")),
                None => return Err(damaged(table, &key, "missing record of a branch")),
            }
        }
        Ok(())
    }
}
