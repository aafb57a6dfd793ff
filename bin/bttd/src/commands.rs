//! One file per command: its arguments, its call into `btt-node`, its text.

pub(crate) mod bench;
pub(crate) mod chain;
pub(crate) mod completions;
pub(crate) mod db;
pub(crate) mod fixtures;
pub(crate) mod import;
pub(crate) mod init;
mod shared;

use btt_node::start_log;

use crate::{
    args::{Cli, Command, LogFormat},
    output::{Failure, Form},
};

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let format = match cli.global.log_format {
        LogFormat::Pretty => btt_node::LogFormat::Pretty,
        LogFormat::Json => btt_node::LogFormat::Json,
    };
    start_log(&cli.global.log_level, format)
        .map_err(|error| Failure::Usage(format!("--log.level {}: {error}", cli.global.log_level)))?;
    let form = Form::of(cli.global.json);
    match cli.command {
        Command::Init(command) => command.run(form),
        Command::Import(command) => command.run(form),
        Command::Chain(command) => command.run(form),
        Command::Db(command) => command.run(form),
        Command::Fixtures(command) => command.run(form),
        Command::Bench(command) => command.run(form),
        Command::Completions(command) => command.run(),
    }
}
