//! What can be wrong with bytes or a signature from outside.

use alloy_primitives::U256;

/// Why bytes are not the object they should be. Always the sender's fault.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The input is larger than the rules or the reader allow; nothing was allocated for it.
    #[error("{what} of {bytes} bytes, limit {limit}")]
    TooLarge {
        /// The object.
        what: &'static str,
        /// Its encoded length.
        bytes: usize,
        /// The largest length allowed.
        limit: usize,
    },
    /// The RLP breaks off, is not canonical, or holds something else.
    #[error("invalid rlp in {what}: {reason}")]
    Rlp {
        /// The part of the object that failed to decode.
        what: &'static str,
        /// The decoder's words.
        reason: alloy_rlp::Error,
    },
    /// Bytes are left over after the object.
    #[error("{bytes} bytes left over after {what}")]
    TrailingBytes {
        /// The object that ended early.
        what: &'static str,
        /// How many bytes follow it.
        bytes: usize,
    },
    /// EIP-2718 type that no fork up to Osaka knows.
    #[error("unknown transaction type {0:#04x}")]
    UnknownType(u8),
    /// A part of a larger object, told by its index.
    #[error("{what} {index}: {source}")]
    At {
        /// The kind of part: transaction, log.
        what: &'static str,
        /// Its index in the object, from 0.
        index: usize,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// The signature's s lies in the upper half of the curve's order (EIP-2).
    #[error("signature s {0:#x} is above half of the curve order")]
    HighS(U256),
    /// No public key gives this signature: r or s is out of range or r is no point of the curve.
    #[error("signature does not recover to a public key")]
    Unrecoverable,
    /// The bytes are no secret key: zero or not below the curve's order.
    #[error("secret key is zero or not below the curve order")]
    SecretKey,
}

impl Error {
    /// Wraps the decoder's error with the part that it concerns.
    pub(crate) const fn rlp(what: &'static str) -> impl Fn(alloy_rlp::Error) -> Self + Copy {
        move |reason| Self::Rlp { what, reason }
    }
}
