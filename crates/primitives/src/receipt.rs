//! What a transaction did.

use alloy_consensus::{Eip658Value, TxType};
use alloy_primitives::{Bloom, Log};
use alloy_rlp::{BufMut, Decodable, Encodable};

use crate::Error;

/// The receipt of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's EIP-2718 type; part of the receipt's encoding.
    pub tx_type: TxType,
    /// Success or failure (EIP-658), or before Byzantium the state root after the transaction.
    pub outcome: Eip658Value,
    /// Gas used in the block up to and with this transaction.
    pub cumulative_gas_used: u64,
    /// Logs in order of emission.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// The filter over the logs' addresses and topics; three keccak256 bits each.
    pub fn bloom(&self) -> Bloom {
        alloy_primitives::logs_bloom(&self.logs)
    }

    /// Appends the consensus form, as the receipts root holds it: the type byte unless legacy, then the list of
    /// outcome, cumulative gas, bloom and logs.
    pub fn encode_2718(&self, bloom: &Bloom, out: &mut dyn BufMut) {
        if self.tx_type != TxType::Legacy {
            out.put_u8(self.tx_type as u8);
        }
        alloy_rlp::Header { list: true, payload_length: self.payload_length(bloom) }.encode(out);
        self.outcome.encode(out);
        self.cumulative_gas_used.encode(out);
        bloom.encode(out);
        self.logs.encode(out);
    }

    /// Length of what [`Self::encode_2718`] appends, in bytes.
    pub fn length_2718(&self, bloom: &Bloom) -> usize {
        let payload_length = self.payload_length(bloom);
        let list = alloy_rlp::Header { list: true, payload_length }.length().saturating_add(payload_length);
        list.saturating_add(usize::from(self.tx_type != TxType::Legacy))
    }

    fn payload_length(&self, bloom: &Bloom) -> usize {
        let fields =
            [self.outcome.length(), self.cumulative_gas_used.length(), bloom.length(), self.logs.length()];
        fields.into_iter().fold(0, usize::saturating_add)
    }

    /// Decodes the consensus form from exactly `bytes`, with the bloom that stands in them (not compared with the
    /// logs).
    ///
    /// # Errors
    /// [`Error::UnknownType`], [`Error::Rlp`], [`Error::TrailingBytes`].
    pub fn decode_2718(bytes: &[u8]) -> Result<(Self, Bloom), Error> {
        let wrong = Error::rlp("receipt");
        let (tx_type, mut rlp) = match bytes.split_first() {
            None => return Err(wrong(alloy_rlp::Error::InputTooShort)),
            Some((0xc0.., _)) => (TxType::Legacy, bytes),
            Some((&first @ 1..=4, rest)) => {
                (TxType::try_from(first).map_err(|_| Error::UnknownType(first))?, rest)
            }
            Some((&first, _)) => return Err(Error::UnknownType(first)),
        };
        let mut fields = alloy_rlp::Header::decode_bytes(&mut rlp, true).map_err(wrong)?;
        let receipt = Self {
            tx_type,
            outcome: Eip658Value::decode(&mut fields).map_err(Error::rlp("receipt outcome"))?,
            cumulative_gas_used: u64::decode(&mut fields).map_err(Error::rlp("receipt gas"))?,
            logs: Vec::new(),
        };
        let bloom = Bloom::decode(&mut fields).map_err(Error::rlp("receipt bloom"))?;
        let logs = Vec::decode(&mut fields).map_err(Error::rlp("receipt logs"))?;
        match rlp.len().saturating_add(fields.len()) {
            0 => Ok((Self { logs, ..receipt }, bloom)),
            bytes => Err(Error::TrailingBytes { what: "receipt", bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, bytes, hex};

    use super::*;

    fn receipt(tx_type: TxType, outcome: Eip658Value) -> Receipt {
        let logs = vec![
            Log::new_unchecked(Address::repeat_byte(1), vec![B256::repeat_byte(2)], bytes!("0304")),
            Log::new_unchecked(Address::repeat_byte(5), vec![], bytes!("")),
        ];
        Receipt { tx_type, outcome, cumulative_gas_used: 21_000, logs }
    }

    fn samples() -> Vec<Receipt> {
        vec![
            receipt(TxType::Legacy, Eip658Value::PostState(B256::repeat_byte(7))),
            receipt(TxType::Legacy, Eip658Value::Eip658(false)),
            receipt(TxType::Eip2930, Eip658Value::Eip658(true)),
            receipt(TxType::Eip7702, Eip658Value::Eip658(true)),
        ]
    }

    #[test]
    fn consensus_form_round_trips_exactly() {
        for receipt in samples() {
            let bloom = receipt.bloom();
            let mut bytes = Vec::new();
            receipt.encode_2718(&bloom, &mut bytes);
            assert_eq!(bytes.len(), receipt.length_2718(&bloom));
            assert_eq!(Receipt::decode_2718(&bytes), Ok((receipt, bloom)));
            for end in 0..bytes.len() {
                assert!(Receipt::decode_2718(&bytes[..end]).is_err(), "{end}");
            }
            bytes.push(0);
            assert_eq!(Receipt::decode_2718(&bytes), Err(Error::TrailingBytes { what: "receipt", bytes: 1 }));
        }
    }

    /// The receipt of EIP-2718 type 1 in go-ethereum's `core/types` tests of the wire form: no logs, status 1, gas 1.
    #[test]
    fn empty_receipt_has_the_expected_bytes() {
        let receipt = Receipt {
            tx_type: TxType::Eip2930,
            outcome: Eip658Value::Eip658(true),
            cumulative_gas_used: 1,
            logs: vec![],
        };
        let mut bytes = Vec::new();
        receipt.encode_2718(&Bloom::ZERO, &mut bytes);
        let mut expected = hex!("01f901060101b90100").to_vec();
        expected.extend([0; 256]);
        expected.push(0xc0);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn type_zero_and_unknown_types_are_refused() {
        assert_eq!(Receipt::decode_2718(&[0, 0xc0]), Err(Error::UnknownType(0)));
        assert_eq!(Receipt::decode_2718(&[5, 0xc0]), Err(Error::UnknownType(5)));
        assert!(Receipt::decode_2718(&[]).is_err());
    }
}
