//! Runs Ethereum's fixtures: `fixtures [--filter TEXT] [--jobs N] [--disk DIR] PATH...`, each path a bundle
//! (`.ndjson.zst`), a JSON file or a folder of either.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use btt_evm::fixtures::{Config, Sink, Source, run};
use btt_state::{KeyValue, Rocks, RocksOptions};

struct Lines(Mutex<std::io::Stdout>);

impl Lines {
    fn line(&self, kind: &str, case: &str, reason: &str) {
        let mut out = self.0.lock().expect("no writer panics");
        writeln!(out, "{kind} {case}: {reason}").expect("stdout is open");
    }
}

impl Sink for Lines {
    fn failed(&self, case: &str, reason: &str) {
        self.line("FAILED", case, reason);
    }

    fn skipped(&self, case: &str, reason: &str) {
        self.line("SKIPPED", case, reason);
    }
}

#[derive(Default)]
struct Args {
    filter: String,
    jobs: usize,
    disk: Option<PathBuf>,
    paths: Vec<PathBuf>,
}

fn args() -> Args {
    let mut args = Args::default();
    let mut given = std::env::args().skip(1);
    while let Some(arg) = given.next() {
        let mut value = || given.next().expect("the option has a value");
        match arg.as_str() {
            "--filter" => args.filter = value(),
            "--jobs" => args.jobs = value().parse().expect("a number"),
            "--disk" => args.disk = Some(value().into()),
            _ => args.paths.push(arg.into()),
        }
    }
    args
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut entries: Vec<_> = path
            .read_dir()
            .expect("a readable folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| collect(entry, found));
    } else if is_bundle(path) || path.extension().is_some_and(|extension| extension == "json") {
        found.push(path.to_owned());
    }
}

fn is_bundle(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".ndjson.zst")
}

fn open(path: &Path) -> Source {
    let name = path.display().to_string();
    let reader = Box::new(File::open(path).expect("a readable file"));
    if is_bundle(path) { Source::Bundle { name, reader } } else { Source::Json { name, reader } }
}

fn main() {
    let args = args();
    let mut paths = Vec::new();
    args.paths.iter().for_each(|path| collect(path, &mut paths));
    let stores = AtomicU32::new(0);
    let open_disk = || {
        let folder = args.disk.clone().unwrap_or_default();
        let folder = folder.join(stores.fetch_add(1, Ordering::Relaxed).to_string());
        let store = Rocks::open(&folder, &RocksOptions::default()).map_err(|error| error.to_string())?;
        Ok(Arc::new(store) as Arc<dyn KeyValue>)
    };
    let wanted = |case: &str| case.contains(&args.filter);
    let config =
        Config { jobs: args.jobs, wanted: &wanted, disk: args.disk.is_some().then_some(&open_disk as _) };
    let began = Instant::now();
    let summary = run(paths.iter().map(|path| open(path)), &config, &Lines(Mutex::new(std::io::stdout())));
    let summary = summary.expect("threads start");
    let mut out = std::io::stdout();
    writeln!(out, "{:.1} s", began.elapsed().as_secs_f64()).expect("stdout is open");
    writeln!(out, "{summary}").expect("stdout is open");
    std::process::exit(i32::from(summary.failed > 0));
}
