//! `bttd chain info`

use btt_node::ChainInfo;
use clap::Args;

use crate::{
    commands::{chain::Subject, shared::count},
    output::{Failure, Form},
};

/// Show what a chain is, and where its database stands
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd chain info --datadir d
  bttd chain info --chain genesis.json --json")]
pub(crate) struct Info {
    #[command(flatten)]
    subject: Subject,
}

impl Info {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        form.print(&self.subject.info()?, text)
    }
}

fn text(info: &ChainInfo) -> String {
    let latest = info.forks.iter().rfind(|fork| fork.active).map_or("none", |fork| fork.name);
    let accounts = count(u64::try_from(info.genesis_accounts).unwrap_or(u64::MAX), "account");
    let mut lines = vec![
        format!("chain        {} (id {})", info.chain, info.chain_id),
        format!("rules        {}, fork {latest}", info.rules),
        format!("genesis hash {}", info.genesis_hash),
        format!("genesis root {} ({accounts})", info.genesis_state_root),
        format!("fork id      {} next {}", info.fork_id.0, info.fork_id.1),
    ];
    if let Some(head) = &info.head {
        lines.push(format!("head         {} {}", head.number, head.hash));
        lines.push(format!("state root   {}", head.state_root));
    }
    if let Some(mode) = info.mode {
        lines.push(format!("mode         {mode}"));
    }
    lines.join("\n")
}
