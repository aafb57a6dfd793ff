//! `bttd db`

mod compact;
mod prune;
mod stats;
mod verify;

use clap::Subcommand;

use crate::output::{Failure, Form};

/// Look after the database of a data directory
#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    Stats(stats::Stats),
    Verify(verify::Verify),
    Compact(compact::Compact),
    Prune(prune::Prune),
}

impl Db {
    pub(crate) fn run(self, form: Form) -> Result<(), Failure> {
        match self {
            Self::Stats(command) => command.run(form),
            Self::Verify(command) => command.run(form),
            Self::Compact(command) => command.run(form),
            Self::Prune(command) => command.run(form),
        }
    }
}
