//! An account as the flat table stores it.

use alloy_primitives::{B256, U256, b256};

/// keccak256 of no bytes: the code hash of an account without code.
pub const EMPTY_CODE_HASH: B256 = b256!("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

/// Root of a trie without entries: keccak256 of the RLP of the empty string.
pub const EMPTY_ROOT: B256 = b256!("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// One account of the state, with the two hashes that its trie leaf commits to.
///
/// An empty account is not the same as an absent one: before EIP-158 the trie keeps empty accounts, so absence is
/// always an `Option` around this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created; EIP-2681 bounds it below 2^64 - 1.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// keccak256 of the code, [`EMPTY_CODE_HASH`] without code.
    pub code_hash: B256,
    /// Root of the account's storage trie, [`EMPTY_ROOT`] without storage.
    pub storage_root: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: EMPTY_CODE_HASH, storage_root: EMPTY_ROOT }
    }
}

impl Account {
    /// True when EIP-161 calls the account empty: nonce 0, balance 0, no code.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == EMPTY_CODE_HASH
    }

    /// True when the account has code (an EIP-7702 delegation counts).
    pub fn has_code(&self) -> bool {
        self.code_hash != EMPTY_CODE_HASH
    }

    /// True when at least one storage slot is not zero.
    pub fn has_storage(&self) -> bool {
        self.storage_root != EMPTY_ROOT
    }
}
