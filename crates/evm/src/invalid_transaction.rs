//! Why a transaction cannot be in a block.

use alloy_consensus::Transaction as _;
use alloy_primitives::U256;
use btt_chainspec::Fork;
use btt_primitives::Transaction;
use revm::context::{BlockEnv, result::InvalidTransaction as VmReason};

/// Why a transaction cannot be executed in a block, by the block's rules and the state before it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidTransaction {
    /// The signature gives no sender, or has a high s after Frontier.
    #[error(transparent)]
    Signature(btt_primitives::Error),
    /// EIP-2718 type of a later fork, or type 3 on a bttd chain.
    #[error("transaction type {0} is not supported")]
    TypeNotSupported(u8),
    /// Replay protection before Spurious Dragon (EIP-155).
    #[error("replay-protected before EIP-155")]
    ReplayProtectedTooEarly,
    /// Signed for another chain.
    #[error("chain id {got:?}, expected {expected}")]
    ChainId {
        /// In the transaction.
        got: Option<u64>,
        /// The chain's.
        expected: u64,
    },
    /// More gas than the block has left.
    #[error("gas limit {gas_limit} above the block's remaining {available}")]
    BlockGas {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// Gas that earlier transactions have left.
        available: u64,
    },
    /// More gas than one transaction may have (EIP-7825).
    #[error("gas limit {gas_limit} above the cap {cap}")]
    GasLimitCap {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// 16,777,216.
        cap: u64,
    },
    /// Less gas than the transaction costs before it runs.
    #[error("gas limit {gas_limit} below the intrinsic gas {intrinsic}")]
    IntrinsicGas {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// Base cost, calldata, creation, access list, authorizations.
        intrinsic: u64,
    },
    /// Less gas than the floor for its calldata (EIP-7623).
    #[error("gas limit {gas_limit} below the calldata floor {floor}")]
    FloorGas {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// 21,000 and 10 for each token.
        floor: u64,
    },
    /// The fee cap is below the base fee.
    #[error("fee cap {fee_cap} below the base fee {base_fee}")]
    FeeCapBelowBaseFee {
        /// Gas price or fee cap, wei.
        fee_cap: u128,
        /// The block's, wei.
        base_fee: u64,
    },
    /// The tip is above the fee cap.
    #[error("tip {tip} above the fee cap {fee_cap}")]
    TipAboveFeeCap {
        /// Wei.
        tip: u128,
        /// Wei.
        fee_cap: u128,
    },
    /// The blob fee cap is below the price of blob gas.
    #[error("blob fee cap {fee_cap} below the blob base fee {blob_base_fee}")]
    BlobFeeCap {
        /// The transaction's, wei.
        fee_cap: u128,
        /// The block's, wei.
        blob_base_fee: u128,
    },
    /// A blob transaction without blobs.
    #[error("blob transaction without blobs")]
    NoBlobs,
    /// More blobs than one transaction may have.
    #[error("{blobs} blobs, at most {limit}")]
    TooManyBlobs {
        /// In the transaction.
        blobs: usize,
        /// The fork's.
        limit: usize,
    },
    /// More blobs than the block has left.
    #[error("blob gas {blob_gas} above the block's remaining {available}")]
    BlockBlobGas {
        /// Of the transaction.
        blob_gas: u64,
        /// What earlier transactions have left.
        available: u64,
    },
    /// A versioned hash of another version than KZG.
    #[error("blob hash with a wrong version")]
    BlobVersion,
    /// A set-code transaction without authorizations.
    #[error("empty authorization list")]
    NoAuthorizations,
    /// Init code above 49,152 bytes (EIP-3860).
    #[error("init code too large")]
    InitCodeSize,
    /// The sender has code (EIP-3607).
    #[error("sender has code")]
    SenderHasCode,
    /// The nonce was used already.
    #[error("nonce {got} too low, expected {expected}")]
    NonceTooLow {
        /// The transaction's.
        got: u64,
        /// The sender's.
        expected: u64,
    },
    /// The nonce comes later.
    #[error("nonce {got} too high, expected {expected}")]
    NonceTooHigh {
        /// The transaction's.
        got: u64,
        /// The sender's.
        expected: u64,
    },
    /// The nonce is 2^64 - 1 (EIP-2681).
    #[error("nonce at its maximum")]
    NonceMax,
    /// The sender cannot pay value and the whole gas at the fee cap.
    #[error("sender has {balance}, needs {cost}")]
    InsufficientFunds {
        /// The sender's balance, wei.
        balance: U256,
        /// Gas limit times fee cap, and value, and blob fees; wei.
        cost: U256,
    },
    /// Value and gas cost more than 2^256 - 1, or the gas more than 2^128 - 1: no sender can have as much.
    #[error("cost overflows")]
    CostOverflow,
    /// bttd: gas price 0 outside of the system transactions.
    #[error("gas price 0")]
    SystemPrice,
    /// A reason that no transaction of a block of ours can have.
    #[error("{0}")]
    Other(String),
}

impl InvalidTransaction {
    /// The EVM's reason, with the values that it leaves out.
    pub(crate) fn from_vm(reason: VmReason, tx: &Transaction, block: &BlockEnv, chain_id: u64) -> Self {
        let (gas_limit, fee_cap) = (tx.gas_limit(), tx.max_fee_per_gas());
        match reason {
            VmReason::InvalidChainId | VmReason::MissingChainId => {
                Self::ChainId { got: tx.chain_id(), expected: chain_id }
            }
            VmReason::CallerGasLimitMoreThanBlock => Self::BlockGas { gas_limit, available: block.gas_limit },
            VmReason::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasLimitCap { gas_limit, cap },
            VmReason::CallGasCostMoreThanGasLimit { initial_gas: intrinsic, gas_limit } => {
                Self::IntrinsicGas { gas_limit, intrinsic }
            }
            VmReason::GasFloorMoreThanGasLimit { gas_floor: floor, gas_limit } => {
                Self::FloorGas { gas_limit, floor }
            }
            VmReason::GasPriceLessThanBasefee => {
                Self::FeeCapBelowBaseFee { fee_cap, base_fee: block.basefee }
            }
            VmReason::PriorityFeeGreaterThanMaxFee => {
                Self::TipAboveFeeCap { tip: tx.max_priority_fee_per_gas().unwrap_or_default(), fee_cap }
            }
            VmReason::BlobGasPriceGreaterThanMax { block_blob_gas_price, tx_max_fee_per_blob_gas } => {
                Self::BlobFeeCap { fee_cap: tx_max_fee_per_blob_gas, blob_base_fee: block_blob_gas_price }
            }
            VmReason::EmptyBlobs => Self::NoBlobs,
            VmReason::TooManyBlobs { max: limit, have: blobs } => Self::TooManyBlobs { blobs, limit },
            VmReason::BlobVersionNotSupported => Self::BlobVersion,
            VmReason::EmptyAuthorizationList => Self::NoAuthorizations,
            VmReason::CreateInitCodeSizeLimit => Self::InitCodeSize,
            VmReason::RejectCallerWithCode => Self::SenderHasCode,
            VmReason::NonceTooLow { tx: got, state: expected } => Self::NonceTooLow { got, expected },
            VmReason::NonceTooHigh { tx: got, state: expected } => Self::NonceTooHigh { got, expected },
            VmReason::NonceOverflowInTransaction => Self::NonceMax,
            VmReason::LackOfFundForMaxFee { fee: cost, balance } => {
                Self::InsufficientFunds { balance: *balance, cost: *cost }
            }
            VmReason::OverflowPaymentInTransaction => Self::CostOverflow,
            VmReason::Eip2930NotSupported
            | VmReason::Eip1559NotSupported
            | VmReason::Eip4844NotSupported
            | VmReason::Eip7702NotSupported => Self::TypeNotSupported(tx.tx_type().into()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// The first fork that knows a transaction type.
pub(crate) const fn first_fork(tx_type: u8) -> Fork {
    match tx_type {
        0 => Fork::Frontier,
        1 => Fork::Berlin,
        2 => Fork::London,
        3 => Fork::Cancun,
        _ => Fork::Prague,
    }
}
