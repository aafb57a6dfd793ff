//! Every function of ours that reads bytes from outside, behind one signature, for the fuzzers.
//!
//! An entry panics when a property is broken. That a decoder refuses its input is no fault; that it panics, or accepts
//! a second encoding of a value, is. `cargo fuzz` and the bounded run of `make test` drive the same entries.

mod rows;

use alloy_eips::eip2718::Encodable2718;
use btt_chainspec::Genesis;
use btt_primitives::{
    Receipt, SignatureRule, block_length, decode_block, decode_transaction, recover_sender,
};

pub use rows::{row_samples, rows};

/// One fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name of the target, and of its folder of seeds in `fuzz/seeds/`.
    pub name: &'static str,
    /// Runs the target on any bytes; true when they were accepted.
    pub run: fn(&[u8]) -> bool,
    /// Time of a run against that of a decoder: a bounded run divides its number of mutations by it.
    pub cost: u64,
}

/// All targets.
pub const ENTRIES: &[Entry] = &[
    Entry { name: "block", run: block, cost: 1 },
    Entry { name: "transaction", run: transaction, cost: 1 },
    Entry { name: "receipt", run: receipt, cost: 1 },
    Entry { name: "framing", run: framing, cost: 1 },
    Entry { name: "genesis", run: genesis, cost: 1 },
    Entry { name: "rows", run: rows, cost: 10 },
];

/// Largest block that the entries take, in bytes: EIP-7934's bound.
const MAX_BLOCK: usize = 8_388_608;

/// A block: what decodes encodes to the same bytes and has the hash of its header.
pub fn block(bytes: &[u8]) -> bool {
    let Ok(sealed) = decode_block(bytes, MAX_BLOCK) else { return false };
    assert_eq!(alloy_rlp::encode(&sealed.block), bytes, "a second encoding of a block passed");
    assert_eq!(sealed.hash, sealed.block.header.hash_slow(), "the hash is not that of the header");
    assert_eq!(block_length(bytes, MAX_BLOCK), Ok(Some(bytes.len())), "framing and decoder disagree");
    true
}

/// A transaction in its EIP-2718 form; recovery of its sender does not panic either.
pub fn transaction(bytes: &[u8]) -> bool {
    let Ok(tx) = decode_transaction(bytes) else { return false };
    assert_eq!(tx.encoded_2718(), bytes, "a second encoding of a transaction passed");
    let strict = recover_sender(&tx, SignatureRule::LowS);
    let lax = recover_sender(&tx, SignatureRule::AnyS);
    assert!(strict.is_err() || strict == lax, "the stricter rule gave another sender");
    true
}

/// A receipt in its EIP-2718 form.
pub fn receipt(bytes: &[u8]) -> bool {
    let Ok((receipt, bloom)) = Receipt::decode_2718(bytes) else { return false };
    let mut again = Vec::new();
    receipt.encode_2718(&bloom, &mut again);
    assert_eq!(again, bytes, "a second encoding of a receipt passed");
    true
}

/// A stream of blocks as import reads it: each length is told from nine bytes, and never exceeds the bound.
pub fn framing(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        let prefix = &rest[..rest.len().min(9)];
        let Ok(Some(length)) = block_length(prefix, MAX_BLOCK) else { return false };
        assert!((1..=MAX_BLOCK).contains(&length), "length {length} is out of bounds");
        let Some(frame) = rest.get(..length) else { return false };
        // Where the library's own reader sees a list, it sees the same one.
        let mut item = frame;
        if alloy_rlp::Header::decode_bytes(&mut item, true).is_ok() {
            assert!(item.is_empty(), "{} bytes of the frame lie behind its list", item.len());
        }
        rest = &rest[length..];
    }
    true
}

/// A genesis file: what is accepted is accepted again with the same hash, and its block has that hash.
pub fn genesis(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(genesis) = Genesis::parse(text) else { return false };
    assert_eq!(genesis.hash, genesis.block().header.hash_slow(), "the hash is not that of the block");
    assert_eq!(Genesis::parse(text).as_ref(), Ok(&genesis), "the same file gave another chain");
    let _ = genesis.fork_id(genesis.header.number, genesis.header.timestamp);
    true
}
