//! The writing stage: executed blocks to disk, as many at once as are waiting.

use btt_state::{BlockCommit, PruneStep};
use crossbeam_channel::Receiver;

use crate::{Error, Node, import::budget::Budget};

/// Blocks that go into one batch at most.
const BATCH_BLOCKS: usize = 256;
/// Weight of a batch at most, in bytes; one block alone always fits.
const BATCH_BYTES: usize = 32 << 20;
/// Blocks between two steps of pruning.
const PRUNE_EVERY: u64 = 1024;

/// A block that passed every check.
pub(super) struct Executed {
    pub(super) commit: BlockCommit,
    /// What it counts in the budget.
    pub(super) weight: usize,
}

/// Writes until the executing stage is done. Blocks that wait share one synced batch.
pub(super) fn run(node: &Node, executed: &Receiver<Executed>, budget: &Budget) -> Result<(), Error> {
    let mut next_prune = node.database.head().number.saturating_add(PRUNE_EVERY);
    let mut held = None;
    while let Some(first) = held.take().or_else(|| executed.recv().ok()) {
        let (mut weight, mut commits) = (first.weight, vec![first.commit]);
        while commits.len() < BATCH_BLOCKS {
            let Ok(next) = executed.try_recv() else { break };
            if weight.saturating_add(next.weight) > BATCH_BYTES {
                held = Some(next);
                break;
            }
            weight = weight.saturating_add(next.weight);
            commits.push(next.commit);
        }
        let written = write(node, &commits, &mut next_prune);
        budget.give(weight);
        if let Err(error) = written {
            // The executing stage may wait for room, and finds the channel closed.
            budget.give(usize::MAX);
            return Err(error);
        }
    }
    Ok(())
}

fn write(node: &Node, commits: &[BlockCommit], next_prune: &mut u64) -> Result<(), Error> {
    node.database.commit_all(commits, Node::DURABILITY)?;
    let head = node.database.head().number;
    if head >= *next_prune {
        *next_prune = head.saturating_add(PRUNE_EVERY);
        while node.database.prune(PruneStep::default())?.more {}
    }
    Ok(())
}
