//! The types of the chain: header, block, transaction, receipt, their bytes, their signatures and their roots.
//!
//! Invariant: pure; reads no clock, no randomness and no files. Invariant: every decoder is exact (no byte is left
//! over, no second encoding of the same value passes) and allocates no more than a small multiple of its bounded
//! input. Invariant: knows no fork; which rule applies to a block is the caller's decision.
//!
//! Start at [`decode_block`], [`recover_sender`] and [`Receipt`].
//!
//! ```
//! use btt_primitives::{Block, decode_block};
//!
//! let bytes = alloy_rlp::encode(Block::default());
//! let sealed = decode_block(&bytes, 8_388_608)?;
//! assert_eq!(sealed.block, Block::default());
//! assert!(decode_block(&bytes[1..], 8_388_608).is_err());
//! # Ok::<(), btt_primitives::Error>(())
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::indexing_slicing)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

/// A block header, as Ethereum (Osaka) defines it; its keccak256 is the block's hash.
pub type Header = alloy_consensus::Header;
/// A signed transaction in a block: legacy and types 1 to 4, type 3 without its sidecar.
pub type Transaction = alloy_consensus::EthereumTxEnvelope<alloy_consensus::TxEip4844>;
/// A transaction that is not signed yet.
pub type UnsignedTransaction = alloy_consensus::EthereumTypedTransaction<alloy_consensus::TxEip4844>;
/// Header and body.
pub type Block = alloy_consensus::Block<Transaction>;
/// Transactions, ommers, withdrawals.
pub type BlockBody = alloy_consensus::BlockBody<Transaction>;

mod block;
mod error;
mod receipt;
mod roots;
mod sender;
mod signing;
mod system;
mod transaction;

pub use block::{SealedBlock, block_length, decode_block};
pub use error::Error;
pub use receipt::Receipt;
pub use roots::{
    EMPTY_OMMERS_HASH, EMPTY_REQUESTS_HASH, EMPTY_ROOT, logs_bloom, ommers_hash, receipts_root,
    receipts_root_with_blooms, transactions_root, withdrawals_root,
};
pub use sender::{SignatureRule, recover_sender, recover_signer};
pub use signing::SigningKey;
pub use system::{
    BTT_ADDRESS, BURN_ADDRESS, INBOX_ADDRESS, MAX_EVIDENCE_PER_BLOCK, PARAMS_ADDRESS, REWARD_POOL_ADDRESS,
    SLASHING_ADDRESS, SPEED_CHANNELS_ADDRESS, STAKE_HUB_ADDRESS, SYSTEM_CALL_GAS_LIMIT, SYSTEM_CALLER,
    SystemKind, VALIDATOR_SET_ADDRESS, has_system_price,
};
pub use transaction::decode_transaction;
