//! Exit codes and error texts of commands.

use std::{fs, fs::File};

use crate::{
    chain_maker::{Chain, genesis_file},
    run::{Ended, bttd, command, import},
};

#[test]
fn wrong_usage_is_2() {
    bttd(&[]).code(2);
    bttd(&["improt"]).code(2).says(&["improt", "import"]);
    bttd(&["import", "--datadir", "d"]).code(2).says(&["CHAIN.rlp"]);
    bttd(&["init", "--chain", "devnet", "--datadir", "d", "--mode", "some"])
        .code(2)
        .says(&["unknown mode \"some\": archive, full or minimal"]);
    let level = Ended::of(
        &btt_tests::bttd()
            .args(["chain", "forks", "--chain", "devnet", "--log.level", "loud=very"])
            .output()
            .unwrap(),
    );
    level.code(2).says(&["--log.level loud=very"]);
}

#[test]
fn bad_chain_files_are_3_and_name_the_key() {
    let chain = Chain::new(0);
    let mut file = genesis_file(7);
    file["config"]["shangaiTime"] = 5.into();
    let path = chain.file("bad.json", file.to_string().as_bytes());
    let datadir = chain.datadir("d");
    let init = |source: &str| bttd(&["init", "--chain", source, "--datadir", datadir.to_str().unwrap()]);
    init(path.to_str().unwrap())
        .code(3)
        .says(&["unknown key config.shangaiTime, did you mean shanghaiTime?"]);
    init("devent")
        .code(3)
        .says(&["unknown chain \"devent\", did you mean devnet?; known: devnet, testnet, mainnet, bench"]);
    init("./nothing.json").code(1).says(&["cannot read ./nothing.json: No such file"]);
    assert!(!datadir.exists(), "a wrong chain leaves no folder behind");
}

#[test]
fn init_twice_changes_nothing_and_another_chain_is_5() {
    let chain = Chain::new(0);
    let datadir = chain.datadir("d");
    let init = |genesis: &std::path::Path| {
        let (genesis, datadir) = (genesis.to_str().unwrap(), datadir.to_str().unwrap());
        bttd(&["init", "--json", "--chain", genesis, "--datadir", datadir])
    };
    let first = init(&chain.genesis_path()).code(0).json();
    assert_eq!((&first["created"], &first["genesisHash"]), (&true.into(), &chain.hash(0).to_string().into()));
    let second = init(&chain.genesis_path()).code(0).json();
    assert_eq!(second["created"], false);

    let other = chain.file("other.json", genesis_file(1338).to_string().as_bytes());
    init(&other).code(5).says(&[
        "belongs to chain 1337 (genesis 0x",
        "asked for chain 1338",
        "another --datadir",
    ]);
}

#[test]
fn same_genesis_with_other_rules_is_5() {
    let chain = Chain::new(0);
    let datadir = chain.datadir("d");
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    let mut later = chain.genesis.clone();
    later["config"]["cancunTime"] = 1000.into();
    let later = chain.file("later.json", later.to_string().as_bytes());
    import(&datadir, &later, &[&chain.path()]).code(5).says(&["the same genesis block but other rules"]);
}

#[test]
fn held_data_directory_is_4_and_names_the_process() {
    let chain = Chain::new(1);
    let datadir = chain.datadir("d");
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    let lock = File::options().write(true).open(datadir.join("LOCK")).unwrap();
    lock.try_lock().unwrap();
    fs::write(datadir.join("LOCK"), "4711\n").unwrap();
    import(&datadir, &chain.genesis_path(), &[&chain.path()])
        .code(4)
        .says(&["is locked by process 4711", "ps -p 4711"]);
    drop(lock);
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
}

#[test]
fn folder_of_somebody_else_is_5_and_stays_as_it_is() {
    let chain = Chain::new(1);
    let folder = chain.datadir("home");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.tex"), "important").unwrap();
    import(&folder, &chain.genesis_path(), &[&chain.path()]).code(5).says(&["it holds thesis.tex"]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn folder_without_a_chain_says_how_to_set_one_up() {
    let chain = Chain::new(0);
    let datadir = chain.datadir("none");
    let text = datadir.to_str().unwrap();
    bttd(&["chain", "info", "--datadir", text])
        .code(1)
        .says(&["holds no chain", "bttd init --chain NAME|FILE --datadir"]);
    bttd(&["db", "stats", "--datadir", text]).code(1).says(&["holds no chain"]);
    assert!(!datadir.exists());
}

#[test]
fn bttd_chains_are_not_imported_from_plain_blocks() {
    let chain = Chain::new(1);
    let datadir = chain.datadir("d");
    let mut run = command(&["import", "--chain", "devnet", "--datadir"]);
    let ended = Ended::of(&run.arg(&datadir).arg(chain.path()).output().unwrap());
    ended.code(1).says(&["devnet follows bttd's rules: its blocks need their sidecars"]);
}

#[test]
fn closed_stdout_is_no_error() {
    let mut child = command(&["chain", "forks", "--chain", "devnet"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn forks_and_hash_of_the_chains_that_are_compiled_in() {
    let forks = bttd(&["chain", "forks", "--chain", "testnet"]).code(0).stdout;
    assert!(forks.ends_with("Osaka             active  time 0\n"), "{forks}");
    assert!(forks.contains("Paris             active  total difficulty 0\n"), "{forks}");
    for name in btt_chainspec::CHAINS {
        let hash = bttd(&["chain", "genesis-hash", "--chain", name]).code(0).stdout;
        assert_eq!(hash.trim(), btt_chainspec::Genesis::named(name).unwrap().hash.to_string());
    }
}
