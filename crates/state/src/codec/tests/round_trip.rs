use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{
    Account, EMPTY_CODE_HASH, EMPTY_ROOT,
    codec::{
        Before, BodyRow, Reader, UndoRecord, decode_account, decode_header, decode_lookup, decode_receipts,
        decode_slot, encode_account, encode_body, encode_header, encode_lookup, encode_receipts, log_index,
        put_trimmed, put_varint, trimmed,
    },
    testing::Chain,
};

pub(super) fn account() -> impl Strategy<Value = Account> {
    let hash = |empty: B256| prop_oneof![Just(empty), any::<[u8; 32]>().prop_map(B256::new)];
    (any::<u64>(), number(), hash(EMPTY_CODE_HASH), hash(EMPTY_ROOT)).prop_map(
        |(nonce, balance, code_hash, storage_root)| Account { nonce, balance, code_hash, storage_root },
    )
}

pub(super) fn number() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0usize..=256).prop_map(|(bytes, bits)| U256::from_be_bytes(bytes).wrapping_shr(bits))
}

fn hash() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::new)
}

type Values = BTreeMap<Address, (Option<Option<Account>>, BTreeMap<B256, U256>)>;

/// What some block replaced: accounts, slots, both.
pub(super) fn values() -> impl Strategy<Value = Values> {
    let slots = proptest::collection::btree_map(hash(), number(), 0..5);
    let account = proptest::option::of(proptest::option::of(account()));
    let address = any::<[u8; 20]>().prop_map(Address::new);
    proptest::collection::btree_map(address, (account, slots), 0..12)
}

pub(super) fn record(number: u64, values: &Values) -> UndoRecord {
    let before = values.iter().map(|(address, (account, slots))| Before {
        address: *address,
        account: *account,
        slots: slots.iter().map(|(slot, value)| (*slot, *value)).collect(),
    });
    UndoRecord::build(number, &B256::repeat_byte(9), &before.collect::<Vec<_>>()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn account_rows(account in account()) {
        let mut row = Vec::new();
        encode_account(&account, &mut row);
        prop_assert_eq!(decode_account(&row), Ok(account));
    }

    #[test]
    fn slot_rows(value in number()) {
        let (bytes, start) = trimmed(&value);
        prop_assert_eq!(decode_slot(&bytes[start..]).ok(), (!value.is_zero()).then_some(value));
    }

    #[test]
    fn numbers(value in any::<u64>(), shift in 0u32..64, big in number()) {
        let mut row = Vec::new();
        put_varint(&mut row, value >> shift);
        put_trimmed(&mut row, &big);
        let mut reader = Reader::new(&row);
        prop_assert_eq!(reader.varint(), Ok(value >> shift));
        prop_assert_eq!(reader.trimmed(), Ok(big));
        prop_assert!(reader.finish().is_ok());
    }

    #[test]
    fn lookup_rows(number in 0u64..1 << 40, index in 0usize..1 << 24) {
        prop_assert_eq!(decode_lookup(&encode_lookup(number, index).unwrap()), Ok((number, index)));
    }

    #[test]
    fn undo_records(values in values()) {
        let record = record(5, &values);
        let decoded = UndoRecord::decode(5, record.bytes().to_vec());
        prop_assert_eq!(decoded.as_ref(), Ok(&record));
        prop_assert_eq!(record.hash(), B256::repeat_byte(9));
        for (address, (account, slots)) in &values {
            prop_assert_eq!(record.account(address), account.map(Ok));
            prop_assert_eq!(record.slot(address, &B256::ZERO).is_some(), slots.contains_key(&B256::ZERO));
            for (slot, value) in slots {
                prop_assert_eq!(record.slot(address, slot), Some(Ok(*value)));
            }
        }
        let accounts: Vec<_> = record.accounts().map(|(address, account)| (address, account.unwrap())).collect();
        let expected = values.iter().filter_map(|(address, (account, _))| Some((*address, (*account)?)));
        prop_assert_eq!(accounts, expected.collect::<Vec<_>>());
        let slots = record.slots().map(|(address, slot, value)| (address, slot, value.unwrap()));
        let expected = values.iter().flat_map(|(address, (_, slots))| slots.iter().map(|(s, v)| (*address, *s, *v)));
        prop_assert_eq!(slots.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn log_index_rows(left in offsets(), right in offsets()) {
        let row = |offsets: &[u16]| offsets.iter().fold(None::<Vec<u8>>, |row, offset| {
            Some(log_index::merge(row.as_deref(), [&log_index::operand(*offset)[..]]))
        });
        let operands: Vec<_> = left.iter().chain(&right).map(|offset| log_index::operand(*offset)).collect();
        let at_once = log_index::merge(None, operands.iter().map(|operand| &operand[..]));
        let mut expected: Vec<_> = left.iter().chain(&right).copied().collect();
        expected.sort_unstable();
        expected.dedup();
        prop_assert_eq!(log_index::decode(&at_once), Ok(expected));
        // Merging rows with rows gives the same bytes, in either order.
        let (left, right) = (row(&left).unwrap_or_else(|| vec![0]), row(&right).unwrap_or_else(|| vec![0]));
        prop_assert_eq!(&log_index::merge(Some(&left), [&right[..]]), &at_once);
        prop_assert_eq!(log_index::merge(None, [&right[..], &left[..]]), at_once);
    }
}

fn offsets() -> impl Strategy<Value = Vec<u16>> {
    prop_oneof![proptest::collection::vec(0u16..8192, 0..20), proptest::collection::vec(0u16..8192, 400..700)]
}

#[test]
fn block_rows() {
    let mut chain = Chain::new(80);
    chain.extend(200);
    for block in &chain.blocks {
        let mut row = Vec::new();
        encode_body(&block.block.body, &block.senders, &mut row).unwrap();
        let opened = BodyRow::open(&row).unwrap();
        assert_eq!(opened.decode(), Ok((block.block.body.clone(), block.senders.clone())));
        for (index, transaction) in block.block.body.transactions.iter().enumerate() {
            assert_eq!(opened.transaction(index).as_ref(), Ok(&Some(transaction.clone())));
            assert_eq!(opened.sender(index), Some(block.senders[index]));
        }
        assert_eq!(opened.transaction(block.senders.len()), Ok(None));

        let mut row = Vec::new();
        encode_receipts(&block.receipts, &mut row).unwrap();
        assert_eq!(decode_receipts(&row).as_ref(), Ok(&block.receipts));

        let mut row = Vec::new();
        encode_header(&block.hash, &block.sums, &block.block.header, &mut row);
        let decoded = decode_header(&row).unwrap();
        assert_eq!(
            (decoded.hash, decoded.sums, decoded.header),
            (block.hash, block.sums, block.block.header.clone())
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_when_written() {
    assert!(encode_lookup(1 << 40, 0).is_err());
    assert!(encode_lookup(0, 1 << 24).is_err());
    assert!(encode_body(&Default::default(), &[Address::ZERO], &mut Vec::new()).is_err());
}
