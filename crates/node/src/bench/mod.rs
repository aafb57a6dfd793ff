//! `bttd bench execution`: named workloads through plain revm and through the node's own execution, in one run.
//!
//! Everything is made from a seed: keys, contracts, transactions. Both sides execute the same signed transactions on
//! the same first state, block by block in turn, so that what else the machine does falls on both.

mod accounts;
mod chain;
mod contracts;
mod error;
mod execution;
mod keccak_floor;
mod process;
mod report;
mod scene;
mod seed;
mod transactions;
mod workload;

pub use error::BenchError;
pub use execution::{ExecutionOptions, TrieChoice, execution};
pub use report::{Row, table};
pub use workload::Workload;
