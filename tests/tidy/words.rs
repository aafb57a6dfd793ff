//! Group 6: words that tests and unfinished code must not hold.

use crate::{fault::Fault, rust, rust::Source, tree::Tree};

/// Promises without an issue.
const PROMISES: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// Names that say nothing about what a thing does.
const EMPTY_NAMES: &[&str] = &["Manager", "Helper", "Util", "Utils", "Service", "Handler"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, rust) in tree.rust() {
        let mut found = promises(rust);
        found.extend(test_words(rust));
        // The samples of this test are what it looks for.
        if !file.path.starts_with("tests/tidy/") {
            found.extend(addresses(rust));
        }
        found.extend(empty_names(rust));
        found.extend(super_paths(rust));
        faults.extend(found.into_iter().map(|(line, rule, what)| Fault::new(&file.path, line, rule, what)));
    }
    faults
}

type Found = (usize, &'static str, String);

/// `TODO(#12): …` is the one form.
fn promises(rust: &Source) -> Vec<Found> {
    let numbered = |rest: &str| {
        let issue = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
        issue
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut found = Vec::new();
    for (number, line) in rust.comment_lines() {
        for word in PROMISES {
            for start in rust::words(line, word) {
                if *word != "TODO" || !numbered(&line[start + word.len()..]) {
                    found.push((number, "todo", format!("{word} without an issue: TODO(#number)")));
                }
            }
        }
    }
    found
}

/// Tests that are skipped, expect just any panic, or wait for a while.
fn test_words(rust: &Source) -> Vec<Found> {
    let banned: [(&str, &str); 4] = [
        ("#[ignore", "an ignored test proves nothing"),
        ("#[should_panic", "assert on the error, not on just any panic"),
        ("thread::sleep", "tests do not sleep: wait for the event"),
        ("time::sleep", "tests do not sleep: wait for the event"),
    ];
    let mut found = Vec::new();
    for (number, line) in rust.test_lines() {
        for (word, what) in banned {
            if line.contains(word) {
                found.push((number, "test-words", what.to_owned()));
            }
        }
    }
    found
}

/// Fixed ports and hosts elsewhere in the strings of tests.
fn addresses(rust: &Source) -> Vec<Found> {
    let mut found = Vec::new();
    let strings = rust.string_lines().filter(|(number, _)| rust.is_test[number - 1]);
    for (number, line) in strings {
        for host in ["127.0.0.1:", "localhost:", "0.0.0.0:", "[::1]:"] {
            for (start, _) in line.match_indices(host) {
                let port = line[start + host.len()..].bytes().next();
                if port.is_some_and(|byte| byte.is_ascii_digit() && byte != b'0') {
                    found.push((number, "fixed-port", "a fixed port: bind port 0 and read it".to_owned()));
                }
            }
        }
        for scheme in ["http://", "https://", "ws://", "wss://"] {
            for (start, _) in line.match_indices(scheme) {
                let host = &line[start + scheme.len()..];
                let is_local =
                    ["127.0.0.1", "localhost", "[::1]", "{"].iter().any(|local| host.starts_with(local));
                if host.starts_with(char::is_alphanumeric) && !is_local {
                    found.push((number, "outside", format!("{scheme} to another machine")));
                }
            }
        }
    }
    found
}

/// A type called Manager or Helper hides what it does.
fn empty_names(rust: &Source) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, line) in rust.code_lines() {
        for item in ["struct ", "enum ", "trait "] {
            let Some(start) = line.find(item) else { continue };
            let name: String = line[start + item.len()..].chars().take_while(|c| rust::is_word(*c)).collect();
            if EMPTY_NAMES.iter().any(|empty| name.ends_with(empty)) {
                found.push((number, "name", format!("{name}: say what it does")));
            }
        }
    }
    found
}

/// Paths start with `crate::`; only tests look at the module around them.
fn super_paths(rust: &Source) -> Vec<Found> {
    let relative = rust.product_lines().filter(|(_, line)| rust::words(line, "super").next().is_some());
    let visible = relative.filter(|(_, line)| !line.contains("pub(super)"));
    visible.map(|(number, _)| (number, "super", "paths start with crate::".to_owned())).collect()
}

#[test]
fn bad_words_are_caught() {
    use crate::fault::assert_caught;

    let check = |path: &str, text: &str, rules: &[&'static str]| {
        let expected: Vec<_> = rules.iter().map(|rule| (path, 1, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    let (product, test) = ("crates/node/src/a.rs", "crates/node/tests/a.rs");
    check(product, "// TODO(#12): faster", &[]);
    check(product, "// TODO: faster", &["todo"]);
    check(product, "// TODO(soon): faster", &["todo"]);
    check(product, "let a = \"TODO\";", &[]);
    check(product, "// FIXME(#1)", &["todo"]);
    check(product, "thread::sleep(d);", &[]);
    check(test, "thread::sleep(d);", &["test-words"]);
    check(test, "#[ignore = \"slow\"]", &["test-words"]);
    check(test, "#[should_panic]", &["test-words"]);
    check(test, "bind(\"127.0.0.1:0\")", &[]);
    check(test, "bind(\"127.0.0.1:8545\")", &["fixed-port"]);
    check(product, "bind(\"127.0.0.1:8545\")", &[]);
    check(test, "get(\"http://127.0.0.1:{port}/\")", &[]);
    check(test, "get(\"https://example.org/\")", &["outside"]);
    check(product, "pub struct BlockManager;", &["name"]);
    check(product, "pub struct Blocks;", &[]);
    check(product, "use super::b;", &["super"]);
    check(product, "pub(super) fn f() {}", &[]);
    check(test, "use super::b;", &[]);
}
