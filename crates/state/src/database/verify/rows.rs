//! The snapshot under verification, and walks over its tables.

use std::fmt::Display;

use alloy_primitives::{B256, hex, keccak256};

use crate::{
    Account, Database, Error, Progress, Report, RowRef, Table,
    codec::{damaged, decode_account_or_absent, decode_slot_or_zero, meta},
    database::{past::Moment, upkeep::step, verify::Verified},
};

/// Rows between two reports.
const REPORT_EVERY: u64 = 4096;

/// A verification under way.
#[derive(Debug)]
pub(super) struct Check<'a> {
    pub(super) database: &'a Database,
    pub(super) moment: Moment<'a>,
}

impl<'a> Check<'a> {
    pub(super) fn new(database: &'a Database) -> Result<Self, Error> {
        Ok(Self { database, moment: Moment::new(&**database.key_value())? })
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.moment.snapshot().get(table, key)
    }

    /// Hands every row of a table to `visit`, reports now and then, and gives the number of rows.
    pub(super) fn walk(
        &self,
        table: Table,
        report: &mut Report<'_>,
        visit: &mut dyn FnMut(RowRef<'_>) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let total = self.database.key_value().stats(table)?.rows;
        let mut rows = 0u64;
        let mut cursor = self.moment.snapshot().cursor(table);
        let mut row = cursor.seek(&[])?;
        while let Some(found) = row {
            visit(found)?;
            tick(report, table.name(), rows, total)?;
            rows = rows.saturating_add(1);
            row = cursor.next()?;
        }
        Ok(rows)
    }

    /// A height among the named values, 0 when it was never set.
    pub(super) fn height(&self, name: &[u8]) -> Result<u64, Error> {
        let Some(row) = self.get(Table::Meta, name)? else { return Ok(0) };
        meta::decode_u64(&row).map_err(|reason| damaged(Table::Meta, name, reason))
    }

    /// The code of an account, named by `owner`, is there.
    pub(super) fn check_code(&self, account: &Account, owner: impl Display) -> Result<(), Error> {
        if !account.has_code() || self.get(Table::Code, account.code_hash.as_slice())?.is_some() {
            return Ok(());
        }
        Err(damaged(Table::Code, account.code_hash.as_slice(), format!("missing code of account {owner}")))
    }

    /// Code rows hash to their keys.
    pub(super) fn codes(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        done.codes = self.walk(Table::Code, report, &mut |(key, code)| {
            let hash = keccak256(code);
            if hash.as_slice() == key {
                return Ok(());
            }
            Err(damaged(Table::Code, key, format!("its code hashes to {hash}")))
        })?;
        Ok(())
    }

    /// History rows decode, and belong to blocks of the chain.
    pub(super) fn history(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        let accounts = self.walk(Table::AccountHistory, report, &mut |(key, value)| {
            self.check_history(Table::AccountHistory, key, 28)?;
            let account = decode_account_or_absent(value);
            match account.map_err(|reason| damaged(Table::AccountHistory, key, reason))? {
                Some(account) => self.check_code(&account, hex::encode(&key[..20])),
                None => Ok(()),
            }
        })?;
        let slots = self.walk(Table::SlotHistory, report, &mut |(key, value)| {
            self.check_history(Table::SlotHistory, key, 60)?;
            let value = decode_slot_or_zero(value);
            value.map(drop).map_err(|reason| damaged(Table::SlotHistory, key, reason))
        })?;
        done.history = accounts.saturating_add(slots);
        Ok(())
    }

    fn check_history(&self, table: Table, key: &[u8], len: usize) -> Result<(), Error> {
        let number = key.last_chunk().map(|number| u64::from_be_bytes(*number)).filter(|_| key.len() == len);
        let number = number.ok_or_else(|| damaged(table, key, "key of a wrong length"))?;
        let head = self.moment.head().number;
        if (1..=head).contains(&number) {
            return Ok(());
        }
        Err(damaged(table, key, format!("of block {number}, the head is {head}")))
    }
}

/// Reports every [`REPORT_EVERY`] steps.
pub(super) fn tick(report: &mut Report<'_>, stage: &'static str, done: u64, total: u64) -> Result<(), Error> {
    if done.is_multiple_of(REPORT_EVERY) { step(report, Progress { stage, done, total }) } else { Ok(()) }
}

/// Both values of a comparison that failed.
pub(super) fn differ(what: &str, found: impl Into<B256>, expected: impl Into<B256>) -> String {
    format!("{what} is {}, {} expected", found.into(), expected.into())
}
