//! Who signed a transaction: public key recovery by libsecp256k1.

use alloy_consensus::crypto::SECP256K1N_HALF;
use alloy_primitives::{Address, B256, Signature, keccak256};
use secp256k1::{
    Message, SECP256K1,
    ecdsa::{RecoverableSignature, RecoveryId},
};

use crate::{Error, Transaction};

/// Which signatures a transaction may carry; decided by the fork of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureRule {
    /// Frontier: any s below the curve's order, so that each signature has a second form.
    AnyS,
    /// From Homestead on (EIP-2): s at most half of the curve's order.
    LowS,
}

/// The address that signed `tx`. About 30 us: recover once per transaction and carry the result.
///
/// The chain id of a replay-protected transaction is not compared here: an invalid one is the executor's to refuse.
///
/// # Errors
/// [`Error::HighS`] by the rule, [`Error::Unrecoverable`] when no key gives the signature.
pub fn recover_sender(tx: &Transaction, rule: SignatureRule) -> Result<Address, Error> {
    let rule = if tx.is_legacy() { rule } else { SignatureRule::LowS };
    recover_signer(tx.signature(), tx.signature_hash(), rule)
}

/// The address whose key gives `signature` over `hash`.
///
/// # Errors
/// As [`recover_sender`].
pub fn recover_signer(signature: &Signature, hash: B256, rule: SignatureRule) -> Result<Address, Error> {
    if rule == SignatureRule::LowS && signature.s() > SECP256K1N_HALF {
        return Err(Error::HighS(signature.s()));
    }
    let mut compact = [0; 64];
    let (r, s) = compact.split_at_mut(32);
    r.copy_from_slice(&signature.r().to_be_bytes::<32>());
    s.copy_from_slice(&signature.s().to_be_bytes::<32>());
    let parity = if signature.v() { RecoveryId::One } else { RecoveryId::Zero };
    let unrecoverable = |_| Error::Unrecoverable;
    let recoverable = RecoverableSignature::from_compact(&compact, parity).map_err(unrecoverable)?;
    let key = SECP256K1.recover_ecdsa(Message::from_digest(hash.0), &recoverable).map_err(unrecoverable)?;
    let [_tag, point @ ..] = key.serialize_uncompressed();
    Ok(Address::from_word(keccak256(point)))
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
    use alloy_primitives::{U256, address, hex, uint};
    use proptest::test_runner::Config;

    use super::*;
    use crate::{SigningKey, UnsignedTransaction, decode_transaction};

    const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32]).unwrap()
    }

    /// The same signature in its other form: s negated, parity flipped.
    fn flipped(signature: &Signature) -> Signature {
        Signature::new(signature.r(), ORDER.wrapping_sub(signature.s()), !signature.v())
    }

    /// The example of EIP-155: key 0x46 x 32, nonce 9, 20 gwei, 21000 gas, 1 ether to 0x35 x 20 on chain 1.
    #[test]
    fn sender_of_the_eip155_example() {
        let bytes = hex!(
            "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
        );
        let tx = decode_transaction(&bytes).unwrap();
        let expected = address!("0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f");
        assert_eq!(recover_sender(&tx, SignatureRule::LowS), Ok(expected));
        assert_eq!(SigningKey::from_bytes(&[0x46; 32]).unwrap().address(), expected);
    }

    #[test]
    fn high_s_is_valid_on_frontier_alone_and_gives_the_same_sender() {
        let tx = key().sign_transaction(UnsignedTransaction::Legacy(TxLegacy::default()));
        let high: Transaction = TxLegacy::default().into_signed(flipped(tx.signature())).into();
        assert_eq!(recover_sender(&high, SignatureRule::AnyS), Ok(key().address()));
        let s = high.signature().s();
        assert_eq!(recover_sender(&high, SignatureRule::LowS), Err(Error::HighS(s)));
    }

    #[test]
    fn typed_transactions_need_low_s_under_either_rule() {
        let tx = key().sign_transaction(UnsignedTransaction::Eip1559(TxEip1559::default()));
        assert_eq!(recover_sender(&tx, SignatureRule::AnyS), Ok(key().address()));
        let high: Transaction = TxEip1559::default().into_signed(flipped(tx.signature())).into();
        assert!(matches!(recover_sender(&high, SignatureRule::AnyS), Err(Error::HighS(_))));
    }

    #[test]
    fn out_of_range_scalars_are_unrecoverable() {
        let one = U256::from(1);
        for (r, s) in
            [(U256::ZERO, one), (one, U256::ZERO), (ORDER, one), (one, ORDER), (U256::MAX, U256::MAX)]
        {
            let signature = Signature::new(r, s, false);
            assert_eq!(
                recover_signer(&signature, B256::repeat_byte(1), SignatureRule::AnyS),
                Err(Error::Unrecoverable),
                "r {r} s {s}"
            );
        }
    }

    proptest::proptest! {
        #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

        #[test]
        fn signed_by_k256_recovered_by_libsecp256k1(secret in proptest::array::uniform32(1u8..), hash: [u8; 32]) {
            let Ok(key) = SigningKey::from_bytes(&secret) else { return Ok(()) };
            let signature = key.sign_hash(hash.into());
            proptest::prop_assert_eq!(recover_signer(&signature, hash.into(), SignatureRule::LowS), Ok(key.address()));
        }
    }
}
