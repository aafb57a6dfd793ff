//! The first state of a run: the bench chain's, with as many accounts as asked for and the workload's contracts.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use btt_chainspec::{ChainSpec, Genesis, GenesisAccount, TOTAL_SUPPLY};
use btt_primitives::{BTT_ADDRESS, Block};
use btt_state::{
    Account, AccountChange, Batch, BlockCommit, Database, EMPTY_CODE_HASH, EMPTY_ROOT, KeyValue, Layer,
    Options, SlotChange, StateChanges, TrieKind,
};
use rayon::prelude::*;

use crate::bench::{
    BenchError,
    accounts::{Accounts, BALANCE},
    scene::Scene,
};

/// Block 0 before its root is known.
#[derive(Debug)]
pub(super) struct Seed {
    /// The bench chain's rules.
    pub(super) spec: Arc<ChainSpec>,
    /// Every account and slot, as changes of an empty state.
    pub(super) changes: StateChanges,
    block: Block,
    circulating: U256,
}

impl Seed {
    /// The bench chain with these accounts in place of its own, and these contracts. The vault gives what they hold.
    ///
    /// # Errors
    /// When the bench chain's genesis cannot be made.
    pub(super) fn new(genesis: Genesis, accounts: &Accounts, scene: &Scene) -> Self {
        let block = genesis.block();
        let mut changes: Vec<_> = accounts.addresses().par_iter().map(|address| funded(*address)).collect();
        let mut codes: Vec<(B256, Bytes)> = Vec::new();
        let fixed = genesis.accounts.iter().filter(|(address, account)| is_fixed(address, account));
        let outside = fixed.clone().filter(|(address, _)| **address != BTT_ADDRESS);
        let held = outside.fold(U256::ZERO, |sum, (_, account)| sum.saturating_add(account.balance));
        let circulating = BALANCE.saturating_mul(U256::from(accounts.len())).saturating_add(held);
        for (address, account) in fixed {
            let vault = *address == BTT_ADDRESS;
            let balance = if vault { TOTAL_SUPPLY.saturating_sub(circulating) } else { account.balance };
            let slots = account.storage.iter().map(|(slot, value)| (*slot, *value));
            changes.push(contract(*address, account.nonce, balance, &account.code, slots, &mut codes));
        }
        for account in &scene.contracts {
            let slots = account.slots.iter().map(|(slot, value)| (B256::from(*slot), *value));
            changes.push(contract(
                account.address,
                account.nonce,
                account.balance,
                &account.code,
                slots,
                &mut codes,
            ));
        }
        changes.par_sort_unstable_by_key(|change| change.hashed);
        codes.sort_unstable_by_key(|(hash, _)| *hash);
        codes.dedup_by_key(|(hash, _)| *hash);
        let changes = StateChanges { accounts: changes, codes };
        Self { spec: Arc::new(genesis.spec), changes, block, circulating }
    }

    /// Writes block 0 into an empty store.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn write(self, store: Arc<dyn KeyValue>, kind: TrieKind) -> Result<(), BenchError> {
        let Self { spec, changes, mut block, circulating } = self;
        let database = Database::open(store, Options { trie: kind, ..Options::default() })?;
        let trie = database.trie();
        let mut job = trie.job(&trie.head(), Arc::new(database.latest()));
        job.update(&changes)?;
        let rooted = job.finish();
        block.header.state_root = rooted.root;
        let hash = block.header.hash_slow();
        let commit = BlockCommit {
            hash,
            block,
            senders: Vec::new(),
            receipts: Vec::new(),
            layer: Arc::new(Layer::new(0, hash, changes, &rooted.storage_roots)),
            nodes: rooted.nodes,
            version: rooted.version,
            sums: [circulating, U256::ZERO],
            extra: Batch::default(),
        };
        database.init_genesis(spec.chain_id, &commit)?;
        Ok(())
    }
}

/// The genesis accounts that are the chain's and not somebody's money.
fn is_fixed(address: &Address, account: &GenesisAccount) -> bool {
    *address == BTT_ADDRESS || !account.code.is_empty() || !account.storage.is_empty()
}

fn funded(address: Address) -> AccountChange {
    let after = Account { balance: BALANCE, ..Account::default() };
    created(address, after, Vec::new())
}

fn contract(
    address: Address,
    nonce: u64,
    balance: U256,
    code: &Bytes,
    slots: impl Iterator<Item = (B256, U256)>,
    codes: &mut Vec<(B256, Bytes)>,
) -> AccountChange {
    let mut code_hash = EMPTY_CODE_HASH;
    if !code.is_empty() {
        code_hash = keccak256(code);
        codes.push((code_hash, code.clone()));
    }
    let set = |(slot, after)| SlotChange { slot, hashed: keccak256(slot), before: U256::ZERO, after };
    let mut slots: Vec<_> = slots.map(set).collect();
    slots.par_sort_unstable_by_key(|slot| slot.hashed);
    created(address, Account { nonce, balance, code_hash, storage_root: EMPTY_ROOT }, slots)
}

fn created(address: Address, after: Account, slots: Vec<SlotChange>) -> AccountChange {
    AccountChange {
        address,
        hashed: keccak256(address),
        before: None,
        after: Some(after),
        wiped: false,
        slots,
    }
}
