//! `bttd init`

use btt_node::{ChainFile, InitReport, init};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, ModeArg, count},
    output::{Failure, Form},
};

/// Set a chain up in a data directory
///
/// Writes the genesis block and its state. Doing it again changes nothing; a folder with another chain or with other
/// files is refused.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd init --chain devnet --datadir d
  bttd init --chain genesis.json --datadir d --mode archive
  bttd import --datadir d chain.rlp     what comes next")]
pub(crate) struct Init {
    /// The chain: devnet, testnet, mainnet, bench, or the path of a geth-style genesis file
    #[arg(long, value_name = "NAME|FILE")]
    chain: String,
    #[command(flatten)]
    datadir: DatadirArg,
    #[command(flatten)]
    mode: ModeArg,
}

impl Init {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        let chain = ChainFile::load(&self.chain)?;
        let report = init(&self.datadir.datadir, &chain, self.mode.options())?;
        form.print(&report, text)
    }
}

fn text(report: &InitReport) -> String {
    let what = if report.created { "created" } else { "unchanged: the chain had been set up here before" };
    let accounts = count(u64::try_from(report.accounts).unwrap_or(u64::MAX), "account");
    format!(
        "{what}\n\
         datadir      {}\n\
         chain        {} (id {})\n\
         genesis hash {}\n\
         state root   {}\n\
         state        {accounts}",
        report.datadir.display(),
        report.chain,
        report.chain_id,
        report.genesis_hash,
        report.state_root,
    )
}
