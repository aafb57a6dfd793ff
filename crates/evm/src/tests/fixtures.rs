//! The runner of fixtures: it has to pass what is right, and above all fail what is not.

use std::{
    io::Cursor,
    sync::{Arc, Mutex},
};

use alloy_primitives::{B256, Bytes, TxKind, U256, hex, keccak256};
use alloy_rlp::Encodable;
use btt_chainspec::Fork;
use btt_primitives::{Block, BlockBody, SealedBlock};
use btt_state::{KeyValue, Memory};
use serde_json::{Value, json};

use super::support::*;
use crate::{
    Built,
    fixtures::{Config, Sink, Source, Summary, run},
};

/// Keeps what a run says.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    fn line(&self, kind: &str, case: &str, reason: &str) {
        self.0.lock().unwrap().push(format!("{kind} {case}: {reason}"));
    }
}

impl Sink for Lines {
    fn failed(&self, case: &str, reason: &str) {
        self.line("failed", case, reason);
    }

    fn skipped(&self, case: &str, reason: &str) {
        self.line("skipped", case, reason);
    }
}

fn run_all(sources: Vec<Source>, filter: &str) -> (Summary, Vec<String>) {
    let lines = Lines::default();
    let wanted = |case: &str| case.contains(filter);
    let open = || Ok(Arc::new(Memory::default()) as Arc<dyn KeyValue>);
    let config = Config { jobs: 2, wanted: &wanted, disk: Some(&open) };
    let summary = run(sources.into_iter(), &config, &lines).unwrap();
    (summary, lines.0.into_inner().unwrap())
}

fn file(name: &str, content: &str) -> Source {
    let reader = Box::new(Cursor::new(content.to_owned().into_bytes()));
    Source::Json { name: name.to_owned(), reader }
}

fn bundle(content: &str) -> Source {
    let compressed = zstd::encode_all(content.as_bytes(), 1).unwrap();
    Source::Bundle { name: "suite".to_owned(), reader: Box::new(Cursor::new(compressed)) }
}

/// Runs one test: nothing is said when it passes.
fn verdict(test: &Value) -> String {
    let suite = json!({ "case": test });
    let (summary, lines) = run_all(vec![file("file.json", &suite.to_string())], "");
    let expected = if lines.is_empty() { (1, 0) } else { (0, 1) };
    assert_eq!((summary.passed, summary.failed), expected, "{lines:?}");
    lines.first().map(|line| line.strip_prefix("failed file.json/").unwrap().to_owned()).unwrap_or_default()
}

/// Checks that a test, changed in one place, fails for a reason that says what is wrong.
fn check_change(test: &Value, change: impl FnOnce(&mut Value), expected: &str) {
    let mut test = test.clone();
    change(&mut test);
    let verdict = verdict(&test);
    assert!(verdict.contains(expected) && !verdict.is_empty(), "{verdict:?}, expected {expected:?}");
}

fn accounts() -> Accounts {
    // stores the calldata under it
    let target = Alloc::code("5f 35 80 55 00");
    Accounts::from([(key(1).address(), Alloc::balance(U256::from(ETHER))), (key(7).address(), target)])
}

fn pre() -> Value {
    let accounts = accounts().into_iter().map(|(address, account)| {
        let fields = json!({
            "balance": account.balance, "nonce": U256::from(account.nonce), "code": account.code, "storage": {},
        });
        (address.to_string(), fields)
    });
    Value::Object(accounts.collect())
}

fn genesis(world: &World) -> Block {
    let body = BlockBody { withdrawals: Some(Vec::new().into()), ..BlockBody::default() };
    Block { header: world.head.header.clone(), body }
}

fn store(nonce: u64, value: u8) -> crate::Candidate {
    let input = Bytes::from(B256::with_last_byte(value).to_vec());
    legacy(&key(1), nonce, TxKind::Call(key(7).address()), U256::ZERO, input)
}

fn rlp(block: &Block) -> Value {
    let mut rlp = Vec::new();
    block.encode(&mut rlp);
    json!({ "rlp": hex::encode_prefixed(rlp) })
}

/// A test of two blocks, and the second of them.
fn block_test() -> (Value, SealedBlock) {
    let mut world = World::new(ethereum(Fork::Shanghai), &accounts());
    let (genesis, hash) = (genesis(&world), world.head.hash);
    let first = world.next(vec![store(0, 5)]).block;
    let second = world.next(vec![store(1, 6), store(2, 7)]).block;
    let test = json!({
        "network": "Shanghai",
        "genesisRLP": rlp(&genesis)["rlp"],
        "genesisBlockHeader": { "hash": hash },
        "pre": pre(),
        "blocks": [rlp(&first.block), rlp(&second.block)],
        "lastblockhash": second.hash,
        "postStateHash": second.block.header.state_root,
    });
    (test, second)
}

#[test]
fn block_tests_fail_for_everything_that_is_not_as_they_say() {
    let (test, _) = block_test();
    assert_eq!(verdict(&test), "");
    let zero = json!(B256::ZERO);
    check_change(&test, |test| test["postStateHash"] = zero.clone(), "post-state root");
    check_change(
        &test,
        |test| test["lastblockhash"] = zero.clone(),
        "last block is not among the valid ones",
    );
    check_change(&test, |test| test["genesisBlockHeader"]["hash"] = zero.clone(), "genesis hash");
    check_change(
        &test,
        |test| test["pre"][key(1).address().to_string()]["balance"] = json!("0x1"),
        "genesis state root",
    );
    check_change(&test, |test| drop(test["blocks"].as_array_mut().unwrap().remove(0)), "unknown parent");
    check_change(&test, |test| test["network"] = json!("Paris"), "withdrawalsRoot before its fork");
    check_change(&test, |test| test["network"] = json!("Nowhere"), "Nowhere");
    check_change(&test, |test| test["blocks"] = json!("no list"), "does not parse");
    check_change(
        &test,
        |test| test["blocks"][0]["expectException"] = json!("BlockException.INVALID_GAS_USED"),
        "accepted, expected BlockException.INVALID_GAS_USED",
    );
}

#[test]
fn post_states_are_compared_account_by_account() {
    let (mut test, _) = block_test();
    let storage = json!({ "0x5": "0x5", "0x6": "0x6", "0x7": "0x7" });
    let target = json!({ "balance": "0x0", "nonce": "0x1", "code": "0x5f35805500", "storage": storage });
    test.as_object_mut().unwrap().remove("postStateHash");
    check_change(&test, |_| (), "test without post-state");
    test["postState"] = json!({ key(7).address().to_string(): target });
    assert_eq!(verdict(&test), "");
    let account = key(7).address().to_string();
    let rows = [
        ("balance", json!("0x1"), "balance 0, expected 1"),
        ("nonce", json!("0x2"), "nonce 1, expected 2"),
        ("code", json!("0x"), "code hash"),
        ("storage", json!({ "0x6": "0x5" }), "slot 0x6 is 0x6, expected 0x5"),
    ];
    for (field, value, expected) in rows {
        check_change(&test, |test| test["postState"][account.as_str()][field] = value, expected);
    }
    check_change(
        &test,
        |test| test["postState"][key(9).address().to_string()] = test["postState"][account.as_str()].clone(),
        "absent",
    );
}

#[test]
fn a_refused_block_has_to_be_refused_for_the_reason_that_the_test_names() {
    let (mut test, mut second) = block_test();
    let parent = second.block.header.parent_hash;
    second.block.header.gas_used += 1;
    test["blocks"][1] = rlp(&second.block);
    test["lastblockhash"] = json!(parent);
    test.as_object_mut().unwrap().remove("postStateHash");
    test["postState"] = json!({});
    check_change(&test, |_| (), "block 1: refused: gas used");
    let passes = [
        "BlockException.INVALID_GAS_USED",
        "BlockException.INVALID_STATE_ROOT|BlockException.INVALID_GAS_USED",
    ];
    for exception in passes {
        test["blocks"][1]["expectException"] = json!(exception);
        assert_eq!(verdict(&test), "", "{exception}");
    }
    let fails = [
        ("BlockException.INVALID_RECEIPTS_ROOT", "expected BlockException.INVALID_RECEIPTS_ROOT"),
        ("TransactionException.GAS_ALLOWANCE_EXCEEDED", "expected TransactionException"),
        ("BlockException.SOMETHING_NEW", "(unknown exception)"),
    ];
    for (exception, expected) in fails {
        check_change(&test, |test| test["blocks"][1]["expectException"] = json!(exception), expected);
    }
}

#[test]
fn side_chains_are_kept_until_the_last_block_decides() {
    let mut world = World::new(ethereum(Fork::Shanghai), &accounts());
    let (genesis, hash) = (genesis(&world), world.head.hash);
    let one = world.build(vec![store(0, 1)]).unwrap().block;
    let other = world.next(vec![store(0, 2)]).block;
    let child = world.next(vec![store(1, 3)]).block;
    for (last, stored) in [(&one, 1), (&other, 2), (&child, 3)] {
        let slot = U256::from(stored);
        let storage = json!({ format!("{slot:#x}"): slot });
        let target = json!({ "balance": "0x0", "nonce": "0x1", "code": "0x5f35805500", "storage": storage });
        let test = json!({
            "network": "Shanghai",
            "genesisRLP": rlp(&genesis)["rlp"],
            "genesisBlockHeader": { "hash": hash },
            "pre": pre(),
            "blocks": [rlp(&other.block), rlp(&one.block), rlp(&child.block)],
            "lastblockhash": last.hash,
            "postState": { key(7).address().to_string(): target },
        });
        assert_eq!(verdict(&test), "", "{stored}");
    }
}

/// A state test made from a block of one transaction.
fn state_test() -> (Value, Built) {
    let mut world = World::new(ethereum(Fork::Shanghai), &accounts());
    let built = world.next(vec![store(0, 9)]);
    let header = &built.block.block.header;
    let tx = &built.block.block.body.transactions[0];
    let test = json!({
        "env": {
            "currentCoinbase": header.beneficiary,
            "currentGasLimit": U256::from(header.gas_limit),
            "currentNumber": U256::from(header.number),
            "currentTimestamp": U256::from(header.timestamp),
            "currentBaseFee": U256::from(header.base_fee_per_gas.unwrap()),
            "currentRandom": header.mix_hash,
        },
        "pre": pre(),
        "post": { "Shanghai": [{
            "hash": header.state_root,
            "logs": keccak256([0xc0]),
            "txbytes": hex::encode_prefixed(alloy_eips::Encodable2718::encoded_2718(tx)),
            "indexes": { "data": 0, "gas": 0, "value": 0 },
        }]},
    });
    (test, built)
}

#[test]
fn state_tests_compare_root_logs_and_refusals() {
    let (test, _) = state_test();
    assert_eq!(verdict(&test), "");
    let post = |test: &mut Value, field: &str, value: Value| test["post"]["Shanghai"][0][field] = value;
    check_change(&test, |test| post(test, "hash", json!(B256::ZERO)), "case/Shanghai/0-0-0: state root");
    check_change(&test, |test| post(test, "logs", json!(B256::ZERO)), "logs hash");
    check_change(&test, |test| post(test, "txbytes", json!("0x01")), "refused: invalid rlp");
    check_change(
        &test,
        |test| post(test, "expectException", json!("TransactionException.NONCE_MISMATCH_TOO_LOW")),
        "accepted, expected TransactionException.NONCE_MISMATCH_TOO_LOW",
    );
    check_change(&test, |test| test["pre"][key(1).address().to_string()]["nonce"] = json!("0x1"), "nonce");
    check_change(&test, |test| test["env"]["currentGasLimit"] = json!("0x5"), "refused");
}

#[test]
fn a_state_test_that_expects_a_refusal_compares_the_untouched_state_too() {
    let (mut test, _) = state_test();
    let exception = json!("TransactionException.NONCE_MISMATCH_TOO_LOW");
    test["pre"][key(1).address().to_string()]["nonce"] = json!("0x1");
    test["post"]["Shanghai"][0]["expectException"] = exception;
    check_change(&test, |_| (), "state root");
    let mut accounts = accounts();
    accounts.get_mut(&key(1).address()).unwrap().nonce = 1;
    let before = World::new(ethereum(Fork::Shanghai), &accounts).head.header.state_root;
    test["post"]["Shanghai"][0]["hash"] = json!(before);
    assert_eq!(verdict(&test), "");
}

#[test]
fn transaction_tests_compare_hash_sender_gas_and_refusals() {
    let candidate = store(0, 9);
    let test = json!({
        "txbytes": hex::encode_prefixed(alloy_eips::Encodable2718::encoded_2718(&*candidate.tx)),
        "result": { "Shanghai": {
            "hash": candidate.tx.tx_hash(), "sender": candidate.sender, "intrinsicGas": "0x5294",
        }},
    });
    assert_eq!(verdict(&test), "");
    let result = |test: &mut Value, field: &str, value: Value| test["result"]["Shanghai"][field] = value;
    check_change(&test, |test| result(test, "hash", json!(B256::ZERO)), "case/Shanghai: hash");
    check_change(&test, |test| result(test, "sender", json!(key(2).address())), "sender");
    check_change(&test, |test| result(test, "intrinsicGas", json!("0x5208")), "intrinsic gas Some(21140)");
    check_change(&test, |test| result(test, "exception", json!("X.INTRINSIC_GAS_TOO_LOW")), "accepted");
    check_change(&test, |test| test["txbytes"] = json!("0xc0"), "refused");
}

#[test]
fn sources_that_hold_nothing_or_no_fixtures_fail() {
    let rows = [
        (bundle(""), "failed suite: empty bundle"),
        (bundle("{\"f\":\"a.json\"}\n"), "failed suite: line 1: missing field `t`"),
        (bundle("{\"f\":\"a.json\",\"t\":[]}\n"), "failed a.json: not a fixture"),
        (file("a.json", "{"), "failed a.json: not a fixture"),
        (file("a.json", "{}"), "failed a.json: no tests"),
        (file("a.json", "{\"x\":{\"y\":1}}"), "skipped a.json/x: not a state, block or transaction test"),
        (
            Source::Bundle { name: "suite".to_owned(), reader: Box::new(Cursor::new(b"no zstd".to_vec())) },
            "failed suite: line 1",
        ),
    ];
    for (source, expected) in rows {
        let (summary, lines) = run_all(vec![source], "");
        assert_eq!(summary.passed, 0);
        assert_eq!(summary.failed + summary.skipped, 1, "{expected}");
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}, expected {expected:?}");
    }
}

#[test]
fn a_damaged_bundle_fails_after_its_good_part() {
    let (test, _) = state_test();
    let good = json!({ "f": "good.json", "t": { "case": test } });
    let (summary, lines) = run_all(vec![bundle(&format!("{good}\n{{\"f\":"))], "");
    assert_eq!(summary, Summary { passed: 1, failed: 1, skipped: 0 });
    assert!(lines[0].starts_with("failed suite: line 2: EOF while parsing"), "{lines:?}");
}

#[test]
fn the_filter_chooses_cases_by_name() {
    let (mut state, _) = state_test();
    state["post"]["Cancun"] = state["post"]["Shanghai"].clone();
    let (block, _) = block_test();
    let suite = json!({ "one": state, "two": block }).to_string();
    let rows = [("", 3), ("one", 2), ("one/Cancun", 1), ("two", 1), ("three", 0)];
    for (filter, passed) in rows {
        let (summary, lines) = run_all(vec![file("f.json", &suite)], filter);
        assert_eq!(summary, Summary { passed, ..Summary::default() }, "{filter:?} {lines:?}");
    }
}
