//! `bttd db prune`

use btt_node::{PruneReport, Stop, prune_database, stop_on_signals};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, count},
    output::{Failure, Form},
};

/// Drop everything that the database's mode does not keep
///
/// A node does this by itself as it runs. The space is free after bttd db compact.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd db prune --datadir d
  bttd import --datadir d --mode minimal chain.rlp     the mode that keeps least")]
pub(crate) struct Prune {
    #[command(flatten)]
    datadir: DatadirArg,
}

impl Prune {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        let stop = Stop::default();
        stop_on_signals(&stop);
        form.print(&prune_database(&self.datadir.datadir, &stop)?, text)
    }
}

fn text(report: &PruneReport) -> String {
    let stopped =
        if report.stopped { "\nstopped by a signal; run the same command again to go on" } else { "" };
    format!(
        "dropped bodies and receipts of {}, history of {}{stopped}",
        count(report.bodies, "block"),
        count(report.history, "block")
    )
}
