//! `BasicTests`: keys and addresses, signed transactions, the hex-prefix form of paths.

use std::{fmt::Debug, path::Path};

use alloy_consensus::TxLegacy;
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use btt_primitives::{
    SignatureRule, SigningKey, Transaction, UnsignedTransaction, decode_transaction, recover_sender,
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
    ("difficulty", "bttd takes a block's difficulty from its header: it checks no proof of work"),
    (
        "difficultyCustomMainNetwork",
        "bttd takes a block's difficulty from its header: it checks no proof of work",
    ),
    ("difficultyMainNetwork", "bttd takes a block's difficulty from its header: it checks no proof of work"),
];

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
            let result = match name {
                "keyaddrtest" => key(test),
                "txtest" => transaction(test),
                "hexencodetest" => hex_prefix(test),
                _ => Err("a file that this suite does not know".to_owned()),
            };
            suite.case(&format!("{path} {case}"), result);
        }
    }
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

fn signing_key(test: &Value) -> Result<SigningKey, String> {
    let secret: B256 = text(test, "key")?.parse().map_err(|error| format!("key: {error}"))?;
    SigningKey::from_bytes(&secret).map_err(|error| error.to_string())
}

fn text<'a>(test: &'a Value, field: &str) -> Result<&'a str, String> {
    test[field].as_str().ok_or_else(|| format!("no {field}"))
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|error| format!("{text}: {error}"))
}

fn equal<T: PartialEq<U> + Debug, U: Debug>(what: &str, found: &T, expected: &U) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} {found:?}, expected {expected:?}")) }
}
