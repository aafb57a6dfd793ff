//! Genesis as the first commit of a database.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};
use btt_chainspec::{Genesis, GenesisAccount, OUTGOING_ROOT_SLOT};
use btt_primitives::{BTT_ADDRESS, BURN_ADDRESS};
use btt_state::{
    Account, AccountChange, Batch, BlockCommit, Database, EMPTY_ROOT, Error, Layer, SlotChange, StateChanges,
};

/// Block 0 with its state, ready to be written.
pub(crate) fn genesis_commit(genesis: &Genesis, database: &Database) -> Result<BlockCommit, Error> {
    let changes = state_changes(genesis);
    let trie = database.trie();
    let mut job = trie.job(&trie.head(), Arc::new(database.latest()));
    job.update(&changes)?;
    let rooted = job.finish();
    Ok(BlockCommit {
        block: genesis.block(),
        hash: genesis.hash,
        senders: Vec::new(),
        receipts: Vec::new(),
        layer: Arc::new(Layer::new(0, genesis.hash, changes, &rooted.storage_roots)),
        nodes: rooted.nodes,
        version: rooted.version,
        sums: genesis_sums(genesis),
        extra: Batch::default(),
    })
}

/// The running sums of block 0: under Ethereum's rules its difficulty; on bttd chains the wei outside vault and burn
/// address, none of it destroyed.
fn genesis_sums(genesis: &Genesis) -> [U256; 2] {
    if genesis.spec.btt().is_none() {
        return [genesis.header.difficulty, U256::ZERO];
    }
    let outside =
        genesis.accounts.iter().filter(|(address, _)| ![BTT_ADDRESS, BURN_ADDRESS].contains(address));
    let circulating = outside.fold(U256::ZERO, |sum, (_, account)| sum.saturating_add(account.balance));
    debug_assert!(
        genesis
            .accounts
            .get(&BTT_ADDRESS)
            .is_some_and(|vault| vault.storage.contains_key(&OUTGOING_ROOT_SLOT))
    );
    [circulating, U256::ZERO]
}

fn state_changes(genesis: &Genesis) -> StateChanges {
    let mut accounts: Vec<_> =
        genesis.accounts.iter().map(|(address, account)| created(address, account)).collect();
    accounts.sort_unstable_by_key(|change| change.hashed);
    let mut codes: Vec<_> = genesis
        .accounts
        .values()
        .filter(|account| !account.code.is_empty())
        .map(|account| (account.code_hash(), account.code.clone()))
        .collect();
    codes.sort_unstable_by_key(|(hash, _)| *hash);
    codes.dedup_by_key(|(hash, _)| *hash);
    StateChanges { accounts, codes }
}

fn created(address: &Address, account: &GenesisAccount) -> AccountChange {
    let mut slots: Vec<_> = account.storage.iter().map(|(slot, value)| set(slot, *value)).collect();
    slots.sort_unstable_by_key(|slot| slot.hashed);
    let after = Account {
        nonce: account.nonce,
        balance: account.balance,
        code_hash: account.code_hash(),
        storage_root: EMPTY_ROOT,
    };
    AccountChange {
        address: *address,
        hashed: keccak256(address),
        before: None,
        after: Some(after),
        wiped: false,
        slots,
    }
}

fn set(slot: &B256, value: U256) -> SlotChange {
    SlotChange { slot: *slot, hashed: keccak256(slot), before: U256::ZERO, after: value }
}
