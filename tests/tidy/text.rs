//! Group 10: plain text that diffs and reads well, and no surprise in size.

use crate::{
    fault::Fault,
    rust::Source,
    table,
    tree::{File, Tree},
};

const MIB: u64 = 1 << 20;

pub fn check(tree: &Tree) -> Vec<Fault> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    if file.bytes > MIB && !table::BIG_FILES.iter().any(|(path, _)| *path == file.path) {
        faults.push(Fault::new(&file.path, 0, "big-file", format!("{} bytes, not in the table", file.bytes)));
    }
    // Data is as its tool wrote it.
    if is_hand_written(&file.path) {
        faults.extend(whitespace(file));
    }
    if let Some(rust) = &file.rust {
        faults.extend(width(file, rust));
        faults.extend(imports(file));
    }
    if file.path.ends_with(".md") && !is_generated(&file.path) {
        faults.extend(sentences(file));
    }
    faults
}

/// What the `docs` test writes.
fn is_generated(path: &str) -> bool {
    path.starts_with("docs/cli/") || path == "docs/exit-codes.md"
}

fn is_hand_written(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or(name, |(_, extension)| extension);
    matches!(extension, "rs" | "md" | "toml" | "sh" | "yml" | "yaml" | "sol" | "js" | "mjs" | "css" | "html")
        || matches!(name, "Makefile" | "Dockerfile" | "run" | "gitignore" | "gitattributes")
}

fn whitespace(file: &File) -> Vec<Fault> {
    let Some(text) = file.text.as_deref() else {
        return vec![Fault::new(&file.path, 0, "text", "not UTF-8 text")];
    };
    let mut faults = Vec::new();
    let mut fault = |line: usize, what: &str| faults.push(Fault::new(&file.path, line, "whitespace", what));
    for (number, line) in file.lines() {
        if line.ends_with('\r') {
            fault(number, "CRLF: lines end with LF");
        } else if line.ends_with([' ', '\t']) {
            fault(number, "space at the end of the line");
        }
        if line.contains('\t') && !file.path.ends_with("Makefile") {
            fault(number, "tab");
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        fault(file.lines().count(), "no newline at the end of the file");
    }
    if text.ends_with("\n\n") {
        fault(file.lines().count(), "blank lines at the end of the file");
    }
    faults
}

/// Code and comments; the content of a string may be as long as it must, and so may a word that cannot be broken.
fn width(file: &File, rust: &Source) -> Vec<Fault> {
    let strings = rust.strings.split('\n').map(|line| line.trim().chars().count());
    file.lines()
        .zip(strings)
        .filter(|((_, line), in_strings)| {
            let columns = line.chars().count();
            let longest_word =
                line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or_default();
            columns.saturating_sub(*in_strings) > table::WIDTH && longest_word < table::WIDTH / 2
        })
        .map(|((number, line), _)| {
            let what = format!("{} columns, limit {}", line.chars().count(), table::WIDTH);
            Fault::new(&file.path, number, "width", what)
        })
        .collect()
}

/// One `use` per crate in a block of imports.
fn imports(file: &File) -> Vec<Fault> {
    let mut seen: Vec<&str> = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in file.lines() {
        if let Some(path) = line.strip_prefix("use ") {
            let root = path.split([':', ';', ' ']).next().unwrap_or(path);
            if seen.contains(&root) {
                faults.push(Fault::new(
                    &file.path,
                    number,
                    "imports",
                    format!("a second `use {root}`: join them"),
                ));
            }
            seen.push(root);
        } else if line.starts_with("mod ") || line.starts_with("#[cfg") {
            // Another block, or an import with a condition of its own.
            seen.clear();
        }
    }
    faults
}

/// One sentence per line in Markdown written by hand, so that diffs show sentences.
fn sentences(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut is_code = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let is_prose = !is_code && !line.starts_with(['|', '#', '<']);
        if is_prose && holds_two_sentences(&without_code(line)) {
            faults.push(Fault::new(&file.path, number, "sentence", "one sentence per line"));
        }
    }
    faults
}

/// The line with inline code blanked.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("x")
}

fn holds_two_sentences(line: &str) -> bool {
    let ends = [". ", "? ", "! "].iter().flat_map(|end| line.match_indices(end));
    ends.map(|(start, _)| start).any(|start| {
        let before = line[..start].rsplit([' ', '(']).next().unwrap_or_default();
        let after = line[start + 2..].trim_start().chars().next();
        // "e.g. X" and "1. First" end no sentence.
        let is_short = before.contains('.') || before.chars().all(|c| c.is_ascii_digit());
        !is_short && after.is_some_and(char::is_uppercase)
    })
}

#[test]
fn bad_text_is_caught() {
    use crate::fault::assert_caught;

    let check = |path: &str, text: &str, expected: &[(usize, &'static str)]| {
        let expected: Vec<_> = expected.iter().map(|(line, rule)| (path, *line, *rule)).collect();
        assert_caught(&check(&Tree::sample(&[(path, text)])), &expected);
    };
    check("a.sh", "a\r\n", &[(1, "whitespace")]);
    check("a.sh", "a \n", &[(1, "whitespace")]);
    check("a.sh", "a", &[(1, "whitespace")]);
    check("a.sh", "a\n\n", &[(3, "whitespace")]);
    check("a.toml", "\ta\n", &[(1, "whitespace")]);
    check("Makefile", "\ta\n", &[]);
    check("data.bin", &"a".repeat((1 << 20) + 1), &[(0, "big-file")]);
    check("a.rs", &format!("// {}\n", "ab ".repeat(45).trim()), &[(1, "width")]);
    check("a.rs", &format!("f(\"{}\");\n", "ab ".repeat(45)), &[]);
    check("a.rs", &format!("// https://{}\n", "a".repeat(130)), &[]);
    check("a.rs", "use std::fmt;\nuse std::io;\n", &[(2, "imports")]);
    check("a.rs", "use std::{fmt, io};\n\nuse crate::a;\n", &[]);
    check("a.md", "One. Two.\n", &[(1, "sentence")]);
    check("a.md", "One, e.g. Two.\n1. First.\n`A. B`\n| A. B |\n```\nA. B\n```\n", &[]);
}
