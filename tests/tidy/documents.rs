//! Group 7: documents tell the truth about the repository: links lead somewhere, paths and make targets exist, every
//! crate has its place in the map, decisions have their form. That generated references are fresh is the `docs` test.

use std::collections::BTreeSet;

use crate::{
    fault::Fault,
    table,
    tree::{File, Tree},
};

/// Folders that a path in a document may begin with.
const FOLDERS: &[&str] =
    &["bin/", "crates/", "contracts/", "genesis/", "tests/", "etc/", "docs/", "fuzz/", ".ci/", ".github/"];

/// What each decision record holds, in this order.
const DECISION: &[&str] = &["## Context", "## Decision", "## Consequences"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let known = Known::new(tree);
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        faults.extend(links(file, &known));
        faults.extend(named_paths(file, &known));
        faults.extend(named_targets(file, &known));
    }
    faults.extend(map(tree));
    faults.extend(targets_explained(tree, &known));
    faults.extend(decisions(tree));
    faults.extend(changelog(tree));
    faults
}

/// What a document may refer to.
struct Known {
    /// Files and all folders above them, without a slash at the end.
    paths: BTreeSet<String>,
    /// Targets of the Makefile that `make help` lists.
    targets: BTreeSet<String>,
}

impl Known {
    fn new(tree: &Tree) -> Self {
        let mut paths = BTreeSet::new();
        for file in &tree.files {
            let ends = file.path.match_indices('/').map(|(end, _)| end).chain([file.path.len()]);
            paths.extend(ends.map(|end| file.path[..end].to_owned()));
        }
        let is_makefile = |file: &&File| file.path == "Makefile" || file.path.ends_with(".mk");
        let makefile = tree.files.iter().filter(is_makefile).flat_map(File::lines);
        let target = |line: &str| Some(line.split_once(": ")?.0.to_owned()).filter(|_| line.contains(" ## "));
        Self { paths, targets: makefile.filter_map(|(_, line)| target(line)).collect() }
    }

    fn holds(&self, path: &str) -> bool {
        self.paths.contains(path.trim_end_matches('/'))
    }
}

/// `[text](path)` from the document's folder; links to the web are not followed.
fn links(file: &File, known: &Known) -> Vec<Fault> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut faults = Vec::new();
    for (number, line) in file.lines() {
        for (start, _) in line.match_indices("](") {
            let Some((target, _)) = line[start + 2..].split_once(')') else { continue };
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            if !known.holds(&joined(folder, path)) {
                faults.push(Fault::new(&file.path, number, "link", format!("{path} does not exist")));
            }
        }
    }
    faults
}

/// A relative path from a folder, with `.` and `..` resolved.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Paths in inline code that begin with a folder of ours; patterns and placeholders are left alone.
fn named_paths(file: &File, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in file.lines() {
        for code in line.split('`').skip(1).step_by(2) {
            let is_path = FOLDERS.iter().any(|folder| code.starts_with(folder))
                && code.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if is_path && !known.holds(code) {
                faults.push(Fault::new(&file.path, number, "path", format!("{code} does not exist")));
            }
        }
    }
    faults
}

/// `make name` in code: the target exists.
fn named_targets(file: &File, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut is_block = false;
    for (number, line) in file.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
            continue;
        }
        let codes: Vec<_> = if is_block { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for code in codes {
            for target in made(code).filter(|target| !known.targets.contains(*target)) {
                faults.push(Fault::new(&file.path, number, "make-target", format!("no target {target}")));
            }
        }
    }
    faults
}

/// The targets of each `make a b` in a line of shell.
fn made(code: &str) -> impl Iterator<Item = &str> {
    let commands = code.split("&&").flat_map(|part| part.split(';'));
    let arguments = commands.filter_map(|command| {
        let command = command.split('#').next().unwrap_or_default().trim();
        command.trim_start_matches("$ ").strip_prefix("make ")
    });
    arguments.flat_map(str::split_whitespace).filter(|word| !word.contains('=') && !word.starts_with('-'))
}

/// Each crate of the workspace has its paragraph in ARCHITECTURE.md.
fn map(tree: &Tree) -> Vec<Fault> {
    const MAP: &str = "ARCHITECTURE.md";
    let text = tree.file(MAP).and_then(|file| file.text.as_deref()).unwrap_or_default();
    let rows = table::CRATES.iter().filter(|row| tree.file(&format!("{}/Cargo.toml", row.dir)).is_some());
    rows.filter(|row| !text.contains(&format!("`{}`", row.dir)))
        .map(|row| Fault::new(MAP, 0, "map", format!("`{}` is missing from the map", row.dir)))
        .collect()
}

/// Each target of the Makefile is explained in README.md or CONTRIBUTING.md.
fn targets_explained(tree: &Tree, known: &Known) -> Vec<Fault> {
    let texts =
        ["README.md", "CONTRIBUTING.md"].map(|path| tree.file(path).and_then(|file| file.text.as_deref()));
    let is_explained = |target: &str| {
        let words = format!("make {target}");
        texts.iter().flatten().any(|text| crate::rust::words(text, &words).next().is_some())
    };
    let silent = known.targets.iter().filter(|target| !is_explained(target));
    silent
        .map(|target| Fault::new("Makefile", 0, "make-target", format!("{target} is explained nowhere")))
        .collect()
}

/// `docs/adr/NNN-title.md`, numbered without gaps, with context, decision and consequences.
fn decisions(tree: &Tree) -> Vec<Fault> {
    let records: Vec<_> = tree.files.iter().filter(|file| file.path.starts_with("docs/adr/")).collect();
    let mut faults = Vec::new();
    for (record, number) in records.iter().filter(|file| !file.path.ends_with("README.md")).zip(1..) {
        let fault = |what: String| Fault::new(&record.path, 0, "decision", what);
        if !record.path.starts_with(&format!("docs/adr/{number:03}-")) {
            faults.push(fault(format!("number {number:03} comes next")));
        }
        let text = record.text.as_deref().unwrap_or_default();
        let missing = DECISION.iter().filter(|heading| !text.contains(**heading));
        faults.extend(missing.map(|heading| fault(format!("{heading} is missing"))));
        if !text.lines().any(|line| line.starts_with("Date: ")) {
            faults.push(fault("the date is missing (Date: YYYY-MM-DD)".to_owned()));
        }
    }
    faults
}

/// The changelog begins with what is not yet released, and with what node operators must know.
fn changelog(tree: &Tree) -> Option<Fault> {
    let file = tree.file("CHANGELOG.md")?;
    let text = file.text.as_deref().unwrap_or_default();
    let order = ["## [", "### For node operators"].map(|heading| text.find(heading));
    let is_good = matches!(order, [Some(version), Some(operators)] if version < operators);
    (!is_good).then(|| Fault::new(&file.path, 0, "changelog", "a version, then \"For node operators\" first"))
}

#[test]
fn untrue_documents_are_caught() {
    use crate::fault::assert_caught;

    let check = |path: &str, text: &str, expected: &[(usize, &'static str)]| {
        let tree = Tree::sample(&[
            (path, text),
            ("docs/a.md", "A.\n"),
            ("Makefile", "test: setup ## Runs the tests\n"),
            ("CONTRIBUTING.md", "Run `make test`.\n"),
        ]);
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&tree), &expected);
    };
    check("docs/b.md", "[a](a.md) [b](../docs/a.md#x) [c](https://a.b/c)\n", &[]);
    check("docs/b.md", "[a](c.md)\n", &[(1, "link")]);
    check("README.md", "`docs/a.md` and `docs/`, `docs/*.md`\n", &[]);
    check("README.md", "`docs/c.md`\n", &[(1, "path")]);
    check("README.md", "```sh\nmake test SEEDS=2   # make a b\n```\n", &[]);
    check("README.md", "```sh\nmake test && make moon\n```\n", &[(2, "make-target")]);
    check("README.md", "Run `make moon`.\n", &[(1, "make-target")]);
    check("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n### For node operators\n", &[]);
    check("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n### Added\n", &[(0, "changelog")]);
    let decision = "# 1\nDate: 2026-01-01\n## Context\n## Decision\n## Consequences\n";
    check("docs/adr/001-a.md", decision, &[]);
    check("docs/adr/002-a.md", decision, &[(0, "decision")]);
    check("docs/adr/001-a.md", "# 1\nDate: 2026-01-01\n## Context\n## Decision\n", &[(0, "decision")]);
}

#[test]
fn gaps_in_the_map_and_silent_targets_are_caught() {
    use crate::fault::assert_caught;

    let tree =
        Tree::sample(&[("crates/state/Cargo.toml", "[lints]\n"), ("Makefile", "moon: ## Flies there\n")]);
    assert_caught(&check(&tree), &[("ARCHITECTURE.md", 0, "map"), ("Makefile", 0, "make-target")]);
}
