//! What a block read and changed, as the EVM's database.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{
    Address, B256, U256, keccak256,
    map::{AddressMap, AddressSet, B256Map, Entry},
};
use btt_state::{Account, StateView};
use rayon::prelude::*;
use revm::{
    database_interface::{DBErrorMarker, Database},
    state::{AccountId, AccountInfo, Bytecode},
};

use crate::{
    block_state::loaded::{Loaded, Slot},
    code_cache::CodeCache,
};

/// Accounts to prefetch from which on several threads read.
const PARALLEL_READS: usize = 64;

/// The state could not be read. Never a transaction's fault, so never a failed transaction: the execution ends.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(transparent)]
pub struct ReadError(#[from] pub btt_state::Error);

impl DBErrorMarker for ReadError {}

/// The accounts and slots of a block as its transactions so far left them, on top of the parent's state.
///
/// The EVM reads through it, and each executed transaction is committed to it. Accounts lie in one array whose places
/// the EVM remembers ([`AccountId`]): neither a storage read nor a commit looks an address up a second time.
#[derive(Debug)]
pub struct BlockState {
    pub(super) view: StateView,
    code_cache: Arc<CodeCache>,
    pub(super) places: AddressMap<AccountId>,
    pub(super) accounts: Vec<Loaded>,
    /// Each account that was changed at least once: its place, and itself in the parent state.
    pub(super) changed: Vec<(usize, Option<Account>)>,
    /// Code that was read or created.
    pub(super) codes: B256Map<Bytecode>,
    /// Hashes of the code that was created.
    pub(super) created_codes: Vec<B256>,
    pub(super) balance_change: U256,
    hashes: BlockHashes,
}

/// Where BLOCKHASH finds its answers.
#[derive(Debug)]
enum BlockHashes {
    /// In the chain below the view; the answers so far.
    Chain(BTreeMap<u64, B256>),
    /// keccak256 of the number in decimal: the convention of the state tests, which have no chain.
    Numbered,
}

impl BlockState {
    /// The state of a block on the parent state `view`.
    pub fn new(view: StateView, code_cache: Arc<CodeCache>) -> Self {
        Self {
            view,
            code_cache,
            places: AddressMap::default(),
            accounts: Vec::new(),
            changed: Vec::new(),
            codes: B256Map::default(),
            created_codes: Vec::new(),
            balance_change: U256::ZERO,
            hashes: BlockHashes::Chain(BTreeMap::new()),
        }
    }

    /// Makes BLOCKHASH of n keccak256 of n in decimal, as state tests expect.
    pub(crate) fn with_numbered_hashes(mut self) -> Self {
        self.hashes = BlockHashes::Numbered;
        self
    }

    /// The parent state.
    pub const fn view(&self) -> &StateView {
        &self.view
    }

    /// The account now, `None` when it does not exist. The storage root in it is the parent state's.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn account(&mut self, address: &Address) -> Result<Option<Account>, ReadError> {
        let place = self.load(address)?;
        Ok(self.accounts[place].account())
    }

    /// The slot now.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn slot(&mut self, address: &Address, key: U256) -> Result<U256, ReadError> {
        let place = self.load(address)?;
        self.slot_at(place, key)
    }

    /// Sum of all balance changes that were committed, modulo 2^256: a loss of x stands as 2^256 - x.
    pub const fn balance_change(&self) -> U256 {
        self.balance_change
    }

    /// True when the account has a slot other than zero. Knows accounts that were loaded, as revm loads the target of a
    /// creation before it asks.
    pub(crate) fn has_storage(&self, address: &Address) -> bool {
        self.places.get(address).is_some_and(|id| self.accounts[id.get()].has_storage())
    }

    /// Loads accounts that will probably be needed, on all threads. What cannot be read is left for the read that
    /// needs it.
    pub(crate) fn prefetch(&mut self, addresses: impl Iterator<Item = Address>) {
        let mut seen = AddressSet::default();
        let missing: Vec<Address> =
            addresses.filter(|address| !self.places.contains_key(address) && seen.insert(*address)).collect();
        if missing.len() < PARALLEL_READS {
            return;
        }
        let read: Vec<_> = missing.par_iter().map(|address| self.view.account(address)).collect();
        self.accounts.reserve(missing.len());
        for (address, account) in missing.into_iter().zip(read) {
            if let Ok(account) = account {
                self.insert(address, account);
            }
        }
    }

    /// The place of an account, which is read from the parent state the first time.
    pub(super) fn load(&mut self, address: &Address) -> Result<usize, ReadError> {
        if let Some(id) = self.places.get(address) {
            return Ok(id.get());
        }
        let account = self.view.account(address)?;
        Ok(self.insert(*address, account))
    }

    fn insert(&mut self, address: Address, account: Option<Account>) -> usize {
        let place = self.accounts.len();
        let id = AccountId::new(place).expect("a block's gas loads fewer than 2^32 - 1 accounts");
        self.places.insert(address, id);
        self.accounts.push(Loaded::new(address, id, account));
        place
    }

    fn slot_at(&mut self, place: usize, key: U256) -> Result<U256, ReadError> {
        let account = &mut self.accounts[place];
        let inherits = account.inherits_storage();
        match account.slots.entry(key) {
            Entry::Occupied(slot) => Ok(slot.get().now),
            Entry::Vacant(vacant) => {
                let slot = if inherits {
                    let value = self.view.storage(&account.address, &key.into())?;
                    Slot { before: Some(value), now: value }
                } else {
                    Slot { before: (!account.wiped).then_some(U256::ZERO), now: U256::ZERO }
                };
                Ok(vacant.insert(slot).now)
            }
        }
    }
}

impl Database for BlockState {
    type Error = ReadError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        let place = self.load(&address)?;
        let account = &self.accounts[place];
        Ok(account.exists.then(|| account.info.clone()))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ReadError> {
        if let Some(code) = self.codes.get(&hash) {
            return Ok(code.clone());
        }
        let code = self.code_cache.get_or_read(&hash, &self.view)?;
        self.codes.insert(hash, code.clone());
        Ok(code)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, ReadError> {
        self.slot(&address, key)
    }

    fn storage_by_account_id(&mut self, _: Address, id: AccountId, key: U256) -> Result<U256, ReadError> {
        self.slot_at(id.get(), key)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ReadError> {
        let known = match &mut self.hashes {
            BlockHashes::Numbered => return Ok(keccak256(number.to_string())),
            BlockHashes::Chain(known) => known,
        };
        if let Some(hash) = known.get(&number) {
            return Ok(*hash);
        }
        let hash = self.view.block_hash(number)?.unwrap_or_default();
        known.insert(number, hash);
        Ok(hash)
    }
}
