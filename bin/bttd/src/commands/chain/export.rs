//! `bttd chain export`

use std::path::PathBuf;

use btt_node::{ExportReport, ExportRequest, Node, OpenOptions, Stop, export, stop_on_signals};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, count},
    output::{Failure, Form},
};

/// Write blocks to an RLP file that bttd import and geth import read
///
/// The file appears when it is complete; a stopped export leaves none.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd chain export --datadir d chain.rlp
  bttd chain export --datadir d --from 100 --to 200 part.rlp")]
pub(crate) struct Export {
    #[command(flatten)]
    datadir: DatadirArg,
    /// Height of the first block; 1 when not given
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    /// Height of the last block; the head when not given
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Overwrite the file when it exists
    #[arg(long)]
    force: bool,
    /// The file to write
    #[arg(value_name = "CHAIN.rlp")]
    file: PathBuf,
}

impl Export {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        let stop = Stop::default();
        stop_on_signals(&stop);
        let node = Node::open(&self.datadir.datadir, OpenOptions::default())?;
        let request = ExportRequest { file: self.file, from: self.from, to: self.to, force: self.force };
        match export(&node, &request, &stop)? {
            Some(report) => form.print(&report, text),
            None => Ok(()),
        }
    }
}

fn text(report: &ExportReport) -> String {
    format!(
        "wrote {} ({} to {}, {}) to {}",
        count(report.blocks, "block"),
        report.from,
        report.to,
        count(report.bytes, "byte"),
        report.file.display()
    )
}
