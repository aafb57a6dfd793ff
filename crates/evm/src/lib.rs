//! Executes and builds blocks: revm, with the rules of every fork of Ethereum from Frontier to Osaka around it, and
//! those of bttd chains.
//!
//! Invariant: what a block does depends on its parent's state and its own bytes alone; no clock, no randomness, no
//! file, and neither threads nor caches show. Invariant: an invalid block is refused with the rule that it breaks; a
//! fault of our own storage is never taken for an invalid block or a failed transaction.
//! Invariant: knows no network, no consensus and no pool.
//!
//! Start at [`Executor::run`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use btt_chainspec::Genesis;
//! use btt_evm::{Executor, Invalid, check_state_root};
//!
//! let genesis = Genesis::named("devnet").expect("compiled in");
//! let executor = Executor::new(Arc::new(genesis.spec.clone()), 1 << 20);
//! assert_eq!(executor.spec().chain_id, 199_337);
//! assert_eq!(check_state_root(&genesis.header, genesis.header.state_root), Ok(()));
//! let other = genesis.hash;
//! assert!(matches!(check_state_root(&genesis.header, other), Err(Invalid::StateRoot { .. })));
//! ```
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod base_fee;
mod blobs;
mod block_run;
mod block_state;
mod body;
mod build;
mod check_transaction;
mod code_cache;
mod dao;
mod difficulty;
mod env;
mod error;
mod execute;
mod executed;
pub mod fixtures;
mod header;
mod invalid;
mod invalid_transaction;
mod native;
mod ommers;
pub mod plain;
mod requests;
mod rewards;
#[cfg(test)]
mod tests;
mod vm;

pub use base_fee::next_base_fee;
pub use blobs::{GAS_PER_BLOB, blob_base_fee, next_excess_blob_gas};
pub use block_run::RootAfter;
pub use block_state::{BlockState, ReadError, delta};
pub use body::check_body;
pub use build::{BestTransactions, Built, Candidate, EthereumFields, Limits, Sign, Template, TemplateRules};
pub use check_transaction::{IntrinsicGas, check_transaction, intrinsic_gas};
pub use code_cache::CodeCache;
pub use difficulty::next_difficulty;
pub use env::{EvmEnv, spec_id, tx_env};
pub use error::{Error, Fatal};
pub use execute::{BlockInput, Executor, Outcome, check_state_root, signature_rule};
pub use executed::{ExecuteInput, Executed};
pub use header::{Parent, check_header};
pub use invalid::{Invalid, InvalidOmmer};
pub use invalid_transaction::InvalidTransaction;
pub use native::{EpochEnd, Fees, Producer, StateReader, SystemCall, SystemInputs, next_mix_hash};
pub use ommers::{Ancestor, Ancestors, check_ommers};
pub use requests::requests_hash;
pub use vm::{ExecutionResult, Vm, VmContext, VmError};
