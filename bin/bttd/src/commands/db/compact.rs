//! `bttd db compact`

use btt_node::{CompactReport, StageProgress, Stop, compact_database, stop_on_signals};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, bytes},
    output::{Failure, Form},
};

/// Rewrite every table, so that deleted rows free their space
///
/// Needs free space of about the largest table. A signal stops it between two tables.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd db compact --datadir d
  bttd db prune --datadir d && bttd db compact --datadir d")]
pub(crate) struct Compact {
    #[command(flatten)]
    datadir: DatadirArg,
}

impl Compact {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        let stop = Stop::default();
        stop_on_signals(&stop);
        let mut progress = StageProgress::new();
        let mut watch = |stage, done, total| progress.update(stage, done, total);
        let report = compact_database(&self.datadir.datadir, &mut watch, &stop);
        progress.finish();
        form.print(&report?, text)
    }
}

fn text(report: &CompactReport) -> String {
    format!("compacted: {} before, {} now", bytes(report.before_bytes), bytes(report.after_bytes))
}
