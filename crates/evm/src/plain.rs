//! Plain revm over an in-memory database: the yardstick that the executor is measured against, and the machine that
//! sets up the contracts of a benchmark's first state.
//!
//! Invariant: nothing of the node's own executor, state or receipts is in it; each transaction is executed and then
//! committed to a hash map, which is the least that any execution client on revm must do.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use btt_primitives::{Header, Transaction};
use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
    context::{BlockEnv, CfgEnv, TxEnv, result::ExecutionResult},
    context_interface::block::BlobExcessGasAndPrice,
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
    state::{AccountInfo, Bytecode},
};

use crate::tx_env;

/// An account with its code and all its storage: one entry of a first state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainAccount {
    /// The account's address.
    pub address: Address,
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// Code, empty for an account without.
    pub code: Bytes,
    /// Non-zero storage slots.
    pub slots: Vec<(U256, U256)>,
}

/// Transactions in revm's own form, so that the conversion is not part of what is timed.
#[derive(Clone, Debug)]
pub struct PlainBlock {
    block: BlockEnv,
    transactions: Vec<TxEnv>,
}

/// What a block did in plain revm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainOutcome {
    /// Gas used by all transactions.
    pub gas: u64,
    /// Transactions that reverted or halted.
    pub failed: usize,
}

/// A fault of a transaction or of a setup call in plain revm, in its own words.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("plain revm, {what}: {reason}")]
pub struct PlainError {
    what: String,
    reason: String,
}

/// revm under Osaka's rules over a hash map.
pub struct Plain {
    evm: MainnetEvm<MainnetContext<CacheDB<EmptyDB>>>,
}

impl Plain {
    /// An empty state of the chain with this id.
    pub fn new(chain_id: u64) -> Self {
        let mut cfg = CfgEnv::new_with_spec(SpecId::OSAKA);
        cfg.chain_id = chain_id;
        let evm = Context::mainnet().with_db(CacheDB::new(EmptyDB::default())).with_cfg(cfg).build_mainnet();
        Self { evm }
    }

    /// Puts an account into the state as it stands.
    pub fn insert(&mut self, account: &PlainAccount) {
        let code = Bytecode::new_raw(account.code.clone());
        let info = AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: code.hash_slow(),
            code: Some(code),
            ..Default::default()
        };
        let database = &mut self.evm.ctx.journaled_state.database;
        database.insert_account_info(account.address, info);
        if let Some(stored) = database.cache.accounts.get_mut(&account.address) {
            stored.storage.extend(account.slots.iter().copied());
        }
    }

    /// Every account of the state, ascending by address, slots ascending by key, zero slots left out.
    pub fn accounts(&self) -> Vec<PlainAccount> {
        let cache = &self.evm.ctx.journaled_state.database.cache;
        let code_of =
            |hash: &B256| cache.contracts.get(hash).map(Bytecode::original_bytes).unwrap_or_default();
        let mut accounts: Vec<_> = cache
            .accounts
            .iter()
            .filter_map(|(address, account)| account.info().map(|info| (*address, info, account)))
            .map(|(address, info, account)| {
                let mut slots: Vec<_> = account.storage.iter().map(|(key, value)| (*key, *value)).collect();
                slots.retain(|(_, value)| !value.is_zero());
                slots.sort_unstable();
                PlainAccount {
                    address,
                    nonce: info.nonce,
                    balance: info.balance,
                    code: code_of(&info.code_hash),
                    slots,
                }
            })
            .collect();
        accounts.sort_unstable_by_key(|account| account.address);
        accounts
    }

    /// Runs one call without a price (`Create` gives the new address) and commits it.
    ///
    /// # Errors
    /// When it is invalid, reverts or halts.
    pub fn call(
        &mut self,
        from: Address,
        to: TxKind,
        data: Bytes,
    ) -> Result<(Option<Address>, Bytes), PlainError> {
        let fault = |reason: String| PlainError { what: format!("call from {from} to {to:?}"), reason };
        let nonce =
            self.evm.ctx.journaled_state.database.cache.accounts.get(&from).map_or(0, |a| a.info.nonce);
        let tx = TxEnv {
            caller: from,
            kind: to,
            data,
            nonce,
            gas_limit: 16_000_000,
            chain_id: Some(self.evm.ctx.cfg.chain_id),
            ..Default::default()
        };
        self.evm.set_block(BlockEnv::default());
        match self.evm.transact_commit(tx).map_err(|error| fault(error.to_string()))? {
            ExecutionResult::Success { output, .. } => Ok((output.address().copied(), output.into_data())),
            other => Err(fault(format!("{other:?}"))),
        }
    }

    /// The block in revm's form; `senders` in the order of the transactions.
    pub fn prepare(header: &Header, transactions: &[Transaction], senders: &[Address]) -> PlainBlock {
        PlainBlock {
            block: block_env(header),
            transactions: transactions.iter().zip(senders).map(|(tx, sender)| tx_env(tx, *sender)).collect(),
        }
    }

    /// Executes and commits the block's transactions one by one.
    ///
    /// # Errors
    /// When a transaction is invalid.
    pub fn run(&mut self, block: PlainBlock) -> Result<PlainOutcome, PlainError> {
        let mut outcome = PlainOutcome::default();
        self.evm.set_block(block.block);
        for (index, tx) in block.transactions.into_iter().enumerate() {
            let result = self.evm.transact_commit(tx).map_err(|error| PlainError {
                what: format!("transaction {index}"),
                reason: error.to_string(),
            })?;
            outcome.gas = outcome.gas.saturating_add(result.tx_gas_used());
            outcome.failed = outcome.failed.saturating_add(usize::from(!result.is_success()));
        }
        Ok(outcome)
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let accounts = self.evm.ctx.journaled_state.database.cache.accounts.len();
        f.debug_struct("Plain").field("accounts", &accounts).finish_non_exhaustive()
    }
}

fn block_env(header: &Header) -> BlockEnv {
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: U256::ZERO,
        prevrandao: Some(header.mix_hash),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 1 }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_primitives::{Signature, bytes};

    use super::*;

    const FROM: Address = Address::repeat_byte(1);
    const TO: Address = Address::repeat_byte(2);

    fn rich(address: Address) -> PlainAccount {
        PlainAccount { address, balance: U256::from(10).pow(U256::from(20)), ..Default::default() }
    }

    fn transfer(nonce: u64, gas_limit: u64) -> Transaction {
        TxEip1559 {
            chain_id: 7,
            nonce,
            gas_limit,
            max_fee_per_gas: 10,
            to: TxKind::Call(TO),
            value: U256::from(5),
            ..Default::default()
        }
        .into_signed(Signature::test_signature())
        .into()
    }

    #[test]
    fn transfers_move_value_and_use_their_gas() {
        let mut plain = Plain::new(7);
        plain.insert(&rich(FROM));
        let header = Header { base_fee_per_gas: Some(10), gas_limit: 30_000_000, ..Default::default() };
        let block = Plain::prepare(&header, &[transfer(0, 21_000), transfer(1, 30_000)], &[FROM, FROM]);
        assert_eq!(plain.run(block), Ok(PlainOutcome { gas: 42_000, failed: 0 }));
        let accounts = plain.accounts();
        let sender = accounts.iter().find(|account| account.address == FROM).unwrap();
        assert_eq!(sender.nonce, 2);
        assert_eq!(sender.balance, rich(FROM).balance.wrapping_sub(U256::from(420_010)));
        assert_eq!(accounts.iter().find(|account| account.address == TO).unwrap().balance, U256::from(10));
    }

    #[test]
    fn an_invalid_transaction_is_named() {
        let mut plain = Plain::new(7);
        plain.insert(&rich(FROM));
        let header = Header { base_fee_per_gas: Some(10), gas_limit: 30_000_000, ..Default::default() };
        let block = Plain::prepare(&header, &[transfer(0, 21_000), transfer(0, 21_000)], &[FROM, FROM]);
        let error = plain.run(block).unwrap_err().to_string();
        assert!(error.starts_with("plain revm, transaction 1: ") && error.contains("nonce"), "{error}");
    }

    /// Init code that stores 7 in slot 3 and returns one byte of code, 0xfe; then a call to it, which halts.
    #[test]
    fn setup_calls_create_contracts_whose_accounts_come_out_whole() {
        let mut plain = Plain::new(7);
        plain.insert(&rich(FROM));
        let (created, _) =
            plain.call(FROM, TxKind::Create, bytes!("600760035560fe60005360016000f3")).unwrap();
        let address = created.unwrap();
        assert_eq!(address, FROM.create(0));
        let account = plain.accounts().into_iter().find(|account| account.address == address).unwrap();
        assert_eq!(account.code, bytes!("fe"));
        assert_eq!(account.slots, [(U256::from(3), U256::from(7))]);
        assert!(plain.call(FROM, TxKind::Call(address), Bytes::new()).is_err());
    }
}
