//! A chain made without any of the code under test that executes: transfers and withdrawals, whose results are plain
//! arithmetic, under Ethereum's rules at Shanghai.

use std::{collections::BTreeMap, path::PathBuf};

use alloy_consensus::{Eip658Value, TxLegacy, TxType};
use alloy_eips::{eip1559::BaseFeeParams, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use btt_chainspec::{Genesis, GenesisAccount, state_root};
use btt_primitives::{
    Block, BlockBody, EMPTY_OMMERS_HASH, Header, Receipt, SigningKey, UnsignedTransaction, receipts_root,
    transactions_root, withdrawals_root,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const GWEI: u64 = 1_000_000_000;
const GAS_LIMIT: u64 = 30_000_000;

/// A genesis file and blocks on disk, in a folder that goes with this value.
pub(crate) struct Chain {
    pub(crate) blocks: Vec<Block>,
    pub(crate) genesis: Value,
    folder: TempDir,
}

impl Chain {
    /// So many blocks, each with one transfer and one withdrawal.
    pub(crate) fn new(blocks: u64) -> Self {
        Self::with_calldata(blocks, 0)
    }

    /// So many blocks whose transfers carry so many bytes that do not compress.
    pub(crate) fn with_calldata(blocks: u64, bytes: usize) -> Self {
        let genesis = genesis_file(1337);
        let blocks = Maker::new(&genesis, bytes).take(usize::try_from(blocks).unwrap()).collect();
        let chain = Self { blocks, genesis, folder: TempDir::new().unwrap() };
        std::fs::write(chain.genesis_path(), chain.genesis.to_string()).unwrap();
        std::fs::write(chain.path(), chain.rlp(0, chain.blocks.len())).unwrap();
        chain
    }

    /// The file of all blocks.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("chain.rlp")
    }

    pub(crate) fn genesis_path(&self) -> PathBuf {
        self.folder.path().join("genesis.json")
    }

    /// The bytes of blocks `from + 1` to `to`.
    pub(crate) fn rlp(&self, from: usize, to: usize) -> Vec<u8> {
        self.blocks[from..to].iter().flat_map(alloy_rlp::encode).collect()
    }

    /// Writes other bytes beside the chain.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A data directory that does not exist yet.
    pub(crate) fn datadir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Hash of the block at this height.
    pub(crate) fn hash(&self, number: usize) -> B256 {
        match number.checked_sub(1) {
            Some(index) => self.blocks[index].header.hash_slow(),
            None => Genesis::parse(&self.genesis.to_string()).unwrap().hash,
        }
    }
}

/// A genesis file with one funded account.
pub(crate) fn genesis_file(chain_id: u64) -> Value {
    json!({
        "config": {
            "chainId": chain_id, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
            "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0,
            "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0
        },
        "gasLimit": format!("{GAS_LIMIT:#x}"), "difficulty": "0x0", "baseFeePerGas": format!("{GWEI:#x}"),
        "alloc": {key().address().to_string(): {"balance": "1000000000000000000000000"}}
    })
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x42; 32]).unwrap()
}

struct Maker {
    parent: Header,
    accounts: BTreeMap<Address, GenesisAccount>,
    calldata: usize,
}

impl Maker {
    fn new(genesis: &Value, calldata: usize) -> Self {
        let genesis = Genesis::parse(&genesis.to_string()).unwrap();
        Self { parent: genesis.header, accounts: genesis.accounts, calldata }
    }

    fn credit(&mut self, address: Address, wei: U256) {
        let account = self.accounts.entry(address).or_default();
        account.balance = account.balance.checked_add(wei).unwrap();
    }

    fn debit(&mut self, address: Address, wei: U256) {
        let account = self.accounts.get_mut(&address).unwrap();
        account.balance = account.balance.checked_sub(wei).unwrap();
    }
}

impl Iterator for Maker {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let number = self.parent.number + 1;
        let parent_fee = self.parent.base_fee_per_gas.unwrap();
        let base_fee = BaseFeeParams::ethereum().next_block_base_fee(
            self.parent.gas_used,
            self.parent.gas_limit,
            parent_fee,
        );
        let beneficiary = Address::repeat_byte(0xcb);
        let recipient = Address::left_padding_from(&(0x1000 + number % 50).to_be_bytes());

        let input = noise(number, self.calldata);
        let gas = 21_000 + 16 * u64::try_from(self.calldata).unwrap();
        let value = U256::from(number);
        let tx = TxLegacy {
            chain_id: Some(1337),
            nonce: number - 1,
            gas_price: u128::from(base_fee + GWEI),
            gas_limit: gas,
            to: TxKind::Call(recipient),
            value,
            input,
        };
        let fee = U256::from(gas).checked_mul(U256::from(base_fee + GWEI)).unwrap();
        self.debit(key().address(), fee.checked_add(value).unwrap());
        self.accounts.get_mut(&key().address()).unwrap().nonce = number;
        self.credit(recipient, value);
        self.credit(beneficiary, U256::from(gas).checked_mul(U256::from(GWEI)).unwrap());

        let withdrawal =
            Withdrawal { index: number, validator_index: 7, address: Address::repeat_byte(0xdd), amount: 3 };
        self.credit(withdrawal.address, U256::from(3 * GWEI));

        let transactions = vec![key().sign_transaction(UnsignedTransaction::Legacy(tx))];
        let outcome = Eip658Value::Eip658(true);
        let receipt = Receipt { tx_type: TxType::Legacy, outcome, cumulative_gas_used: gas, logs: vec![] };
        let header = Header {
            parent_hash: self.parent.hash_slow(),
            ommers_hash: EMPTY_OMMERS_HASH,
            beneficiary,
            state_root: state_root(&self.accounts),
            transactions_root: transactions_root(&transactions),
            receipts_root: receipts_root(&[receipt]),
            withdrawals_root: Some(withdrawals_root(&[withdrawal])),
            number,
            gas_limit: GAS_LIMIT,
            gas_used: gas,
            timestamp: 12 * number,
            base_fee_per_gas: Some(base_fee),
            ..Header::default()
        };
        self.parent = header.clone();
        let body = BlockBody { transactions, ommers: vec![], withdrawals: Some(vec![withdrawal].into()) };
        Some(Block { header, body })
    }
}

/// Bytes without zeros that do not compress: each costs 16 gas.
fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56).to_le_bytes()[0].max(1)
    };
    std::iter::repeat_with(next).take(length).collect::<Vec<_>>().into()
}
