//! `bttd`: one program for the whole chain. Commands and nothing else; what they do is in `btt-node`.

mod args;
mod commands;
mod output;
mod version;

use std::{panic, process::ExitCode};

use btt_node::Exit;
use clap::Parser;

use crate::args::Cli;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results and go to stdout; when that is closed, nobody is there to tell.
            let _ = error.print();
            return output::code(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    // The panic's own message is on stderr already.
    let outcome = panic::catch_unwind(|| commands::run(cli));
    outcome.map_or_else(|_| output::code(Exit::Panic), output::exit_code)
}
