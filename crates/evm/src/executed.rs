//! A block from its bytes to what the database writes.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

use alloy_primitives::Address;
use btt_primitives::SealedBlock;
use btt_state::{Batch, BlockCommit, Layer, RootJob, Rooted, StateView, Trie, Version};

use crate::{
    Ancestors, BlockInput, Error, Executor, Outcome, Parent, SystemInputs, check_body, check_header,
    check_ommers, check_state_root,
};

/// A block to be checked and executed whole, with the state that it stands on.
#[derive(Clone, Copy)]
pub struct ExecuteInput<'a> {
    /// The block.
    pub block: &'a SealedBlock,
    /// What it builds on.
    pub parent: Parent<'a>,
    /// State after the parent.
    pub view: &'a StateView,
    /// The trie.
    pub trie: &'a Trie,
    /// The trie's version after the parent.
    pub version: &'a Version,
    /// Who signed each transaction, where that is known already: each is recovered once.
    pub senders: Option<&'a [Address]>,
    /// Finds earlier blocks, for ommers.
    pub ancestors: &'a Ancestors<'a>,
    /// On bttd chains, what the protocol does in the block.
    pub system: Option<&'a SystemInputs<'a>>,
    /// Set from outside to give up.
    pub stop: &'a AtomicBool,
}

impl fmt::Debug for ExecuteInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecuteInput").field("block", &self.block.hash).finish_non_exhaustive()
    }
}

/// A valid block, executed.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What it did.
    pub outcome: Outcome,
    /// State root, storage roots, trie records and the trie's version after it.
    pub rooted: Rooted,
    /// Who signed each transaction.
    pub senders: Vec<Address>,
}

impl Executor {
    /// Checks a block whole and executes it. What does not depend on each other runs side by side on the current thread
    /// pool: transactions root and sender recovery, receipts root and state root.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a rule that the block breaks, [`Error::Stopped`], [`Error::Fatal`].
    pub fn execute(&self, input: &ExecuteInput<'_>) -> Result<Executed, Error> {
        let (header, body) = (&input.block.block.header, &input.block.block.body);
        let fork = check_header(&self.spec, header, &input.parent)?;
        let recover = || match input.senders {
            Some(senders) => Ok(senders.to_vec()),
            None => self.recover_senders(fork, &body.transactions),
        };
        let (checked, senders) = rayon::join(|| check_body(&self.spec, fork, input.block), recover);
        checked?;
        check_ommers(&self.spec, input.block, &input.parent, input.ancestors)?;
        let senders = senders?;
        let mut job = input.trie.job(input.version, Arc::new(input.view.clone()));
        let run = BlockInput {
            block: input.block,
            parent: input.parent,
            view: input.view,
            senders: &senders,
            system: input.system,
            stop: input.stop,
        };
        let outcome = self.run(run, &mut |changes| {
            job.update(changes)?;
            Ok(job.root())
        })?;
        let (receipts, rooted) = rayon::join(|| outcome.check_receipts(header), || root(job, &outcome));
        receipts?;
        let rooted = rooted?;
        check_state_root(header, rooted.root)?;
        Ok(Executed { outcome, rooted, senders })
    }
}

fn root(mut job: RootJob, outcome: &Outcome) -> Result<Rooted, btt_state::Error> {
    job.update(outcome.unrooted())?;
    Ok(job.finish())
}

impl Executed {
    /// What the database writes for the block, with rows of other owners in `extra`.
    pub fn into_commit(self, block: SealedBlock, extra: Batch) -> BlockCommit {
        let Self { outcome, rooted, senders } = self;
        let layer = Layer::new(block.block.header.number, block.hash, outcome.changes, &rooted.storage_roots);
        BlockCommit {
            block: block.block,
            hash: block.hash,
            senders,
            receipts: outcome.receipts,
            layer: Arc::new(layer),
            nodes: rooted.nodes,
            version: rooted.version,
            sums: outcome.sums,
            extra,
        }
    }
}
