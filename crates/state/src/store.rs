//! What every view of one database shares: the tables, the ring of newest undo records, the caches.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use parking_lot::RwLock;

use crate::{
    Account, Error, Head, KeyValue, Mode, Table, Version,
    cache::StateCache,
    codec::{
        self, Reason, UndoRecord, account_history_key, damaged, decode_account, decode_account_or_absent,
        decode_slot, decode_slot_or_zero, number_key, slot_history_key, slot_key,
    },
    ring::{Ring, RingSnapshot},
    steps,
};

/// The newest committed block and its trie.
#[derive(Debug)]
pub(crate) struct Tip {
    pub(crate) head: Head,
    pub(crate) version: Version,
}

/// The read side of the database.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) kv: Arc<dyn KeyValue>,
    pub(crate) cache: StateCache,
    pub(crate) ring: Ring,
    /// The newest block whose undo record is in the ring: flat rows may already be this block's, not yet or partly
    /// seen.
    pub(crate) published: AtomicU64,
    /// The newest block whose batch is visible and whose values the cache holds.
    pub(crate) tip: RwLock<Tip>,
    /// The earliest block at which state can be read.
    pub(crate) earliest_state: AtomicU64,
    /// The earliest block whose body, receipts and look-ups are kept.
    pub(crate) earliest_body: AtomicU64,
    /// How much of the past is kept.
    pub(crate) mode: Mode,
    /// History tables are written (archive and full mode).
    pub(crate) has_history: bool,
}

impl Store {
    pub(crate) fn head(&self) -> Head {
        self.tip.read().head
    }

    /// The account at block `number`: the rule for reads beside commits, step by step.
    pub(crate) fn account_at(&self, number: u64, address: &Address) -> Result<Option<Account>, Error> {
        let flat = self.flat_account(address)?;
        steps::step();
        if self.published.load(Ordering::Acquire) <= number {
            return Ok(flat);
        }
        let later = self.first_change(
            number,
            |record| record.account(address),
            |first| {
                let key = account_history_key(address, first);
                self.history(Table::AccountHistory, &key, 20, decode_account_or_absent)
            },
        )?;
        Ok(later.unwrap_or(flat))
    }

    /// The slot at block `number`.
    pub(crate) fn slot_at(&self, number: u64, address: &Address, slot: &B256) -> Result<U256, Error> {
        let flat = self.flat_slot(address, slot)?;
        steps::step();
        if self.published.load(Ordering::Acquire) <= number {
            return Ok(flat);
        }
        let hashed = keccak256(slot);
        let later = self.first_change(
            number,
            |record| record.slot(address, &hashed),
            |first| {
                let key = slot_history_key(address, &hashed, first);
                self.history(Table::SlotHistory, &key, 52, decode_slot_or_zero)
            },
        )?;
        Ok(later.unwrap_or(flat))
    }

    /// Code by its hash; code is never deleted, so no block is named.
    pub(crate) fn code(&self, hash: &B256) -> Result<Option<Bytes>, Error> {
        if let Some(code) = self.cache.code(hash) {
            return Ok(Some(code));
        }
        let code = self.kv.get(Table::Code, hash.as_slice())?.map(Bytes::from);
        if let Some(code) = &code {
            self.cache.fill_code(*hash, code.clone());
        }
        Ok(code)
    }

    /// The hash of the canonical block `number`.
    pub(crate) fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        let key = number_key(number);
        let Some(row) = self.kv.get(Table::Headers, &key)? else { return Ok(None) };
        codec::Reader::new(&row).b256().map(Some).map_err(|reason| damaged(Table::Headers, &key, reason))
    }

    /// The value before the first block above `number` that changed the key; `None` when no block did.
    ///
    /// The ring is looked at once, before history: the ring first and history afterwards would miss a block that has
    /// left the ring in between, and give the value before a later one.
    fn first_change<T>(
        &self,
        number: u64,
        in_record: impl Fn(&UndoRecord) -> Option<Result<T, Reason>>,
        in_history: impl FnOnce(u64) -> Result<Option<(u64, T)>, Error>,
    ) -> Result<Option<T>, Error> {
        let first = number.saturating_add(1);
        steps::step();
        let ring = self.ring.snapshot();
        steps::step();
        let covered = ring.front().is_some_and(|record| record.number() <= first);
        let from_history = match (covered, self.has_history) {
            (true, _) => None,
            (false, true) => in_history(first)?,
            (false, false) => return Err(self.pruned(number, self.earliest_in(&ring))),
        };
        let from_ring = ring.iter().filter(|record| record.number() >= first).find_map(|record| {
            let value = in_record(record)?;
            Some(
                value
                    .map(|value| (record.number(), value))
                    .map_err(|reason| damaged(Table::Undo, &number_key(record.number()), reason)),
            )
        });
        let value = match (from_history, from_ring.transpose()?) {
            (Some((history, value)), Some((ring, _))) if history <= ring => Some(value),
            (_, Some((_, value))) | (Some((_, value)), None) => Some(value),
            (None, None) => None,
        };
        steps::step();
        let earliest = self.earliest_state.load(Ordering::Acquire);
        if number < earliest && !covered {
            return Err(self.pruned(number, earliest));
        }
        Ok(value)
    }

    pub(crate) const fn pruned(&self, asked: u64, earliest: u64) -> Error {
        Error::Pruned { what: "state", asked, earliest, mode: self.mode }
    }

    /// The earliest block whose state the ring alone gives.
    pub(crate) fn earliest_in(&self, ring: &RingSnapshot) -> u64 {
        let first = ring.front().map(|record| record.number().saturating_sub(1));
        first.unwrap_or_else(|| self.published.load(Ordering::Acquire))
    }

    fn history<T>(
        &self,
        table: Table,
        key: &[u8],
        prefix: usize,
        decode: impl FnOnce(&[u8]) -> Result<T, Reason>,
    ) -> Result<Option<(u64, T)>, Error> {
        let Some((found, value)) = self.kv.seek(table, key, prefix)? else { return Ok(None) };
        let number = found.get(prefix..).unwrap_or_default().try_into().map(u64::from_be_bytes);
        let number = number.map_err(|_| damaged(table, &found, "key of a wrong length"))?;
        let value = decode(&value).map_err(|reason| damaged(table, &found, reason))?;
        Ok(Some((number, value)))
    }

    fn flat_account(&self, address: &Address) -> Result<Option<Account>, Error> {
        if let Some(account) = self.cache.account(address) {
            return Ok(account);
        }
        let ticket = self.cache.ticket();
        steps::step();
        let key = keccak256(address);
        let account = match self.kv.get(Table::Accounts, key.as_slice())? {
            Some(row) => Some(
                decode_account(&row).map_err(|reason| damaged(Table::Accounts, key.as_slice(), reason))?,
            ),
            None => None,
        };
        steps::step();
        self.cache.fill_account(ticket, *address, account);
        Ok(account)
    }

    fn flat_slot(&self, address: &Address, slot: &B256) -> Result<U256, Error> {
        if let Some(value) = self.cache.slot(address, slot) {
            return Ok(value);
        }
        let ticket = self.cache.ticket();
        steps::step();
        let key = slot_key(&keccak256(address), &keccak256(slot));
        let value = match self.kv.get(Table::Slots, &key)? {
            Some(row) => decode_slot(&row).map_err(|reason| damaged(Table::Slots, &key, reason))?,
            None => U256::ZERO,
        };
        steps::step();
        self.cache.fill_slot(ticket, *address, *slot, value);
        Ok(value)
    }
}
