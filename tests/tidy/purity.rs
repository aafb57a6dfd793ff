//! Group 2: deterministic crates stay so, no crate lowers a lint that guards money, and nothing is unsafe.

use crate::{
    fault::Fault,
    rust,
    table::{self, Class},
    tree::{File, Tree},
};

/// The first attribute of each pure and store crate; clippy.toml lists what it bans.
const ATTRIBUTE: &str = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";

/// Lints that code outside tests never lowers.
const GUARDED: &[&str] = &[
    "disallowed_methods",
    "disallowed_types",
    "disallowed_macros",
    "unwrap_used",
    "arithmetic_side_effects",
    "cast_possible_truncation",
    "cast_possible_wrap",
    "cast_sign_loss",
    "iter_over_hash_type",
    "clippy::all",
    "clippy::restriction",
];

/// What deterministic crates never name, beyond clippy's list of methods.
const ACTS: &[&str] = &["std::net", "std::process", "std::env", "tokio::", "std::time::SystemTime"];

/// What pure crates do not even name; store crates may, for the database and for work whose order cannot show.
const STORES: &[&str] = &["std::fs", "std::thread", "rayon::"];

/// What a build script never names.
const NETWORK: &[&str] = &["TcpStream", "http://", "https://", "curl", "wget", "git clone"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, rust) in tree.rust() {
        for start in rust::words(&rust.code, "unsafe") {
            faults.push(Fault::new(&file.path, rust.line_of(start), "unsafe", "unsafe code is forbidden"));
        }
        faults.extend(lowered_lints(file));
        faults.extend(acts(file));
        if file.path.ends_with("/src/lib.rs") {
            faults.extend(attribute(file));
        }
        if file.path.strip_suffix("/build.rs").is_some_and(|dir| table::crate_at(dir).is_some()) {
            faults.extend(build_script(file));
        }
    }
    faults.extend(tree.files.iter().filter_map(lints_inherited));
    faults
}

/// `allow` and `expect` attributes of guarded lints outside tests.
fn lowered_lints(file: &File) -> Vec<Fault> {
    let Some(rust) = &file.rust else { return Vec::new() };
    let lowers = |line: &str| ["allow(", "expect(", "warn("].iter().any(|word| line.contains(word));
    let guarded = |line: &str| GUARDED.iter().copied().find(|lint| line.contains(lint));
    let attributes = rust.product_lines().filter(|(_, line)| line.contains("#[") || line.contains("#!["));
    attributes
        .filter(|(_, line)| lowers(line))
        .filter_map(|(number, line)| Some((number, guarded(line)?)))
        .map(|(number, lint)| {
            Fault::new(&file.path, number, "lint-lowered", format!("{lint} is never lowered"))
        })
        .collect()
}

/// Words of a program that acts, in the product code of pure and store crates.
fn acts(file: &File) -> Vec<Fault> {
    let (Some(rust), Some(row)) = (&file.rust, table::crate_of(&file.path)) else { return Vec::new() };
    let banned = match row.class {
        Class::Pure => [ACTS, STORES].concat(),
        Class::Store => ACTS.to_vec(),
        Class::Io | Class::Root | Class::Dev => return Vec::new(),
    };
    let named = |line: &str| banned.iter().copied().find(|word| line.contains(word));
    rust.product_lines()
        .filter_map(|(number, line)| Some((number, named(line)?)))
        .map(|(number, word)| {
            Fault::new(&file.path, number, "purity", format!("{word} in a {:?} crate", row.class))
        })
        .collect()
}

/// The purity attribute stands in every pure and store crate.
fn attribute(lib: &File) -> Option<Fault> {
    let row = table::crate_of(&lib.path)?;
    // More lints may stand in it.
    let begin = ATTRIBUTE.trim_end_matches(")]");
    let is_missing = row.is_deterministic() && !lib.lines().any(|(_, line)| line.starts_with(begin));
    is_missing.then(|| Fault::new(&lib.path, 1, "purity", format!("{ATTRIBUTE} is missing")))
}

/// Every manifest inherits the workspace's lints.
fn lints_inherited(file: &File) -> Option<Fault> {
    let dir = file.path.strip_suffix("/Cargo.toml")?;
    table::crate_at(dir)?;
    let inherits = file.text.as_deref()?.contains("[lints]\nworkspace = true");
    (!inherits).then(|| Fault::new(&file.path, 0, "lints", "[lints] workspace = true is missing"))
}

fn build_script(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !table::BUILD_SCRIPTS.iter().any(|(path, _)| *path == file.path) {
        faults.push(Fault::new(
            &file.path,
            0,
            "build-script",
            "not in the table of build scripts: give the reason",
        ));
    }
    for (number, line) in file.lines() {
        if let Some(word) = NETWORK.iter().find(|word| line.contains(**word)) {
            faults.push(Fault::new(
                &file.path,
                number,
                "build-script",
                format!("names {word}: builds stay offline"),
            ));
        }
    }
    faults
}

#[test]
fn impure_code_is_caught() {
    use crate::fault::assert_caught;

    let check = |path: &str, text: &str, expected: &[(usize, &'static str)]| {
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    check("crates/evm/src/a.rs", "// unsafe\nlet a = \"unsafe\";\nfn unsafely() {}\n", &[]);
    check("crates/evm/src/a.rs", "fn f() {\n    unsafe { g() }\n}\n", &[(2, "unsafe")]);
    check(
        "crates/node/src/a.rs",
        "#[allow(clippy::arithmetic_side_effects)]\nfn f() {}\n",
        &[(1, "lint-lowered")],
    );
    check("crates/node/src/a.rs", "#[allow(clippy::too_many_lines)]\nfn f() {}\n", &[]);
    check("crates/node/src/a.rs", "#[cfg(test)]\nmod tests {\n    #![allow(clippy::unwrap_used)]\n}\n", &[]);
    check("crates/state/src/a.rs", "use std::env;\n", &[(1, "purity")]);
    check("crates/state/src/a.rs", "use std::fs;\n", &[]);
    check("crates/primitives/src/a.rs", "use std::fs;\n", &[(1, "purity")]);
    check("crates/node/src/a.rs", "use std::env;\n", &[]);
    check("crates/state/src/lib.rs", "//! The state.\n", &[(1, "purity")]);
    check("crates/state/src/lib.rs", &format!("//! The state.\n{ATTRIBUTE}\n"), &[]);
    check("crates/node/src/lib.rs", "//! The node.\n", &[]);
    check("crates/node/Cargo.toml", "[package]\n", &[(0, "lints")]);
    check("crates/node/Cargo.toml", "[package]\n[lints]\nworkspace = true\n", &[]);
    check("crates/node/src/build.rs", "// curl\n", &[]);
    check("crates/node/build.rs", "// curl\n", &[(0, "build-script"), (1, "build-script")]);
}
