//! What a genesis file may not say, and what the error tells its author.
#![allow(clippy::unwrap_used)]

use btt_chainspec::{Genesis, GenesisFile};
use serde_json::{Value, json};

fn ethereum() -> Value {
    json!({
        "config": {
            "chainId": 7, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0, "byzantiumBlock": 0,
            "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
            "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0, "ethash": {}
        },
        "gasLimit": "0x1c9c380", "difficulty": "0x0",
        "alloc": {"0x00000000000000000000000000000000000000aa": {"balance": "1000"}}
    })
}

fn devnet() -> Value {
    serde_json::from_str(&GenesisFile::devnet().to_json()).unwrap()
}

/// Sets the value at `pointer` (null removes it for the parser) and returns the error's text.
fn refused(mut file: Value, pointer: &str, value: Value) -> String {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    file.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    Genesis::parse(&file.to_string()).expect_err(pointer).to_string()
}

/// Each row: a pointer, the value to put there, and what the error has to say.
fn check(file: fn() -> Value, rows: &[(&str, Value, &str)]) {
    for (pointer, value, expected) in rows {
        let error = refused(file(), pointer, value.clone());
        assert!(error.contains(expected), "{pointer} = {value}:\n  got      {error}\n  expected {expected}");
    }
}

#[test]
fn plain_files_are_taken() {
    Genesis::parse(&ethereum().to_string()).unwrap();
    Genesis::parse(&devnet().to_string()).unwrap();
}

#[test]
fn ethereum_config() {
    let rows = [
        ("/config/shangaiTime", json!(5), "unknown key config.shangaiTime, did you mean shanghaiTime?"),
        ("/gaslimits", json!(5), "unknown key gaslimits, did you mean gasLimit?"),
        ("/config/quux", json!({}), "unknown key config.quux"),
        (
            "/config/chainId",
            Value::Null,
            "config.chainId is missing: write the chain's id (EIP-155), one that no other chain has",
        ),
        ("/config/chainId", json!(0), "config.chainId is 0, expected 1 to 9223372036854775771"),
        (
            "/config/chainId",
            json!("seven"),
            "config.chainId is \"seven\", expected a number of at most 256 bits, decimal or 0x and hex digits",
        ),
        (
            "/config/pragueTime",
            json!(-1),
            "config.pragueTime is -1, expected a number of at most 256 bits, decimal or 0x and hex digits",
        ),
        (
            "/config/eip155Block",
            json!(9),
            "config.eip155Block at block 9 and config.eip158Block at block 0 cannot both be: both are Spurious Dragon, give both the same block",
        ),
        (
            "/config/homesteadBlock",
            json!(9),
            "TangerineWhistle begins at block 0, before Homestead at block 9: forks begin in order",
        ),
        (
            "/config/istanbulBlock",
            Value::Null,
            "Cancun is scheduled without Istanbul, which it contains: schedule Istanbul too",
        ),
        (
            "/config/terminalTotalDifficulty",
            Value::Null,
            "config.terminalTotalDifficulty is missing: forks by time follow the merge; write 0 for a chain merged from its first block",
        ),
        (
            "/config/amsterdamTime",
            json!(9),
            "config.amsterdamTime schedules a fork that this version does not know; it knows all up to Osaka",
        ),
        ("/config/bpo1Time", json!(9), "BPO1"),
        (
            "/config/blobSchedule",
            json!({"cancun": {"target": 7, "max": 6, "baseFeeUpdateFraction": 1}}),
            "config.blobSchedule.cancun.target is 7, expected at most max, which is 6",
        ),
        (
            "/config/blobSchedule",
            json!({"cancun": {"target": 3, "max": 6}}),
            "config.blobSchedule.cancun.baseFeeUpdateFraction is missing",
        ),
    ];
    check(ethereum, &rows);
}

#[test]
fn ethereum_header_and_alloc() {
    let rows = [
        ("/gasLimit", Value::Null, "gasLimit is missing: write the gas limit of block 0"),
        ("/number", json!(5), "number is 5, expected 0 to 0"),
        (
            "/alloc",
            json!({"0xaa": {"balance": "1"}}),
            "alloc is \"0xaa\", expected addresses of 40 hex digits as keys",
        ),
        (
            "/alloc",
            json!({"00000000000000000000000000000000000000aa": {}}),
            "alloc.00000000000000000000000000000000000000aa.balance is missing: write the balance in wei",
        ),
        (
            "/alloc",
            json!({"00000000000000000000000000000000000000aa": {"balance": "1", "code": "0xabc"}}),
            "expected 0x and an even number of hex digits",
        ),
        (
            "/alloc",
            json!({"00000000000000000000000000000000000000aa": {"balance": "1", "nonse": 1}}),
            "did you mean nonce?",
        ),
        (
            "/alloc",
            json!({"00000000000000000000000000000000000000aa": {"balance": "1"}, "0x00000000000000000000000000000000000000AA": {"balance": "2"}}),
            "alloc.0x00000000000000000000000000000000000000AA stands there twice: remove one",
        ),
    ];
    check(ethereum, &rows);
}

#[test]
fn bttd_files() {
    let rows = [
        ("/config/btt/burnBps", json!(5001), "config.btt.burnBps is 5001, expected 0 to 5000"),
        ("/config/btt/baseFeeFlor", json!(1), "did you mean baseFeeFloor?"),
        (
            "/config/btt/baseFeeFloor",
            json!(1),
            "config.btt.baseFeeFloor is 1, expected 1000000000 to 1000000000000000",
        ),
        ("/config/btt/name", json!("No Name"), "expected 1 to 32 of a-z, 0-9 and -"),
        ("/config/btt/epochLength", json!(3), "config.btt.epochLength is 3, expected 4 to 1000000"),
        ("/config/btt/devnet", json!("yes"), "config.btt.devnet is \"yes\", expected true or false"),
        (
            "/config/btt/evidenceWindowSeconds",
            json!(600),
            "config.btt.evidenceWindowSeconds 600 and config.btt.unbondingSeconds 600 cannot both be",
        ),
        ("/config/osakaTime", Value::Null, "config.btt and config without osakaTime cannot both be"),
        (
            "/gasLimit",
            json!("0x1c9c380"),
            "gasLimit is 30000000, expected 60000000 to 1000000000000 under bttd's rules",
        ),
        (
            "/extraData",
            json!("0x"),
            "extraData is 0x, expected the 32 bytes of the first validator set's hash",
        ),
        ("/difficulty", json!(1), "difficulty is 0x1, expected 0 under bttd's rules"),
        ("/coinbase", json!("0x00000000000000000000000000000000000000aa"), "coinbase is 0xaa"),
        ("/baseFeePerGas", json!(7), "baseFeePerGas 7 and config.btt.baseFeeFloor 1000000000 cannot both be"),
        (
            "/alloc/0x0000000000000000000000000000000000001010/balance",
            json!("0x1"),
            "put the difference into the vault 0x0000000000000000000000000000000000001010",
        ),
        (
            "/alloc/0x0000000000000000000000000000000000001010/storage",
            json!({}),
            "expected the root of the empty outgoing tree",
        ),
        (
            "/alloc/0x000f3df6d732807ef1319fb7b8bb8522d0beac02/code",
            Value::Null,
            "alloc has no code at 0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02 (EIP-4788 beacon roots): put the published code there",
        ),
        (
            "/alloc/0x0000f90827f1c53a10cb7a02335b175320002935/code",
            json!("0x00"),
            "alloc has other code at 0x0000F90827F1C53a10cb7A02335B175320002935 (EIP-2935 block hashes)",
        ),
    ];
    check(devnet, &rows);
}

#[test]
fn forks_of_a_bttd_chain_stand_at_zero() {
    for (key, value) in [("pragueTime", 9), ("osakaTime", 9), ("terminalTotalDifficulty", 9)] {
        let mut file = devnet();
        file["config"][key] = json!(value);
        assert!(Genesis::parse(&file.to_string()).is_err(), "{key}");
    }
    let mut late = devnet();
    for key in ["pragueTime", "osakaTime"] {
        late["config"][key] = json!(9);
    }
    let error = Genesis::parse(&late.to_string()).unwrap_err().to_string();
    assert!(error.contains("config.btt and Prague at time 9 cannot both be"), "{error}");
}

#[test]
fn what_is_no_json_says_where() {
    for text in ["", "{", "[]", "{\"config\": 5}", "{\"a\":}"] {
        assert!(Genesis::parse(text).is_err(), "{text}");
    }
    let error = Genesis::parse("{\n  \"config\": {,}\n}").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
}
