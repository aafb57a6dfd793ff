//! Why a block was not executed.

use alloy_primitives::{B256, U256};

use crate::{Invalid, ReadError};

/// Why execution or building ended without a block.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The block breaks a rule: the fault of who made it. Nothing of it may be stored.
    #[error("invalid block: {0}")]
    Invalid(Box<Invalid>),
    /// The stop flag was set: another block of that height is decided, or the node shuts down.
    #[error("stopped")]
    Stopped,
    /// Our own storage failed or an invariant of ours is broken: nothing may leave the node any more.
    #[error(transparent)]
    Fatal(#[from] Fatal),
}

/// A fault of our own.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fatal {
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] btt_state::Error),
    /// The EVM gave up for a reason that no transaction can have.
    #[error("evm failed in block {number}: {reason}")]
    Evm {
        /// The block's height.
        number: u64,
        /// The EVM's words.
        reason: String,
    },
    /// Balances do not add up on a bttd chain: wei appeared, or vanished without a SELFDESTRUCT.
    #[error(
        "invariant broken: balances changed by {got} in {place} of block {number}, expected {expected} (modulo 2^256)"
    )]
    Supply {
        /// The block's height.
        number: u64,
        /// `transaction 3`, `the block`.
        place: String,
        /// Sum of all balance changes modulo 2^256.
        got: U256,
        /// What it should be.
        expected: U256,
    },
    /// A contract of the protocol that has to stand in genesis did not act.
    #[error("system contract failed in block {number}: {what}")]
    SystemContract {
        /// The block's height.
        number: u64,
        /// Which call, and how it failed.
        what: String,
    },
    /// The key that signs system transactions did not sign.
    #[error("signing in block {number} failed: {reason}")]
    Signer {
        /// The block's height.
        number: u64,
        /// The signer's words.
        reason: String,
    },
    /// A bttd chain's block without system inputs, or system inputs on a chain under Ethereum's rules.
    #[error("block {number} came with the inputs of other rules than its chain's")]
    WrongRules {
        /// The block's height.
        number: u64,
    },
    /// A block that was built here does not pass the checks for executing it.
    #[error("own block {number} ({hash}) is invalid: {reason}")]
    OwnBlock {
        /// The block's height.
        number: u64,
        /// Its hash.
        hash: B256,
        /// The rule that it breaks.
        reason: Box<Invalid>,
    },
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(Box::new(invalid))
    }
}

impl From<ReadError> for Error {
    fn from(ReadError(error): ReadError) -> Self {
        Self::Fatal(Fatal::State(error))
    }
}

impl From<btt_state::Error> for Error {
    fn from(error: btt_state::Error) -> Self {
        Self::Fatal(Fatal::State(error))
    }
}
