//! The commands of README.md and of the guides: every block marked `sh test` runs as it is written.
//!
//! The blocks of one document run in order, in one new folder, with `bttd` on the path. A line that begins with `#=>`
//! after a command is a text that its output has to hold.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use btt_tests::{bttd_path, root};

#[test]
fn commands_in_documents_do_what_they_say() {
    let mut documents = vec![root().join("README.md")];
    let guides = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    documents.extend(guides.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    documents.sort();
    let mut ran = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let blocks = blocks(&text);
        let folder = tempfile::tempdir().unwrap();
        for (line, block) in &blocks {
            if let Err(error) = run(block, folder.path()) {
                panic!("{}:{line}: {error}", document.display());
            }
        }
        ran += blocks.len();
    }
    assert!(ran > 0, "no document has a block marked `sh test`");
}

/// The blocks marked `sh test`, each with the line it begins on.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line == "```sh test" {
            let body: Vec<_> =
                lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```").collect();
            blocks.push((number, body.join("\n")));
        }
    }
    blocks
}

/// Runs a block and looks for what it promises.
fn run(block: &str, folder: &Path) -> Result<(), String> {
    let programs = bttd_path().parent().unwrap().to_path_buf();
    let path = env::join_paths([programs].into_iter().chain(path_folders())).unwrap();
    let script = format!("set -euo pipefail\n{block}\n");
    let output =
        Command::new("bash").arg("-c").arg(script).current_dir(folder).env("PATH", path).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("{}\n{text}", output.status));
    }
    let promised = block.lines().filter_map(|line| line.strip_prefix("#=> "));
    match promised.filter(|part| !text.contains(*part)).collect::<Vec<_>>() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(format!("{missing:?} not in the output:\n{text}")),
    }
}

fn path_folders() -> Vec<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect()
}

#[test]
fn a_failing_command_and_a_broken_promise_are_caught() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(blocks("a\n```sh test\nb\nc\n```\n```sh\nd\n```\n"), [(2, "b\nc".to_owned())]);
    assert_eq!(run("echo a\n#=> a", folder.path()), Ok(()));
    assert!(run("false\necho a", folder.path()).is_err());
    assert!(run("echo a\n#=> b", folder.path()).is_err());
}
