//! `bttd import`: blocks from files, fully executed.
//!
//! Three stages, each a thread: reading (decode, recover senders on all cores), executing (checks, EVM, roots),
//! writing (batches to disk). A block is visible to the next one's execution before it is written; the database only
//! ever holds whole blocks, in order, that passed every check. So an import can be cut off at any point and run
//! again.

mod budget;
mod chain;
mod execute;
mod figures;
mod prepare;
mod read;
mod write;

use std::{path::PathBuf, sync::Arc, thread};

use btt_chainspec::Rules;
use btt_evm::Executor;
use serde::Serialize;

pub use figures::Figures;

use crate::{ChainFile, Error, HeadInfo, Node, OpenOptions, Stop};
use budget::Budget;
use execute::{Ended, Execution};
use read::Reader;

/// Analysed code kept in memory, in bytes.
const CODE_CACHE_BYTES: u64 = 128 << 20;

/// What to import and where to.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The data directory.
    pub datadir: PathBuf,
    /// The chain, needed for a new data directory and compared with an old one's.
    pub chain: Option<ChainFile>,
    /// How the database is opened.
    pub options: OpenOptions,
    /// Files of RLP blocks, one after another without framing, as geth exports them; read in this order.
    pub files: Vec<PathBuf>,
}

/// Told about progress after each block.
pub type Progress<'a> = dyn FnMut(&Figures) + Send + 'a;

/// How an import ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The newest block of the database, on stable storage.
    pub head: HeadInfo,
    /// What this run did.
    #[serde(flatten)]
    pub figures: Figures,
    /// Stopped by a signal before the end of the files.
    pub stopped: bool,
    /// Why it ended before the end of the files: a damaged file or a bad block. Nothing of it was stored.
    pub refused: Option<Refusal>,
}

/// Why an import stopped at a block.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Height of the bad block, when it could be decoded.
    pub number: Option<u64>,
    /// Its hash.
    pub hash: Option<alloy_primitives::B256>,
    /// The whole error, as it is printed.
    pub reason: String,
    /// The error.
    #[serde(skip)]
    pub error: Error,
}

/// Imports blocks. Blocks that the database has already are compared and passed over.
///
/// # Errors
/// The data directory cannot be opened, or the disk failed. A bad block or a damaged file is no error here but
/// [`ImportReport::refused`], because the report counts then too.
pub fn import(
    request: &ImportRequest,
    progress: &mut Progress<'_>,
    stop: &Stop,
) -> Result<ImportReport, Error> {
    let reader = Reader::open(&request.files)?;
    let node = match &request.chain {
        Some(chain) => Node::create(&request.datadir, chain, request.options)?.0,
        None => Node::open(&request.datadir, request.options)?,
    };
    if node.genesis.spec.rules != Rules::Ethereum {
        return Err(Error::Unsupported(format!(
            "{} follows bttd's rules: its blocks need their sidecars, which files of plain blocks do not carry",
            node.genesis.spec.label()
        )));
    }
    let executor = Executor::new(Arc::new(node.genesis.spec.clone()), CODE_CACHE_BYTES);
    let ended = run(&node, &executor, reader, progress, stop)?;
    let (refused, figures) = (ended.refused.map(refusal), ended.figures);
    Ok(ImportReport { head: HeadInfo::of(&node.database), figures, stopped: ended.stopped, refused })
}

fn run(
    node: &Node,
    executor: &Executor,
    reader: Reader,
    progress: &mut Progress<'_>,
    stop: &Stop,
) -> Result<Ended, Error> {
    let budget = Budget::new();
    let (prepared_out, prepared) = crossbeam_channel::bounded(2);
    let (executed_out, executed) = crossbeam_channel::bounded(1024);
    thread::scope(|scope| {
        let total = reader.total_bytes();
        let budget = &budget;
        scope.spawn(move || reader.run(executor, &prepared_out));
        // The receiver goes with the thread: when it ends early, sending fails instead of waiting for ever.
        let writer = scope.spawn(move || write::run(node, &executed, budget));
        let ended = Execution::new(node, executor, total)
            .and_then(|execution| execution.run(&prepared, &executed_out, budget, progress, stop));
        // Both other stages end when nobody talks to them any more.
        drop((prepared, executed_out));
        // A failed write closes the channel under the executing stage: its own error tells more.
        writer.join().map_err(|_| Error::Worker("writer"))??;
        ended
    })
}

fn refusal(error: Error) -> Refusal {
    let (number, hash) = match &error {
        Error::BadBlock { number, hash, .. } => (Some(*number), Some(*hash)),
        _ => (None, None),
    };
    Refusal { number, hash, reason: error.to_string(), error }
}
