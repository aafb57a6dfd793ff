//! Databases that are newer, tampered with, or broken: refused or found, never repaired in silence.

use std::{fs, ops::ControlFlow, path::Path};

use btt_state::{Batch, Durability, KeyValue, Rocks, RocksOptions, Table};

use crate::{
    chain_maker::Chain,
    run::{Ended, bttd, import},
};

/// A chain imported into a data directory.
fn imported(blocks: u64) -> (Chain, std::path::PathBuf) {
    let chain = Chain::new(blocks);
    let datadir = chain.datadir("d");
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    (chain, datadir)
}

fn verify(datadir: &Path) -> Ended {
    bttd(&["db", "verify", "--datadir", datadir.to_str().unwrap()])
}

/// Opens the store below a data directory and changes it.
fn tamper(datadir: &Path, change: impl FnOnce(&dyn KeyValue, &mut Batch)) {
    let store = Rocks::open(&datadir.join("db"), &RocksOptions::default()).unwrap();
    let mut batch = Batch::default();
    change(&store, &mut batch);
    store.write(batch, Durability::Synced).unwrap();
}

fn first_row(store: &dyn KeyValue, table: Table) -> (Vec<u8>, Vec<u8>) {
    let mut first = None;
    let mut visit = |key: &[u8], value: &[u8]| {
        first = Some((key.to_vec(), value.to_vec()));
        ControlFlow::Break(())
    };
    store.scan(table, &[], None, &mut visit).unwrap();
    first.unwrap_or_else(|| panic!("{} is empty", table.name()))
}

#[test]
fn newer_schema_is_5_and_says_what_to_do() {
    let (chain, datadir) = imported(2);
    tamper(&datadir, |_, batch| batch.put(Table::Meta, b"schema", &9_999u64.to_be_bytes()));
    let says = ["schema 9999", "use the version that wrote it"];
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(5).says(&says);
    bttd(&["db", "stats", "--datadir", datadir.to_str().unwrap()]).code(5).says(&says);
}

#[test]
fn database_of_another_chain_is_5() {
    let (chain, datadir) = imported(2);
    tamper(&datadir, |_, batch| batch.put(Table::Meta, b"chain_id", &7u64.to_be_bytes()));
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(5).says(&["belongs to chain 7"]);
}

#[test]
fn tampered_rows_are_found_and_named() {
    let rows: [(&str, Table); 3] =
        [("account", Table::Accounts), ("trie record", Table::AccountTrie), ("header", Table::Headers)];
    for (what, table) in rows {
        let (_chain, datadir) = imported(20);
        verify(&datadir).code(0);
        tamper(&datadir, |store, batch| {
            let (key, mut value) = first_row(store, table);
            *value.last_mut().unwrap() ^= 1;
            batch.put(table, &key, &value);
        });
        let ended = verify(&datadir).code(5);
        assert!(ended.stderr.contains("error: "), "{what}: {ended:#?}");
    }
}

#[test]
fn missing_account_is_found() {
    let (_chain, datadir) = imported(20);
    tamper(&datadir, |store, batch| batch.delete(Table::Accounts, &first_row(store, Table::Accounts).0));
    verify(&datadir).code(5);
}

#[test]
fn broken_files_are_5_and_stay_for_inspection() {
    let (chain, datadir) = imported(5);
    let current = datadir.join("db").join("CURRENT");
    fs::write(&current, "MANIFEST-999999\n").unwrap();
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(5).says(&["error: database open failed"]);
    assert_eq!(fs::read_to_string(&current).unwrap(), "MANIFEST-999999\n");
}

#[test]
fn damaged_genesis_file_is_3() {
    let (chain, datadir) = imported(1);
    fs::write(datadir.join("genesis.json"), "{").unwrap();
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(3).says(&["genesis.json"]);
}
