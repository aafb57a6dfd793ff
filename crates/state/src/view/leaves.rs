//! Walks over accounts and slots in the order of their hashes: the flat rows with a view's layers merged in.

use std::ops::ControlFlow;

use alloy_primitives::{B256, U256};

use crate::{
    Account, Cursor, Error, Leaves, RowRef, Table,
    codec::{damaged, decode_account, decode_slot, slot_key},
    view::StateView,
};

/// Something sorted by hash that answers for the keys it has: the next one at or after a hash, `None` inside for a key
/// that is gone.
type Source<'a, T> = Box<dyn Fn(&B256) -> Option<(B256, Option<T>)> + 'a>;

impl Leaves for StateView {
    fn block(&self) -> (u64, B256) {
        (self.number(), self.hash())
    }

    fn accounts(
        &self,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, &Account) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        accounts(self, from, to, visit)
    }

    fn slots(
        &self,
        account: &B256,
        from: &B256,
        to: &B256,
        visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        slots(self, account, from, to, visit)
    }
}

/// Visits the accounts of a view from `from` to `to` (hashed addresses, both inclusive), ascending.
pub(super) fn accounts(
    view: &StateView,
    from: &B256,
    to: &B256,
    visit: &mut dyn FnMut(&B256, &Account) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut cursor = view.0.store.kv.cursor(Table::Accounts);
    let sources = view.0.layers.iter().rev().map(|layer| -> Source<'_, Account> {
        Box::new(|from| {
            let accounts = &layer.changes().accounts;
            let at = accounts.partition_point(|change| change.hashed < *from);
            accounts.get(at).map(|change| (change.hashed, change.after))
        })
    });
    let sources = sources.collect::<Vec<_>>();
    merged(from, to, &sources, |from| flat_account(cursor.seek(from.as_slice())?), &mut |key, account| {
        visit(&key, &account)
    })
}

/// Visits the slots of the account with this hashed address from `from` to `to` (hashed, both inclusive), ascending.
pub(super) fn slots(
    view: &StateView,
    account: &B256,
    from: &B256,
    to: &B256,
    visit: &mut dyn FnMut(&B256, U256) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut cursor = view.0.store.kv.cursor(Table::Slots);
    let slots = Slots::new(view, account);
    let flat = |from: &B256| slots.flat(&mut *cursor, account, from);
    merged(from, to, &slots.sources, flat, &mut |key, value| visit(&key, value))
}

/// The layers' slots of one account, newest first, down to the one that wiped it.
struct Slots<'a> {
    sources: Vec<Source<'a, U256>>,
    wiped: bool,
}

impl<'a> Slots<'a> {
    fn new(view: &'a StateView, account: &B256) -> Self {
        let mut sources: Vec<Source<'a, U256>> = Vec::new();
        for layer in view.0.layers.iter().rev() {
            let Some(change) = layer.change_of(account) else { continue };
            sources.push(Box::new(|from| {
                let at = change.slots.partition_point(|slot| slot.hashed < *from);
                change.slots.get(at).map(|slot| (slot.hashed, (!slot.after.is_zero()).then_some(slot.after)))
            }));
            if change.storage_gone() {
                return Self { sources, wiped: true };
            }
        }
        Self { sources, wiped: false }
    }

    fn flat(
        &self,
        cursor: &mut dyn Cursor,
        account: &B256,
        from: &B256,
    ) -> Result<Option<(B256, U256)>, Error> {
        if self.wiped { Ok(None) } else { flat_slot(account, cursor.seek(&slot_key(account, from))?) }
    }
}

/// An account's row, opened.
pub(crate) fn flat_account(row: Option<RowRef<'_>>) -> Result<Option<(B256, Account)>, Error> {
    let Some((key, value)) = row else { return Ok(None) };
    let hashed = B256::try_from(key).map_err(|_| damaged(Table::Accounts, key, "key of a wrong length"))?;
    let account = decode_account(value).map_err(|reason| damaged(Table::Accounts, key, reason))?;
    Ok(Some((hashed, account)))
}

/// A slot's row, opened; `None` also for one of another account.
pub(crate) fn flat_slot(account: &B256, row: Option<RowRef<'_>>) -> Result<Option<(B256, U256)>, Error> {
    let Some((key, value)) = row else { return Ok(None) };
    let Some(slot) = key.strip_prefix(account.as_slice()) else { return Ok(None) };
    let slot = B256::try_from(slot).map_err(|_| damaged(Table::Slots, key, "key of a wrong length"))?;
    let value = decode_slot(value).map_err(|reason| damaged(Table::Slots, key, reason))?;
    Ok(Some((slot, value)))
}

/// Visits the keys from `from` to `to` (both inclusive) that exist: `sources` answer for their keys, the first one in
/// the list that has a key decides, the flat table for all others.
fn merged<T: Copy>(
    from: &B256,
    to: &B256,
    sources: &[Source<'_, T>],
    mut flat: impl FnMut(&B256) -> Result<Option<(B256, T)>, Error>,
    visit: &mut dyn FnMut(B256, T) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut next = Some(*from);
    while let Some(from) = next.filter(|from| from <= to) {
        let mut best = flat(&from)?.map(|(key, value)| (key, Some(value)));
        for source in sources.iter().rev() {
            let found = source(&from);
            if let Some((key, _)) = found
                && best.is_none_or(|(least, _)| key <= least)
            {
                best = found;
            }
        }
        let Some((key, value)) = best.filter(|(key, _)| key <= to) else { break };
        if let Some(value) = value
            && visit(key, value).is_break()
        {
            break;
        }
        next = successor(&key);
    }
    Ok(())
}

fn successor(hash: &B256) -> Option<B256> {
    U256::from_be_bytes(hash.0).checked_add(U256::ONE).map(|next| B256::from(next.to_be_bytes::<32>()))
}
