//! Transactions from bytes, exactly.

use alloy_consensus::{
    Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy,
    transaction::{RlpEcdsaDecodableTx, RlpEcdsaEncodableTx},
};
use alloy_primitives::keccak256;

use crate::{Error, Transaction};

/// Decodes a transaction from its EIP-2718 bytes: a legacy list, or the type byte and its list.
///
/// Stricter than alloy's decoder, which takes type byte 0 for legacy.
///
/// # Errors
/// [`Error::UnknownType`], [`Error::Rlp`], or [`Error::TrailingBytes`] when `bytes` hold more than the transaction.
pub fn decode_transaction(bytes: &[u8]) -> Result<Transaction, Error> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Err(Error::rlp("transaction")(alloy_rlp::Error::InputTooShort));
    };
    match first {
        1 => signed::<TxEip2930>(bytes, rest).map(Transaction::Eip2930),
        2 => signed::<TxEip1559>(bytes, rest).map(Transaction::Eip1559),
        3 => signed::<TxEip4844>(bytes, rest).map(Transaction::Eip4844),
        4 => signed::<TxEip7702>(bytes, rest).map(Transaction::Eip7702),
        0xc0.. => signed::<TxLegacy>(bytes, bytes).map(Transaction::Legacy),
        other => Err(Error::UnknownType(other)),
    }
}

/// Decodes the list `rlp` and seals it with the hash of `encoded`, the EIP-2718 form that contains it.
fn signed<T: RlpEcdsaDecodableTx + RlpEcdsaEncodableTx>(
    encoded: &[u8],
    mut rlp: &[u8],
) -> Result<Signed<T>, Error> {
    let (tx, signature) = T::rlp_decode_with_signature(&mut rlp).map_err(Error::rlp("transaction"))?;
    if !rlp.is_empty() {
        return Err(Error::TrailingBytes { what: "transaction", bytes: rlp.len() });
    }
    Ok(Signed::new_unchecked(tx, signature, keccak256(encoded)))
}

#[cfg(test)]
mod tests {
    use alloy_consensus::SignableTransaction;
    use alloy_eips::eip2718::Encodable2718;
    use alloy_primitives::{Address, Signature, TxKind, U256, bytes};

    use super::*;

    fn samples() -> Vec<Transaction> {
        let signature = Signature::new(U256::from(7), U256::from(9), true);
        let to = TxKind::Call(Address::repeat_byte(0x11));
        let legacy = TxLegacy { chain_id: Some(199_337), to, input: bytes!("0102"), ..Default::default() };
        let creation =
            TxLegacy { chain_id: None, to: TxKind::Create, gas_limit: 21_000, ..Default::default() };
        vec![
            legacy.into_signed(signature).into(),
            creation.into_signed(signature).into(),
            TxEip2930 { to, chain_id: 1, ..Default::default() }.into_signed(signature).into(),
            TxEip1559 { to, value: U256::MAX, ..Default::default() }.into_signed(signature).into(),
            TxEip4844 { blob_versioned_hashes: vec![keccak256([1])], ..Default::default() }
                .into_signed(signature)
                .into(),
            TxEip7702 { to: Address::repeat_byte(2), ..Default::default() }.into_signed(signature).into(),
        ]
    }

    #[test]
    fn every_type_round_trips_with_its_hash() {
        for tx in samples() {
            let bytes = tx.encoded_2718();
            let decoded = decode_transaction(&bytes).unwrap();
            assert_eq!(decoded, tx);
            assert_eq!(*decoded.hash(), keccak256(&bytes));
            assert_eq!(decoded.encoded_2718(), bytes);
        }
    }

    #[test]
    fn every_cut_and_every_extension_is_refused() {
        for tx in samples() {
            let mut bytes = tx.encoded_2718();
            for end in 0..bytes.len() {
                assert!(decode_transaction(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
            }
            bytes.push(0x80);
            assert_eq!(
                decode_transaction(&bytes),
                Err(Error::TrailingBytes { what: "transaction", bytes: 1 })
            );
        }
    }

    #[test]
    fn type_byte_zero_is_not_legacy() {
        let mut bytes = vec![0];
        bytes.extend(samples()[0].encoded_2718());
        assert_eq!(decode_transaction(&bytes), Err(Error::UnknownType(0)));
        assert_eq!(decode_transaction(&[0x05, 0xc0]), Err(Error::UnknownType(5)));
        assert_eq!(decode_transaction(&[0x7f]), Err(Error::UnknownType(0x7f)));
    }
}
