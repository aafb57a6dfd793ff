//! The genesis block: parsed from a geth-style file, hashed as geth hashes it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B64, B256, Bytes, U256};
use btt_primitives::{Block, BlockBody, EMPTY_REQUESTS_HASH, EMPTY_ROOT, Header};

use crate::{
    ChainSpec, Error, Fork, ForkId, GenesisAccount, account::read_alloc, btt, config::read_config,
    json::Object, state_root,
};

/// geth's gas limit where a file says 0.
const DEFAULT_GAS_LIMIT: u64 = 4_712_388;
/// Base fee of London's first block, in wei (EIP-1559).
const INITIAL_BASE_FEE: u64 = 1_000_000_000;

/// A chain before its first block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The chain's rules.
    pub spec: ChainSpec,
    /// The header of block 0.
    pub header: Header,
    /// Its hash: the chain's identity together with the chain id.
    pub hash: B256,
    /// The state after block 0.
    pub accounts: BTreeMap<Address, GenesisAccount>,
}

impl Genesis {
    /// Reads a geth-style genesis file.
    ///
    /// # Errors
    /// An [`Error`] that names the key and says what to write: not JSON, a missing, doubled or unknown key, a value
    /// out of its range, forks out of order, or a bttd chain without the contracts and the supply its rules need.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let mut file = Object::parse(json)?;
        let fields = HeaderFields::read(&mut file)?;
        let config = file.need("config", "write the chain id and the forks as geth does")?;
        let spec = read_config(&config, fields.gas_limit)?;
        let accounts = read_alloc(&file.need("alloc", "write the accounts of block 0, {} for none")?)?;
        file.finish()?;
        let header = match spec.btt() {
            None => ethereum_header(&spec, &fields, state_root(&accounts)),
            Some(rules) => {
                btt::check_accounts(&accounts)?;
                btt::genesis_header(rules, &fields, &accounts)?
            }
        };
        Ok(Self { spec, hash: header.hash_slow(), header, accounts })
    }

    /// The genesis block: the header and an empty body, with an empty list of withdrawals from Shanghai on.
    pub fn block(&self) -> Block {
        let withdrawals = self.header.withdrawals_root.map(|_| Vec::new().into());
        Block { header: self.header.clone(), body: BlockBody { withdrawals, ..BlockBody::default() } }
    }

    /// The fork id (EIP-2124) of a head with this number and timestamp.
    pub fn fork_id(&self, number: u64, timestamp: u64) -> ForkId {
        ForkId::new(&self.spec.forks, self.hash, self.header.timestamp, number, timestamp)
    }
}

/// The fields of block 0 that a file gives.
pub(crate) struct HeaderFields {
    pub(crate) nonce: u64,
    pub(crate) timestamp: u64,
    pub(crate) extra_data: Bytes,
    pub(crate) gas_limit: u64,
    pub(crate) gas_used: u64,
    pub(crate) difficulty: U256,
    pub(crate) mix_hash: B256,
    pub(crate) coinbase: Address,
    pub(crate) parent_hash: B256,
    pub(crate) base_fee: Option<u64>,
    pub(crate) excess_blob_gas: Option<u64>,
    pub(crate) blob_gas_used: Option<u64>,
}

impl HeaderFields {
    fn read(file: &mut Object<'_>) -> Result<Self, Error> {
        let number = |field: Option<crate::json::Value<'_>>| field.map(|value| value.u64()).transpose();
        let word = |field: Option<crate::json::Value<'_>>| field.map_or(Ok(B256::ZERO), |value| value.word());
        if let Some(height) = file.take("number")? {
            height.u64_within(0, 0)?;
        }
        let gas_limit = file.need("gasLimit", "write the gas limit of block 0")?.u64()?;
        let difficulty = file.need("difficulty", "write 0 for a chain under proof of stake")?.u256()?;
        let extra_data = file.take("extraData")?.map_or_else(|| Ok(Bytes::new()), |data| data.bytes())?;
        let coinbase = file.take("coinbase")?.map_or(Ok(Address::ZERO), |address| address.address())?;
        Ok(Self {
            nonce: number(file.take("nonce")?)?.unwrap_or(0),
            timestamp: number(file.take("timestamp")?)?.unwrap_or(0),
            extra_data,
            gas_limit: if gas_limit == 0 { DEFAULT_GAS_LIMIT } else { gas_limit },
            gas_used: number(file.take("gasUsed")?)?.unwrap_or(0),
            difficulty,
            mix_hash: word(file.take("mixHash")?)?,
            coinbase,
            parent_hash: word(file.take("parentHash")?)?,
            base_fee: number(file.take("baseFeePerGas")?)?,
            excess_blob_gas: number(file.take("excessBlobGas")?)?,
            blob_gas_used: number(file.take("blobGasUsed")?)?,
        })
    }

    /// The fields that every fork has.
    pub(crate) fn header(&self, state_root: B256) -> Header {
        Header {
            parent_hash: self.parent_hash,
            beneficiary: self.coinbase,
            state_root,
            transactions_root: EMPTY_ROOT,
            receipts_root: EMPTY_ROOT,
            difficulty: self.difficulty,
            gas_limit: self.gas_limit,
            gas_used: self.gas_used,
            timestamp: self.timestamp,
            extra_data: self.extra_data.clone(),
            mix_hash: self.mix_hash,
            nonce: B64::from(self.nonce),
            ..Header::default()
        }
    }
}

/// Block 0 as geth makes it: the fields of each fork that is active in it.
fn ethereum_header(spec: &ChainSpec, fields: &HeaderFields, state_root: B256) -> Header {
    let is_active = |fork: Fork| {
        let activation = spec.forks.activation(fork);
        activation.is_some_and(|activation| activation.is_active(0, fields.timestamp, U256::MAX))
    };
    let mut header = fields.header(state_root);
    let london = is_active(Fork::London);
    header.base_fee_per_gas =
        if london { Some(fields.base_fee.unwrap_or(INITIAL_BASE_FEE)) } else { fields.base_fee };
    if london && is_active(Fork::Shanghai) {
        header.withdrawals_root = Some(EMPTY_ROOT);
    }
    if london && is_active(Fork::Cancun) {
        header.parent_beacon_block_root = Some(B256::ZERO);
        header.excess_blob_gas = Some(fields.excess_blob_gas.unwrap_or(0));
        header.blob_gas_used = Some(fields.blob_gas_used.unwrap_or(0));
    }
    if london && is_active(Fork::Prague) {
        header.requests_hash = Some(EMPTY_REQUESTS_HASH);
    }
    header
}
