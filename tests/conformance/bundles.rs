//! Every `.ndjson.zst` bundle of the fixtures, through `bttd fixtures run`: state, block and transaction tests.

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use btt_tests::{Suite, bttd, bundle};

/// Without `BTT_CONFORMANCE=full`, one line of this many is run.
const ONE_OF: usize = 16;

pub fn run(fixtures: &Path, suite: &mut Suite) {
    let is_full = env::var("BTT_CONFORMANCE").is_ok_and(|extent| extent == "full");
    let bundles = bundles(fixtures);
    assert!(!bundles.is_empty(), "{} holds no bundle", fixtures.display());
    let folder = tempfile::tempdir().unwrap();
    for path in bundles {
        let path = if is_full { path } else { slice(&path, folder.path()) };
        run_bundle(&path, suite);
    }
}

fn bundles(fixtures: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures).unwrap_or_else(|error| panic!("{}: {error}", fixtures.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut bundles: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(".ndjson.zst")).collect();
    bundles.sort();
    bundles
}

/// Every so many lines of a bundle as a bundle of its own. The lines are sorted by path, so each folder has its share.
fn slice(path: &Path, folder: &Path) -> PathBuf {
    let target = folder.join(path.file_name().unwrap());
    let mut out = zstd::Encoder::new(File::create(&target).unwrap(), 1).unwrap();
    let mut lines = 0;
    for line in bundle(path).step_by(ONE_OF) {
        out.write_all(&line).unwrap();
        out.write_all(b"\n").unwrap();
        lines += 1;
    }
    out.finish().unwrap();
    assert!(lines > 0, "{} is empty", path.display());
    target
}

/// The program's output goes on to ours; its closing line is added to the suite, and must agree with its exit code.
fn run_bundle(path: &Path, suite: &mut Suite) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let output = bttd().args(["fixtures", "run"]).arg(path).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = stdout.trim_end().lines().last().unwrap_or_default();
    std::io::stdout().write_all(format!("{stdout}\n{name}\n").as_bytes()).unwrap();
    match counts(last) {
        Some([passed, failed, skipped]) if output.status.success() == (failed == 0) => {
            suite.add(passed, failed, skipped);
        }
        _ => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            suite.case(&name, Err(format!("{}, last line {last:?}\n{stderr}", output.status)));
        }
    }
}

/// `N passed, N failed, N skipped`.
fn counts(line: &str) -> Option<[usize; 3]> {
    let mut parts = line.split(", ");
    let mut count = |word: &str| parts.next()?.strip_suffix(word)?.parse().ok();
    Some([count(" passed")?, count(" failed")?, count(" skipped")?])
}
