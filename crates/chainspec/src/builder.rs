//! Genesis files of bttd chains, made from their few parameters. `genesis/*.json` are its output, byte for byte.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use btt_primitives::{BTT_ADDRESS, SigningKey};
use serde::Serialize;

use crate::{
    EMPTY_OUTGOING_ROOT, GenesisAccount, OUTGOING_ROOT_SLOT, TOTAL_SUPPLY, bench, predeploys::predeploys,
};

/// 10^18 wei.
const WEI_PER_BTT: u64 = 1_000_000_000_000_000_000;
/// Balance of a development account, in BTT.
const DEV_BALANCE_BTT: u64 = 1_000_000_000;
/// Time of block 0: 2026-01-01 00:00:00 UTC.
const GENESIS_TIME: u64 = 1_767_225_600;

/// Secret keys of `test test test test test test test test test test test junk`, m/44'/60'/0'/0/0 to 9. Public: never
/// for real money.
const DEV_SECRETS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// The ten development keys that every Ethereum tool knows.
pub fn dev_keys() -> Vec<SigningKey> {
    let key =
        |secret: &&str| secret.parse::<B256>().ok().and_then(|secret| SigningKey::from_bytes(&secret.0).ok());
    DEV_SECRETS.iter().filter_map(key).collect()
}

/// A genesis file before it is written: the parameters of the chain and the accounts outside the vault.
#[derive(Clone, Debug)]
pub struct GenesisFile {
    config: Config,
    timestamp: u64,
    gas_limit: u64,
    funded: Vec<Address>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    chain_id: u64,
    homestead_block: u64,
    eip150_block: u64,
    eip155_block: u64,
    eip158_block: u64,
    byzantium_block: u64,
    constantinople_block: u64,
    petersburg_block: u64,
    istanbul_block: u64,
    berlin_block: u64,
    london_block: u64,
    terminal_total_difficulty: u64,
    shanghai_time: u64,
    cancun_time: u64,
    prague_time: u64,
    osaka_time: u64,
    btt: Btt,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Btt {
    name: &'static str,
    devnet: bool,
    bridge: bool,
    block_time_ms: u64,
    epoch_length: u64,
    max_block_bytes: u64,
    base_fee_floor: u64,
    burn_bps: u64,
    unbonding_seconds: u64,
    evidence_window_seconds: u64,
}

impl Config {
    /// Every fork up to Osaka from block 0 on.
    const fn new(chain_id: u64, btt: Btt) -> Self {
        Self {
            chain_id,
            homestead_block: 0,
            eip150_block: 0,
            eip155_block: 0,
            eip158_block: 0,
            byzantium_block: 0,
            constantinople_block: 0,
            petersburg_block: 0,
            istanbul_block: 0,
            berlin_block: 0,
            london_block: 0,
            terminal_total_difficulty: 0,
            shanghai_time: 0,
            cancun_time: 0,
            prague_time: 0,
            osaka_time: 0,
            btt,
        }
    }
}

const DEVNET: Btt = Btt {
    name: "devnet",
    devnet: true,
    bridge: true,
    block_time_ms: 1_000,
    epoch_length: 64,
    max_block_bytes: 8_388_608,
    base_fee_floor: 1_000_000_000,
    burn_bps: 1_000,
    unbonding_seconds: 600,
    evidence_window_seconds: 480,
};

const MAINNET: Btt = Btt {
    name: "mainnet",
    devnet: false,
    epoch_length: 6_400,
    base_fee_floor: 300_000_000_000_000,
    unbonding_seconds: 604_800,
    evidence_window_seconds: 518_400,
    ..DEVNET
};

impl GenesisFile {
    /// The development chain: id 199337, ten well-known accounts of 10^9 BTT each.
    pub fn devnet() -> Self {
        let funded = dev_keys().iter().map(SigningKey::address).collect();
        Self { config: Config::new(199_337, DEVNET), timestamp: GENESIS_TIME, gas_limit: 60_000_000, funded }
    }

    /// The test network: id 199291, the main network's rules.
    pub const fn testnet() -> Self {
        let btt = Btt { name: "testnet", ..MAINNET };
        Self {
            config: Config::new(199_291, btt),
            timestamp: GENESIS_TIME,
            gas_limit: 60_000_000,
            funded: Vec::new(),
        }
    }

    /// The profile of a main network: id 199199, BTTC's price floor, everything in the vault.
    pub const fn mainnet() -> Self {
        Self {
            config: Config::new(199_199, MAINNET),
            timestamp: GENESIS_TIME,
            gas_limit: 60_000_000,
            funded: Vec::new(),
        }
    }

    /// The chain on which throughput is measured: devnet's rules, id 199338, gas limit 4.5 * 10^9, blocks up to 12
    /// MiB, no bridge, 20,000 accounts of 10^9 BTT from a seed.
    pub fn bench() -> Self {
        let btt = Btt { name: "bench", bridge: false, max_block_bytes: 12_582_912, ..DEVNET };
        let funded = (0..bench::BENCH_ACCOUNTS).map(|index| bench::bench_key(index).address()).collect();
        Self { config: Config::new(199_338, btt), timestamp: GENESIS_TIME, gas_limit: 4_500_000_000, funded }
    }

    /// The file's text: accounts ascending by address, the vault holding what nobody else has.
    pub fn to_json(&self) -> String {
        let accounts = self.accounts();
        let file = File {
            config: &self.config,
            nonce: U256::ZERO,
            timestamp: U256::from(self.timestamp),
            extra_data: B256::ZERO,
            gas_limit: U256::from(self.gas_limit),
            difficulty: U256::ZERO,
            mix_hash: B256::ZERO,
            coinbase: Address::ZERO,
            base_fee_per_gas: U256::from(self.config.btt.base_fee_floor),
            alloc: accounts.iter().map(|(address, account)| (*address, Account::from(account))).collect(),
        };
        let mut text =
            serde_json::to_string_pretty(&file).expect("plain structures with string keys serialize");
        text.push('\n');
        text
    }

    fn accounts(&self) -> BTreeMap<Address, GenesisAccount> {
        let mut accounts = predeploys(self.config.chain_id);
        let each = U256::from(DEV_BALANCE_BTT).saturating_mul(U256::from(WEI_PER_BTT));
        for address in &self.funded {
            accounts.insert(*address, GenesisAccount { balance: each, ..GenesisAccount::default() });
        }
        let outside = each.saturating_mul(U256::from(self.funded.len()));
        let vault = GenesisAccount {
            balance: TOTAL_SUPPLY.saturating_sub(outside),
            storage: [(OUTGOING_ROOT_SLOT, EMPTY_OUTGOING_ROOT.into())].into(),
            ..GenesisAccount::default()
        };
        accounts.insert(BTT_ADDRESS, vault);
        accounts
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    config: &'a Config,
    nonce: U256,
    timestamp: U256,
    extra_data: B256,
    gas_limit: U256,
    difficulty: U256,
    mix_hash: B256,
    coinbase: Address,
    base_fee_per_gas: U256,
    alloc: BTreeMap<Address, Account>,
}

#[derive(Serialize)]
struct Account {
    #[serde(skip_serializing_if = "U256::is_zero")]
    nonce: U256,
    balance: U256,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, B256>,
}

impl From<&GenesisAccount> for Account {
    fn from(account: &GenesisAccount) -> Self {
        Self {
            nonce: U256::from(account.nonce),
            balance: account.balance,
            code: (!account.code.is_empty()).then(|| account.code.clone()),
            storage: account.storage.iter().map(|(slot, value)| (*slot, B256::from(*value))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    #[test]
    fn dev_keys_are_the_well_known_accounts() {
        let keys = dev_keys();
        assert_eq!(keys.len(), 10);
        assert_eq!(keys[0].address(), address!("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"));
        assert_eq!(keys[1].address(), address!("0x70997970c51812dc3a010c7d01b50e0d17dc79c8"));
        assert_eq!(keys[9].address(), address!("0xa0ee7a142d267c1f36714e4a8f75612f20a79720"));
    }
}
