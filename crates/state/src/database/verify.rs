//! Checking everything that can be checked without executing a block again.

mod blocks;
mod rows;
mod state;
mod undo;

use crate::{Database, Error, Report};

/// What a successful verification has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Headers: hash, parent, look-up by hash.
    pub headers: u64,
    /// Bodies and receipts: every root and the bloom of the header, look-ups of transactions, log index.
    pub bodies: u64,
    /// Accounts of the state.
    pub accounts: u64,
    /// Slots of the state.
    pub slots: u64,
    /// Trie records, each equal to the one of a trie built anew.
    pub records: u64,
    /// Older states reached by undo records, each with the root of its header.
    pub states: u64,
    /// History rows that decode, those of the newest blocks equal to the undo records.
    pub history: u64,
    /// Contracts' code, hashed again.
    pub codes: u64,
}

impl Database {
    /// Checks every row against what it can be computed from, and stops at the first that does not fit.
    ///
    /// It reads one snapshot and may run beside commits. Not found: a history value of a block older than 256 and a
    /// sender that were changed to others that are valid too; only executing the blocks again would tell.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the row, [`Error::Invariant`] the block and both values, [`Error::Storage`] carries the
    /// store's own finding, for example a checksum and a file; [`Error::Stopped`].
    pub fn verify(&self, report: &mut Report<'_>) -> Result<Verified, Error> {
        let check = rows::Check::new(self)?;
        let mut done = Verified::default();
        check.headers(report, &mut done)?;
        check.bodies(report, &mut done)?;
        check.state(report, &mut done)?;
        check.codes(report, &mut done)?;
        check.undo(report, &mut done)?;
        check.history(report, &mut done)?;
        Ok(done)
    }
}
