//! `RLPTests`: what encodes how, and what must not decode.

use std::path::Path;

use alloy_primitives::hex;
use alloy_rlp::Header;
use btt_tests::{Suite, archive};
use serde_json::Value;

pub const ARCHIVE: &str = "ethereum-tests-rlp-trie-basic.tar.zst";

/// Limit of [`btt_primitives::block_length`] here: no sample is larger.
const MAX: usize = 1 << 20;

pub fn run(fixtures: &Path, suite: &mut Suite) {
    for (path, content) in archive(&fixtures.join(ARCHIVE)) {
        if !path.starts_with("RLPTests/") {
            continue;
        }
        let tests: serde_json::Map<String, Value> =
            serde_json::from_slice(&content).unwrap_or_else(|error| panic!("{path}: {error}"));
        for (name, test) in tests {
            suite.case(&format!("{path} {name}"), case(&test));
        }
    }
}

fn case(test: &Value) -> Result<(), String> {
    let expected = test["out"].as_str().ok_or("no \"out\"")?;
    let bytes = hex::decode(expected).map_err(|error| format!("\"out\": {error}"))?;
    match &test["in"] {
        Value::String(word) if word == "INVALID" => match decode(&bytes) {
            Ok(item) => Err(format!("invalid bytes decode to {item:?}")),
            Err(_) => Ok(()),
        },
        Value::String(word) if word == "VALID" => decode(&bytes).map(drop),
        value => both_ways(&Item::of(value)?, &bytes),
    }
}

/// The item encodes to the bytes and they decode to the item; a list is framed as import frames blocks.
fn both_ways(item: &Item, bytes: &[u8]) -> Result<(), String> {
    let encoded = item.encode();
    if encoded != bytes {
        return Err(format!("encodes to {}, expected {}", hex::encode(encoded), hex::encode(bytes)));
    }
    let decoded = decode(bytes)?;
    if decoded != *item {
        return Err(format!("decodes to {decoded:?}, expected {item:?}"));
    }
    let framed = btt_primitives::block_length(&bytes[..bytes.len().min(9)], MAX);
    match (item, framed) {
        (Item::List(_), Ok(Some(length))) if length == bytes.len() => Ok(()),
        (Item::Bytes(_), Err(_)) => Ok(()),
        (_, framed) => Err(format!("framed as {framed:?}, {} bytes", bytes.len())),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Item {
    Bytes(Vec<u8>),
    List(Vec<Self>),
}

impl Item {
    /// Strings are bytes, numbers (big ones written `#123`) are big-endian without leading zeros.
    fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => Ok(Self::List(items.iter().map(Self::of).collect::<Result<_, _>>()?)),
            Value::Number(value) => big_endian(&value.to_string()).map(Self::Bytes),
            Value::String(text) => match text.strip_prefix('#') {
                Some(digits) => big_endian(digits).map(Self::Bytes),
                None => Ok(Self::Bytes(text.bytes().collect())),
            },
            other => Err(format!("unknown input {other}")),
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => alloy_rlp::encode(bytes.as_slice()),
            Self::List(items) => {
                let payload: Vec<u8> = items.iter().flat_map(Self::encode).collect();
                let mut out = Vec::new();
                Header { list: true, payload_length: payload.len() }.encode(&mut out);
                out.extend(payload);
                out
            }
        }
    }
}

/// A decimal number of any size, big-endian, without leading zeros.
fn big_endian(digits: &str) -> Result<Vec<u8>, String> {
    let mut little_endian: Vec<u8> = Vec::new();
    for digit in digits.chars() {
        let mut carry = digit.to_digit(10).ok_or_else(|| format!("{digits} is not a number"))?;
        for byte in &mut little_endian {
            let value = u32::from(*byte) * 10 + carry;
            *byte = value.to_le_bytes()[0];
            carry = value >> 8;
        }
        if carry > 0 {
            little_endian.push(carry.to_le_bytes()[0]);
        }
    }
    little_endian.reverse();
    Ok(little_endian)
}

/// One item from exactly these bytes.
fn decode(bytes: &[u8]) -> Result<Item, String> {
    let mut rest = bytes;
    let item = next(&mut rest)?;
    if rest.is_empty() { Ok(item) } else { Err(format!("{} bytes too many", rest.len())) }
}

fn next(rest: &mut &[u8]) -> Result<Item, String> {
    let text = |error: alloy_rlp::Error| error.to_string();
    let is_list = rest.first().is_some_and(|first| *first >= 0xc0);
    let mut payload = Header::decode_bytes(rest, is_list).map_err(text)?;
    if !is_list {
        return Ok(Item::Bytes(payload.to_vec()));
    }
    let mut items = Vec::new();
    while !payload.is_empty() {
        items.push(next(&mut payload)?);
    }
    Ok(Item::List(items))
}
