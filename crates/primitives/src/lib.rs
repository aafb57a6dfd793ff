//! The types of the chain: header, block, transaction, receipt, and their bytes.
//!
//! Invariant: pure; reads no clock, no randomness and no files. Every decoder bounds what it allocates by its input.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

/// A block header, as Ethereum (Osaka) defines it; its keccak256 is the block's hash.
pub type Header = alloy_consensus::Header;
/// A signed transaction in a block: legacy and types 1 to 4, type 3 without its sidecar.
pub type Transaction = alloy_consensus::EthereumTxEnvelope<alloy_consensus::TxEip4844>;
/// Header and body.
pub type Block = alloy_consensus::Block<Transaction>;
/// Transactions, ommers, withdrawals.
pub type BlockBody = alloy_consensus::BlockBody<Transaction>;

mod receipt;

pub use receipt::Receipt;
