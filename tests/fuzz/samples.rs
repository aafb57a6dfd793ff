//! Valid encodings of everything that the targets read.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, TxType};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal};
use alloy_primitives::{Address, B256, Bytes, Log, Signature, TxKind, U256};
use btt_primitives::{Block, BlockBody, Header, Receipt, Transaction};
use btt_tests::hostile;

/// The samples of one target.
pub fn valid(target: &str) -> Vec<Vec<u8>> {
    match target {
        "block" => blocks().iter().map(alloy_rlp::encode).collect(),
        "transaction" => transactions().iter().map(Encodable2718::encoded_2718).collect(),
        "receipt" => receipts(),
        "framing" => vec![blocks().iter().flat_map(alloy_rlp::encode).collect()],
        "genesis" => genesis(),
        "rows" => hostile::row_samples(),
        _ => Vec::new(),
    }
}

fn transactions() -> Vec<Transaction> {
    let signature = Signature::new(U256::from(7), U256::from(9), true);
    let to = TxKind::Call(Address::repeat_byte(0x11));
    let input = Bytes::from(vec![0x5a; 70]);
    vec![
        TxLegacy { chain_id: Some(199_337), to, input, ..TxLegacy::default() }.into_signed(signature).into(),
        TxLegacy { to: TxKind::Create, ..TxLegacy::default() }.into_signed(signature).into(),
        TxEip2930 { to, chain_id: 1, ..TxEip2930::default() }.into_signed(signature).into(),
        TxEip1559 { to, value: U256::MAX, ..TxEip1559::default() }.into_signed(signature).into(),
        TxEip4844 { blob_versioned_hashes: vec![B256::repeat_byte(1)], ..TxEip4844::default() }
            .into_signed(signature)
            .into(),
        TxEip7702 { to: Address::repeat_byte(2), ..TxEip7702::default() }.into_signed(signature).into(),
    ]
}

fn blocks() -> Vec<Block> {
    let header = Header {
        number: 4,
        base_fee_per_gas: Some(7),
        withdrawals_root: Some(B256::repeat_byte(3)),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::repeat_byte(5)),
        ..Header::default()
    };
    let withdrawal = Withdrawal { address: Address::repeat_byte(9), amount: 8, ..Withdrawal::default() };
    let body = BlockBody {
        transactions: transactions(),
        ommers: vec![Header { number: 3, ..Header::default() }],
        withdrawals: Some(vec![withdrawal].into()),
    };
    vec![Block { header, body }, Block::default()]
}

fn receipts() -> Vec<Vec<u8>> {
    let log = Log::new_unchecked(Address::repeat_byte(1), vec![B256::repeat_byte(2); 4], vec![3; 40].into());
    let sample = |tx_type, outcome, logs| {
        let receipt = Receipt { tx_type, outcome, cumulative_gas_used: 21_000, logs };
        let mut bytes = Vec::new();
        receipt.encode_2718(&receipt.bloom(), &mut bytes);
        bytes
    };
    vec![
        sample(TxType::Legacy, true.into(), vec![log.clone()]),
        sample(TxType::Eip1559, false.into(), Vec::new()),
        sample(TxType::Legacy, B256::repeat_byte(8).into(), vec![log.clone(), log]),
    ]
}

/// The smallest file of an Ethereum chain, one with everything, and one of ours.
fn genesis() -> Vec<Vec<u8>> {
    let account = r#""0x00000000000000000000000000000000000000aa": {"balance": "0x7", "nonce": "0x1", "code": "0x6001",
        "storage": {"0x01": "0x02"}}"#;
    let forks = r#""homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0, "byzantiumBlock": 0,
        "constantinopleBlock": 0, "petersburgBlock": 0, "istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0,
        "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0,
        "blobSchedule": {"cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477}}"#;
    let small =
        r#"{"config": {"chainId": 1}, "difficulty": "0x1", "gasLimit": "0x1388", "alloc": {}}"#.to_owned();
    let large = format!(
        r#"{{"config": {{"chainId": 7, {forks}}}, "difficulty": "0x0", "gasLimit": "0x1c9c380", "timestamp": "0x10",
        "extraData": "0x62", "alloc": {{{account}}}}}"#
    );
    let ours = btt_chainspec::GenesisFile::testnet().to_json();
    [small, large, ours].into_iter().map(String::into_bytes).collect()
}
