//! Damaged rows: an error, or a value whose encoding is exactly the row. Never a panic, never a second encoding.

use proptest::{prelude::*, test_runner::RngSeed};

use super::round_trip::{account, number, record, values};
use crate::{
    Head,
    codec::{
        BodyRow, UndoRecord, decode_account, decode_header, decode_lookup, decode_receipts, decode_slot,
        encode_account, encode_body, encode_header, encode_lookup, encode_receipts, log_index, trimmed,
    },
    testing::Chain,
};

/// Decodes with every decoder; what decodes must encode to the same bytes.
fn check(bytes: &[u8]) {
    if let Ok(account) = decode_account(bytes) {
        let mut row = Vec::new();
        encode_account(&account, &mut row);
        assert_eq!(row, bytes, "account");
    }
    if let Ok(value) = decode_slot(bytes) {
        let (row, start) = trimmed(&value);
        assert_eq!(&row[start..], bytes, "slot");
    }
    if let Ok(row) = decode_header(bytes) {
        let mut out = Vec::new();
        encode_header(&row.hash, &row.sums, &row.header, &mut out);
        assert_eq!(out, bytes, "header");
    }
    if let Ok((body, senders)) = BodyRow::open(bytes).and_then(|row| row.decode()) {
        let mut row = Vec::new();
        encode_body(&body, &senders, &mut row).unwrap();
        assert_eq!(row, bytes, "body");
    }
    if let Ok(receipts) = decode_receipts(bytes) {
        let mut row = Vec::new();
        encode_receipts(&receipts, &mut row).unwrap();
        assert_eq!(row, bytes, "receipts");
    }
    if let Ok((number, index)) = decode_lookup(bytes) {
        assert_eq!(encode_lookup(number, index).unwrap(), bytes, "lookup");
    }
    if let Ok(head) = Head::decode(bytes) {
        assert_eq!(head.encode(), bytes, "head");
    }
    if let Ok(record) = UndoRecord::decode(1, bytes.to_vec()) {
        assert_eq!(record.bytes(), bytes, "undo");
        assert!(record.accounts().all(|(_, account)| account.is_ok()));
        assert!(record.slots().all(|(.., value)| value.is_ok()));
    }
    let _ = log_index::decode(bytes);
    let _ = log_index::merge(Some(bytes), [bytes]);
}

/// Cuts, lengthens, and changes a byte of a row, then decodes it.
fn damage(row: &[u8], at: usize, byte: u8) {
    let Some(at) = at.checked_rem(row.len()) else { return };
    check(row);
    check(&row[..at]);
    check(&[row, &[byte]].concat());
    let mut changed = row.to_vec();
    changed[at] = byte;
    check(&changed);
    changed.remove(at);
    check(&changed);
    changed.insert(at, byte);
    changed.insert(at, 0xff);
    check(&changed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn damaged_small_rows(account in account(), value in number(), at in any::<usize>(), byte in any::<u8>()) {
        let mut row = Vec::new();
        encode_account(&account, &mut row);
        damage(&row, at, byte);
        let (bytes, start) = trimmed(&value);
        damage(&bytes[start..], at, byte);
    }

    #[test]
    fn damaged_undo_records(values in values(), at in any::<usize>(), byte in any::<u8>()) {
        damage(record(1, &values).bytes(), at, byte);
    }

    #[test]
    fn damaged_block_rows(seed in 0u64..1000, at in any::<usize>(), byte in any::<u8>()) {
        let mut chain = Chain::new(seed);
        chain.extend(1);
        let block = &chain.blocks[1];
        let mut row = Vec::new();
        encode_body(&block.block.body, &block.senders, &mut row).unwrap();
        damage(&row, at, byte);
        let mut row = Vec::new();
        encode_receipts(&block.receipts, &mut row).unwrap();
        damage(&row, at, byte);
        let mut row = Vec::new();
        encode_header(&block.hash, &block.sums, &block.block.header, &mut row);
        damage(&row, at, byte);
    }
}

#[test]
fn counts_that_the_row_does_not_cover_allocate_nothing() {
    for row in [
        [&[0][..], &[0xff; 4]].concat(),
        [0xff; 4].to_vec(),
        [&[0xff; 44][..]].concat(),
        // One receipt with 2^60 logs.
        [&[0, 0, 0, 1, 0, 0, 0, 12, 0x10, 1][..], &[0x80; 8], &[0x10], &[0]].concat(),
    ] {
        assert!(BodyRow::open(&row).is_err());
        assert!(decode_receipts(&row).is_err());
        assert!(UndoRecord::decode(1, row).is_err());
    }
}
