//! What the crate's tests share: random blocks, and a plain model of the state that the database is compared with.

mod blocks;
mod chain;
mod random;

pub(crate) use blocks::{receipt, transaction};
pub(crate) use chain::{Chain, Executed, State, commits};
pub(crate) use random::Random;
