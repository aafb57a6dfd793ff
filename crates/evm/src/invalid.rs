//! The rules that a block can break, each with the values that show it.

use alloy_primitives::{Address, B256, U256};

use crate::InvalidTransaction;

/// The first rule that a block was found to break. Always the fault of who made the block.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Invalid {
    /// The header names another parent.
    #[error("parent hash {got}, expected {expected}")]
    ParentHash {
        /// In the header.
        got: B256,
        /// Hash of the parent.
        expected: B256,
    },
    /// The number is not the parent's plus one.
    #[error("number {got}, expected {expected}")]
    Number {
        /// In the header.
        got: u64,
        /// The parent's plus one.
        expected: u64,
    },
    /// The timestamp is not after the parent's (bttd: before it).
    #[error("timestamp {got}, parent's {parent}")]
    Timestamp {
        /// In the header, seconds.
        got: u64,
        /// The parent's, seconds.
        parent: u64,
    },
    /// A header field that the block's fork demands is absent.
    #[error("{field} is missing")]
    MissingField {
        /// The field's name in JSON-RPC.
        field: &'static str,
    },
    /// A header field that the block's fork does not know.
    #[error("{field} before its fork")]
    UnexpectedField {
        /// The field's name in JSON-RPC.
        field: &'static str,
    },
    /// More extra data than 32 bytes.
    #[error("extra data of {bytes} bytes, at most 32")]
    ExtraDataLength {
        /// Its length.
        bytes: usize,
    },
    /// The ten blocks from the DAO fork on carry `dao-hard-fork` on chains that take it, and only there.
    #[error("extra data {got} in block {number} of the DAO fork's range")]
    DaoExtraData {
        /// The block's height.
        number: u64,
        /// The header's extra data.
        got: alloy_primitives::Bytes,
    },
    /// The gas limit moved by the parent's / 1024 or more, doubled parent at London.
    #[error("gas limit {got}, parent's {parent}: must move by less than {bound}")]
    GasLimitStep {
        /// In the header.
        got: u64,
        /// The parent's (twice it in the first block of London).
        parent: u64,
        /// The parent's / 1024.
        bound: u64,
    },
    /// Below 5,000.
    #[error("gas limit {got} below 5000")]
    GasLimitTooLow {
        /// In the header.
        got: u64,
    },
    /// Above 2^63 - 1.
    #[error("gas limit {got} above 2^63 - 1")]
    GasLimitTooHigh {
        /// In the header.
        got: u64,
    },
    /// Not the gas limit that the chain prescribes.
    #[error("gas limit {got}, the chain's is {expected}")]
    GasLimit {
        /// In the header.
        got: u64,
        /// The chain's constant.
        expected: u64,
    },
    /// The header claims more gas than its own limit.
    #[error("gas used {used} above the gas limit {limit}")]
    GasUsedAboveLimit {
        /// In the header.
        used: u64,
        /// In the header.
        limit: u64,
    },
    /// Not the base fee that follows from the parent.
    #[error("base fee {got}, expected {expected}")]
    BaseFee {
        /// In the header, wei.
        got: u64,
        /// By EIP-1559, on bttd chains at least the floor; wei.
        expected: u64,
    },
    /// Not the difficulty that follows from the parent.
    #[error("difficulty {got}, expected {expected}")]
    Difficulty {
        /// In the header.
        got: U256,
        /// By the formula of the block's fork; zero after the merge.
        expected: U256,
    },
    /// A block without work before the terminal total difficulty is reached.
    #[error("difficulty 0 at total difficulty {total}, below the terminal {terminal}")]
    MergedTooEarly {
        /// Total difficulty up to the parent.
        total: U256,
        /// The chain's terminal total difficulty.
        terminal: U256,
    },
    /// A nonce other than zero after the merge.
    #[error("nonce is not zero")]
    Nonce,
    /// bttd: not keccak256(parent's mix hash, parent hash).
    #[error("mix hash {got}, expected {expected}")]
    MixHash {
        /// In the header.
        got: B256,
        /// By the parent.
        expected: B256,
    },
    /// bttd: not the hash of the sidecar.
    #[error("parent beacon block root {got}, the sidecar's hash is {expected}")]
    SidecarHash {
        /// In the header.
        got: B256,
        /// Of the sidecar.
        expected: B256,
    },
    /// bttd: not the hash of the next block's validator set.
    #[error("extra data {got} is not the hash of the next validator set {expected}")]
    ValidatorSetHash {
        /// In the header.
        got: alloy_primitives::Bytes,
        /// Read from the state after the block's transactions.
        expected: B256,
    },
    /// Not the excess blob gas that follows from the parent.
    #[error("excess blob gas {got}, expected {expected}")]
    ExcessBlobGas {
        /// In the header.
        got: u64,
        /// By EIP-4844 and EIP-7918; zero on bttd chains.
        expected: u64,
    },
    /// Not what the block's blobs take.
    #[error("blob gas used {got}, expected {expected}")]
    BlobGasUsed {
        /// In the header.
        got: u64,
        /// 131,072 for each blob.
        expected: u64,
    },
    /// The header claims more blob gas than the fork allows.
    #[error("blob gas used {got} above {limit}")]
    BlobGasAboveLimit {
        /// In the header.
        got: u64,
        /// The fork's.
        limit: u64,
    },
    /// More bytes than EIP-7934 or the chain allow.
    #[error("block of {bytes} bytes, at most {limit}")]
    BlockSize {
        /// Length of its RLP.
        bytes: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// Not the root of the body's transactions.
    #[error("transactions root {got}, expected {expected}")]
    TransactionsRoot {
        /// In the header.
        got: B256,
        /// Of the body.
        expected: B256,
    },
    /// Not the hash of the body's ommers.
    #[error("ommers hash {got}, expected {expected}")]
    OmmersHash {
        /// In the header.
        got: B256,
        /// Of the body.
        expected: B256,
    },
    /// Ommers after the merge.
    #[error("ommers after the merge")]
    OmmersAfterMerge,
    /// More than two ommers.
    #[error("{0} ommers, at most 2")]
    TooManyOmmers(usize),
    /// One ommer is wrong.
    #[error("ommer {index}: {reason}")]
    Ommer {
        /// Its index in the body.
        index: usize,
        /// What is wrong.
        reason: InvalidOmmer,
    },
    /// Not the root of the body's withdrawals; on bttd chains, of the outgoing message tree.
    #[error("withdrawals root {got}, expected {expected}")]
    WithdrawalsRoot {
        /// In the header.
        got: B256,
        /// Of the body, or read from the state.
        expected: B256,
    },
    /// The body has no list of withdrawals although its fork demands one.
    #[error("withdrawals are missing")]
    MissingWithdrawals,
    /// Withdrawals before Shanghai, or any on a bttd chain.
    #[error("unexpected withdrawals")]
    UnexpectedWithdrawals,
    /// A transaction cannot be in this block.
    #[error("transaction {index} ({hash}): {reason}")]
    Transaction {
        /// Its index in the block.
        index: usize,
        /// Its hash.
        hash: B256,
        /// Why.
        reason: InvalidTransaction,
    },
    /// Not the gas that the transactions used.
    #[error("gas used {got}, expected {expected}")]
    GasUsed {
        /// In the header.
        got: u64,
        /// By execution.
        expected: u64,
    },
    /// Not the root of the receipts.
    #[error("receipts root {got}, expected {expected}")]
    ReceiptsRoot {
        /// In the header.
        got: B256,
        /// By execution.
        expected: B256,
    },
    /// Not the filter over the block's logs.
    #[error("logs bloom does not fit the logs")]
    LogsBloom,
    /// Not the root of the state after the block.
    #[error("state root {got}, expected {expected}")]
    StateRoot {
        /// In the header.
        got: B256,
        /// By execution.
        expected: B256,
    },
    /// Not the hash of the requests (EIP-7685).
    #[error("requests hash {got}, expected {expected}")]
    RequestsHash {
        /// In the header.
        got: B256,
        /// By execution; the hash of no requests on bttd chains.
        expected: B256,
    },
    /// A log of the deposit contract that EIP-6110 does not know.
    #[error("deposit log {log} of transaction {transaction} has a wrong layout")]
    DepositLayout {
        /// Index of the transaction.
        transaction: usize,
        /// Index of the log in its receipt.
        log: usize,
    },
    /// The contract of EIP-7002 or EIP-7251 is not there.
    #[error("system contract {0} has no code")]
    SystemContractMissing(Address),
    /// The contract of EIP-7002 or EIP-7251 failed.
    #[error("system call to {0} failed")]
    SystemCallFailed(Address),
    /// bttd: the beneficiary has code, so that it could be called into a system entry (EIP-7702).
    #[error("beneficiary {address} has code {when}")]
    BeneficiaryCode {
        /// The header's beneficiary.
        address: Address,
        /// `before the block` or `after the users' transactions`.
        when: &'static str,
    },
    /// bttd: the body does not end with the system transactions that sidecar and height demand.
    #[error("{got} system transactions at the end of the block, expected {expected}")]
    SystemTransactionCount {
        /// Transactions of gas price 0 at the body's end.
        got: usize,
        /// By sidecar and height.
        expected: usize,
    },
    /// bttd: a system transaction is not the one expected.
    #[error("system transaction {index}: {part} is {got}, expected {expected}")]
    SystemTransaction {
        /// Its index in the block.
        index: usize,
        /// Which part of it.
        part: &'static str,
        /// In the body.
        got: String,
        /// Recomputed.
        expected: String,
    },
    /// bttd: a system transaction failed; its contract's entry never does by itself.
    #[error("system transaction {index} failed")]
    SystemTransactionFailed {
        /// Its index in the block.
        index: usize,
    },
}

/// What is wrong with an ommer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidOmmer {
    /// The same ommer stands twice in the block, or in one of its last seven ancestors already.
    #[error("already included")]
    Repeated,
    /// It is an ancestor of the block.
    #[error("is an ancestor")]
    Ancestor,
    /// Its parent is none of the ancestors two to seven generations back.
    #[error("parent {0} is no recent ancestor")]
    UnknownParent(B256),
    /// Its header breaks a rule.
    #[error("{0}")]
    Header(Box<Invalid>),
}
