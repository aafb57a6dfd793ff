//! The execution-apis chain: 54 blocks over every fork from Frontier to Osaka, imported with full execution.

use std::{fs, path::Path, process::Output};

use btt_tests::{Suite, archive, bttd};
use serde_json::Value;

pub fn run(fixtures: &Path, suite: &mut Suite) {
    let folder = tempfile::tempdir().unwrap();
    let files = archive(&fixtures.join("execution-apis-tests.tar.zst"));
    let content = |name: &str| {
        let found = files.iter().find(|(path, _)| path == name);
        &found.unwrap_or_else(|| panic!("the archive lacks {name}")).1
    };
    let json = |name: &str| -> Value { serde_json::from_slice(content(name)).unwrap() };
    let head = json("tests/headfcu.json")["params"][0]["headBlockHash"].as_str().unwrap().to_owned();
    let root = json("tools/chain/headstate.json")["root"].as_str().unwrap().to_owned();
    for name in ["genesis.json", "chain.rlp"] {
        fs::write(folder.path().join(name), content(&format!("tests/{name}"))).unwrap();
    }

    let import = || {
        bttd()
            .current_dir(&folder)
            .args(["import", "--chain", "genesis.json", "--datadir", "d", "chain.rlp"])
            .output()
            .unwrap()
    };
    suite.case("import", reaches(&import(), &head, &root));
    suite.case("import again changes nothing", reaches(&import(), &head, &root));
    let verify = bttd().current_dir(&folder).args(["db", "verify", "--datadir", "d"]).output().unwrap();
    suite.case("db verify", success(&verify));
}

/// The program ends well and names head hash and state root.
fn reaches(output: &Output, head: &str, root: &str) -> Result<(), String> {
    success(output)?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    match [head, root].iter().find(|hash| !stdout.contains(**hash)) {
        Some(missing) => Err(format!("{missing} is not in the output:\n{stdout}")),
        None => Ok(()),
    }
}

fn success(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
