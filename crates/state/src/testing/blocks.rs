//! Transactions and receipts of all kinds.

use alloy_consensus::{Eip658Value, SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxLegacy, TxType};
use alloy_primitives::{Address, Bytes, Log, Signature, U256};
use btt_primitives::{Receipt, Transaction};

use crate::testing::Random;

/// A transaction that decodes; its signature is of nobody.
pub(crate) fn transaction(random: &mut Random) -> Transaction {
    let signature = Signature::new(random.amount(), random.amount(), random.once_in(2));
    let (nonce, gas_limit) = (random.next(), random.next());
    let to = Address::from_slice(&random.hash()[..20]);
    let input = Bytes::from(random.hash()[..random.index(33)].to_vec());
    let value = random.amount();
    match random.below(4) {
        0 => TxLegacy { chain_id: Some(1), nonce, gas_limit, to: to.into(), value, input, gas_price: 7 }
            .into_signed(signature)
            .into(),
        1 => TxEip2930 { chain_id: 1, nonce, gas_limit, to: to.into(), value, input, ..Default::default() }
            .into_signed(signature)
            .into(),
        2 => TxEip1559 { chain_id: 1, nonce, gas_limit, to: to.into(), value, input, ..Default::default() }
            .into_signed(signature)
            .into(),
        _ => TxEip7702 { chain_id: 1, nonce, gas_limit, to, value, input, ..Default::default() }
            .into_signed(signature)
            .into(),
    }
}

/// A receipt with logs of few addresses and topics, so that look-ups have hits.
pub(crate) fn receipt(random: &mut Random, tx_type: TxType, cumulative_gas_used: u64) -> Receipt {
    let outcome = match random.below(3) {
        0 => Eip658Value::Eip658(true),
        1 => Eip658Value::Eip658(false),
        _ => Eip658Value::PostState(random.hash()),
    };
    let logs = (0..random.below(4)).map(|_| {
        let topics = (0..random.below(5)).map(|_| U256::from(random.below(6)).into()).collect();
        let data = Bytes::from(random.hash()[..random.index(33)].to_vec());
        Log::new_unchecked(random.address(5), topics, data)
    });
    Receipt { tx_type, outcome, cumulative_gas_used, logs: logs.collect() }
}
