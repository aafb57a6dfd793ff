//! Running `bttd` and looking at what came out.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code, with the whole output when it is another.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self:#?}");
        self
    }

    /// Asserts that stderr holds each of the texts.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        }
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The command with these arguments, logging errors alone.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = btt_tests::bttd();
    command.args(["--log.level", "error"]).args(arguments).stdin(Stdio::null());
    command
}

/// Runs to the end.
pub(crate) fn bttd(arguments: &[&str]) -> Ended {
    Ended::of(&command(arguments).output().unwrap())
}

pub(crate) fn import(datadir: &Path, genesis: &Path, files: &[&Path]) -> Ended {
    Ended::of(&import_command(datadir, genesis, files).output().unwrap())
}

pub(crate) fn import_command(datadir: &Path, genesis: &Path, files: &[&Path]) -> Command {
    let mut command = command(&["import", "--json", "--chain"]);
    command.arg(genesis).arg("--datadir").arg(datadir).args(files);
    command
}

/// Starts an import and comes back when it holds the data directory: signals are handled by then.
pub(crate) fn start_import(datadir: &Path, genesis: &Path, files: &[&Path]) -> Child {
    let mut command = import_command(datadir, genesis, files);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lock = datadir.join("LOCK");
    let pid = child.id().to_string();
    let begin = Instant::now();
    while std::fs::read_to_string(&lock).is_ok_and(|text| text.trim() == pid).then_some(()).is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no lock after a minute");
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::yield_now();
    }
    child
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(status.success(), "kill -{name}");
}

/// Number and hash of the database's head.
pub(crate) fn head(datadir: &Path) -> (u64, String) {
    let info = bttd(&["chain", "info", "--json", "--datadir", datadir.to_str().unwrap()]).code(0).json();
    (info["head"]["number"].as_u64().unwrap(), info["head"]["hash"].as_str().unwrap().to_owned())
}
