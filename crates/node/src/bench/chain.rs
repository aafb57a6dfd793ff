//! The node's half: the executor, the trie and the database over the bench chain, one step at a time.

use std::sync::{Arc, atomic::AtomicBool};

use alloy_primitives::{Address, B256, U256, keccak256};
use btt_chainspec::{ChainSpec, Fork};
use btt_evm::{
    BlockInput, Built, Candidate, ExecuteInput, Executed, Executor, Limits, Outcome, Parent, SystemInputs,
    Template, TemplateRules, check_state_root, plain::PlainAccount,
};
use btt_primitives::{Header, SealedBlock, Transaction, UnsignedTransaction};
use btt_state::{
    Account, AccountChange, Batch, BlockCommit, Database, Error, KeyValue, Options, RootJob, Rooted,
    SlotChange, StateChanges, StateView, TrieKind, Version,
};
use rayon::prelude::*;

use crate::bench::{BenchError, transactions::Signed};

/// Who gets the tips; no account of the run.
const BENEFICIARY: Address = Address::repeat_byte(0xbe);
/// Bytes of analysed code in memory, as the node has it.
const CODE_CACHE_BYTES: u64 = 128 << 20;
/// Accounts or slots that are warmed at once.
const WARM_PART: usize = 100_000;
/// Every fork is active from block 0 on.
pub(super) const FORK: Fork = Fork::Osaka;

/// An open database with its newest block.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) database: Database,
    executor: Executor,
    pub(super) tip: Tip,
}

/// The block that the next one builds on, executed but perhaps not yet committed.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    pub(super) header: Header,
    hash: B256,
    sums: [U256; 2],
    view: StateView,
    version: Version,
}

/// A block and who signed its transactions.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) block: SealedBlock,
    pub(super) senders: Vec<Address>,
}

impl Chain {
    /// Opens the chain in a store that a seed was written to.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn open(
        spec: Arc<ChainSpec>,
        store: Arc<dyn KeyValue>,
        kind: TrieKind,
    ) -> Result<Self, BenchError> {
        let database = Database::open(store, Options { trie: kind, ..Options::default() })?;
        let head = database.head();
        let stored = database.header(head.number)?.ok_or_else(|| Error::Invariant {
            number: head.number,
            hash: head.hash,
            what: "the head's header is not stored".to_owned(),
        })?;
        let tip = Tip {
            header: stored.header,
            hash: stored.hash,
            sums: stored.sums,
            view: database.latest(),
            version: database.trie().head(),
        };
        Ok(Self { database, executor: Executor::new(spec, CODE_CACHE_BYTES), tip })
    }

    /// Brings what a node that has run for long would have in memory there: accounts and slots of the state in the
    /// caches, the trie's nodes above them. The root job that does it is dropped.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub(super) fn warm(&self, accounts: &[Address], contracts: &[PlainAccount]) -> Result<(), BenchError> {
        for part in accounts.chunks(WARM_PART) {
            let changes =
                part.par_iter().map(|address| self.touched(*address, &[])).collect::<Result<Vec<_>, _>>()?;
            self.drop_job(changes)?;
        }
        for contract in contracts {
            for slots in contract.slots.chunks(WARM_PART) {
                self.drop_job(vec![self.touched(contract.address, slots)?])?;
            }
        }
        Ok(())
    }

    /// An account with one wei more, and these slots with one more.
    fn touched(&self, address: Address, slots: &[(U256, U256)]) -> Result<AccountChange, Error> {
        let before = self.tip.view.account(&address)?;
        let one_more =
            |account: Account| Account { balance: account.balance.saturating_add(U256::ONE), ..account };
        let slot = |(slot, _): &(U256, U256)| {
            let slot = B256::from(*slot);
            let before = self.tip.view.storage(&address, &slot)?;
            Ok(SlotChange { slot, hashed: keccak256(slot), before, after: before.saturating_add(U256::ONE) })
        };
        let mut slots = slots.par_iter().map(slot).collect::<Result<Vec<_>, Error>>()?;
        slots.sort_unstable_by_key(|slot| slot.hashed);
        let (hashed, after) = (keccak256(address), before.map(one_more));
        Ok(AccountChange { address, hashed, before, after, wiped: false, slots })
    }

    fn drop_job(&self, mut accounts: Vec<AccountChange>) -> Result<(), Error> {
        accounts.sort_unstable_by_key(|change| change.hashed);
        self.job().update(&StateChanges { accounts, codes: Vec::new() })
    }

    /// Builds the next block from exactly these transactions.
    ///
    /// # Errors
    /// [`BenchError::Executor`] when the builder fails; a block without some transactions is the caller's to find.
    pub(super) fn build(&self, signed: Signed) -> Result<Block, BenchError> {
        let (never, inputs) = (AtomicBool::new(false), no_inputs());
        let template = Template {
            parent: self.tip.parent(),
            view: &self.tip.view,
            timestamp: self.tip.header.timestamp.saturating_add(1),
            beneficiary: BENEFICIARY,
            rules: TemplateRules::Btt { inputs: &inputs, sign: &refuse_to_sign },
            limits: Limits { gas: u64::MAX, bytes: usize::MAX, close: &never },
            stop: &never,
        };
        let candidates: Vec<_> = signed
            .transactions
            .into_iter()
            .zip(signed.senders)
            .map(|(tx, sender)| Candidate { tx: Arc::new(tx), sender })
            .collect();
        let mut job = self.job();
        let mut root = |changes: &StateChanges| {
            job.update(changes)?;
            Ok(job.root())
        };
        let Built { block, senders, .. } =
            self.executor.build(&template, &mut candidates.into_iter(), &mut root)?;
        Ok(Block { block, senders })
    }

    /// Recovers the senders, on all cores.
    ///
    /// # Errors
    /// When a signature is invalid.
    pub(super) fn recover(&self, transactions: &[Transaction]) -> Result<Vec<Address>, BenchError> {
        Ok(self.executor.recover_senders(FORK, transactions).map_err(btt_evm::Error::from)?)
    }

    /// Executes a block on the tip, with every check that needs no root.
    ///
    /// # Errors
    /// When the block is invalid or the state cannot be read.
    pub(super) fn execute(&self, block: &Block) -> Result<Outcome, BenchError> {
        let (never, inputs) = (AtomicBool::new(false), no_inputs());
        let input = BlockInput {
            block: &block.block,
            parent: self.tip.parent(),
            view: &self.tip.view,
            senders: &block.senders,
            system: Some(&inputs),
            stop: &never,
        };
        // asked for before Byzantium alone
        let mut root_after = |_: &StateChanges| Ok(B256::ZERO);
        Ok(self.executor.run(input, &mut root_after)?)
    }

    /// The trie after a block.
    ///
    /// # Errors
    /// When the trie cannot be read, or its root is not the header's.
    pub(super) fn root(&self, block: &Block, outcome: &Outcome) -> Result<Rooted, BenchError> {
        let mut job = self.job();
        job.update(outcome.unrooted())?;
        let rooted = job.finish();
        check_state_root(&block.block.block.header, rooted.root).map_err(btt_evm::Error::from)?;
        Ok(rooted)
    }

    /// Checks the root of the receipts and their bloom.
    ///
    /// # Errors
    /// When they are not the header's.
    pub(super) fn check_receipts(block: &Block, outcome: &Outcome) -> Result<(), BenchError> {
        Ok(outcome.check_receipts(&block.block.block.header).map_err(btt_evm::Error::from)?)
    }

    /// All of it for the import, senders known: every check, execution, the roots of receipts and state.
    ///
    /// # Errors
    /// As [`Chain::execute`] and [`Chain::root`].
    pub(super) fn execute_whole(&self, block: &Block) -> Result<Executed, BenchError> {
        let (never, inputs) = (AtomicBool::new(false), no_inputs());
        Ok(self.executor.execute(&ExecuteInput {
            block: &block.block,
            parent: self.tip.parent(),
            view: &self.tip.view,
            trie: self.database.trie(),
            version: &self.tip.version,
            senders: Some(&block.senders),
            ancestors: &|_| Ok(None),
            system: Some(&inputs),
            stop: &never,
        })?)
    }

    /// Moves the tip to an executed block and returns what is to be written.
    pub(super) fn advance(&mut self, block: SealedBlock, executed: Executed) -> BlockCommit {
        let (header, hash) = (block.block.header.clone(), block.hash);
        let commit = executed.into_commit(block, Batch::default());
        self.tip.view = self.tip.view.settled().with_layer(commit.layer.clone());
        self.tip.version = commit.version.clone();
        (self.tip.header, self.tip.hash, self.tip.sums) = (header, hash, commit.sums);
        commit
    }

    fn job(&self) -> RootJob {
        self.database.trie().job(&self.tip.version, Arc::new(self.tip.view.clone()))
    }
}

impl Tip {
    const fn parent(&self) -> Parent<'_> {
        Parent { header: &self.header, hash: self.hash, sums: self.sums }
    }
}

/// A block without deposits, evidence, epoch change and fee report.
const fn no_inputs() -> SystemInputs<'static> {
    SystemInputs {
        sidecar_hash: B256::ZERO,
        calls: Vec::new(),
        epoch_end: None,
        validators_hash: B256::ZERO,
        producer: None,
    }
}

fn refuse_to_sign(_: UnsignedTransaction) -> Result<Transaction, String> {
    Err("the benchmark's blocks hold no system transactions".to_owned())
}
