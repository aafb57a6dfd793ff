//! The hashes with which a header commits to its body and its receipts.

use alloy_consensus::proofs;
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{B256, Bloom, b256};
use alloy_trie::root::ordered_trie_root_with_encoder;

use crate::{Header, Receipt, Transaction};

/// Root of a trie without entries: keccak256 of the RLP of the empty string.
pub const EMPTY_ROOT: B256 = alloy_consensus::EMPTY_ROOT_HASH;

/// keccak256 of the RLP of the empty list: the ommers hash of a block without ommers.
pub const EMPTY_OMMERS_HASH: B256 = alloy_consensus::EMPTY_OMMER_ROOT_HASH;

/// sha256 of no bytes: the requests hash (EIP-7685) of a block without requests.
pub const EMPTY_REQUESTS_HASH: B256 =
    b256!("0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

/// Root of the trie from RLP(index) to the transaction's EIP-2718 bytes.
pub fn transactions_root(transactions: &[Transaction]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |tx, buf| tx.encode_2718(buf))
}

/// Root of the trie from RLP(index) to the receipt's EIP-2718 bytes, blooms computed from the logs.
pub fn receipts_root(receipts: &[Receipt]) -> B256 {
    ordered_trie_root_with_encoder(receipts, |receipt, buf| receipt.encode_2718(&receipt.bloom(), buf))
}

/// As [`receipts_root`], together with the blooms' union for the header; each bloom is computed once.
pub fn receipts_root_with_blooms(receipts: &[Receipt]) -> (B256, Bloom) {
    let with_blooms: Vec<_> = receipts.iter().map(|receipt| (receipt, receipt.bloom())).collect();
    let root =
        ordered_trie_root_with_encoder(&with_blooms, |(receipt, bloom), buf| receipt.encode_2718(bloom, buf));
    let union = with_blooms.iter().fold(Bloom::ZERO, |union, (_, bloom)| union | *bloom);
    (root, union)
}

/// The union of the receipts' blooms: the header's `logsBloom`.
pub fn logs_bloom(receipts: &[Receipt]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |union, receipt| union | receipt.bloom())
}

/// Root of the trie from RLP(index) to the withdrawal (EIP-4895).
pub fn withdrawals_root(withdrawals: &[Withdrawal]) -> B256 {
    proofs::calculate_withdrawals_root(withdrawals)
}

/// keccak256 of the RLP of the list of ommers.
pub fn ommers_hash(ommers: &[Header]) -> B256 {
    proofs::calculate_ommers_root(ommers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_have_the_well_known_hashes() {
        assert_eq!(transactions_root(&[]), EMPTY_ROOT);
        assert_eq!(receipts_root_with_blooms(&[]), (EMPTY_ROOT, Bloom::ZERO));
        assert_eq!(withdrawals_root(&[]), EMPTY_ROOT);
        assert_eq!(ommers_hash(&[]), EMPTY_OMMERS_HASH);
        assert_eq!(ommers_hash(&[]), alloy_primitives::keccak256([0xc0]));
    }
}
