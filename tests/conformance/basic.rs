//! `BasicTests`: keys and addresses, signed transactions, the hex-prefix form of paths.

use std::{fmt::Debug, path::Path};

use alloy_consensus::TxLegacy;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use btt_chainspec::Genesis;
use btt_primitives::{
    Header, SignatureRule, SigningKey, Transaction, UnsignedTransaction, decode_transaction, recover_sender,
    recover_signer,
};
use btt_tests::{Suite, archive};
use serde_json::Value;

use crate::rlp::ARCHIVE;

/// Files that are not run, each with the reason.
const SKIPPED: &[(&str, &str)] = &[
    (
        "blockgenesistest",
        "genesis blocks of a test network before Frontier, whose header has 13 other fields",
    ),
    ("crypto", "AES and ECIES of devp2p, which bttd does not speak"),
];

/// No block is easier (Yellow Paper, section 4.3.4).
const MINIMUM_DIFFICULTY: U256 = U256::from_limbs([131_072, 0, 0, 0]);

/// Ethereum's main network as the difficulty files were made for it.
const MAIN_NETWORK: &str = r#"{"config": {"chainId": 1, "homesteadBlock": 1150000, "daoForkBlock": 1920000,
    "daoForkSupport": true, "eip150Block": 2463000, "eip155Block": 2675000, "eip158Block": 2675000,
    "byzantiumBlock": 4370000}, "difficulty": "0x20000", "gasLimit": "0x1388", "alloc": {}}"#;

pub fn run(fixtures: &Path, suite: &mut Suite) {
    for (path, content) in archive(&fixtures.join(ARCHIVE)) {
        let Some(name) = path.strip_prefix("BasicTests/").and_then(|name| name.strip_suffix(".json")) else {
            continue;
        };
        if let Some((_, reason)) = SKIPPED.iter().find(|(skipped, _)| *skipped == name) {
            suite.skip(&path, reason);
            continue;
        }
        let tests: Value = serde_json::from_slice(&content).unwrap_or_else(|error| panic!("{path}: {error}"));
        for (case, test) in cases(&tests) {
            if let Some(reason) = no_case(test) {
                suite.skip(&format!("{path} {case}"), reason);
                continue;
            }
            let result = match name {
                "keyaddrtest" => key(test),
                "txtest" => transaction(test),
                "hexencodetest" => hex_prefix(test),
                "difficulty" | "difficultyCustomMainNetwork" | "difficultyMainNetwork" => difficulty(test),
                _ => Err("a file that this suite does not know".to_owned()),
            };
            suite.case(&format!("{path} {case}"), result);
        }
    }
}

/// Why a case is not run, though its file is.
fn no_case(test: &Value) -> Option<&'static str> {
    let parent = test.get("parentDifficulty").and_then(|_| number(test, "parentDifficulty").ok())?;
    (parent < MINIMUM_DIFFICULTY).then_some("its parent is easier than any block may be")
}

/// The entries of an object or array, with their names.
fn cases(tests: &Value) -> Vec<(String, &Value)> {
    match tests {
        Value::Array(tests) => {
            tests.iter().enumerate().map(|(index, test)| (index.to_string(), test)).collect()
        }
        Value::Object(tests) => tests.iter().map(|(name, test)| (name.clone(), test)).collect(),
        _ => Vec::new(),
    }
}

/// The key is the hash of the seed and has the address, and its signatures recover to it.
///
/// `sig_of_emptystring` is left alone: the file does not say of which digest it is, and it fits neither the Keccak-256
/// nor the SHA-256 of nothing.
fn key(test: &Value) -> Result<(), String> {
    let key = signing_key(test)?;
    let seed = keccak256(text(test, "seed")?);
    equal("key", &hex::encode(seed).as_str(), &text(test, "key")?)?;
    equal("address", &hex::encode(key.address()).as_str(), &text(test, "addr")?)?;
    let signature = key.sign_hash(seed);
    equal("signer", &recover_signer(&signature, seed, SignatureRule::LowS), &Ok(key.address()))
}

/// The transaction signs to a valid one of that key, and the recorded bytes decode and recover.
fn transaction(test: &Value) -> Result<(), String> {
    let key = signing_key(test)?;
    let to = match text(test, "to")? {
        "" => TxKind::Create,
        to => TxKind::Call(Address::from_slice(&bytes(to)?)),
    };
    let tx = TxLegacy {
        chain_id: None,
        nonce: test["nonce"].as_u64().ok_or("no nonce")?,
        gas_price: u128::from(test["gasprice"].as_u64().ok_or("no gasprice")?),
        gas_limit: test["startgas"].as_u64().ok_or("no startgas")?,
        to,
        value: U256::from(test["value"].as_u64().ok_or("no value")?),
        input: Bytes::from(bytes(text(test, "data")?)?),
    };
    let recorded = bytes(text(test, "signed")?)?;
    let decoded = decode_transaction(&recorded).map_err(|error| error.to_string())?;
    let Transaction::Legacy(signed) = &decoded else { return Err("not a legacy transaction".to_owned()) };
    equal("transaction", signed.tx(), &tx)?;
    equal("bytes", &decoded.encoded_2718(), &recorded)?;
    equal("sender", &recover_sender(&decoded, SignatureRule::AnyS), &Ok(key.address()))?;
    let ours = key.sign_transaction(UnsignedTransaction::Legacy(tx));
    equal("our sender", &recover_sender(&ours, SignatureRule::LowS), &Ok(key.address()))
}

/// The compact form of a path of nibbles, from the Yellow Paper's appendix C.
fn hex_prefix(test: &Value) -> Result<(), String> {
    let sequence = test["seq"].as_array().ok_or("no seq")?;
    let nibbles = sequence.iter().map(|nibble| nibble.as_u64().and_then(|nibble| u8::try_from(nibble).ok()));
    let nibbles = nybbles::Nibbles::from_nibbles(nibbles.collect::<Option<Vec<_>>>().ok_or("not nibbles")?);
    let is_leaf = test["term"].as_bool().ok_or("no term")?;
    let encoded = alloy_trie::nodes::encode_path_leaf(&nibbles, is_leaf);
    equal("path", &hex::encode(encoded).as_str(), &text(test, "out")?)
}

/// The difficulty of a main network block, under its forks up to Byzantium, from its parent and its time.
fn difficulty(test: &Value) -> Result<(), String> {
    let spec = Genesis::parse(MAIN_NETWORK).map_err(|error| error.to_string())?.spec;
    let whole =
        |field: &str| u64::try_from(number(test, field)?).map_err(|error| format!("{field}: {error}"));
    let (height, timestamp) = (whole("currentBlockNumber")?, whole("currentTimestamp")?);
    let parent = Header {
        number: height.checked_sub(1).ok_or("no parent")?,
        timestamp: whole("parentTimestamp")?,
        difficulty: number(test, "parentDifficulty")?,
        ommers_hash: text(test, "parentUncles")?.parse().map_err(|error| format!("parentUncles: {error}"))?,
        ..Header::default()
    };
    let fork = spec.fork_at(height, timestamp, U256::ZERO);
    let found = btt_evm::next_difficulty(&spec, fork, &parent, timestamp);
    equal("difficulty", &found, &number(test, "currentDifficulty")?)
}

fn signing_key(test: &Value) -> Result<SigningKey, String> {
    let secret: B256 = text(test, "key")?.parse().map_err(|error| format!("key: {error}"))?;
    SigningKey::from_bytes(&secret).map_err(|error| error.to_string())
}

fn text<'a>(test: &'a Value, field: &str) -> Result<&'a str, String> {
    test[field].as_str().ok_or_else(|| format!("no {field}"))
}

/// Decimal, or hexadecimal with its prefix.
fn number(test: &Value, field: &str) -> Result<U256, String> {
    text(test, field)?.parse().map_err(|error| format!("{field}: {error}"))
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|error| format!("{text}: {error}"))
}

fn equal<T: PartialEq<U> + Debug, U: Debug>(what: &str, found: &T, expected: &U) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} {found:?}, expected {expected:?}")) }
}
