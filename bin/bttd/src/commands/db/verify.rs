//! `bttd db verify`

use btt_node::{StageProgress, Stop, VerifyReport, stop_on_signals, verify_database};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, grouped},
    output::{Failure, Form},
};

/// Check the whole database: blocks, state against its root, trie, undo, history
///
/// Computes the state root anew from the flat state, compares every trie record with the one of a trie built anew,
/// undoes the newest blocks and compares each older root with its header. Changes nothing. The first row that does
/// not fit is named and makes the exit code 5.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd db verify --datadir d
  bttd db verify --datadir d --json")]
pub(crate) struct Verify {
    #[command(flatten)]
    datadir: DatadirArg,
}

impl Verify {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        let stop = Stop::default();
        stop_on_signals(&stop);
        let mut progress = StageProgress::new();
        let mut watch = |stage, done, total| progress.update(stage, done, total);
        let report = verify_database(&self.datadir.datadir, &mut watch, &stop);
        progress.finish();
        form.print(&report?, text)
    }
}

fn text(report: &VerifyReport) -> String {
    let rows = [
        ("headers", report.headers),
        ("bodies", report.bodies),
        ("accounts", report.accounts),
        ("slots", report.slots),
        ("trie records", report.records),
        ("older states", report.states),
        ("history rows", report.history),
        ("codes", report.codes),
    ];
    let lines = rows.iter().map(|(what, number)| format!("{what:<13} {}", grouped(*number)));
    let end = [
        format!("head          {} {}", report.head.number, report.head.hash),
        format!("state root    {}", report.head.state_root),
        "verified: everything fits".to_owned(),
    ];
    lines.chain(end).collect::<Vec<_>>().join("\n")
}
