//! `bttd import`

use std::path::PathBuf;

use btt_node::{ChainFile, ImportProgress, ImportReport, ImportRequest, Stop, import, stop_on_signals};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, ModeArg, count},
    output::{Failure, Form},
};

/// Execute the blocks of RLP files and store them
///
/// Files hold blocks one after another, as geth export writes them. Every block is executed and checked in full:
/// header, transactions, receipts, state root. The first bad one ends the import with its number, hash and reason;
/// nothing of it is stored. Run the same command again to go on after a stop: known blocks are compared and passed
/// over.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd import --chain genesis.json --datadir d chain.rlp     set the chain up if need be, then import
  bttd import --datadir d part1.rlp part2.rlp                several files, in order
  bttd import --datadir d --mode archive --json chain.rlp    keep all history; result as JSON")]
pub(crate) struct Import {
    /// The chain: devnet, testnet, mainnet, bench, or the path of a geth-style genesis file. Needed for a new data
    /// directory; compared with the one that is there
    #[arg(long, value_name = "NAME|FILE")]
    chain: Option<String>,
    #[command(flatten)]
    datadir: DatadirArg,
    #[command(flatten)]
    mode: ModeArg,
    /// Files of blocks
    #[arg(value_name = "CHAIN.rlp", required = true)]
    files: Vec<PathBuf>,
}

impl Import {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        let request = ImportRequest {
            chain: self.chain.as_deref().map(ChainFile::load).transpose()?,
            datadir: self.datadir.datadir,
            options: self.mode.options(),
            files: self.files,
        };
        let stop = Stop::default();
        stop_on_signals(&stop);
        let mut progress = ImportProgress::new();
        let report = import(&request, &mut |figures| progress.update(figures), &stop);
        progress.finish();
        let report = report?;
        form.print(&report, text)?;
        report.refused.map_or(Ok(()), |refusal| Err(refusal.error.into()))
    }
}

fn text(report: &ImportReport) -> String {
    let figures = &report.figures;
    let mut lines = vec![
        format!("head       {} {}", report.head.number, report.head.hash),
        format!("state root {}", report.head.state_root),
        format!(
            "imported   {}, {}, {:.1} Mgas in {:.1} s ({:.0} blocks/s, {:.1} Mgas/s)",
            count(figures.blocks, "block"),
            count(figures.transactions, "transaction"),
            figures.mgas(),
            figures.elapsed.as_secs_f64(),
            figures.blocks_per_second(),
            figures.mgas_per_second(),
        ),
    ];
    if figures.skipped > 0 {
        lines.push(format!("known      {} passed over", count(figures.skipped, "block")));
    }
    if report.stopped {
        lines.push("stopped    by a signal; run the same command again to go on".to_owned());
    }
    lines.join("\n")
}
