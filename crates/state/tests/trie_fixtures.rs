//! Ethereum's `TrieTests`, from the fixtures folder: `BTT_FIXTURES`, else `../shared/fixtures` beside the repository.

use std::{
    fs::File,
    io::{Read, Write as _},
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, hex, keccak256};
use btt_state::ByteTrie;
use serde_json::Value;

const BUNDLE: &str = "ethereum-tests-rlp-trie-basic.tar.zst";

/// Files that do not describe a trie of 32-byte keys, with the reason.
const SKIPPED: [(&str, &str); 3] = [
    ("trieanyorder.json", "keys of any length, values in branches: the state's tries have hashed keys alone"),
    ("trietest.json", "keys of any length, values in branches: the state's tries have hashed keys alone"),
    ("trietestnextprev.json", "neighbours of keys of any length: no root in it"),
];

/// Inserts and deletes in order, as key and value.
type Steps = Vec<(B256, Option<Vec<u8>>)>;

#[test]
fn secure_tries_of_the_fixtures_have_their_roots() {
    let Some(folder) = fixtures() else {
        say("SKIPPED TrieTests: no fixtures (set BTT_FIXTURES)");
        return;
    };
    let (mut passed, mut skipped) = (0, 0);
    for (name, file) in files(&folder.join(BUNDLE)) {
        let cases = file.as_object().unwrap_or_else(|| panic!("{name}: not an object of cases"));
        if let Some((_, reason)) = SKIPPED.iter().find(|(skipped, _)| *skipped == name) {
            skipped += cases.len();
            say(&format!("skipped {name}, {} cases: {reason}", cases.len()));
            continue;
        }
        for (case, content) in cases {
            check(&format!("{name} {case}"), content);
            passed += 1;
        }
    }
    say(&format!("TrieTests: {passed} passed, 0 failed, {skipped} skipped"));
    assert!(passed > 0, "no case in {BUNDLE}");
}

fn check(case: &str, content: &Value) {
    let expected: B256 = content["root"].as_str().and_then(|root| root.parse().ok()).expect("a root");
    let steps = steps(&content["in"]);
    let mut orders = vec![steps.clone()];
    if content["in"].is_object() {
        orders.push(steps.iter().rev().cloned().collect());
    }
    for steps in orders {
        let mut single = ByteTrie::default();
        for step in steps.clone() {
            single.update([step]).expect("the walk is sound");
            single.verify().expect("a rebuild agrees");
        }
        let mut at_once = ByteTrie::default();
        at_once.update(steps).expect("the walk is sound");
        at_once.verify().expect("a rebuild agrees");
        assert_eq!((single.root(), at_once.root()), (expected, expected), "{case}");
    }
}

fn steps(input: &Value) -> Steps {
    let step = |key: &Value, value: &Value| {
        let value = value.as_str().map(bytes).filter(|value| !value.is_empty());
        (keccak256(bytes(key.as_str().expect("keys are strings"))), value)
    };
    match input {
        Value::Object(pairs) => {
            pairs.iter().map(|(key, value)| step(&Value::from(key.clone()), value)).collect()
        }
        Value::Array(pairs) => pairs.iter().map(|pair| step(&pair[0], &pair[1])).collect(),
        other => panic!("neither pairs nor an object: {other}"),
    }
}

/// A string of the fixtures: hex behind `0x`, else its own bytes.
fn bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).expect("hex behind 0x"),
        None => text.as_bytes().to_vec(),
    }
}

fn fixtures() -> Option<PathBuf> {
    let folder = match std::env::var_os("BTT_FIXTURES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
    };
    folder.is_dir().then_some(folder)
}

/// The JSON files of the bundle's folder `TrieTests`.
fn files(bundle: &Path) -> Vec<(String, Value)> {
    let file = File::open(bundle).unwrap_or_else(|error| panic!("{}: {error}", bundle.display()));
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).expect("a zstd file"));
    let mut files = Vec::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("a whole archive");
        let path = entry.path().expect("a path").into_owned();
        let is_test =
            path.starts_with("TrieTests") && path.extension().is_some_and(|extension| extension == "json");
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| is_test) {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("text");
            let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            files.push((name.to_owned(), json));
        }
    }
    assert!(!files.is_empty(), "no TrieTests in {}", bundle.display());
    files
}

/// Suites report on standard error: cargo hides what a passing test prints by macro.
fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).expect("stderr is open");
}
