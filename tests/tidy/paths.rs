//! Group 10, second part: nothing in the repository tells of the machine or the registry it was made with.

use crate::{fault::Fault, tree::Tree};

/// Folders of some one machine; in pieces, so that this file does not hold them itself.
const MACHINE: &[&str] =
    &[concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Lock files of package managers that note the host a package came from.
const LOCKS: &[&str] = &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in &tree.files {
        let is_lock = LOCKS.iter().any(|name| file.path == *name || file.path.ends_with(&format!("/{name}")));
        for (number, line) in file.lines() {
            if let Some(path) = MACHINE.iter().find(|path| names_path(line, path)) {
                faults.push(Fault::new(
                    &file.path,
                    number,
                    "machine-path",
                    format!("{path}… is one machine's path"),
                ));
            }
            if line.contains(concat!(":4", "43/")) || (is_lock && line.contains("resolved")) {
                faults.push(Fault::new(&file.path, number, "registry-host", "the host of a registry"));
            }
        }
    }
    faults
}

/// An absolute path, not the middle of a relative one (`net/work/x`).
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '*'))
    })
}

#[test]
fn machine_paths_and_hosts_are_caught() {
    use crate::fault::assert_caught;

    let check = |path: &str, text: &str, expected: &[(usize, &'static str)]| {
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    for path in MACHINE {
        check("a.json", &format!("\"path\": \"{path}x\""), &[(1, "machine-path")]);
        check("a.json", &format!("\"path\": \"net{path}x\""), &[]);
    }
    check("contracts/package-lock.json", "\"resolved\": \"x\"", &[(1, "registry-host")]);
    check("a.toml", concat!("url = \"https://mirror:4", "43/x\""), &[(1, "registry-host")]);
}
