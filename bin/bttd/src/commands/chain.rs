//! `bttd chain`

mod export;
mod forks;
mod genesis_hash;
mod info;

use std::path::PathBuf;

use btt_node::{ChainFile, ChainInfo, Node, OpenOptions, chain_info};
use clap::{Args, Subcommand};

use crate::output::{Failure, Form};

/// Look at a chain: what it is, its forks, its blocks
#[derive(Debug, Subcommand)]
pub(crate) enum Chain {
    Export(export::Export),
    Info(info::Info),
    Forks(forks::Forks),
    GenesisHash(genesis_hash::GenesisHash),
}

impl Chain {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        match self {
            Self::Export(command) => command.run(form),
            Self::Info(command) => command.run(form),
            Self::Forks(command) => command.run(form),
            Self::GenesisHash(command) => command.run(form),
        }
    }
}

/// Where the chain is described: a data directory, or a name or file.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Subject {
    /// The chain: devnet, testnet, mainnet, bench, or the path of a geth-style genesis file
    #[arg(long, value_name = "NAME|FILE")]
    chain: Option<String>,
    /// The data directory
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
}

impl Subject {
    fn info(&self) -> Result<ChainInfo, Failure> {
        let info = match (&self.chain, &self.datadir) {
            (Some(chain), _) => chain_info(&ChainFile::load(chain)?.genesis, None)?,
            (None, Some(datadir)) => {
                let node = Node::open(datadir, OpenOptions::default())?;
                chain_info(&node.genesis, Some(&node.database))?
            }
            (None, None) => return Err(Failure::Usage("name a --chain or a --datadir".to_owned())),
        };
        Ok(info)
    }
}
