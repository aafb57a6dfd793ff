//! `bttd bench`

use std::path::PathBuf;

use btt_node::{
    Exit,
    bench::{ExecutionOptions, Row, TrieChoice, Workload, execution, table},
};
use clap::{Args, Subcommand};

use crate::output::{Failure, Form};

/// Measure this program on this machine
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    Execution(Execution),
}

/// Time plain revm, execution, state root and commit of named workloads, in one run
///
/// Both sides execute the same signed transactions on the same first state, block by block in turn, so that the ratio
/// travels between machines where the times do not. Build with --release: other profiles measure the compiler.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd bench execution --accounts 1000000 --json
  bttd bench execution --workload transfers --workload swap --accounts 100000
  bttd bench execution --workload transfers --trie plain --cold")]
pub(crate) struct Execution {
    /// A workload; may be given again. All of them when not given
    #[arg(long = "workload", value_name = "NAME", value_delimiter = ',')]
    workloads: Vec<Workload>,
    /// Accounts in the state before the first block
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    accounts: usize,
    /// Blocks that are measured; an even number
    #[arg(long, value_name = "N", default_value_t = 10)]
    blocks: usize,
    /// Transactions in a block; each workload's own number when not given
    #[arg(long, value_name = "N")]
    transactions: Option<usize>,
    /// What accounts, contracts and transactions are made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How the trie keeps its nodes: resident or plain
    #[arg(long, value_name = "KIND", default_value = "resident")]
    trie: TrieChoice,
    /// Measure right after the start, with nothing in memory
    #[arg(long)]
    cold: bool,
    /// Where databases are made and removed again; the system's folder for temporary files when not given
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Bench {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        let Self::Execution(run) = self;
        if run.accounts == 0 || run.blocks == 0 || !run.blocks.is_multiple_of(2) {
            let (accounts, blocks) = (run.accounts, run.blocks);
            return Err(Failure::Usage(format!(
                "--accounts {accounts} and --blocks {blocks}: both are above zero, and blocks are even: every \
                 other one is committed with a wait for the disk"
            )));
        }
        let parent = run.scratch.unwrap_or_else(std::env::temp_dir);
        let workloads = if run.workloads.is_empty() { Workload::ALL.to_vec() } else { run.workloads };
        let options = ExecutionOptions {
            workloads,
            accounts: run.accounts,
            blocks: run.blocks,
            transactions: run.transactions,
            seed: run.seed,
            folder: parent.join(format!("bttd-bench-{}", std::process::id())),
            cold: run.cold,
            trie: run.trie,
        };
        let rows = execution(&options, &mut |note| tracing::info!("{note}"))
            .map_err(|error| Failure::Result(Exit::Failure, error.to_string()))?;
        form.print(&rows, |rows: &Vec<Row>| table(rows))
    }
}
