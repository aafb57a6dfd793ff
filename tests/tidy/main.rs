//! The tidy test: rules about the whole repository that no compiler and no lint keeps.
//!
//! Each group of rules is a module with a `check` that reads a [`Tree`] of files or the [`Packages`] that cargo
//! resolved and returns its faults, and with tests that show bad samples being caught. What a rule compares against
//! (layers, owners, limits, exceptions) stands in [`table`]: a new crate or a justified exception is a row there.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, unreachable_pub)]

mod codecs;
mod dependencies;
mod documents;
mod fault;
mod headers;
mod layers;
mod packages;
mod paths;
mod purity;
mod rust;
mod settings;
mod sizes;
mod table;
mod text;
mod tree;
mod words;

use std::io::Write;

use fault::Fault;
use packages::Packages;
use tree::Tree;

/// Every group, over this repository. The list of all faults stands at the end of the test's output.
#[test]
fn repository_is_tidy() {
    let root = btt_tests::root();
    let tree = Tree::load(&root);
    let packages = Packages::load(&root);

    let mut faults: Vec<Fault> = [
        layers::check(&packages),
        purity::check(&tree),
        headers::check(&tree),
        sizes::check(&tree),
        dependencies::check(&tree, &packages),
        words::check(&tree),
        documents::check(&tree),
        settings::check(&tree),
        codecs::check(&tree),
        text::check(&tree),
        paths::check(&tree),
    ]
    .concat();
    faults.sort();

    let report = format!("{}\n{}", sizes::report(&tree), dependencies::report(&tree, &packages));
    // Straight to stderr, past the test harness's capture: the figures are to be seen on every run.
    std::io::stderr().write_all(report.as_bytes()).unwrap();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), fault::list(&faults));
}
