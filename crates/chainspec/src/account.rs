//! The genesis state: its accounts and its root.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount, root};

use crate::{
    Error,
    json::{Value, parse_address, parse_word},
};

/// An account of the genesis state. An empty one is kept, as geth keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenesisAccount {
    /// Transactions sent; 1 for a deployed contract.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Code; empty for an account of a key.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<B256, U256>,
}

impl GenesisAccount {
    /// keccak256 of the code.
    pub fn code_hash(&self) -> B256 {
        if self.code.is_empty() { KECCAK_EMPTY } else { keccak256(&self.code) }
    }

    /// Root of the storage trie.
    pub fn storage_root(&self) -> B256 {
        if self.storage.is_empty() {
            return EMPTY_ROOT_HASH;
        }
        root::storage_root_unhashed(self.storage.iter().map(|(slot, value)| (*slot, *value)))
    }

    fn read(value: &Value<'_>) -> Result<Self, Error> {
        let mut fields = value.object()?;
        let account = Self {
            balance: fields.need("balance", "write the balance in wei, \"0x0\" for none")?.u256()?,
            nonce: fields.take("nonce")?.map_or(Ok(0), |nonce| nonce.u64())?,
            code: fields.take("code")?.map_or_else(|| Ok(Bytes::new()), |code| code.bytes())?,
            storage: match fields.take("storage")? {
                Some(storage) => read_storage(&storage)?,
                None => BTreeMap::new(),
            },
        };
        fields.skip(&["secretKey"])?;
        fields.finish()?;
        Ok(account)
    }
}

/// Reads `alloc`.
pub(crate) fn read_alloc(alloc: &Value<'_>) -> Result<BTreeMap<Address, GenesisAccount>, Error> {
    let mut accounts = BTreeMap::new();
    for (name, value) in alloc.object()?.rest() {
        let key = || format!("alloc.{name}");
        let address = parse_address(&name).ok_or_else(|| Error::Value {
            key: "alloc".to_owned(),
            value: format!("{name:?}"),
            expected: "addresses of 40 hex digits as keys".to_owned(),
        })?;
        if accounts.insert(address, GenesisAccount::read(&value)?).is_some() {
            return Err(Error::Duplicate { key: key() });
        }
    }
    Ok(accounts)
}

fn read_storage(storage: &Value<'_>) -> Result<BTreeMap<B256, U256>, Error> {
    let mut slots = BTreeMap::new();
    for (name, value) in storage.object()?.rest() {
        let slot =
            parse_word(&name).ok_or_else(|| storage.wrong("slots of at most 64 hex digits as keys"))?;
        if slots.insert(slot, U256::from_be_bytes(value.word()?.0)).is_some() {
            return Err(Error::Duplicate { key: format!("storage slot {slot}") });
        }
    }
    slots.retain(|_, value| !value.is_zero());
    Ok(slots)
}

/// Root of the state trie over these accounts.
pub fn state_root(accounts: &BTreeMap<Address, GenesisAccount>) -> B256 {
    root::state_root_unhashed(accounts.iter().map(|(address, account)| {
        let leaf = TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: account.storage_root(),
            code_hash: account.code_hash(),
        };
        (*address, leaf)
    }))
}
