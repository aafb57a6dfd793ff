//! `genesis/*.json` are what the builder writes, and what the parser takes.

use std::path::PathBuf;

use alloy_primitives::{B256, U256, b256};
use btt_chainspec::{
    BENCH_ACCOUNTS, EMPTY_OUTGOING_ROOT, Fork, Genesis, GenesisFile, TOTAL_SUPPLY, bench_key,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../genesis")
}

/// Set `UPDATE_GENESIS=1` to write the files anew.
#[test]
fn files_rebuild_byte_for_byte() {
    let files = [
        ("devnet", GenesisFile::devnet()),
        ("testnet", GenesisFile::testnet()),
        ("mainnet", GenesisFile::mainnet()),
    ];
    for (name, file) in files {
        let path = folder().join(format!("{name}.json"));
        let built = file.to_json();
        if std::env::var_os("UPDATE_GENESIS").is_some() {
            std::fs::write(&path, &built).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap() == built,
            "{name}.json differs from what the builder writes"
        );
    }
}

/// The identity of each chain. A change here is another chain: nodes of the old one refuse it.
#[test]
fn chains_have_their_golden_hashes() {
    let rows: [(&str, u64, B256); 4] = [
        ("devnet", 199_337, b256!("0xff9b64f372b9c053d71ebd604b6bb3fc032cbcc07a69309f2041a1f66924c868")),
        ("testnet", 199_291, b256!("0xa9c453b727c381165bfd10c12c03af69dbab245aeda9437940e6f4b332906fec")),
        ("mainnet", 199_199, b256!("0x1b5a21e94912c85ecbdbc10aea3c1e8a3eeef28acbe4fade352957cbf30b2b19")),
        ("bench", 199_338, b256!("0xa462577bd173a62e9ae4066eb3fd433176289b4a96a514faa1a8f111038bdb2d")),
    ];
    for (name, chain_id, hash) in rows {
        let genesis = Genesis::named(name).unwrap();
        assert_eq!((genesis.spec.chain_id, genesis.spec.name.as_deref()), (chain_id, Some(name)));
        assert_eq!(genesis.hash, hash, "{name}");
    }
}

#[test]
fn every_chain_starts_at_osaka_with_the_whole_supply() {
    for name in btt_chainspec::CHAINS {
        let genesis = Genesis::named(name).unwrap();
        assert_eq!(genesis.spec.fork_at(0, genesis.header.timestamp, U256::ZERO), Fork::Osaka);
        let supply = genesis
            .accounts
            .values()
            .fold(U256::ZERO, |sum, account| sum.checked_add(account.balance).unwrap());
        assert_eq!(supply, TOTAL_SUPPLY, "{name}");
        assert_eq!(genesis.header.withdrawals_root, Some(EMPTY_OUTGOING_ROOT));
        let rules = genesis.spec.btt().unwrap();
        assert_eq!(genesis.header.base_fee_per_gas, Some(rules.base_fee_floor));
        assert_eq!(genesis.header.gas_limit, rules.gas_limit);
    }
}

#[test]
fn bench_chain_is_as_the_goals_assume() {
    let genesis = Genesis::named("bench").unwrap();
    let rules = genesis.spec.btt().unwrap();
    assert_eq!((rules.gas_limit, rules.max_block_bytes, rules.bridge), (4_500_000_000, 12_582_912, false));
    let billion = U256::from(10u64).pow(U256::from(27u64));
    for index in [0, 1, BENCH_ACCOUNTS - 1] {
        assert_eq!(genesis.accounts[&bench_key(index).address()].balance, billion, "account {index}");
    }
    assert!(!genesis.accounts.contains_key(&bench_key(BENCH_ACCOUNTS).address()));
}

#[test]
fn unknown_chain_names_the_nearest() {
    let error = Genesis::named("devent").unwrap_err().to_string();
    assert!(error.contains("did you mean devnet?"), "{error}");
}
