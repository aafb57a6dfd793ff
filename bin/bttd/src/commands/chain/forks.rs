//! `bttd chain forks`

use btt_node::ForkInfo;
use clap::Args;

use crate::{
    commands::chain::Subject,
    output::{Failure, Form},
};

/// List a chain's forks: when each begins, and which are active
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd chain forks --chain genesis.json
  bttd chain forks --datadir d")]
pub(crate) struct Forks {
    #[command(flatten)]
    subject: Subject,
}

impl Forks {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        form.print(&self.subject.info()?.forks, |forks| forks.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

fn line(fork: &ForkInfo) -> String {
    let mark = if fork.active { "active" } else { "-" };
    format!("{:<17} {mark:<7} {}", fork.name, fork.at)
}
