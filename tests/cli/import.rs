//! Imports that succeed, and files that do not.

use crate::{
    chain_maker::{Chain, genesis_file},
    run::{bttd, head, import},
};

#[test]
fn whole_chain_is_imported_and_its_head_told() {
    let chain = Chain::new(60);
    let datadir = chain.datadir("d");
    let report = import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0).json();
    assert_eq!(report["head"]["number"], 60);
    assert_eq!(report["head"]["hash"], chain.hash(60).to_string());
    assert_eq!(report["head"]["stateRoot"], chain.blocks[59].header.state_root.to_string());
    assert_eq!(
        (&report["blocks"], &report["transactions"], &report["skipped"]),
        (&60.into(), &60.into(), &0.into())
    );
    assert_eq!((&report["gas"], &report["stopped"]), (&(60 * 21_000).into(), &false.into()));
    assert!(report["refused"].is_null());

    let again = import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0).json();
    assert_eq!((&again["blocks"], &again["skipped"]), (&0.into(), &60.into()));
}

#[test]
fn text_and_json_have_the_same_content() {
    let chain = Chain::new(3);
    let path = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let (genesis, file, datadir) = (path(chain.genesis_path()), path(chain.path()), path(chain.datadir("d")));
    let ended = bttd(&["import", "--chain", &genesis, "--datadir", &datadir, &file]).code(0);
    assert!(ended.stdout.starts_with(&format!("head       3 {}\n", chain.hash(3))), "{ended:#?}");
    assert!(ended.stdout.contains(&chain.blocks[2].header.state_root.to_string()), "{ended:#?}");
    assert!(ended.stdout.contains("3 blocks, 3 transactions"), "{ended:#?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn import_goes_on_where_the_last_one_ended() {
    let chain = Chain::new(40);
    let (genesis, datadir) = (chain.genesis_path(), chain.datadir("d"));
    let first = chain.file("first.rlp", &chain.rlp(0, 25));
    let rest = chain.file("rest.rlp", &chain.rlp(25, 40));
    import(&datadir, &genesis, &[&first]).code(0);
    let report = import(&datadir, &genesis, &[&chain.path()]).code(0).json();
    assert_eq!((&report["skipped"], &report["blocks"]), (&25.into(), &15.into()));

    let datadir = chain.datadir("two-files");
    let report = import(&datadir, &genesis, &[&first, &rest]).code(0).json();
    assert_eq!(report["head"]["hash"], chain.hash(40).to_string());
}

#[test]
fn genesis_block_in_the_file_is_compared() {
    let chain = Chain::new(2);
    let block = |genesis: &serde_json::Value| {
        alloy_rlp::encode(btt_chainspec::Genesis::parse(&genesis.to_string()).unwrap().block())
    };
    let good = chain.file("good.rlp", &[block(&chain.genesis), chain.rlp(0, 2)].concat());
    import(&chain.datadir("a"), &chain.genesis_path(), &[&good]).code(0);

    let mut other = chain.genesis.clone();
    other["extraData"] = "0x01".into();
    let bad = chain.file("bad.rlp", &[block(&other), chain.rlp(0, 2)].concat());
    import(&chain.datadir("b"), &chain.genesis_path(), &[&bad])
        .code(1)
        .says(&["bad.rlp does not continue the chain: the genesis block 0 is 0x", "hint: "]);
}

#[test]
fn blocks_of_another_chain_are_refused() {
    let chain = Chain::new(2);
    let mut other = genesis_file(1337);
    other["timestamp"] = "0x1".into();
    let genesis = chain.file("other.json", other.to_string().as_bytes());
    let datadir = chain.datadir("d");
    import(&datadir, &genesis, &[&chain.path()]).code(1).says(&["block 1 (0x", "is invalid: ", "parent"]);
    assert_eq!(head(&datadir).0, 0);
}

#[test]
fn a_gap_names_the_missing_block() {
    let chain = Chain::new(6);
    let late = chain.file("late.rlp", &chain.rlp(3, 6));
    import(&chain.datadir("d"), &chain.genesis_path(), &[&late])
        .code(1)
        .says(&["its next block is 4, the head is 0: block 1 is missing"]);
}

#[test]
fn cut_file_keeps_what_is_whole_and_can_be_completed() {
    let chain = Chain::new(12);
    let (genesis, whole) = (chain.genesis_path(), chain.rlp(0, 12));
    let seven = chain.rlp(0, 7).len();
    for (name, cut) in [("one byte", seven + 1), ("inside a length", seven + 2), ("half", seven + 300)] {
        let datadir = chain.datadir(name);
        let file = chain.file("cut.rlp", &whole[..cut]);
        let offset = format!("cut.rlp is damaged at byte {seven}, after block 7: the file ends after ");
        let ended = import(&datadir, &genesis, &[&file]).code(1).says(&[&offset, "hint: "]);
        assert_eq!(ended.json()["head"]["number"], 7, "{name}");
        import(&datadir, &genesis, &[&chain.path()]).code(0);
        assert_eq!(head(&datadir), (12, chain.hash(12).to_string()));
    }
}

/// What makes a block bad.
type Change<'a> = &'a dyn Fn(&mut btt_primitives::Block);

#[test]
fn bad_blocks_are_refused_with_number_hash_and_reason() {
    let chain = Chain::new(8);
    let genesis = chain.genesis_path();
    let bad = |change: Change<'_>| {
        let mut block = chain.blocks[5].clone();
        change(&mut block);
        let hash = block.header.hash_slow();
        ([chain.rlp(0, 5), alloy_rlp::encode(&block), chain.rlp(6, 8)].concat(), hash)
    };
    let one = alloy_primitives::U256::from(1);
    let rows: [(&str, Change<'_>); 6] = [
        ("state root", &|block| block.header.state_root = alloy_primitives::B256::repeat_byte(1)),
        ("receipts root", &|block| block.header.receipts_root = alloy_primitives::B256::repeat_byte(1)),
        ("gas used", &|block| block.header.gas_used += 1),
        ("transactions root", &|block| block.body.transactions.clear()),
        ("timestamp", &|block| block.header.timestamp = 0),
        ("difficulty", &|block| block.header.difficulty = one),
    ];
    for (reason, change) in rows {
        let (bytes, hash) = bad(change);
        let (file, datadir) = (chain.file("bad.rlp", &bytes), chain.datadir(reason));
        let ended = import(&datadir, &genesis, &[&file]).code(1);
        let ended = ended.says(&[&format!("block 6 ({hash}) of "), "bad.rlp is invalid: ", reason]);
        let report = ended.json();
        assert_eq!(report["head"]["number"], 5, "{reason}");
        assert_eq!(
            (&report["refused"]["number"], &report["refused"]["hash"]),
            (&6.into(), &hash.to_string().into())
        );
        import(&datadir, &genesis, &[&chain.path()]).code(0);
        assert_eq!(head(&datadir).0, 8, "{reason}");
    }
}

#[test]
fn bytes_that_are_no_blocks_are_refused() {
    let chain = Chain::new(1);
    for bytes in [&b"not rlp at all"[..], &[0xff; 40], &[0xc0], &[0xf9, 0xff, 0xff]] {
        let file = chain.file("junk.rlp", bytes);
        import(&chain.datadir("d"), &chain.genesis_path(), &[&file])
            .code(1)
            .says(&["junk.rlp is damaged at byte 0, before the first block: "]);
    }
    let empty = chain.file("empty.rlp", &[]);
    let report = import(&chain.datadir("d"), &chain.genesis_path(), &[&empty]).code(0).json();
    assert_eq!(report["head"]["number"], 0);
}
