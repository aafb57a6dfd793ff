//! `bttd chain genesis-hash`

use btt_node::ChainFile;
use clap::Args;

use crate::output::{Failure, Form};

/// Print the hash of a chain's genesis block
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd chain genesis-hash --chain genesis.json
  bttd chain genesis-hash --chain devnet")]
pub(crate) struct GenesisHash {
    /// The chain: devnet, testnet, mainnet, bench, or the path of a geth-style genesis file
    #[arg(long, value_name = "NAME|FILE")]
    chain: String,
}

impl GenesisHash {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        let chain = ChainFile::load(&self.chain)?;
        form.print(&chain.genesis.hash, ToString::to_string)
    }
}
