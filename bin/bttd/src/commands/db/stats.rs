//! `bttd db stats`

use btt_node::{StatsReport, TableReport, database_stats};
use clap::Args;

use crate::{
    commands::shared::{DatadirArg, bytes, grouped},
    output::{Failure, Form},
};

/// Show rows and bytes of every table
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd db stats --datadir d
  bttd db stats --datadir d --json")]
pub(crate) struct Stats {
    #[command(flatten)]
    datadir: DatadirArg,
}

impl Stats {
    pub(crate) fn run(&self, form: Form) -> Result<(), Failure> {
        form.print(&database_stats(&self.datadir.datadir)?, text)
    }
}

fn text(report: &StatsReport) -> String {
    let head = [
        format!("chain id       {}", report.chain_id),
        format!("head           {} {}", report.head.number, report.head.hash),
        format!("mode           {}", report.mode),
        format!("earliest state {}", report.earliest_state),
        format!("earliest body  {}", report.earliest_body),
        format!("files          {}", bytes(report.disk_bytes)),
        String::new(),
        format!(
            "{:<16} {:>14} {:>11} {:>11} {:>11}",
            "table", "rows (about)", "files", "memory", "to compact"
        ),
    ];
    let tables = report.tables.iter().map(line);
    head.into_iter().chain(tables).collect::<Vec<_>>().join("\n")
}

fn line(table: &TableReport) -> String {
    format!(
        "{:<16} {:>14} {:>11} {:>11} {:>11}",
        table.name,
        grouped(table.rows),
        bytes(table.disk_bytes),
        bytes(table.memory_bytes),
        bytes(table.waiting_bytes)
    )
}
