//! Executing a block that somebody made.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use alloy_primitives::{Address, B256, Bytes, U256};
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{
    Header, Receipt, SealedBlock, SignatureRule, Transaction, receipts_root_with_blooms, recover_sender,
};
use btt_state::{StateChanges, StateView};
use rayon::prelude::*;

use crate::{
    Ancestors, Error, Fatal, Invalid, InvalidTransaction, Parent,
    block_run::{BlockRun, Refused, RootAfter},
    body::{check_blob_gas_used, check_body},
    check_header, check_ommers,
    code_cache::CodeCache,
    native::{self, Fees, SystemInputs},
    requests, rewards,
};

/// Executes and builds the blocks of one chain. Cheap to clone; the clones share the cache of analysed code.
///
/// What it gives depends on its arguments alone, never on threads or on what is cached.
#[derive(Clone, Debug)]
pub struct Executor {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) codes: Arc<CodeCache>,
}

/// A block with everything that executing it needs.
#[derive(Clone, Copy, Debug)]
pub struct BlockInput<'a> {
    /// The block, found well-formed by [`Executor::check`].
    pub block: &'a SealedBlock,
    /// What it builds on.
    pub parent: Parent<'a>,
    /// State after the parent.
    pub view: &'a StateView,
    /// Who signed each transaction, in order.
    pub senders: &'a [Address],
    /// On bttd chains, what the protocol does in the block; `None` under Ethereum's rules.
    pub system: Option<&'a SystemInputs<'a>>,
    /// Set from outside to give up: looked at between transactions.
    pub stop: &'a AtomicBool,
}

/// What a block did, checked against everything in its header but the roots of state and receipts and the bloom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One for each transaction.
    pub receipts: Vec<Receipt>,
    /// What changed against the parent state.
    pub changes: StateChanges,
    /// The part of `changes` that the root was not asked for while the block ran; `None` stands for all of it.
    pub rest: Option<StateChanges>,
    /// Gas of all transactions.
    pub gas_used: u64,
    /// Lists of requests (EIP-7685), each with its type in front.
    pub requests: Vec<Bytes>,
    /// The running sums after the block; see [`Parent::sums`].
    pub sums: [U256; 2],
    /// On bttd chains, how the base fees were divided.
    pub fees: Fees,
}

impl Outcome {
    /// The changes that a root job has not seen yet: all of them, unless the block asked for roots while it ran.
    pub fn unrooted(&self) -> &StateChanges {
        self.rest.as_ref().unwrap_or(&self.changes)
    }

    /// Compares the receipts with the header's root and bloom.
    ///
    /// # Errors
    /// [`Invalid::ReceiptsRoot`], [`Invalid::LogsBloom`].
    pub fn check_receipts(&self, header: &Header) -> Result<(), Invalid> {
        let (expected, bloom) = receipts_root_with_blooms(&self.receipts);
        if header.receipts_root != expected {
            return Err(Invalid::ReceiptsRoot { got: header.receipts_root, expected });
        }
        if header.logs_bloom == bloom { Ok(()) } else { Err(Invalid::LogsBloom) }
    }
}

/// Compares a header with the state root that its block leads to.
///
/// # Errors
/// [`Invalid::StateRoot`].
pub fn check_state_root(header: &Header, expected: B256) -> Result<(), Invalid> {
    let got = header.state_root;
    if got == expected { Ok(()) } else { Err(Invalid::StateRoot { got, expected }) }
}

impl Executor {
    /// An executor for the chain of `spec` that keeps at most so many bytes of analysed code.
    pub fn new(spec: Arc<ChainSpec>, code_cache_bytes: u64) -> Self {
        Self { spec, codes: CodeCache::new(code_cache_bytes) }
    }

    /// The chain's rules.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// Checks everything of a block that needs no state: header against parent, body against header, ommers.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the first rule found broken, [`Error::Fatal`] when an ancestor cannot be read.
    pub fn check(
        &self,
        block: &SealedBlock,
        parent: &Parent<'_>,
        ancestors: &Ancestors<'_>,
    ) -> Result<Fork, Error> {
        let fork = check_header(&self.spec, &block.block.header, parent)?;
        check_body(&self.spec, fork, block)?;
        check_ommers(&self.spec, block, parent, ancestors)?;
        Ok(fork)
    }

    /// Who signed each of the transactions, in order; on all cores.
    ///
    /// # Errors
    /// [`Invalid::Transaction`] for the first one without a valid signature.
    pub fn recover_senders(&self, fork: Fork, transactions: &[Transaction]) -> Result<Vec<Address>, Invalid> {
        let rule = signature_rule(fork);
        let recovered: Vec<_> = transactions.par_iter().map(|tx| recover_sender(tx, rule)).collect();
        let at = |(index, sender): (usize, Result<Address, _>)| {
            sender.map_err(|error| Invalid::Transaction {
                index,
                hash: transactions.get(index).map_or(B256::ZERO, |tx| *tx.tx_hash()),
                reason: InvalidTransaction::Signature(error),
            })
        };
        recovered.into_iter().enumerate().map(at).collect()
    }

    /// Executes a block and checks what came out of it, but for the roots of state and receipts and the bloom, which
    /// [`Outcome::check_receipts`] and [`check_state_root`] compare; they may run beside each other.
    ///
    /// `root_after` is asked before Byzantium alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the first rule found broken, [`Error::Stopped`], [`Error::Fatal`].
    pub fn run<'a>(
        &'a self,
        input: BlockInput<'a>,
        root_after: &'a mut RootAfter<'a>,
    ) -> Result<Outcome, Error> {
        let (header, body) = (&input.block.block.header, &input.block.block.body);
        let fork = input.parent.child_fork(&self.spec, header.timestamp);
        let mut run =
            BlockRun::begin(&self.spec, self.codes.clone(), fork, header, input.view.clone(), root_after)?;
        run.prefetch(&body.transactions, input.senders);
        match (self.spec.btt(), input.system) {
            (Some(rules), Some(inputs)) => native::execute(run, rules, inputs, &input),
            (None, None) => {
                run_users(&mut run, &body.transactions, &input)?;
                check_blob_gas_used(header, body)?;
                finish(run, &input)
            }
            _ => Err(Fatal::WrongRules { number: header.number }.into()),
        }
    }
}

/// Which signatures are valid in a block of that fork (EIP-2).
pub const fn signature_rule(fork: Fork) -> SignatureRule {
    match fork {
        Fork::Frontier => SignatureRule::AnyS,
        _ => SignatureRule::LowS,
    }
}

/// Executes users' transactions from the block's first on.
pub(crate) fn run_users(
    run: &mut BlockRun<'_>,
    transactions: &[Transaction],
    input: &BlockInput<'_>,
) -> Result<(), Error> {
    for (index, (tx, sender)) in transactions.iter().zip(input.senders).enumerate() {
        if input.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        run.add(tx, *sender).map_err(|refused| refused.at(index, tx))?;
    }
    Ok(())
}

impl Refused {
    /// The error of a block that holds the transaction at this index.
    pub(crate) fn at(self, index: usize, tx: &Transaction) -> Error {
        match self {
            Self::Invalid(reason) => Invalid::Transaction { index, hash: *tx.tx_hash(), reason }.into(),
            Self::Fatal(fatal) => fatal.into(),
        }
    }
}

/// What follows the last transaction under Ethereum's rules, and the checks.
fn finish(mut run: BlockRun<'_>, input: &BlockInput<'_>) -> Result<Outcome, Error> {
    let (header, body) = (&input.block.block.header, &input.block.block.body);
    check_gas_used(header, run.gas_used)?;
    let requests = requests::collect(&mut run)?;
    if let Some(got) = header.requests_hash {
        let expected = requests::requests_hash(&requests);
        if got != expected {
            return Err(Invalid::RequestsHash { got, expected }.into());
        }
    }
    rewards::pay(run.fork, header, body, run.vm.state_mut())?;
    let total_difficulty = input.parent.total_difficulty(run.spec).saturating_add(header.difficulty);
    run.into_outcome(requests, [total_difficulty, U256::ZERO], Fees::default())
}

pub(crate) const fn check_gas_used(header: &Header, expected: u64) -> Result<(), Invalid> {
    let got = header.gas_used;
    if got == expected { Ok(()) } else { Err(Invalid::GasUsed { got, expected }) }
}
