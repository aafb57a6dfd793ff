//! Signing with a secret key held in memory.

use alloy_consensus::SignableTransaction;
use alloy_primitives::{Address, B256, Signature, keccak256};
use k256::ecdsa;

use crate::{Error, Transaction, UnsignedTransaction};

/// A secp256k1 secret key. Cleared from memory when dropped; its `Debug` shows the address alone.
#[derive(Clone)]
pub struct SigningKey {
    secret: ecdsa::SigningKey,
    address: Address,
}

impl SigningKey {
    /// The key of these 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`Error::SecretKey`] for zero and for values not below the curve's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let secret = ecdsa::SigningKey::from_slice(bytes).map_err(|_| Error::SecretKey)?;
        let point = secret.verifying_key().to_sec1_point(false);
        let address = match point.as_bytes() {
            [_tag, rest @ ..] => Address::from_word(keccak256(rest)),
            [] => return Err(Error::SecretKey),
        };
        Ok(Self { secret, address })
    }

    /// The account of the key: the last 20 bytes of keccak256 of the public key.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a hash: deterministic (RFC 6979 with SHA-256), low s.
    pub fn sign_hash(&self, hash: B256) -> Signature {
        let (signature, recovery) = self.secret.sign_prehash_recoverable(hash.as_slice());
        let (r, s) = signature.split_bytes();
        Signature::from_scalars_and_parity(B256::from_slice(&r), B256::from_slice(&s), recovery.is_y_odd())
    }

    /// Signs a transaction; a legacy one with a chain id by EIP-155.
    pub fn sign_transaction(&self, tx: UnsignedTransaction) -> Transaction {
        let signature = self.sign_hash(tx.signature_hash());
        Transaction::from((tx, signature))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{b256, hex, uint};

    use super::*;

    fn small_key(number: u8) -> SigningKey {
        let mut bytes = [0; 32];
        bytes[31] = number;
        SigningKey::from_bytes(&bytes).unwrap()
    }

    /// Vectors of the TRON bridge design, made with another implementation.
    #[test]
    fn signatures_are_rfc6979_low_s() {
        let rows = [
            (
                b256!("0x91e087dd8ebd6de865cba533e4c077a9aca22faa774da90987997038aab059de"),
                hex!(
                    "98d9a8e5d808c91e6536f134afd771d6de269713bfc25516dbaae8c51a6604b149f001b614afc91cd02d51541f20bbf2e68a45d42795a1095245656f692892fc1b"
                ),
            ),
            (
                b256!("0x0d94201de8950c6bf4260910675f1f17e2750da9ec744ca48d05dd8be8d54233"),
                hex!(
                    "1ed194464511426bcf0dded909977849332f07d2fbb0e83ccae8e7e7d0fbeef20f9d6a1b837857e898f80612c700cecfb6497b8c7f9e4ff6b4082b08b31b044f1c"
                ),
            ),
        ];
        for (hash, expected) in rows {
            assert_eq!(small_key(4).sign_hash(hash).as_bytes(), expected);
        }
    }

    #[test]
    fn address_of_key_one_is_the_generator_s() {
        assert_eq!(
            small_key(1).address(),
            alloy_primitives::address!("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf")
        );
    }

    #[test]
    fn zero_and_the_order_are_no_keys() {
        let order = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
        for bytes in [[0; 32], order.to_be_bytes(), [0xff; 32]] {
            assert_eq!(SigningKey::from_bytes(&bytes).unwrap_err(), Error::SecretKey);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", SigningKey::from_bytes(&[0x5a; 32]).unwrap());
        assert!(!text.to_lowercase().contains("5a5a5a"), "{text}");
    }
}
