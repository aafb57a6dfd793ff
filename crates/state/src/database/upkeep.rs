//! What an operator does with a database: look at its sizes, compact it, copy it.

use std::{ops::ControlFlow, path::Path};

use crate::{Database, Error, Head, Mode, Table, TableStats};

/// How far a long operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: &'static str,
    /// Steps done of this stage.
    pub done: u64,
    /// Steps of this stage; an estimate where it counts rows.
    pub total: u64,
}

/// What a long operation reports to, now and then; it breaks to stop the operation.
pub type Report<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Sizes of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The newest block.
    pub head: Head,
    /// How much of the past is kept.
    pub mode: Mode,
    /// The earliest block whose state can be read.
    pub earliest_state: u64,
    /// The earliest block whose body and receipts are kept.
    pub earliest_body: u64,
    /// Rows and bytes of each table.
    pub tables: Vec<(Table, TableStats)>,
}

impl Database {
    /// Rows and bytes of every table.
    ///
    /// # Errors
    /// Storage errors.
    pub fn stats(&self) -> Result<Stats, Error> {
        let tables = Table::ALL.into_iter().map(|table| Ok((table, self.key_value().stats(table)?)));
        Ok(Stats {
            head: self.head(),
            mode: self.mode(),
            earliest_state: self.earliest_state(),
            earliest_body: self.earliest_body(),
            tables: tables.collect::<Result<_, Error>>()?,
        })
    }

    /// Rewrites every table, so that deleted rows and history beyond the window free their space.
    ///
    /// # Errors
    /// Storage errors, [`Error::Stopped`].
    pub fn compact(&self, report: &mut Report<'_>) -> Result<(), Error> {
        let total = u64::try_from(Table::ALL.len()).unwrap_or(u64::MAX);
        for (done, table) in (0..).zip(Table::ALL) {
            step(report, Progress { stage: table.name(), done, total })?;
            self.key_value().compact(table)?;
        }
        step(report, Progress { stage: "done", done: total, total })
    }

    /// Copies the database as it is now into a new folder, by hard links, while blocks go on.
    ///
    /// # Errors
    /// [`Error::Storage`] when the folder exists or the store has no files.
    pub fn checkpoint(&self, path: &Path) -> Result<(), Error> {
        self.key_value().checkpoint(path)
    }
}

/// Reports, and ends the operation when told to.
pub(crate) fn step(report: &mut Report<'_>, progress: Progress) -> Result<(), Error> {
    if report(progress).is_break() { Err(Error::Stopped) } else { Ok(()) }
}
