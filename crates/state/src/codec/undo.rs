//! All previous values of one block, in one record that is searched without decoding it.
//!
//! block hash32, u32 accounts, u32 owners, u32 slots; then per account (ascending) address20 and u32 end of its value;
//! per owner of slots (ascending) address20 and u32 end of its slots; per slot (ascending within its owner) H(slot) and
//! u32 end of its value; then the values of accounts (an account row, empty = absent) and of slots (trimmed, empty =
//! zero). The same bytes lie in the undo table and in the ring of the newest blocks.

use alloy_primitives::{Address, B256, U256};

use crate::{
    Account,
    codec::{Reader, Reason, decode_account_or_absent, decode_slot_or_zero, encode_account, trimmed},
};

const HEAD: usize = 44;
const ACCOUNT: usize = 24;
const SLOT: usize = 36;

/// What one account was before a block, as the builder takes it.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) address: Address,
    /// The account before, `None` inside when it did not exist; `None` outside when only its slots changed.
    pub(crate) account: Option<Option<Account>>,
    /// Changed slots before, ascending by hashed key.
    pub(crate) slots: Vec<(B256, U256)>,
}

/// One block's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UndoRecord {
    number: u64,
    bytes: Vec<u8>,
    accounts: usize,
    owners: usize,
    slots: usize,
}

impl UndoRecord {
    /// Builds the record; `before` ascends by address.
    pub(crate) fn build(number: u64, hash: &B256, before: &[Before]) -> Result<Self, Reason> {
        let mut accounts = Area::default();
        let mut owners = Vec::new();
        let mut slots = Area::default();
        let mut counts = [0u32; 3];
        for entry in before {
            if let Some(account) = &entry.account {
                if let Some(account) = account {
                    encode_account(account, &mut accounts.values);
                }
                accounts.close(entry.address.as_slice())?;
                counts[0] = counts[0].saturating_add(1);
            }
            if entry.slots.is_empty() {
                continue;
            }
            for (slot, value) in &entry.slots {
                let (bytes, start) = trimmed(value);
                slots.values.extend_from_slice(bytes.get(start..).unwrap_or_default());
                slots.close(slot.as_slice())?;
                counts[2] = counts[2].saturating_add(1);
            }
            owners.extend_from_slice(entry.address.as_slice());
            owners.extend_from_slice(&counts[2].to_be_bytes());
            counts[1] = counts[1].saturating_add(1);
        }
        let mut bytes = hash.to_vec();
        for count in counts {
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        for part in [&accounts.index, &owners, &slots.index, &accounts.values, &slots.values] {
            bytes.extend_from_slice(part);
        }
        let [accounts, owners, slots] = counts.map(|count| count as usize);
        Ok(Self { number, bytes, accounts, owners, slots })
    }

    /// Takes a stored record after checking every offset, order and value in it.
    pub(crate) fn decode(number: u64, bytes: Vec<u8>) -> Result<Self, Reason> {
        let mut reader = Reader::new(&bytes);
        reader.b256()?;
        let [accounts, owners, slots] =
            [reader.u32()?, reader.u32()?, reader.u32()?].map(|count| count as usize);
        let index = accounts
            .checked_add(owners)
            .and_then(|count| count.checked_mul(ACCOUNT))
            .and_then(|len| len.checked_add(slots.checked_mul(SLOT)?))
            .ok_or("counts overflow")?;
        reader.take(index)?;
        let record = Self { number, bytes, accounts, owners, slots };
        record.check()?;
        Ok(record)
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The hash of the block whose changes the record undoes.
    pub(crate) fn hash(&self) -> B256 {
        B256::from_slice(self.part(0, 32))
    }

    /// The bytes as stored.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The account before the block, if the block changed it.
    pub(crate) fn account(&self, address: &Address) -> Option<Result<Option<Account>, Reason>> {
        let found = search(self.accounts, |at| self.account_key(at).cmp(address.as_slice()))?;
        Some(decode_account_or_absent(self.account_value(found)))
    }

    /// The slot before the block, if the block changed it.
    pub(crate) fn slot(&self, address: &Address, hashed: &B256) -> Option<Result<U256, Reason>> {
        let owner = search(self.owners, |at| self.owner_key(at).cmp(address.as_slice()))?;
        let (first, end) = self.owner_slots(owner);
        let found = search(end.saturating_sub(first), |at| {
            self.slot_key(first.saturating_add(at)).cmp(hashed.as_slice())
        })?;
        Some(decode_slot_or_zero(self.slot_value(first.saturating_add(found))))
    }

    /// Every changed account with its value before, ascending by address.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (Address, Result<Option<Account>, Reason>)> + '_ {
        (0..self.accounts).map(|at| {
            (Address::from_slice(self.account_key(at)), decode_account_or_absent(self.account_value(at)))
        })
    }

    /// Every changed slot (owner, hashed key) with its value before, ascending.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Address, B256, Result<U256, Reason>)> + '_ {
        (0..self.owners).flat_map(move |owner| {
            let (first, end) = self.owner_slots(owner);
            (first..end).map(move |at| {
                let key = B256::from_slice(self.slot_key(at));
                (Address::from_slice(self.owner_key(owner)), key, decode_slot_or_zero(self.slot_value(at)))
            })
        })
    }

    fn check(&self) -> Result<(), Reason> {
        ascending("accounts", self.accounts, |at| self.account_key(at))?;
        ascending("owners", self.owners, |at| self.owner_key(at))?;
        let mut ends = Ends::default();
        for at in 0..self.accounts {
            ends.next(self.account_end(at))?;
            decode_account_or_absent(self.account_value(at))?;
        }
        let mut owners = Ends::default();
        for at in 0..self.owners {
            owners.next(self.owner_slots(at).1)?;
            let (first, end) = self.owner_slots(at);
            ascending("slots", end.saturating_sub(first), |at| self.slot_key(first.saturating_add(at)))?;
        }
        if owners.last != self.slots {
            return Err(format!("{} slots owned, {} listed", owners.last, self.slots));
        }
        let mut ends = Ends::default();
        for at in 0..self.slots {
            ends.next(self.slot_end(at))?;
            decode_slot_or_zero(self.slot_value(at))?;
        }
        let expected = self.slot_values().saturating_add(ends.last);
        if expected != self.bytes.len() {
            return Err(format!("{} bytes, {expected} expected", self.bytes.len()));
        }
        Ok(())
    }

    fn part(&self, start: usize, len: usize) -> &[u8] {
        self.bytes.get(start..start.saturating_add(len)).unwrap_or_default()
    }

    fn u32_at(&self, start: usize) -> usize {
        self.part(start, 4).try_into().map_or(0, |bytes| u32::from_be_bytes(bytes) as usize)
    }

    const fn account_at(at: usize) -> usize {
        HEAD.saturating_add(at.saturating_mul(ACCOUNT))
    }

    const fn owner_at(&self, at: usize) -> usize {
        Self::account_at(self.accounts.saturating_add(at))
    }

    const fn slot_at(&self, at: usize) -> usize {
        self.owner_at(self.owners).saturating_add(at.saturating_mul(SLOT))
    }

    const fn account_values(&self) -> usize {
        self.slot_at(self.slots)
    }

    fn slot_values(&self) -> usize {
        let accounts = self.accounts.checked_sub(1).map_or(0, |last| self.account_end(last));
        self.account_values().saturating_add(accounts)
    }

    fn account_key(&self, at: usize) -> &[u8] {
        self.part(Self::account_at(at), 20)
    }

    fn account_end(&self, at: usize) -> usize {
        self.u32_at(Self::account_at(at).saturating_add(20))
    }

    fn account_value(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.account_end(before));
        self.part(self.account_values().saturating_add(start), self.account_end(at).saturating_sub(start))
    }

    fn owner_key(&self, at: usize) -> &[u8] {
        self.part(self.owner_at(at), 20)
    }

    /// The owner's slots: first and end.
    fn owner_slots(&self, at: usize) -> (usize, usize) {
        let end = |at| self.u32_at(self.owner_at(at).saturating_add(20));
        (at.checked_sub(1).map_or(0, end), end(at))
    }

    fn slot_key(&self, at: usize) -> &[u8] {
        self.part(self.slot_at(at), 32)
    }

    fn slot_end(&self, at: usize) -> usize {
        self.u32_at(self.slot_at(at).saturating_add(32))
    }

    fn slot_value(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.slot_end(before));
        self.part(self.slot_values().saturating_add(start), self.slot_end(at).saturating_sub(start))
    }
}

/// Values one after another, and the index of keys and ends.
#[derive(Default)]
struct Area {
    index: Vec<u8>,
    values: Vec<u8>,
}

impl Area {
    fn close(&mut self, key: &[u8]) -> Result<(), Reason> {
        let end = u32::try_from(self.values.len()).map_err(|_| "values above 4 GiB")?;
        self.index.extend_from_slice(key);
        self.index.extend_from_slice(&end.to_be_bytes());
        Ok(())
    }
}

/// Checks that ends do not fall; whether the last one is the area's is for the caller.
#[derive(Default)]
struct Ends {
    last: usize,
}

impl Ends {
    fn next(&mut self, end: usize) -> Result<(), Reason> {
        if end < self.last {
            return Err(format!("end {end} after end {}", self.last));
        }
        self.last = end;
        Ok(())
    }
}

fn ascending<'a>(what: &str, count: usize, key: impl Fn(usize) -> &'a [u8]) -> Result<(), Reason> {
    for at in 1..count {
        if key(at.saturating_sub(1)) >= key(at) {
            return Err(format!("{what} out of order at {at}"));
        }
    }
    Ok(())
}

/// Binary search over `count` places.
fn search(count: usize, order: impl Fn(usize) -> std::cmp::Ordering) -> Option<usize> {
    let (mut low, mut high) = (0usize, count);
    while low < high {
        let middle = low.midpoint(high);
        match order(middle) {
            std::cmp::Ordering::Less => low = middle.saturating_add(1),
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}
