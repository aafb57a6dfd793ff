//! Group 8: every environment variable that the repository reads is explained.

use std::collections::BTreeMap;

use crate::{fault::Fault, rust, tree::Tree};

/// Prefixes of our variables: the program's own, and those of its tests and make targets.
const PREFIXES: &[&str] = &["BTTD_", "BTT_"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let explained = |name: &str| {
        let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
        documents.filter_map(|file| file.text.as_deref()).any(|text| rust::words(text, name).next().is_some())
    };
    let mut faults = Vec::new();
    for (name, (file, line)) in variables(tree) {
        if !explained(&name) {
            faults.push(Fault::new(&file, line, "settings", format!("{name} is explained in no document")));
        }
    }
    faults
}

/// Each variable with the first place that names it: strings of Rust, and scripts.
fn variables(tree: &Tree) -> BTreeMap<String, (String, usize)> {
    let mut found = BTreeMap::new();
    for file in &tree.files {
        let is_script = file.path.ends_with(".sh")
            || file.path == ".ci/run"
            || file.path == "Makefile"
            || file.path.ends_with(".mk");
        // The tidy test's own samples are no settings.
        let rust = file.rust.as_ref().filter(|_| !file.path.starts_with("tests/tidy/"));
        let lines: Vec<_> = match rust {
            Some(rust) => read_in(rust),
            None if is_script => file.lines().collect(),
            None => continue,
        };
        for (number, line) in lines {
            for name in names(line) {
                found.entry(name).or_insert_with(|| (file.path.clone(), number));
            }
        }
    }
    found
}

/// The strings on lines of Rust that name an environment: `env::var("…")`, `env = "…"`, `env_remove("…")`.
fn read_in(rust: &rust::Source) -> Vec<(usize, &str)> {
    let names_environment =
        |code: &str| code.contains("env") || code.contains("var(") || code.contains("var_os(");
    let lines = rust.code_lines().zip(rust.string_lines());
    lines.filter(|((_, code), _)| names_environment(code)).map(|(_, strings)| strings).collect()
}

fn names(line: &str) -> Vec<String> {
    let is_name = |word: &&str| {
        let rest = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix));
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    line.split(|c: char| !rust::is_word(c)).filter(is_name).map(str::to_owned).collect()
}

#[test]
fn unexplained_variables_are_caught() {
    use crate::fault::assert_caught;

    let path = "crates/node/src/a.rs";
    let code = (path, "\nvar(\"BTTD_DATADIR\");\n");
    let caught = [(path, 2, "settings")];
    assert_caught(&check(&Tree::sample(&[code])), &caught);
    assert_caught(&check(&Tree::sample(&[code, ("README.md", "BTTD_DATADIR_2 is another.")])), &caught);
    assert_caught(&check(&Tree::sample(&[code, ("README.md", "`BTTD_DATADIR` is the folder.")])), &[]);
    assert_caught(&check(&Tree::sample(&[("Makefile", "x: $(BTT_X)")])), &[("Makefile", 1, "settings")]);
    assert_caught(
        &check(&Tree::sample(&[(path, "var(\"BTT_\"); let a = 1;\nlet b = \"BTT_ADDRESS\";")])),
        &[],
    );
}
