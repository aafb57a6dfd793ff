//! Group 4: sizes. Aims are reported; a file or function far above them is a fault unless the table names why.

use std::fmt::Write;

use crate::{fault::Fault, rust, table, tree::Tree};

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, rust) in tree.rust() {
        let lines = file.lines().count();
        let is_listed = table::LONG_FILES.iter().any(|(path, _)| *path == file.path);
        if lines > table::FILE_LINES && !is_listed {
            faults.push(Fault::new(
                &file.path,
                0,
                "file-size",
                format!("{lines} lines: is there a natural seam?"),
            ));
        }
        for function in rust.functions() {
            let is_listed = table::LONG_FUNCTIONS
                .iter()
                .any(|(path, name, _)| *path == file.path && *name == function.name);
            if function.code_lines > table::FUNCTION_LINES && !is_listed {
                let what = format!("{} has {} lines of code", function.name, function.code_lines);
                faults.push(Fault::new(&file.path, function.line, "function-size", what));
            }
        }
    }
    faults.extend(expects(tree));
    faults
}

/// An exception that no longer is one has to go.
#[test]
fn exceptions_are_still_needed() {
    let tree = Tree::load(&btt_tests::root());
    for (path, reason) in table::LONG_FILES {
        let lines = tree.file(path).map_or(0, |file| file.lines().count());
        assert!(lines > table::FILE_LINES, "{path} has {lines} lines: remove its exception ({reason})");
    }
    for (path, name, reason) in table::LONG_FUNCTIONS {
        let functions = tree.file(path).and_then(|file| file.rust.as_ref()).map(rust::Source::functions);
        let is_long = |f: &rust::Function| f.name == *name && f.code_lines > table::FUNCTION_LINES;
        let needed = functions.unwrap_or_default().iter().any(is_long);
        assert!(needed, "{path} has no long function {name}: remove its exception ({reason})");
    }
}

/// `unwrap` never, `expect` only with a reason, both outside tests. Clippy sees the first too, but not in macros.
fn expects(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, rust) in tree.rust() {
        for (number, line) in rust.product_lines() {
            if line.contains(".unwrap()") {
                faults.push(Fault::new(&file.path, number, "unwrap", "unwrap outside tests"));
            }
            // The code part has blanks where the reason stands: what is not empty is measured there.
            if let Some(start) = line.find(".expect(\"") {
                let reason = line[start + 9..].find('"').unwrap_or(usize::MAX);
                if reason < 10 {
                    faults.push(Fault::new(
                        &file.path,
                        number,
                        "expect",
                        "expect needs the reason why it cannot fail",
                    ));
                }
            }
        }
    }
    faults
}

/// The figures of style: sizes, share of tests, density of documentation.
pub fn report(tree: &Tree) -> String {
    let mut figures = Figures::default();
    for (file, rust) in tree.rust() {
        let has_code = |line: &str| !line.trim().is_empty();
        let product = rust.product_lines().filter(|(_, line)| has_code(line)).count();
        let tests = rust.test_lines().filter(|(_, line)| has_code(line)).count();
        figures.product += product;
        figures.tests += tests;
        if product == 0 {
            continue;
        }
        let docs = rust.comment_lines().filter(|(n, line)| !rust.is_test[n - 1] && is_doc(line));
        figures.docs += docs.count();
        figures.expects += rust.product_lines().filter(|(_, line)| line.contains(".expect(")).count();
        figures.files.push(file.lines().count());
        let functions = rust.functions();
        let product_functions = functions.iter().filter(|f| !rust.is_test[f.line - 1]);
        figures.functions.extend(product_functions.map(|f| f.code_lines));
    }
    figures.report()
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!")
}

#[derive(Default)]
struct Figures {
    product: usize,
    tests: usize,
    docs: usize,
    expects: usize,
    files: Vec<usize>,
    functions: Vec<usize>,
}

impl Figures {
    fn report(&self) -> String {
        let share = |part: usize, whole: usize| 100 * part / whole.max(1);
        let above = self.functions.iter().filter(|lines| **lines > 60).count();
        let mut text = String::new();
        let all = self.product + self.tests;
        writeln!(
            text,
            "tidy: {} lines of Rust code, {} % of them tests (aim 50)",
            all,
            share(self.tests, all)
        )
        .unwrap();
        writeln!(text, "tidy: files {} lines (median/p95/max; aim 150/500/800)", spread(&self.files))
            .unwrap();
        writeln!(
            text,
            "tidy: functions {} lines (aim 7/35/80), {} of {} above 60",
            spread(&self.functions),
            above,
            self.functions.len()
        )
        .unwrap();
        write!(
            text,
            "tidy: {} doc lines per 100 of code (aim 25), {} expect in {} lines (aim 1 per 1000)",
            share(self.docs, self.product),
            self.expects,
            self.product
        )
        .unwrap();
        text
    }
}

/// Median, 95th percentile and maximum.
fn spread(values: &[usize]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)));
    let [median, p95, max] = [50, 95, 100].map(|percent| at(percent).copied().unwrap_or_default());
    format!("{median}/{p95}/{max}")
}

#[test]
fn oversized_and_unreasoned_code_is_caught() {
    use crate::fault::assert_caught;

    let check = |text: &str, expected: &[(usize, &'static str)]| {
        let path = "crates/node/src/a.rs";
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    check(&"\n".repeat(table::FILE_LINES - 1), &[]);
    check(&"\n".repeat(table::FILE_LINES), &[(0, "file-size")]);
    let function = |lines: usize| format!("\nfn f() {{\n{}}}\n", "g();\n".repeat(lines - 2));
    check(&function(table::FUNCTION_LINES), &[]);
    check(&function(table::FUNCTION_LINES + 1), &[(2, "function-size")]);
    check("a.unwrap();\n", &[(1, "unwrap")]);
    check("a.expect(\"\");\n", &[(1, "expect")]);
    check("a.expect(\"checked two lines above\");\n", &[]);
    check("#[cfg(test)]\nmod tests {\n    fn f() { a.unwrap(); }\n}\n", &[]);
}

#[test]
fn figures_are_what_they_say() {
    assert_eq!(spread(&[3, 1, 2, 4, 100]), "3/100/100");
    assert_eq!(spread(&[]), "0/0/0");
    let tree = Tree::sample(&[("crates/node/src/a.rs", "/// F.\nfn f() {}\n#[cfg(test)]\nmod t {\n}\n")]);
    assert!(report(&tree).starts_with("tidy: 4 lines of Rust code, 75 % of them tests"), "{}", report(&tree));
}
