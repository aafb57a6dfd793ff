//! What can go wrong with a command, with its exit code and the next step.

use std::{io, path::PathBuf};

use alloy_primitives::B256;

/// Exit codes of `bttd`, as its documentation lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or stopped by SIGINT or SIGTERM.
    Done = 0,
    /// Any other failure: a bad block, an unreadable input.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration, or the chain file, is invalid.
    Configuration = 3,
    /// Another process holds the data directory.
    Locked = 4,
    /// The database is damaged, or of another chain or version.
    Foreign = 5,
    /// The own disk failed while running, or is full.
    Disk = 9,
    /// A panic in a critical task.
    Panic = 10,
}

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The chain file or name does not describe a chain.
    #[error("chain {chain}: {source}")]
    Chain {
        /// The name or path given.
        chain: String,
        /// What is wrong with it.
        source: btt_chainspec::Error,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`, as in "cannot read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Another process holds the data directory.
    #[error("data directory {} is locked by process {pid}", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// Its process id, or `unknown`.
        pid: String,
    },
    /// No chain was set up in the data directory.
    #[error("data directory {} holds no chain", path.display())]
    NoChain {
        /// The data directory.
        path: PathBuf,
    },
    /// The folder is in use by something else.
    #[error("{} is no data directory of bttd: it holds {found}", path.display())]
    NoDataDir {
        /// The folder.
        path: PathBuf,
        /// A file that bttd did not put there.
        found: String,
    },
    /// The data directory belongs to another chain than the one asked for.
    #[error(
        "data directory {} belongs to chain {stored_id} (genesis {stored_genesis}), asked for chain {asked_id} (genesis {asked_genesis})",
        path.display()
    )]
    OtherChain {
        /// The data directory.
        path: PathBuf,
        /// The chain id it was made for.
        stored_id: u64,
        /// The genesis hash it was made for.
        stored_genesis: B256,
        /// The chain id asked for.
        asked_id: u64,
        /// The genesis hash asked for.
        asked_genesis: B256,
    },
    /// The chain file has the data directory's genesis block, but other forks or parameters.
    #[error("{chain} has the same genesis block but other rules than the chain in data directory {}", path.display())]
    OtherRules {
        /// The data directory.
        path: PathBuf,
        /// The chain file given.
        chain: String,
    },
    /// The database failed or refused.
    #[error("{0}")]
    Database(#[from] btt_state::Error),
    /// The executor failed for a reason of our own.
    #[error("{0}")]
    Executor(#[from] btt_evm::Fatal),
    /// The bytes of an input are not blocks.
    #[error("{} is damaged at byte {offset}, {place}: {reason}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// Where the damaged block begins.
        offset: u64,
        /// `after block 17`, or `before the first block`.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A block of an input breaks a rule.
    #[error("block {number} ({hash}) of {} is invalid: {reason}", path.display())]
    BadBlock {
        /// The file.
        path: PathBuf,
        /// The block's height.
        number: u64,
        /// Its hash.
        hash: B256,
        /// The rule.
        reason: String,
    },
    /// A block of an input does not follow on the chain in the database.
    #[error("{} does not continue the chain: {reason}", path.display())]
    OtherHistory {
        /// The file.
        path: PathBuf,
        /// Both sides of the contradiction.
        reason: String,
    },
    /// A number of a block that is not there.
    #[error("block {asked} is above the head, which is {head}")]
    AboveHead {
        /// The block asked for.
        asked: u64,
        /// The newest block.
        head: u64,
    },
    /// The output exists already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A command that this chain's rules do not allow.
    #[error("{0}")]
    Unsupported(String),
    /// A worker of ours panicked.
    #[error("the {0} stopped unexpectedly")]
    Worker(&'static str),
}

impl Error {
    /// Builds the error of an input or output operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        use btt_evm::Fatal;
        match self {
            Self::Chain { .. } => Exit::Configuration,
            Self::Locked { .. } | Self::Database(btt_state::Error::Locked { .. }) => Exit::Locked,
            Self::Database(error) | Self::Executor(Fatal::State(error)) => database_exit(error),
            Self::NoDataDir { .. }
            | Self::OtherChain { .. }
            | Self::OtherRules { .. }
            | Self::Executor(_) => Exit::Foreign,
            Self::Io { source, .. } if is_full(source) => Exit::Disk,
            Self::Worker(_) => Exit::Panic,
            _ => Exit::Failure,
        }
    }

    /// What to do next: a sentence, with a command where there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Chain { .. } => "check the file with: bttd chain info --chain FILE".to_owned(),
            Self::Locked { pid, .. } => format!("stop that process, or use another --datadir; look at it with: ps -p {pid}"),
            Self::Database(btt_state::Error::Locked { .. }) => "stop the other process, or use another --datadir".to_owned(),
            Self::NoChain { path } => {
                format!("set it up first: bttd init --chain NAME|FILE --datadir {}", path.display())
            }
            Self::NoDataDir { .. } => "name a folder that is empty, does not exist, or was made by bttd".to_owned(),
            Self::OtherChain { .. } => "use the chain file it was made with, or another --datadir".to_owned(),
            Self::OtherRules { path, .. } => {
                format!("compare it with {}, or use another --datadir", path.join("genesis.json").display())
            }
            Self::Input { .. } => {
                "what came before is imported and stays; get the file anew and run the same command again".to_owned()
            }
            Self::BadBlock { .. } => {
                "nothing of it was stored, the blocks before it stay; check the chain file, or get the blocks anew".to_owned()
            }
            Self::OtherHistory { .. } => "see where the database stands with: bttd chain info --datadir DIR".to_owned(),
            Self::AboveHead { head, .. } => format!("ask for a block up to {head}"),
            Self::Exists { .. } => "name another file, or overwrite it with --force".to_owned(),
            Self::Io { source, .. } if is_full(source) => FULL_HINT.to_owned(),
            _ => return self.database_hint(),
        };
        Some(hint)
    }

    fn database_hint(&self) -> Option<String> {
        let (Self::Database(error) | Self::Executor(btt_evm::Fatal::State(error))) = self else {
            return None;
        };
        let hint = match error {
            btt_state::Error::Storage { reason, .. } if says_full(reason) => FULL_HINT,
            btt_state::Error::Storage { .. } => {
                "look at the disk (dmesg, smartctl), then check: bttd db verify --datadir DIR"
            }
            btt_state::Error::Damaged { .. } | btt_state::Error::Invariant { .. } => {
                "see how far the damage goes with: bttd db verify --datadir DIR; then import or restore into a new folder"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

const FULL_HINT: &str = "free space on that disk and run the same command again: every committed block is kept, nothing is half written";

fn database_exit(error: &btt_state::Error) -> Exit {
    match error {
        btt_state::Error::Locked { .. } => Exit::Locked,
        btt_state::Error::Storage { operation: "open", reason } if !says_full(reason) => Exit::Foreign,
        btt_state::Error::Storage { .. } => Exit::Disk,
        btt_state::Error::Foreign(_)
        | btt_state::Error::Damaged { .. }
        | btt_state::Error::Invariant { .. } => Exit::Foreign,
        btt_state::Error::Stopped => Exit::Done,
        btt_state::Error::Pruned { .. } | btt_state::Error::Unknown { .. } => Exit::Failure,
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// RocksDB reports the system's text alone.
fn says_full(reason: &str) -> bool {
    reason.contains("No space left on device") || reason.contains("Disk quota exceeded")
}
