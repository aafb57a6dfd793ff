//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{bench, chain, completions, db, fixtures, import, init},
    version,
};

const EXAMPLES: &str = "\
Examples:
  bttd init --chain devnet --datadir d                    set a chain up in a new folder
  bttd import --chain genesis.json --datadir d chain.rlp  execute the blocks of a file
  bttd db verify --datadir d                              check the whole state against its root
  bttd chain forks --chain genesis.json                   see when each fork begins
  bttd completions bash > /etc/bash_completion.d/bttd     complete commands with the tab key

Exit codes:
  0 done, or stopped by a signal      4 data directory locked
  1 failure: bad block, bad input     5 database damaged, or of another chain or version
  2 wrong usage                       9 disk full or failed
  3 chain file invalid               10 panic";

/// An EVM proof-of-stake chain with a bridge to TRON: node, tools and devnet in one program.
#[derive(Debug, Parser)]
#[command(
    name = "bttd",
    version = version::SHORT,
    long_version = version::long(),
    after_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Print the result as JSON: the same content in another form
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// What is logged to stderr
    #[arg(
        long = "log.level",
        help = "What is logged to stderr: error, warn, info, debug, trace, or pairs as in info,btt_node=debug",
        env = "BTTD_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info",
        global = true,
        help_heading = "Output"
    )]
    pub(crate) log_level: String,
    /// The form of log lines
    #[arg(
        long = "log.format",
        env = "BTTD_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "pretty",
        global = true,
        help_heading = "Output"
    )]
    pub(crate) log_format: LogFormat,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Pretty,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Import(import::Import),
    #[command(subcommand)]
    Chain(chain::Chain),
    #[command(subcommand)]
    Db(db::Db),
    #[command(subcommand)]
    Fixtures(fixtures::Fixtures),
    #[command(subcommand)]
    Bench(bench::Bench),
    Completions(completions::Completions),
}
