//! Building a block of our own.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy_consensus::{Transaction as _, TxLegacy};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawals};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use btt_chainspec::Fork;
use btt_primitives::{
    Block, BlockBody, EMPTY_OMMERS_HASH, EMPTY_REQUESTS_HASH, Header, SealedBlock, Transaction,
    UnsignedTransaction, receipts_root_with_blooms, transactions_root, withdrawals_root,
};
use btt_state::StateView;

use crate::{
    Error, Executor, Fatal, Invalid, InvalidTransaction, Outcome, Parent, SystemInputs,
    block_run::{BlockRun, Refused, RootAfter},
    check_body, check_header,
    env::authorities,
    native::{Fees, next_mix_hash},
    next_base_fee, next_difficulty, next_excess_blob_gas, requests, rewards,
};

/// Gas of the cheapest transaction: with less left, the users' part is full.
const CHEAPEST: u64 = 21_000;
/// So many candidates in a row that no longer fit end the users' part.
const MISFITS: usize = 64;
/// Bytes kept free for header and list prefixes.
const HEADER_BYTES: usize = 2_048;
/// Bytes of a system transaction beside its calldata, at most.
const SYSTEM_TX_BYTES: usize = 256;
/// Bytes kept free for the epoch transaction, whose calldata is known only later: 127 candidates take about 20 KiB.
const EPOCH_TX_BYTES: usize = 65_536;

/// A transaction that could be the block's next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Who signed it.
    pub sender: Address,
}

/// Transactions in the order in which a block should take them, each sender's by nonce.
pub trait BestTransactions {
    /// The next one, or `None` when there are no more.
    fn next(&mut self) -> Option<Candidate>;

    /// The last one given is not in the block, so that its sender's later ones cannot be either.
    fn skip_sender(&mut self);
}

/// A queue, in its own order; for tests, and for blocks whose transactions are prescribed.
impl BestTransactions for std::vec::IntoIter<Candidate> {
    fn next(&mut self) -> Option<Candidate> {
        Iterator::next(self)
    }

    fn skip_sender(&mut self) {}
}

/// What a block is to be.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The block to build on.
    pub parent: Parent<'a>,
    /// The state after it.
    pub view: &'a StateView,
    /// Time of the block in seconds.
    pub timestamp: u64,
    /// Who gets the tips; on bttd chains the proposer, who signs the system transactions.
    pub beneficiary: Address,
    /// What differs by whose rules the chain follows.
    pub rules: TemplateRules<'a>,
    /// How much may go into it.
    pub limits: Limits<'a>,
    /// Set from outside to give up.
    pub stop: &'a AtomicBool,
}

/// What a template holds by whose rules the chain follows.
#[derive(Clone, Copy)]
pub enum TemplateRules<'a> {
    /// Ethereum's.
    Ethereum(&'a EthereumFields),
    /// bttd's.
    Btt {
        /// What the protocol does in the block.
        inputs: &'a SystemInputs<'a>,
        /// Signs a system transaction with the beneficiary's key.
        sign: &'a Sign<'a>,
    },
}

/// Signs a transaction; the text says why it did not.
pub type Sign<'a> = dyn Fn(UnsignedTransaction) -> Result<Transaction, String> + Sync + 'a;

/// Header fields that a proposer under Ethereum's rules chooses, or gets from consensus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EthereumFields {
    /// Gas limit, within the step that the parent allows.
    pub gas_limit: u64,
    /// At most 32 bytes.
    pub extra_data: Bytes,
    /// PREVRANDAO.
    pub prev_randao: B256,
    /// Root of the parent's beacon block (EIP-4788).
    pub parent_beacon_block_root: B256,
    /// Withdrawals (EIP-4895).
    pub withdrawals: Withdrawals,
}

/// How much a block may hold, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Gas of all transactions, at most; the header's gas limit holds beside it.
    pub gas: u64,
    /// Bytes of the block's RLP, at most; the chain's limit holds beside it.
    pub bytes: usize,
    /// Set from outside when the time is up: no further user's transaction is added.
    pub close: &'a AtomicBool,
}

/// A finished block with its result.
#[derive(Clone, Debug)]
pub struct Built {
    /// The block.
    pub block: SealedBlock,
    /// Who signed each transaction.
    pub senders: Vec<Address>,
    /// What it did.
    pub outcome: Outcome,
    /// Transactions that were tried and can never be in this block, with the reason, for the pool to judge.
    pub refused: Vec<(B256, InvalidTransaction)>,
}

impl fmt::Debug for TemplateRules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ethereum(fields) => f.debug_tuple("Ethereum").field(fields).finish(),
            Self::Btt { inputs, .. } => f.debug_struct("Btt").field("inputs", inputs).finish_non_exhaustive(),
        }
    }
}

impl Executor {
    /// Builds a block on the template's parent from the best transactions, and checks it as somebody else's.
    ///
    /// `root` gives the state root after changes that follow on those of the calls before.
    ///
    /// # Errors
    /// [`Error::Stopped`]; [`Error::Fatal`], also when the result would be invalid.
    pub fn build(
        &self,
        template: &Template<'_>,
        best: &mut dyn BestTransactions,
        root: &mut RootAfter<'_>,
    ) -> Result<Built, Error> {
        let fork = template.parent.child_fork(&self.spec, template.timestamp);
        let header = self.template_header(fork, template)?;
        let mut run = BlockRun::begin(
            &self.spec,
            self.codes.clone(),
            fork,
            &header,
            template.view.clone(),
            &mut *root,
        )?;
        let mut part = Part::default();
        fill(&mut run, template, best, &mut part)?;
        let finished = match template.rules {
            TemplateRules::Ethereum(fields) => finish_ethereum(run, template, fields)?,
            TemplateRules::Btt { inputs, sign } => finish_btt(run, template, inputs, sign, &mut part)?,
        };
        let block = seal(&header, finished, &mut part, root)?;
        self.check_own(template, &block.0)?;
        let (block, outcome) = block;
        Ok(Built { block, senders: part.senders, outcome, refused: part.refused })
    }

    /// The header as far as it is known before execution.
    fn template_header(&self, fork: Fork, template: &Template<'_>) -> Result<Header, Error> {
        let parent = template.parent.header;
        let since = |first: Fork| fork >= first;
        let blobs = self.spec.blob_params(fork).filter(|_| self.spec.btt().is_none());
        let mut header = Header {
            parent_hash: template.parent.hash,
            ommers_hash: EMPTY_OMMERS_HASH,
            beneficiary: template.beneficiary,
            number: parent.number.saturating_add(1),
            timestamp: template.timestamp,
            base_fee_per_gas: next_base_fee(&self.spec, fork, parent),
            blob_gas_used: since(Fork::Cancun).then_some(0),
            excess_blob_gas: since(Fork::Cancun)
                .then(|| blobs.map_or(0, |blobs| next_excess_blob_gas(&blobs, parent))),
            requests_hash: since(Fork::Prague).then_some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        };
        match (template.rules, self.spec.btt()) {
            (TemplateRules::Ethereum(fields), None) => {
                header.gas_limit = fields.gas_limit;
                header.extra_data = fields.extra_data.clone();
                header.mix_hash = fields.prev_randao;
                header.parent_beacon_block_root =
                    since(Fork::Cancun).then_some(fields.parent_beacon_block_root);
                header.withdrawals_root =
                    since(Fork::Shanghai).then(|| withdrawals_root(&fields.withdrawals));
                if !since(Fork::Paris) {
                    header.difficulty = next_difficulty(&self.spec, fork, parent, template.timestamp);
                }
            }
            (TemplateRules::Btt { inputs, .. }, Some(rules)) => {
                header.gas_limit = rules.gas_limit;
                header.mix_hash = next_mix_hash(parent.mix_hash, template.parent.hash);
                header.parent_beacon_block_root = Some(inputs.sidecar_hash);
            }
            _ => return Err(Fatal::WrongRules { number: header.number }.into()),
        }
        Ok(header)
    }

    fn check_own(&self, template: &Template<'_>, block: &SealedBlock) -> Result<(), Error> {
        let header = &block.block.header;
        check_header(&self.spec, header, &template.parent)
            .and_then(|fork| check_body(&self.spec, fork, block))
            .map_err(|reason| own_fault(block.block.header.number, block.hash, reason))
    }
}

fn own_fault(number: u64, hash: B256, reason: Invalid) -> Error {
    Fatal::OwnBlock { number, hash, reason: Box::new(reason) }.into()
}

/// The transactions taken so far.
#[derive(Debug, Default)]
struct Part {
    transactions: Vec<Transaction>,
    senders: Vec<Address>,
    refused: Vec<(B256, InvalidTransaction)>,
    bytes: usize,
}

impl Part {
    fn push(&mut self, tx: Transaction, sender: Address) {
        self.bytes = self.bytes.saturating_add(network_length(&tx));
        self.transactions.push(tx);
        self.senders.push(sender);
    }
}

/// Bytes that a transaction takes in a block.
fn network_length(tx: &Transaction) -> usize {
    tx.encode_2718_len().saturating_add(5)
}

/// Takes users' transactions until the block is full, the time is up or none are left.
fn fill(
    run: &mut BlockRun<'_>,
    template: &Template<'_>,
    best: &mut dyn BestTransactions,
    part: &mut Part,
) -> Result<(), Error> {
    let (gas, bytes) = room(run, template);
    let mut misfits = 0_usize;
    while misfits < MISFITS && !template.limits.close.load(Ordering::Relaxed) {
        if template.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let gas_left = gas.saturating_sub(run.gas_used);
        if gas_left < CHEAPEST {
            break;
        }
        let Some(Candidate { tx, sender }) = best.next() else { break };
        if is_unwanted(run, &tx, sender) {
            best.skip_sender();
            continue;
        }
        let fits = tx.gas_limit() <= gas_left && network_length(&tx) <= bytes.saturating_sub(part.bytes);
        if !fits {
            best.skip_sender();
            misfits = misfits.saturating_add(1);
            continue;
        }
        match run.add(&tx, sender) {
            Ok(()) => {
                misfits = 0;
                part.push(Arc::unwrap_or_clone(tx), sender);
            }
            Err(Refused::Fatal(fatal)) => return Err(fatal.into()),
            Err(Refused::Invalid(reason)) => {
                if !matches!(reason, InvalidTransaction::NonceTooLow { .. }) {
                    best.skip_sender();
                }
                part.refused.push((*tx.tx_hash(), reason));
            }
        }
    }
    Ok(())
}

/// Gas and bytes that the users' transactions may take: what the limits give, less what the protocol's own will need.
fn room(run: &BlockRun<'_>, template: &Template<'_>) -> (u64, usize) {
    let chain_bytes = run.spec.max_block_bytes(run.fork).unwrap_or(usize::MAX);
    let gas = run.header.gas_limit.min(template.limits.gas);
    let bytes = chain_bytes.min(template.limits.bytes).saturating_sub(HEADER_BYTES);
    match template.rules {
        TemplateRules::Ethereum(fields) => {
            let withdrawals = fields.withdrawals.len().saturating_mul(64);
            (gas, bytes.saturating_sub(withdrawals))
        }
        TemplateRules::Btt { inputs, .. } => {
            let calls = inputs.calls.iter().map(|call| call.calldata.len().saturating_add(SYSTEM_TX_BYTES));
            let epoch = inputs.epoch_end.is_some().then_some(EPOCH_TX_BYTES);
            let reserved = calls.chain(epoch).fold(0, usize::saturating_add);
            (gas.saturating_sub(inputs.gas_reserve()), bytes.saturating_sub(reserved))
        }
    }
}

/// On bttd chains: transactions that could change nonce or code of the key that signs the system transactions, and
/// blobs.
fn is_unwanted(run: &BlockRun<'_>, tx: &Transaction, sender: Address) -> bool {
    let own = run.header.beneficiary;
    run.spec.btt().is_some()
        && (tx.is_eip4844() || sender == own || authorities(tx).any(|signer| signer == own))
}

/// What is known after the last transaction.
struct Finished {
    outcome: Outcome,
    blob_gas_used: u64,
    requests_hash: Option<B256>,
    withdrawals: Option<Withdrawals>,
    withdrawals_root: Option<B256>,
    extra_data: Bytes,
}

fn finish_ethereum(
    mut run: BlockRun<'_>,
    template: &Template<'_>,
    fields: &EthereumFields,
) -> Result<Finished, Error> {
    let number = run.header.number;
    let own = |error| match error {
        Error::Invalid(reason) => own_fault(number, B256::ZERO, *reason),
        other => other,
    };
    let requests = requests::collect(&mut run).map_err(own)?;
    let withdrawals = (run.fork >= Fork::Shanghai).then(|| fields.withdrawals.clone());
    let body = BlockBody { withdrawals, ..BlockBody::default() };
    rewards::pay(run.fork, run.header, &body, run.vm.state_mut())?;
    let total_difficulty = template.parent.total_difficulty(run.spec).saturating_add(run.header.difficulty);
    Ok(Finished {
        blob_gas_used: run.blob_gas_used,
        requests_hash: run.header.requests_hash.map(|_| requests::requests_hash(&requests)),
        withdrawals: body.withdrawals,
        withdrawals_root: run.header.withdrawals_root,
        extra_data: run.header.extra_data.clone(),
        outcome: run.into_outcome(requests, [total_difficulty, U256::ZERO], Fees::default())?,
    })
}

fn finish_btt(
    mut run: BlockRun<'_>,
    template: &Template<'_>,
    inputs: &SystemInputs<'_>,
    sign: &Sign<'_>,
    part: &mut Part,
) -> Result<Finished, Error> {
    let number = run.header.number;
    let rules = run.spec.btt().ok_or(Fatal::WrongRules { number })?;
    for at in 0..inputs.count() {
        let call = run.system_call_at(at, inputs)?;
        let tx = TxLegacy {
            chain_id: Some(run.spec.chain_id),
            nonce: run.beneficiary_nonce()?,
            gas_price: 0,
            gas_limit: call.kind.gas_limit(),
            to: TxKind::Call(call.kind.target()),
            value: U256::ZERO,
            input: call.calldata,
        };
        let tx = sign(UnsignedTransaction::Legacy(tx)).map_err(|reason| Fatal::Signer { number, reason })?;
        let added = run.add_system(&tx, template.beneficiary);
        let what = || format!("system transaction {at} to {} failed", call.kind.target());
        match added {
            Ok(true) => part.push(tx, template.beneficiary),
            Ok(false) => return Err(Fatal::SystemContract { number, what: what() }.into()),
            Err(Refused::Fatal(fatal)) => return Err(fatal.into()),
            Err(Refused::Invalid(reason)) => {
                return Err(Fatal::SystemContract { number, what: format!("{}: {reason}", what()) }.into());
            }
        }
    }
    let fees = run.settle(rules, inputs)?;
    Ok(Finished {
        blob_gas_used: 0,
        requests_hash: run.header.requests_hash,
        withdrawals: Some(Withdrawals::default()),
        withdrawals_root: Some(run.outgoing_root()?),
        extra_data: Bytes::copy_from_slice(run.validators_hash(inputs)?.as_slice()),
        outcome: {
            let sums = run.supply(template.parent.sums);
            run.into_outcome(Vec::new(), sums, fees)?
        },
    })
}

/// Completes the header and closes the block.
fn seal(
    template: &Header,
    finished: Finished,
    part: &mut Part,
    root: &mut RootAfter<'_>,
) -> Result<(SealedBlock, Outcome), Error> {
    let outcome = finished.outcome;
    let (receipts_root, logs_bloom) = receipts_root_with_blooms(&outcome.receipts);
    let transactions = std::mem::take(&mut part.transactions);
    let header = Header {
        state_root: root(outcome.unrooted())?,
        receipts_root,
        logs_bloom,
        transactions_root: transactions_root(&transactions),
        gas_used: outcome.gas_used,
        blob_gas_used: template.blob_gas_used.map(|_| finished.blob_gas_used),
        requests_hash: finished.requests_hash,
        withdrawals_root: finished.withdrawals_root,
        extra_data: finished.extra_data,
        ..template.clone()
    };
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: finished.withdrawals };
    Ok((SealedBlock::new(Block { header, body }), outcome))
}
