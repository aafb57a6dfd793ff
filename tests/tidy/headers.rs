//! Group 3: a library opens with what it is, what it never does, and an example; and holds no logic in lib.rs.

use crate::{
    fault::Fault,
    rust::Source,
    table,
    tree::{File, Tree},
};

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, rust) in tree.rust() {
        if let Some(dir) = file.path.strip_suffix("/src/lib.rs") {
            if table::crate_at(dir).is_some() {
                faults.extend(header(file, dir));
                faults.extend(no_logic(file, rust));
            }
            continue;
        }
        if file.path.ends_with("/mod.rs") {
            faults.extend(no_logic(file, rust));
        }
        let is_for_tests = rust.is_test.iter().all(|is_test| *is_test);
        if !is_for_tests && !has_module_doc(file) {
            faults.push(Fault::new(&file.path, 1, "module-doc", "the file does not say what it holds (//!)"));
        }
    }
    faults
}

/// A sentence, an invariant, an example.
fn header(file: &File, dir: &str) -> Vec<Fault> {
    let doc: Vec<_> = file.lines().filter_map(|(_, line)| line.strip_prefix("//!")).map(str::trim).collect();
    let fault = |what: &str| Fault::new(&file.path, 1, "header", what);
    let mut faults = Vec::new();
    let first: String = doc.iter().take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>().join(" ");
    if !first.ends_with('.') || !first.contains(' ') {
        faults.push(fault("the header does not open with a sentence: what the crate is"));
    }
    if !doc.iter().any(|line| line.starts_with("Invariant:")) {
        faults.push(fault("no line \"Invariant: …\": what the crate never does"));
    }
    let is_excused = dir == "tests" || table::NO_EXAMPLE.iter().any(|(excused, _)| *excused == dir);
    if !is_excused && !doc.contains(&"```") {
        faults.push(fault("no example: show the entry type in use"));
    }
    faults
}

/// lib.rs and mod.rs hold documentation, `mod`, `use` and type aliases. The first line that is more is the fault.
fn no_logic(file: &File, rust: &Source) -> Option<Fault> {
    let is_logic = |line: &str| {
        ["fn ", "impl ", "struct ", "enum ", "trait ", "static "].iter().any(|item| {
            let line = line.trim_start();
            line.starts_with(item) || line.starts_with(&format!("pub {item}"))
        })
    };
    let (number, _) = rust.product_lines().find(|(_, line)| is_logic(line))?;
    let what = "lib.rs and mod.rs hold docs, mod and pub use: with logic, name/mod.rs is name.rs";
    Some(Fault::new(&file.path, number, "no-logic", what))
}

fn has_module_doc(file: &File) -> bool {
    file.lines()
        .map(|(_, line)| line)
        .find(|line| !line.is_empty())
        .is_some_and(|line| line.starts_with("//!"))
}

#[test]
fn poor_headers_are_caught() {
    use crate::fault::assert_caught;

    let good = "//! The state of the chain.\n//!\n//! Invariant: pure.\n//! ```\n//! f();\n//! ```\nmod a;\n";
    let check = |path: &str, text: &str, expected: &[(usize, &'static str)]| {
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    check("crates/state/src/lib.rs", good, &[]);
    check("crates/state/src/lib.rs", "//! placeholder\n", &[(1, "header"), (1, "header"), (1, "header")]);
    check("crates/state/src/lib.rs", &good.replace("Invariant", "Note"), &[(1, "header")]);
    check("crates/state/src/lib.rs", &good.replace("//! ```\n", ""), &[(1, "header")]);
    check("crates/state/src/lib.rs", &good.replace("mod a;", "pub fn f() {}"), &[(7, "no-logic")]);
    check("crates/state/src/a.rs", "//! What a is.\n\nfn f() {}\n", &[]);
    check("crates/state/src/a.rs", "use b;\n", &[(1, "module-doc")]);
    check("crates/state/src/a/mod.rs", "//! What a is.\n\npub struct B;\n", &[(3, "no-logic")]);
}
