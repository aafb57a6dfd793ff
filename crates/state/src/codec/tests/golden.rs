//! Bytes that must not change without a new schema.

use alloy_consensus::{Eip658Value, SignableTransaction, TxLegacy, TxType};
use alloy_eips::eip4895::{Withdrawal, Withdrawals};
use alloy_primitives::{Address, B256, Bytes, Log, Signature, U256, hex};
use btt_primitives::{BlockBody, Header, Receipt};

use crate::{
    Account, Head, Table,
    codec::{
        Before, SCHEMA, UndoRecord, account_history_key, encode_account, encode_body, encode_header,
        encode_lookup, encode_receipts, log_index, number_key, slot_history_key, slot_key,
    },
};

fn check(bytes: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(hex::encode(bytes), expected.split_whitespace().collect::<String>());
}

fn account(account: Account) -> Vec<u8> {
    let mut row = Vec::new();
    encode_account(&account, &mut row);
    row
}

const ONES: B256 = B256::repeat_byte(0x11);
const TWOS: B256 = B256::repeat_byte(0x22);

#[test]
fn schema_and_tables() {
    assert_eq!(SCHEMA, 1);
    let names = Table::ALL.map(Table::name).join(" ");
    assert_eq!(
        names,
        "meta bridge headers numbers bodies receipts sidecars certificates undecided tx_lookup accounts slots code \
         account_trie slot_trie undo account_history slot_history log_index preimages"
    );
}

#[test]
fn accounts() {
    check(account(Account::default()), "00 00 00");
    check(
        account(Account { nonce: 300, balance: U256::from(0x0102_u64), ..Account::default() }),
        "00 ac02 02 0102",
    );
    let full = Account { nonce: u64::MAX, balance: U256::MAX, code_hash: ONES, storage_root: TWOS };
    let expected = format!("03 ffffffffffffffffff01 20 {} {ONES:x} {TWOS:x}", "ff".repeat(32));
    check(account(full), &expected.replace("0x", ""));
}

#[test]
fn keys() {
    let address = Address::repeat_byte(0xaa);
    check(number_key(258), "0000000000000102");
    check(slot_key(&ONES, &TWOS), &[ONES, TWOS].map(hex::encode).concat());
    check(account_history_key(&address, 258), &format!("{} 0000000000000102", hex::encode(address)));
    let expected = format!("{} {} 0000000000000102", hex::encode(address), hex::encode(ONES));
    check(slot_history_key(&address, &ONES, 258), &expected);
    check(encode_lookup(0x01_0203_0405, 0x0a_0b0c).unwrap(), "0102030405 0a0b0c");
    let term = log_index::address_term(&Address::repeat_byte(0xaa));
    check(log_index::key(&term, 7), &format!("00 {} 00000007", "aa".repeat(16)));
    let mut topic = B256::ZERO;
    topic[31] = 5;
    check(log_index::topic_term(3, &topic), "04 00000000000000000000000000000005");
    assert_eq!(log_index::place(8192 * 3 + 9), (3, 9));
}

#[test]
fn log_index_rows() {
    check(log_index::operand(258), "00 0102");
    check(log_index::merge(None, [&[0, 1, 2][..], &[0, 0, 1][..]]), "00 0001 0102");
    let every: Vec<_> = (0..8192).map(log_index::operand).collect();
    let row = log_index::merge(None, every.iter().map(|operand| &operand[..]));
    check(row, &format!("01 {}", "ff".repeat(1024)));
    let half: Vec<_> = (0..513).map(log_index::operand).collect();
    let row = log_index::merge(None, half.iter().map(|operand| &operand[..]));
    check(row, &format!("01 {} 01 {}", "ff".repeat(64), "00".repeat(959)));
}

#[test]
fn headers() {
    let mut row = Vec::new();
    let header = Header::default();
    encode_header(&ONES, &[U256::from(256), U256::ZERO], &header, &mut row);
    let expected = format!("{} 02 0100 00 {}", hex::encode(ONES), hex::encode(alloy_rlp::encode(&header)));
    check(row, &expected);
    let head = Head { number: 258, hash: ONES, state_root: TWOS };
    check(head.encode(), &format!("0000000000000102 {} {}", hex::encode(ONES), hex::encode(TWOS)));
}

#[test]
fn bodies() {
    let signature = Signature::new(U256::from(1), U256::from(2), false);
    let transaction = TxLegacy { chain_id: None, nonce: 1, ..TxLegacy::default() }.into_signed(signature);
    let mut body = BlockBody { transactions: vec![transaction.into()], ..BlockBody::default() };
    let sender = Address::repeat_byte(0xaa);
    let row = |body: &BlockBody| {
        let mut row = Vec::new();
        encode_body(body, &[sender], &mut row).unwrap();
        row
    };
    let transaction = "c9 01 80 80 80 80 80 1b 01 02";
    let expected = format!("00 00000001 0000000a {} {transaction}", hex::encode(sender));
    check(row(&body), &expected);
    body.ommers = vec![Header::default()];
    let withdrawal = Withdrawal { index: 1, validator_index: 2, address: sender, amount: 3 };
    body.withdrawals = Some(Withdrawals::new(vec![withdrawal]));
    let ommers = hex::encode(alloy_rlp::encode(&body.ommers));
    let withdrawals = format!("d9 d8 01 02 94 {} 03", hex::encode(sender));
    let expected =
        format!("03 00000001 0000000a {} {transaction} {ommers} {withdrawals}", hex::encode(sender));
    check(row(&body), &expected);
}

#[test]
fn receipts() {
    let log = Log::new_unchecked(Address::repeat_byte(0xaa), vec![ONES], Bytes::from(vec![7, 8]));
    let receipts = [
        Receipt {
            tx_type: TxType::Legacy,
            outcome: Eip658Value::PostState(TWOS),
            cumulative_gas_used: 0,
            logs: vec![],
        },
        Receipt {
            tx_type: TxType::Eip1559,
            outcome: Eip658Value::Eip658(true),
            cumulative_gas_used: 300,
            logs: vec![log],
        },
        Receipt {
            tx_type: TxType::Eip7702,
            outcome: Eip658Value::Eip658(false),
            cumulative_gas_used: 1,
            logs: vec![],
        },
    ];
    let mut row = Vec::new();
    encode_receipts(&receipts, &mut row).unwrap();
    let log = format!("{} 01 {} 02 0708", "aa".repeat(20), hex::encode(ONES));
    let expected = format!(
        "00000003 00000023 0000005f 00000062 20 {} 00 00  12 ac02 01 {log}  04 01 00",
        hex::encode(TWOS)
    );
    check(row, &expected);
}

#[test]
fn undo_records() {
    let (a, b) = (Address::repeat_byte(0xaa), Address::repeat_byte(0xbb));
    let before = [
        Before {
            address: a,
            account: Some(Some(Account::default())),
            slots: vec![(ONES, U256::from(5)), (TWOS, U256::ZERO)],
        },
        Before { address: b, account: Some(None), slots: vec![] },
    ];
    let record = UndoRecord::build(1, &TWOS, &before).unwrap();
    let [ones, twos] = [ONES, TWOS].map(hex::encode);
    let [a, b] = [a, b].map(hex::encode);
    let expected = format!(
        "{twos} 00000002 00000001 00000002  {a} 00000003 {b} 00000003  {a} 00000002  {ones} 00000001 {twos} 00000001 \
         000000  05"
    );
    check(record.bytes(), &expected);
}
