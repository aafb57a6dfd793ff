//! `bttd fixtures`

use std::path::PathBuf;

use btt_node::{Exit, FixturesReport, FixturesRequest, Regex, run_fixtures};
use clap::{Args, Subcommand};

use crate::output::{Failure, Form};

/// Run Ethereum's published test suites
#[derive(Debug, Subcommand)]
pub(crate) enum Fixtures {
    Run(Run),
}

/// Run state, block and transaction tests through the real executor, trie and database
///
/// The last line counts: N passed, N failed, N skipped. Every failure and skip is listed with its reason; a failure
/// makes the exit code 1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd fixtures run ../shared/fixtures
  bttd fixtures run --filter 'eip7702.*Prague' state_tests.ndjson.zst
  bttd fixtures run --jobs 1 --json GeneralStateTests/stExample")]
pub(crate) struct Run {
    /// Only cases whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    filter: Option<Regex>,
    /// Threads; one for each core when not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// Where databases of the tests are made and removed again; the system's folder for temporary files when not
    /// given
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Bundles (.ndjson.zst), JSON files, and folders that are searched for both
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

impl Fixtures {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        let Self::Run(run) = self;
        let request =
            FixturesRequest { paths: run.paths, filter: run.filter, jobs: run.jobs, scratch: run.scratch };
        let report = run_fixtures(&request)?;
        form.print(&report, text)?;
        match report.failed {
            0 => Ok(()),
            failed => Err(Failure::Result(Exit::Failure, format!("{failed} fixtures failed"))),
        }
    }
}

fn text(report: &FixturesReport) -> String {
    let failures = report.failures.iter().map(|(case, reason)| format!("FAILED {case}: {reason}"));
    let skips = report.skips.iter().map(|(case, reason)| format!("skipped {case}: {reason}"));
    let counts = format!("{} passed, {} failed, {} skipped", report.passed, report.failed, report.skipped);
    failures.chain(skips).chain([counts]).collect::<Vec<_>>().join("\n")
}
