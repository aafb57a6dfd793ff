//! Results on stdout, errors on stderr, exit codes.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use btt_node::{Error, Exit};
use serde::Serialize;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// The same content as JSON.
    Json,
}

impl Form {
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Prints a result to stdout, in one piece.
    pub(crate) fn print<T: Serialize>(
        self,
        result: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => print(&text(result)),
            Self::Json => {
                let json = serde_json::to_string_pretty(result);
                print(&json.map_err(|error| Failure::Output(io::Error::other(error)))?)
            }
        }
    }
}

/// Writes text and a line's end to stdout. A reader that has gone away (`bttd … | head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Failure::Output),
    }
}

/// Why a command ended without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With the error that says why.
    Node(Error),
    /// The command line asks for something impossible.
    Usage(String),
    /// stdout cannot be written.
    Output(io::Error),
    /// The result, which was printed, is bad: tests failed, damage found. With the code and one sentence.
    Result(Exit, String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Node(error)
    }
}

impl From<btt_node::StateError> for Failure {
    fn from(error: btt_node::StateError) -> Self {
        Self::Node(error.into())
    }
}

/// The exit code of a command's outcome; says what went wrong on stderr.
pub(crate) fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => code(Exit::Done),
        Err(Failure::Node(error)) if error.exit() == Exit::Done => {
            // Nothing failed: a signal came.
            let _ = writeln!(io::stderr(), "{error}");
            code(Exit::Done)
        }
        Err(Failure::Node(error)) => {
            complain(&error, error.hint().as_deref());
            code(error.exit())
        }
        Err(Failure::Usage(text)) => {
            complain(&text, Some("see: bttd --help"));
            code(Exit::Usage)
        }
        Err(Failure::Output(error)) => {
            complain(&format_args!("cannot write to stdout: {error}"), None);
            code(Exit::Failure)
        }
        Err(Failure::Result(exit, text)) => {
            complain(&text, None);
            code(exit)
        }
    }
}

pub(crate) fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

fn complain(error: &dyn Display, hint: Option<&str>) {
    let mut out = io::stderr().lock();
    // Nothing can be done when stderr is closed; the exit code still tells.
    let _ = writeln!(out, "error: {error}");
    if let Some(hint) = hint {
        let _ = writeln!(out, "hint: {hint}");
    }
}
