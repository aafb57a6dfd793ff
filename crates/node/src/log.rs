//! Logging to stderr.

use std::io;

use tracing_subscriber::{EnvFilter, filter::ParseError, fmt};

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people: time, level, event, fields.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Starts the log of this process on stderr. `level` is a level, or `target=level` pairs: `info,btt_node=debug`.
///
/// # Errors
/// When `level` cannot be read.
pub fn start_log(level: &str, format: LogFormat) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(level)?;
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    let started = match format {
        LogFormat::Pretty => {
            builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).compact().try_init()
        }
        LogFormat::Json => builder.json().try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "the log had been started before");
    }
    Ok(())
}
