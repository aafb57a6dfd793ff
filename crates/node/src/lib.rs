//! The composition root: data directory, chain files, import and export, and what each command of `bttd` does.
//!
//! Invariant: results go to the caller, never to stdout; logs go to `tracing`. Invariant: every error has an exit
//! code and a next step. Invariant: one process holds a data directory, and only for the chain it was made for.
//!
//! Start at [`init`] and [`import()`].
//!
//! ```
//! use btt_node::{ChainFile, OpenOptions, init};
//!
//! let folder = tempfile::tempdir()?;
//! let report = init(&folder.path().join("d"), &ChainFile::load("devnet")?, OpenOptions::default())?;
//! assert_eq!((report.chain_id, report.created), (199337, true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod bench;
mod chain_file;
mod data_dir;
mod error;
mod export;
mod fixtures;
mod genesis_commit;
mod import;
mod info;
mod init;
mod log;
mod maintenance;
mod open;
mod progress;
mod stop;

pub use btt_state::{Error as StateError, Mode};
pub use chain_file::ChainFile;
pub use data_dir::DataDir;
pub use error::{Error, Exit};
pub use export::{ExportReport, ExportRequest, export};
pub use fixtures::{FixturesReport, FixturesRequest, run_fixtures};
pub use import::{Figures, ImportReport, ImportRequest, Progress, Refusal, import};
pub use info::{ChainInfo, ForkInfo, HeadInfo, chain_info, forks_known};
pub use init::{InitReport, init};
pub use log::{LogFormat, start_log};
pub use maintenance::{
    CompactReport, PruneReport, StatsReport, TableReport, VerifyReport, Watch, compact_database,
    database_stats, prune_database, verify_database,
};
pub use open::{Node, OpenOptions};
pub use progress::{ImportProgress, StageProgress};
pub use regex::Regex;
pub use stop::{Stop, stop_on_signals};
