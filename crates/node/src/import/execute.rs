//! The executing stage: every check, one block after another.

use std::sync::atomic::AtomicBool;

use btt_evm::{ExecuteInput, Executor, Outcome};
use btt_state::{Batch as Rows, BlockCommit};
use crossbeam_channel::{Receiver, Sender};

use crate::{
    Error, Figures, Node, Progress, Stop,
    import::{budget::Budget, chain::Tip, prepare::Prepared, read::Batch, write::Executed},
};

/// The state of the stage.
pub(super) struct Execution<'a> {
    node: &'a Node,
    executor: &'a Executor,
    tip: Tip,
    figures: Figures,
}

/// How the stage ended.
pub(super) struct Ended {
    pub(super) figures: Figures,
    pub(super) stopped: bool,
    pub(super) refused: Option<Error>,
}

impl<'a> Execution<'a> {
    pub(super) fn new(node: &'a Node, executor: &'a Executor, total_bytes: u64) -> Result<Self, Error> {
        Ok(Self { node, executor, tip: Tip::of(node)?, figures: Figures::new(total_bytes) })
    }

    /// Works off what the reading stage gives, until its end, a signal, or the first bad block.
    pub(super) fn run(
        mut self,
        prepared: &Receiver<Batch>,
        out: &Sender<Executed>,
        budget: &Budget,
        progress: &mut Progress<'_>,
        stop: &Stop,
    ) -> Result<Ended, Error> {
        for item in prepared.iter().flatten() {
            if stop.is_set() {
                return Ok(self.end(true, None));
            }
            let step = match item.and_then(|prepared| self.step(prepared)) {
                Ok(step) => step,
                Err(error) if is_input(&error) => {
                    let refused = self.placed(error);
                    return Ok(self.end(false, Some(refused)));
                }
                Err(error) => return Err(error),
            };
            if let Some(executed) = step {
                budget.take(executed.weight);
                if out.send(executed).is_err() {
                    return Err(Error::Worker("writer"));
                }
            }
            self.figures.tick();
            progress(&self.figures);
        }
        Ok(self.end(false, None))
    }

    fn end(mut self, stopped: bool, refused: Option<Error>) -> Ended {
        self.figures.tick();
        Ended { figures: self.figures, stopped, refused }
    }

    /// Says in a damaged file's error where the damage lies.
    fn placed(&self, error: Error) -> Error {
        let anything = self.figures.blocks > 0 || self.figures.skipped > 0;
        match error {
            Error::Input { path, offset, reason, .. } => {
                let place = if anything {
                    format!("after block {}", self.figures.number)
                } else {
                    "before the first block".to_owned()
                };
                Error::Input { path, offset, place, reason }
            }
            other => other,
        }
    }

    /// Executes the next block; `None` when the chain has it already.
    fn step(&mut self, prepared: Prepared) -> Result<Option<Executed>, Error> {
        let size = u64::try_from(prepared.block.size).unwrap_or(u64::MAX);
        let number = prepared.block.block.header.number;
        let step = if number <= self.tip.header.number {
            self.compare_known(&prepared)?;
            self.figures.skipped = self.figures.skipped.saturating_add(1);
            None
        } else {
            self.check_follows(&prepared)?;
            Some(self.execute(prepared)?)
        };
        self.figures.bytes = self.figures.bytes.saturating_add(size);
        self.figures.number = number;
        Ok(step)
    }

    /// A block that the chain has already has to be the same one.
    fn compare_known(&self, prepared: &Prepared) -> Result<(), Error> {
        let (number, hash) = (prepared.block.block.header.number, prepared.block.hash);
        let known = if number == self.tip.header.number {
            Some(self.tip.hash)
        } else {
            self.tip.view.block_hash(number)?
        };
        if known == Some(hash) {
            return Ok(());
        }
        let known = known.map_or_else(|| "none".to_owned(), |known| known.to_string());
        let what = if number == 0 { "the genesis block" } else { "block" };
        let reason = format!("{what} {number} is {hash} in the file and {known} in the database");
        Err(Error::OtherHistory { path: prepared.path.to_path_buf(), reason })
    }

    /// A gap cannot be filled, so it is told apart from a block that is wrong.
    fn check_follows(&self, prepared: &Prepared) -> Result<(), Error> {
        let (number, head) = (prepared.block.block.header.number, self.tip.header.number);
        if number == head.saturating_add(1) {
            return Ok(());
        }
        let reason = format!(
            "its next block is {number}, the head is {head}: block {} is missing",
            head.saturating_add(1)
        );
        Err(Error::OtherHistory { path: prepared.path.to_path_buf(), reason })
    }

    fn execute(&mut self, prepared: Prepared) -> Result<Executed, Error> {
        let Prepared { path, block, senders } = prepared;
        let never = AtomicBool::new(false);
        let executed = self.executor.execute(&ExecuteInput {
            block: &block,
            parent: self.tip.parent(),
            view: &self.tip.view,
            trie: self.node.database.trie(),
            version: &self.tip.trie,
            // A wrong signature is found again in its turn, after the checks that come before it.
            senders: senders.as_deref().ok(),
            ancestors: &|hash| self.tip.ancestor(hash),
            system: None,
            stop: &never,
        });
        let executed = executed.map_err(|error| match error {
            btt_evm::Error::Invalid(invalid) => Error::BadBlock {
                path: path.to_path_buf(),
                number: block.block.header.number,
                hash: block.hash,
                reason: invalid.to_string(),
            },
            btt_evm::Error::Fatal(fatal) => fatal.into(),
            btt_evm::Error::Stopped => Error::Worker("executor"),
        })?;
        self.count(&executed.outcome);
        let size = block.size;
        let commit = executed.into_commit(block, Rows::default());
        self.tip.advance(&commit);
        Ok(Executed { weight: weight(&commit, size), commit })
    }

    fn count(&mut self, outcome: &Outcome) {
        let figures = &mut self.figures;
        let transactions = u64::try_from(outcome.receipts.len()).unwrap_or(u64::MAX);
        figures.blocks = figures.blocks.saturating_add(1);
        figures.transactions = figures.transactions.saturating_add(transactions);
        figures.gas = figures.gas.saturating_add(outcome.gas_used);
    }
}

/// True for errors of the files, which end an import in an orderly way.
fn is_input(error: &Error) -> bool {
    matches!(
        error,
        Error::Input { .. }
            | Error::BadBlock { .. }
            | Error::OtherHistory { .. }
            | Error::Io { action: "read", .. }
    )
}

/// About how many bytes a block holds in memory until it is written.
fn weight(commit: &BlockCommit, block_bytes: usize) -> usize {
    let changes = commit.layer.changes();
    let slots = changes.accounts.iter().fold(0usize, |sum, account| sum.saturating_add(account.slots.len()));
    let rows = changes.accounts.len().saturating_add(slots).saturating_add(commit.nodes.len());
    rows.saturating_mul(300).saturating_add(block_bytes.saturating_mul(4)).max(1)
}
