//! The accounts of the bench chain, made from a seed.

use alloy_primitives::{B256, keccak256};
use btt_primitives::SigningKey;

/// Funded accounts of the bench chain.
pub const BENCH_ACCOUNTS: u32 = 20_000;

/// The seed; another one is another chain.
const SEED: &[u8] = b"bttd bench chain, account ";

/// The key of the bench chain's account `index`: keccak256 of the seed and the index, 4 bytes big-endian. Public,
/// like every key that a program can make; the bench chain holds nothing of value.
pub fn bench_key(index: u32) -> SigningKey {
    let mut secret = keccak256([SEED, &index.to_be_bytes()].concat());
    loop {
        match SigningKey::from_bytes(&secret.0) {
            Ok(key) => return key,
            Err(_) => secret = next(secret),
        }
    }
}

/// Another candidate where a hash is no key, which happens once in 2^128.
fn next(secret: B256) -> B256 {
    keccak256(secret)
}
