//! Random blocks on one chain, and the state after each in plain maps.

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use btt_primitives::{
    Block, BlockBody, Receipt, ommers_hash, receipts_root_with_blooms, transactions_root, withdrawals_root,
};

use crate::{
    Account, AccountChange, Batch, BlockCommit, Database, Layer, Rebuild, SlotChange, StateChanges,
    testing::{Random, receipt, transaction},
};

/// The state after one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<Address, Account>,
    pub(crate) slots: BTreeMap<Address, BTreeMap<B256, U256>>,
}

impl State {
    pub(crate) fn account(&self, address: &Address) -> Option<Account> {
        self.accounts.get(address).copied()
    }

    pub(crate) fn storage(&self, address: &Address, slot: &B256) -> U256 {
        self.slots.get(address).and_then(|slots| slots.get(slot)).copied().unwrap_or_default()
    }

    fn storage_root(&self, address: &Address) -> B256 {
        let mut slots: Vec<_> = self.slots.get(address).into_iter().flatten().collect();
        slots.sort_unstable_by_key(|(slot, _)| keccak256(slot));
        let mut trie = Rebuild::of_slots(keccak256(address));
        slots.into_iter().for_each(|(slot, value)| trie.push_slot(&keccak256(slot), *value).unwrap());
        trie.finish().unwrap().0
    }

    fn root(&self) -> B256 {
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_unstable_by_key(|(address, _)| keccak256(address));
        let mut trie = Rebuild::of_accounts();
        accounts
            .into_iter()
            .for_each(|(address, account)| trie.push_account(&keccak256(address), account).unwrap());
        trie.finish().unwrap().0
    }
}

/// A block and what execution would give for it.
#[derive(Clone, Debug)]
pub(crate) struct Executed {
    pub(crate) block: Block,
    pub(crate) hash: B256,
    pub(crate) senders: Vec<Address>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) layer: Arc<Layer>,
    pub(crate) sums: [U256; 2],
    pub(crate) extra: Batch,
}

/// What a database has to write for consecutive blocks on top of its head: its own trie has to reach their roots.
pub(crate) fn commits(database: &Database, blocks: &[Executed]) -> Vec<BlockCommit> {
    let (mut view, mut version) = (database.latest(), database.trie().head());
    let mut commits = Vec::new();
    for Executed { block, hash, senders, receipts, layer, sums, extra } in blocks.iter().cloned() {
        let mut job = database.trie().job(&version, Arc::new(view.clone()));
        job.update(layer.changes()).unwrap();
        let rooted = job.finish();
        view = view.with_layer(layer.clone());
        version = rooted.version;
        let (nodes, version) = (rooted.nodes, version.clone());
        commits.push(BlockCommit { block, hash, senders, receipts, layer, nodes, version, sums, extra });
    }
    commits
}

/// A chain of random blocks. `states[n]` and `blocks[n]` are of block n.
pub(crate) struct Chain {
    pub(crate) random: Random,
    pub(crate) states: Vec<State>,
    pub(crate) blocks: Vec<Executed>,
}

/// Accounts and slots that change; few, so that they change often.
const ADDRESSES: u64 = 24;
const SLOTS: u64 = 12;

impl Chain {
    /// A chain of genesis alone.
    pub(crate) fn new(seed: u64) -> Self {
        let mut chain = Self { random: Random::new(seed), states: Vec::new(), blocks: Vec::new() };
        chain.extend(1);
        chain
    }

    pub(crate) fn block(&self, number: u64) -> &Executed {
        &self.blocks[usize::try_from(number).unwrap()]
    }

    pub(crate) fn state(&self, number: u64) -> &State {
        &self.states[usize::try_from(number).unwrap()]
    }

    /// The blocks above height `number`.
    pub(crate) fn after(&self, number: u64) -> &[Executed] {
        &self.blocks[usize::try_from(number).unwrap().saturating_add(1)..]
    }

    /// Adds blocks.
    pub(crate) fn extend(&mut self, count: usize) {
        for _ in 0..count {
            let (state, changes, roots) = self.change();
            self.push(state, changes, &roots);
        }
    }

    pub(crate) fn address(&mut self) -> Address {
        Address::from_slice(&keccak256(self.random.below(ADDRESSES).to_be_bytes())[..20])
    }

    pub(crate) fn slot(&mut self) -> B256 {
        U256::from(self.random.below(SLOTS)).into()
    }

    /// Every address that may exist.
    pub(crate) fn addresses() -> impl Iterator<Item = Address> {
        (0..ADDRESSES).map(|index| Address::from_slice(&keccak256(index.to_be_bytes())[..20]))
    }

    /// Every slot that may exist.
    pub(crate) fn slots() -> impl Iterator<Item = B256> {
        (0..SLOTS).map(|slot| U256::from(slot).into())
    }

    fn push(&mut self, state: State, changes: StateChanges, roots: &[(B256, B256)]) {
        let number = self.blocks.len() as u64;
        let transactions: Vec<_> = (0..self.random.below(4)).map(|_| transaction(&mut self.random)).collect();
        let senders = transactions.iter().map(|_| self.address()).collect();
        let receipts = transactions.iter().zip(1..);
        let receipts: Vec<_> =
            receipts.map(|(tx, gas)| receipt(&mut self.random, tx.tx_type(), gas)).collect();
        let withdrawals = self.random.once_in(2).then(Default::default);
        let ommers = if self.random.once_in(4) { vec![Header::default()] } else { vec![] };
        let body = BlockBody { transactions, ommers, withdrawals };
        let (receipts_root, logs_bloom) = receipts_root_with_blooms(&receipts);
        let header = Header {
            number,
            parent_hash: self.blocks.last().map_or(B256::ZERO, |block| block.hash),
            state_root: state.root(),
            transactions_root: transactions_root(&body.transactions),
            ommers_hash: ommers_hash(&body.ommers),
            withdrawals_root: body.withdrawals.as_deref().map(|list| withdrawals_root(list)),
            receipts_root,
            logs_bloom,
            base_fee_per_gas: Some(number),
            ..Header::default()
        };
        let hash = header.hash_slow();
        self.blocks.push(Executed {
            block: Block { header, body },
            hash,
            senders,
            receipts,
            layer: Arc::new(Layer::new(number, hash, changes, roots)),
            sums: [self.random.amount(), U256::ZERO],
            extra: Batch::default(),
        });
        self.states.push(state);
    }

    /// A random change of the newest state: set, create, delete, wipe, and wipe and create anew.
    fn change(&mut self) -> (State, StateChanges, Vec<(B256, B256)>) {
        let before = self.states.last().cloned().unwrap_or_default();
        let mut after = before.clone();
        let mut changes = StateChanges::default();
        let mut touched: Vec<Address> = (0..self.random.below(8)).map(|_| self.address()).collect();
        touched.sort_unstable();
        touched.dedup();
        for address in touched {
            let change = self.change_account(&before, &mut after, address, &mut changes.codes);
            changes.accounts.extend(change);
        }
        changes.accounts.sort_unstable_by_key(|change| change.hashed);
        changes.codes.sort_unstable();
        let changed = |change: &&AccountChange| change.wiped || !change.slots.is_empty();
        let roots = changes.accounts.iter().filter(changed);
        let roots = roots.map(|change| (change.hashed, after.storage_root(&change.address))).collect();
        (after, changes, roots)
    }

    fn change_account(
        &mut self,
        before: &State,
        after: &mut State,
        address: Address,
        codes: &mut Vec<(B256, Bytes)>,
    ) -> Option<AccountChange> {
        let old = before.account(&address);
        let gone = old.is_some() && self.random.once_in(6);
        let wiped = old.is_some() && (gone || self.random.once_in(8));
        let mut loaded = Vec::new();
        if wiped {
            let slots = after.slots.remove(&address).unwrap_or_default();
            // Execution has read some of them, which it then lists; the database must find the others itself.
            loaded.extend(slots.into_keys().filter(|_| self.random.once_in(2)));
        }
        if gone {
            after.accounts.remove(&address);
        } else {
            let random = &mut self.random;
            let mut account = if wiped { Account::default() } else { old.unwrap_or_default() };
            account.nonce = account.nonce.wrapping_add(random.below(3));
            account.balance = if random.once_in(8) { U256::ZERO } else { random.amount() };
            if random.once_in(4) {
                let code = Bytes::from(random.hash().to_vec());
                account.code_hash = keccak256(&code);
                codes.push((account.code_hash, code));
            }
            for _ in 0..random.below(5) {
                let slot = U256::from(random.below(SLOTS)).into();
                let slots = after.slots.entry(address).or_default();
                if random.once_in(3) {
                    slots.remove(&slot);
                } else {
                    slots.insert(slot, random.amount());
                }
                loaded.push(slot);
            }
            account.storage_root = after.storage_root(&address);
            after.accounts.insert(address, account);
        }
        loaded.sort_unstable();
        loaded.dedup();
        let slots = loaded.into_iter().map(|slot| SlotChange {
            slot,
            hashed: keccak256(slot),
            before: before.storage(&address, &slot),
            after: after.storage(&address, &slot),
        });
        let mut slots: Vec<_> = slots.filter(|slot| slot.before != slot.after).collect();
        slots.sort_unstable_by_key(|slot| slot.hashed);
        let new = after.account(&address);
        let change =
            AccountChange { address, hashed: keccak256(address), before: old, after: new, wiped, slots };
        (old != new || !change.slots.is_empty() || wiped).then_some(change)
    }
}
