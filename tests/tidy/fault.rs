//! What a rule found.

use std::fmt;

/// One breach of a rule, at a place a reader can go to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Path from the repository's root.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// The rule's short name.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    pub fn new(file: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, rule, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.file, self.line, self.rule, self.what)
    }
}

/// All faults, one per line.
pub fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// Asserts that a bad sample gave exactly these faults, each as (file, line, rule).
#[track_caller]
pub fn assert_caught(faults: &[Fault], expected: &[(&str, usize, &str)]) {
    let mut found: Vec<_> =
        faults.iter().map(|fault| (fault.file.as_str(), fault.line, fault.rule)).collect();
    found.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "\n{}", list(faults));
}
