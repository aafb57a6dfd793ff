//! What the trie reads: the flat state below it and its records.

use std::{fmt::Debug, ops::ControlFlow, sync::Arc};

use alloy_primitives::{B256, U256};

use crate::{Account, Error, KeyValue, Table};

/// The flat state that a trie stands on, in the order of its hashed keys.
///
/// A view with layers of blocks that are not yet committed merges them in: what it visits is exactly the state of its
/// block. Most visits break at the first row, so opening one must be cheap.
pub trait Leaves: Debug + Send + Sync {
    /// Number and hash of the block whose state this is; errors name it.
    fn block(&self) -> (u64, B256);

    /// Visits the accounts with `from <= keccak256(address) <= to`, ascending, until `visit` breaks.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn accounts(
        &self,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, &Account) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// Visits the slots that are not zero of the account with this hashed address, with
    /// `from <= keccak256(slot) <= to`, ascending, until `visit` breaks.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn slots(
        &self,
        account: &B256,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>,
    ) -> Result<(), Error>;
}

/// The records of the trie, as of one moment or the newest ones.
pub trait Records: Debug + Send + Sync {
    /// The record at `key` of [`Table::AccountTrie`] or [`Table::SlotTrie`].
    ///
    /// # Errors
    /// When it cannot be read.
    fn record(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
}

impl Records for Arc<dyn KeyValue> {
    fn record(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.get(table, key)
    }
}
