//! `bttd fixtures run`: Ethereum's test suites from files and folders.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use btt_evm::fixtures::{Config, Sink, Source, Summary, run};
use btt_state::{KeyValue, Rocks, RocksOptions};
use regex::Regex;
use serde::Serialize;

use crate::Error;

/// Which fixtures to run, and how.
#[derive(Clone, Debug)]
pub struct FixturesRequest {
    /// Bundles (`.ndjson.zst`), JSON files, and folders that are searched for both.
    pub paths: Vec<PathBuf>,
    /// Which cases, by name; all when `None`.
    pub filter: Option<Regex>,
    /// Threads; 0 is one for each core.
    pub jobs: usize,
    /// Where databases of linear chains are made and removed again; the system's temporary folder when `None`.
    pub scratch: Option<PathBuf>,
}

/// What came out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixturesReport {
    /// Cases whose outcome is the prescribed one.
    pub passed: u64,
    /// Cases with another outcome.
    pub failed: u64,
    /// Cases that were not run.
    pub skipped: u64,
    /// Each failed case with the reason, by name.
    pub failures: BTreeMap<String, String>,
    /// Each skipped case with the reason, by name.
    pub skips: BTreeMap<String, String>,
}

/// Runs fixtures. A path without any fixture is an error, not an empty success.
///
/// # Errors
/// [`Error::Io`] when a path cannot be read, [`Error::Unsupported`] when there is nothing to run.
pub fn run_fixtures(request: &FixturesRequest) -> Result<FixturesReport, Error> {
    let mut files = Vec::new();
    for path in &request.paths {
        let before = files.len();
        collect(path, &mut files)?;
        if files.len() == before {
            return Err(Error::Unsupported(format!(
                "{} holds no .json and no .ndjson.zst file",
                path.display()
            )));
        }
    }
    let collected = Collected::default();
    let is_wanted = |name: &str| request.filter.as_ref().is_none_or(|filter| filter.is_match(name));
    let (scratch, stores) = (Scratch::new(request.scratch.as_deref())?, AtomicU64::new(0));
    let open_disk = || open_store(&scratch.0, stores.fetch_add(1, Ordering::Relaxed));
    let config = Config { jobs: request.jobs, wanted: &is_wanted, disk: Some(&open_disk) };
    let sources = files.iter().map(|path| source(path));
    let summary = run(sources, &config, &collected).map_err(Error::Unsupported)?;
    Ok(collected.report(summary))
}

/// The fixture files below a path, sorted so that runs are alike.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if !fs::metadata(path).map_err(Error::io("read", path))?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(Error::io("read", path))?.collect();
    let mut entries: Vec<_> =
        entries.map_err(Error::io("read", path))?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, files)?;
        } else if is_bundle(&entry) || entry.extension().is_some_and(|extension| extension == "json") {
            files.push(entry);
        }
    }
    Ok(())
}

fn is_bundle(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".ndjson.zst")
}

/// Opens a file when its turn comes: a folder may hold more files than a process may have open.
fn source(path: &Path) -> Source {
    let (name, reader) = (path.display().to_string(), Box::new(Lazy { path: path.to_owned(), file: None }));
    if is_bundle(path) { Source::Bundle { name, reader } } else { Source::Json { name, reader } }
}

struct Lazy {
    path: PathBuf,
    file: Option<BufReader<File>>,
}

impl Read for Lazy {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.file {
            Some(file) => file.read(buf),
            None => self.file.insert(BufReader::new(File::open(&self.path)?)).read(buf),
        }
    }
}

/// A folder that is removed with all it holds when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: Option<&Path>) -> Result<Self, Error> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = parent.join(format!("bttd-fixtures-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "a scratch folder stays");
        }
    }
}

fn open_store(scratch: &Path, number: u64) -> Result<Arc<dyn KeyValue>, String> {
    let path = scratch.join(format!("store-{number}"));
    let options = RocksOptions { cache_bytes: 16 << 20, memtable_bytes: 8 << 20, ..RocksOptions::default() };
    Rocks::open(&path, &options)
        .map(|rocks| Arc::new(rocks) as Arc<dyn KeyValue>)
        .map_err(|error| error.to_string())
}

/// Failures and skips, from all threads.
#[derive(Default)]
struct Collected {
    failures: Mutex<BTreeMap<String, String>>,
    skips: Mutex<BTreeMap<String, String>>,
}

impl Collected {
    fn report(self, summary: Summary) -> FixturesReport {
        FixturesReport {
            passed: summary.passed,
            failed: summary.failed,
            skipped: summary.skipped,
            failures: self.failures.into_inner().unwrap_or_else(PoisonError::into_inner),
            skips: self.skips.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Sink for Collected {
    fn failed(&self, case: &str, reason: &str) {
        tracing::error!(case, reason, "failed");
        put(&self.failures, case, reason);
    }

    fn skipped(&self, case: &str, reason: &str) {
        tracing::info!(case, reason, "skipped");
        put(&self.skips, case, reason);
    }
}

fn put(map: &Mutex<BTreeMap<String, String>>, case: &str, reason: &str) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    map.insert(case.to_owned(), reason.to_owned());
}
