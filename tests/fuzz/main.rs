//! A bounded run of every fuzz target on the stable toolchain: seeded mutations of valid samples.
//!
//! `make fuzz` runs longer, and with coverage where cargo-fuzz is installed. A failure prints target, seed and input;
//! the input belongs into `fuzz/seeds/<target>/`, where every later run begins with it.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, unreachable_pub)]

mod mutate;
mod samples;

use std::{
    env, fs,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
};

use alloy_primitives::hex;
use btt_tests::{Entry, hostile};
use mutate::Mutations;

/// Runs per target without `BTT_FUZZ_RUNS`.
const RUNS: u64 = 20_000;

#[test]
fn no_hostile_input_breaks_a_decoder() {
    let runs = env_number("BTT_FUZZ_RUNS").unwrap_or(RUNS);
    let seed = env_number("BTT_FUZZ_SEED").unwrap_or(1);
    let mut out = std::io::stderr();
    for entry in hostile::ENTRIES {
        let samples = samples(entry);
        let runs = runs / entry.cost;
        let accepted = run(entry, &samples, seed, runs);
        writeln!(out, "fuzz: {}, {runs} runs, {accepted} inputs accepted, seed {seed}", entry.name).unwrap();
    }
}

/// Runs `runs` mutations of the samples; gives how many were accepted all the same.
fn run(entry: &Entry, samples: &[Vec<u8>], seed: u64, runs: u64) -> usize {
    let mut mutations = Mutations::new(seed);
    let inputs = (0..runs).map(|number| (number, mutations.of(samples)));
    inputs.filter(|(number, input)| is_accepted(entry, input, &format!("seed {seed}, run {number}"))).count()
}

fn is_accepted(entry: &Entry, input: &[u8], origin: &str) -> bool {
    match catch_unwind(AssertUnwindSafe(|| (entry.run)(input))) {
        Ok(accepted) => accepted,
        Err(_) => panic!("{} fails on {origin}; input:\n{}", entry.name, hex::encode(input)),
    }
}

/// Mutations of nothing valid would test little.
#[test]
fn every_sample_is_valid() {
    for entry in hostile::ENTRIES {
        for (number, sample) in samples::valid(entry.name).iter().enumerate() {
            let origin = format!("sample {number}");
            assert!(is_accepted(entry, sample, &origin), "{} refuses {origin}", entry.name);
        }
    }
}

/// Valid encodings made here, and what once failed.
fn samples(entry: &Entry) -> Vec<Vec<u8>> {
    let mut samples = samples::valid(entry.name);
    assert!(!samples.is_empty(), "{} has no sample", entry.name);
    let kept = btt_tests::root().join("fuzz/seeds").join(entry.name);
    let Ok(folder) = fs::read_dir(kept) else { return samples };
    let mut paths: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    paths.sort();
    samples.extend(paths.iter().map(|path| fs::read(path).unwrap()));
    samples
}

fn env_number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}

/// The runner itself finds a fault: a decoder that panics on one byte value is caught within the bounded run.
#[test]
fn a_broken_decoder_is_found() {
    fn broken(bytes: &[u8]) -> bool {
        assert!(bytes.get(3) != Some(&0xff), "the fault");
        true
    }
    let entry = Entry { name: "broken", run: broken, cost: 1 };
    let found = catch_unwind(|| run(&entry, &[vec![0; 16]], 1, RUNS));
    assert!(found.is_err(), "the fault was not found in {RUNS} runs");
}
