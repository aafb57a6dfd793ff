//! Genesis blocks of Ethereum's own test data have the hash that geth gave them.
#![allow(clippy::unwrap_used)]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use btt_chainspec::{Fork, ForkId, Genesis};
use serde_json::{Map, Value, json};

/// The folder of fixtures, or `None` after one line that says so.
fn fixtures(suite: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("BTT_FIXTURES").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED {suite}: no fixtures (set BTT_FIXTURES)");
    None
}

/// A file of the execution-apis archive.
fn conformance_file(folder: &Path, name: &str) -> Vec<u8> {
    let file = File::open(folder.join("execution-apis-tests.tar.zst")).unwrap();
    let mut archive = tar::Archive::new(zstd::stream::read::Decoder::new(file).unwrap());
    let mut entry = archive
        .entries()
        .unwrap()
        .map(Result::unwrap)
        .find(|entry| entry.path().unwrap().ends_with(name))
        .unwrap_or_else(|| panic!("{name} is not in the archive"));
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn conformance_chain_builds_on_our_genesis() {
    let Some(folder) = fixtures("conformance_chain_builds_on_our_genesis") else { return };
    let json = String::from_utf8(conformance_file(&folder, "tests/genesis.json")).unwrap();
    let genesis = Genesis::parse(&json).unwrap();
    let chain = conformance_file(&folder, "tests/chain.rlp");
    let length = btt_primitives::block_length(&chain, usize::MAX).unwrap().unwrap();
    let first = btt_primitives::decode_block(&chain[..length], usize::MAX).unwrap();
    assert_eq!(first.block.header.parent_hash, genesis.hash);
    let head = chain_blocks(&chain).pop().unwrap();
    let id = genesis.fork_id(head.0, head.1);
    assert_eq!(id, ForkId { hash: [0xe2, 0x72, 0xec, 0xbe], next: 0 });
}

/// Number and timestamp of each block.
fn chain_blocks(mut chain: &[u8]) -> Vec<(u64, u64)> {
    let mut blocks = Vec::new();
    while !chain.is_empty() {
        let length = btt_primitives::block_length(chain, usize::MAX).unwrap().unwrap();
        let (bytes, rest) = chain.split_at(length);
        let header = btt_primitives::decode_block(bytes, usize::MAX).unwrap().block.header;
        blocks.push((header.number, header.timestamp));
        chain = rest;
    }
    blocks
}

#[test]
fn genesis_of_every_block_test_has_its_hash() {
    let Some(folder) = fixtures("genesis_of_every_block_test_has_its_hash") else { return };
    let bundles: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".ndjson.zst"))
        .collect();
    let (mut passed, mut seen) = (0, std::collections::HashSet::new());
    for bundle in bundles {
        let decoder = zstd::stream::read::Decoder::new(File::open(&bundle).unwrap()).unwrap();
        for line in BufReader::new(decoder).lines() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            for (name, test) in line["t"].as_object().unwrap() {
                let Some(header) = test.get("genesisBlockHeader") else { continue };
                let network = test["network"].as_str().unwrap();
                // Many tests share one genesis; each is built once.
                if seen.insert((network.to_owned(), header["hash"].clone())) {
                    check(name, network, header, &test["pre"]);
                    passed += 1;
                }
            }
        }
    }
    assert!(passed > 0, "no block tests in {}", folder.display());
    let _ = writeln!(std::io::stderr(), "{passed} passed, 0 failed, 0 skipped");
}

fn check(name: &str, network: &str, header: &Value, pre: &Value) {
    let from = network.split_once("To").map_or(network, |(from, _)| from);
    let fork = Fork::from_name(from).unwrap_or_else(|| panic!("{name}: network {network}"));
    let mut file = json!({
        "config": config(fork),
        "alloc": pre,
        "coinbase": header["coinbase"],
        "mixHash": header["mixHash"],
    });
    for key in [
        "nonce",
        "timestamp",
        "extraData",
        "gasLimit",
        "gasUsed",
        "difficulty",
        "parentHash",
        "baseFeePerGas",
        "excessBlobGas",
        "blobGasUsed",
        "number",
    ] {
        file[key] = header[key].clone();
    }
    let genesis = Genesis::parse(&file.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(genesis.header.state_root.to_string(), header["stateRoot"], "{name}: state root");
    assert_eq!(genesis.hash.to_string(), header["hash"], "{name}: {:#?}", genesis.header);
}

/// geth's `config` for a chain that is at `last` from block 0 on.
fn config(last: Fork) -> Value {
    let forks = [
        (Fork::Homestead, "homesteadBlock"),
        (Fork::TangerineWhistle, "eip150Block"),
        (Fork::SpuriousDragon, "eip155Block"),
        (Fork::SpuriousDragon, "eip158Block"),
        (Fork::Byzantium, "byzantiumBlock"),
        (Fork::Constantinople, "constantinopleBlock"),
        (Fork::Petersburg, "petersburgBlock"),
        (Fork::Istanbul, "istanbulBlock"),
        (Fork::Berlin, "berlinBlock"),
        (Fork::London, "londonBlock"),
        (Fork::Paris, "terminalTotalDifficulty"),
        (Fork::Shanghai, "shanghaiTime"),
        (Fork::Cancun, "cancunTime"),
        (Fork::Prague, "pragueTime"),
        (Fork::Osaka, "osakaTime"),
    ];
    let mut config: Map<String, Value> = forks
        .iter()
        .filter(|(fork, _)| *fork <= last)
        .map(|(_, key)| ((*key).to_owned(), json!(0)))
        .collect();
    config.insert("chainId".to_owned(), json!(1));
    Value::Object(config)
}
