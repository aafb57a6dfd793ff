//! The conformance chain of Ethereum's execution-apis, as a user imports it.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
};

use serde_json::Value;

use crate::run::{bttd, import};

fn folder() -> Option<PathBuf> {
    let beside = btt_tests::root().join("../shared/fixtures");
    let folder = std::env::var_os("BTT_FIXTURES").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED conformance chain: no fixtures (set BTT_FIXTURES)");
    None
}

#[test]
fn conformance_chain_imports_to_its_head() {
    let Some(folder) = folder() else { return };
    let unpacked = tempfile::tempdir().unwrap();
    let archive = File::open(folder.join("execution-apis-tests.tar.zst")).unwrap();
    tar::Archive::new(zstd::Decoder::new(archive).unwrap()).unpack(unpacked.path()).unwrap();
    let tests = unpacked.path().join("tests");
    let choice: Value = serde_json::from_slice(&fs::read(tests.join("headfcu.json")).unwrap()).unwrap();
    let expected = &choice["params"][0]["headBlockHash"];

    let datadir = unpacked.path().join("d");
    let report = import(&datadir, &tests.join("genesis.json"), &[&tests.join("chain.rlp")]).code(0).json();
    assert_eq!(&report["head"]["hash"], expected);
    let datadir = datadir.to_str().unwrap();
    bttd(&["db", "verify", "--datadir", datadir]).code(0);

    let out = unpacked.path().join("out.rlp");
    bttd(&["chain", "export", "--datadir", datadir, out.to_str().unwrap()]).code(0);
    assert!(
        fs::read(out).unwrap() == fs::read(tests.join("chain.rlp")).unwrap(),
        "export differs from the import"
    );
}
