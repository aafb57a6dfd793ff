//! `bttd chain export`

use std::{fs, path::Path};

use crate::{
    chain_maker::Chain,
    run::{Ended, bttd, import},
};

fn export(datadir: &Path, more: &[&str]) -> Ended {
    let arguments = [&["chain", "export", "--json", "--datadir", datadir.to_str().unwrap()], more].concat();
    bttd(&arguments)
}

#[test]
fn exported_file_equals_the_imported_one() {
    let chain = Chain::new(30);
    let datadir = chain.datadir("d");
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    let out = chain.datadir("out.rlp");
    let text = out.to_str().unwrap();
    let report = export(&datadir, &[text]).code(0).json();
    assert_eq!((&report["blocks"], &report["from"], &report["to"]), (&30.into(), &1.into(), &30.into()));
    assert!(fs::read(&out).unwrap() == chain.rlp(0, 30), "the files differ");

    export(&datadir, &[text]).code(1).says(&["out.rlp exists already", "--force"]);
    export(&datadir, &["--force", "--from", "10", "--to", "12", text]).code(0);
    assert!(fs::read(&out).unwrap() == chain.rlp(9, 12), "the files differ");
}

#[test]
fn block_above_the_head_is_refused_and_leaves_no_file() {
    let chain = Chain::new(3);
    let datadir = chain.datadir("d");
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    let out = chain.datadir("out.rlp");
    export(&datadir, &["--to", "4", out.to_str().unwrap()])
        .code(1)
        .says(&["block 4 is above the head, which is 3"]);
    assert!(!out.exists());
}

#[test]
fn export_can_be_imported_again_with_genesis() {
    let chain = Chain::new(5);
    let (datadir, out) = (chain.datadir("d"), chain.datadir("out.rlp"));
    import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0);
    export(&datadir, &["--from", "0", out.to_str().unwrap()]).code(0);
    let report = import(&chain.datadir("e"), &chain.genesis_path(), &[&out]).code(0).json();
    assert_eq!((&report["blocks"], &report["skipped"]), (&5.into(), &1.into()));
}
