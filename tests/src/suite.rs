//! A suite whose cases come from a folder and not from code: counts, names what failed and what was skipped, and why.

use std::io::{self, Write};

/// The results of one suite so far.
#[derive(Debug)]
pub struct Suite {
    name: &'static str,
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Suite {
    /// A suite without results.
    pub const fn new(name: &'static str) -> Self {
        Self { name, passed: 0, failed: Vec::new(), skipped: Vec::new() }
    }

    /// Counts a case; the error tells what was expected and what came.
    pub fn case(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.failed.push(format!("{name}: {error}")),
        }
    }

    /// Counts a case that is not run, with the reason.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push(format!("{name}: {reason}"));
    }

    /// Adds what another program counted in its own closing line.
    pub fn add(&mut self, passed: usize, failed: usize, skipped: usize) {
        self.passed += passed;
        self.failed.extend((0..failed).map(|_| "see the output above".to_owned()));
        self.skipped.extend((0..skipped).map(|_| "see the output above".to_owned()));
    }

    /// Says that there are no fixtures. That is a success, but not a silent one.
    pub fn skip_whole(&self) {
        // Straight to stderr, past the test harness's capture.
        let mut err = io::stderr();
        writeln!(err, "SKIPPED {}: no fixtures (set BTT_FIXTURES)", self.name).unwrap();
    }

    /// Prints every failure and skip and the closing line. False when a case failed, or when there was none.
    #[must_use]
    pub fn close(self) -> bool {
        let mut out = io::stdout().lock();
        for failure in &self.failed {
            writeln!(out, "FAILED {}: {failure}", self.name).unwrap();
        }
        for skip in &self.skipped {
            writeln!(out, "skipped {}: {skip}", self.name).unwrap();
        }
        let (passed, failed, skipped) = (self.passed, self.failed.len(), self.skipped.len());
        if passed + failed + skipped == 0 {
            writeln!(out, "FAILED {}: the fixtures hold no case", self.name).unwrap();
            return false;
        }
        writeln!(out, "{}: {passed} passed, {failed} failed, {skipped} skipped", self.name).unwrap();
        failed == 0
    }
}
