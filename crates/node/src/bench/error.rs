//! Why a benchmark could not be run.

use btt_evm::plain::PlainError;

/// A failed run. Each is a fault of the program or of the disk; there is no input that could be wrong.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The chain's rules could not be read.
    #[error("bench chain: {0}")]
    Chain(#[from] btt_chainspec::Error),
    /// The database failed.
    #[error("{0}")]
    Database(#[from] btt_state::Error),
    /// The node's executor refused or failed.
    #[error("{0}")]
    Executor(#[from] btt_evm::Error),
    /// Plain revm refused a transaction.
    #[error("{0}")]
    Plain(#[from] PlainError),
    /// The temporary folder could not be made, measured or removed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: std::path::PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Both sides should do the same, and do not.
    #[error("{workload}, block {number}: {what}")]
    Differs {
        /// The workload.
        workload: crate::bench::Workload,
        /// The block.
        number: u64,
        /// Both values.
        what: String,
    },
    /// A thread of the import ended early.
    #[error("the import's writer stopped unexpectedly")]
    Writer,
}
