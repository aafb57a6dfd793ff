//! Ethereum's own test suites against bttd; see [`btt_tests::fixtures`] for where they come from.
//!
//! Arguments that are no flags select suites by a part of their name. The list of cases comes from the fixtures alone.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, unreachable_pub)]

mod basic;
mod bundles;
mod chain;
mod rlp;

use std::{env, path::Path, process::ExitCode};

use btt_tests::{Suite, fixtures};

/// A suite: what it is called, and what runs it over the fixtures' folder.
struct Entry {
    name: &'static str,
    run: fn(&Path, &mut Suite),
}

const SUITES: &[Entry] = &[
    Entry { name: "rlp tests", run: rlp::run },
    Entry { name: "basic tests", run: basic::run },
    Entry { name: "execution-apis chain", run: chain::run },
    Entry { name: "fixture bundles", run: bundles::run },
];

fn main() -> ExitCode {
    let wanted: Vec<_> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted =
        |entry: &&Entry| wanted.is_empty() || wanted.iter().any(|part| entry.name.contains(part.as_str()));
    let folder = fixtures();
    let mut all_passed = true;
    for entry in SUITES.iter().filter(is_wanted) {
        let mut suite = Suite::new(entry.name);
        match &folder {
            None => suite.skip_whole(),
            Some(folder) => {
                (entry.run)(folder, &mut suite);
                all_passed &= suite.close();
            }
        }
    }
    if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
