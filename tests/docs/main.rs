//! References that are generated and committed: every page equals what the program and the code say today.
//!
//! `make docs` (`UPDATE_DOCS=1`) rewrites them instead of comparing.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, unreachable_pub)]

mod cli;
mod exit_codes;

use std::{collections::BTreeMap, env, fs, path::Path};

/// Generated files: path below `docs/`, and content.
type Pages = BTreeMap<String, String>;

#[test]
fn generated_references_are_fresh() {
    let mut pages = cli::pages();
    pages.insert("exit-codes.md".to_owned(), exit_codes::page());
    let docs = btt_tests::root().join("docs");
    if env::var_os("UPDATE_DOCS").is_some() {
        update(&docs, &pages);
    }
    let faults = compare(&docs, &pages);
    assert!(faults.is_empty(), "run `make docs` and commit what it writes:\n{}", faults.join("\n"));
}

/// What differs: a page that is missing, stale, or no longer generated.
fn compare(docs: &Path, pages: &Pages) -> Vec<String> {
    let differs = |(path, expected): &(&String, &String)| match fs::read_to_string(docs.join(path)) {
        Ok(found) if found == **expected => None,
        Ok(found) => {
            let mut lines = found.lines().zip(expected.lines()).zip(1..);
            let line = lines.find(|((found, expected), _)| found != expected).map_or(0, |(_, line)| line);
            Some(format!("docs/{path}:{line}: stale"))
        }
        Err(_) => Some(format!("docs/{path}: missing")),
    };
    let mut faults: Vec<_> = pages.iter().filter_map(|page| differs(&page)).collect();
    faults.extend(left_over(docs, pages).into_iter().map(|path| format!("docs/{path}: no longer generated")));
    faults
}

fn update(docs: &Path, pages: &Pages) {
    for path in left_over(docs, pages) {
        fs::remove_file(docs.join(path)).unwrap();
    }
    fs::create_dir_all(docs.join("cli")).unwrap();
    for (path, content) in pages {
        fs::write(docs.join(path), content).unwrap();
    }
}

/// Files in `docs/cli/` of commands that are gone.
fn left_over(docs: &Path, pages: &Pages) -> Vec<String> {
    let Ok(folder) = fs::read_dir(docs.join("cli")) else { return Vec::new() };
    let paths = folder.map(|entry| format!("cli/{}", entry.unwrap().file_name().to_string_lossy()));
    paths.filter(|path| !pages.contains_key(path)).collect()
}

#[test]
fn stale_missing_and_left_over_pages_are_caught() {
    let docs = tempfile::tempdir().unwrap();
    let page = |path: &str, content: &str| (path.to_owned(), content.to_owned());
    let pages = Pages::from([page("cli/a.md", "a\nb\n"), page("cli/b.md", "b\n")]);
    update(docs.path(), &pages);
    assert_eq!(compare(docs.path(), &pages), [""; 0]);

    let changed = Pages::from([page("cli/a.md", "a\nc\n"), page("cli/c.md", "c\n")]);
    let faults = ["docs/cli/a.md:2: stale", "docs/cli/c.md: missing", "docs/cli/b.md: no longer generated"];
    assert_eq!(compare(docs.path(), &changed), faults);
    update(docs.path(), &changed);
    assert_eq!(compare(docs.path(), &changed), [""; 0]);
}
