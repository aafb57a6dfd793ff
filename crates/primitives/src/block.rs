//! Blocks from bytes, exactly.

use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{B256, keccak256};
use alloy_rlp::{Decodable, EMPTY_LIST_CODE, EMPTY_STRING_CODE};

use crate::{Block, BlockBody, Error, Header, Transaction, decode_transaction};

/// A block with the hash and the size of the bytes it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBlock {
    /// keccak256 of the header's RLP.
    pub hash: B256,
    /// Length of the block's RLP in bytes, which EIP-7934 bounds.
    pub size: usize,
    /// Header and body.
    pub block: Block,
}

impl SealedBlock {
    /// Seals a block that was made here, by encoding and hashing its header.
    pub fn new(block: Block) -> Self {
        Self { hash: block.header.hash_slow(), size: alloy_rlp::Encodable::length(&block), block }
    }
}

/// Decodes one block from exactly `bytes`, at most `max_bytes` of them.
///
/// No second encoding of a block passes: a typed transaction has to be wrapped in a string (alloy also takes it
/// bare), lengths are minimal and end where their lists end. Hashes are computed from the given bytes.
///
/// # Errors
/// [`Error::TooLarge`] before anything is allocated; [`Error::Rlp`], [`Error::TrailingBytes`] and [`Error::At`] with
/// the index of the transaction that is wrong.
pub fn decode_block(bytes: &[u8], max_bytes: usize) -> Result<SealedBlock, Error> {
    if bytes.len() > max_bytes {
        return Err(Error::TooLarge { what: "block", bytes: bytes.len(), limit: max_bytes });
    }
    let mut rest = bytes;
    let mut fields = list(&mut rest, "block")?;
    if !rest.is_empty() {
        return Err(Error::TrailingBytes { what: "block", bytes: rest.len() });
    }
    let (header, hash) = hashed_header(&mut fields)?;
    let transactions = transactions(list(&mut fields, "transactions")?)?;
    let ommers = Vec::<Header>::decode(&mut fields).map_err(Error::rlp("ommers"))?;
    let withdrawals = if fields.is_empty() {
        None
    } else {
        Some(Withdrawals::decode(&mut fields).map_err(Error::rlp("withdrawals"))?)
    };
    if !fields.is_empty() {
        return Err(Error::TrailingBytes { what: "withdrawals", bytes: fields.len() });
    }
    let body = BlockBody { transactions, ommers, withdrawals };
    Ok(SealedBlock { hash, size: bytes.len(), block: Block { header, body } })
}

/// The length in bytes of the block that begins with `prefix`, or `None` when `prefix` is too short to tell (nine
/// bytes always suffice). Lets a reader of a stream bound a block before it allocates for it.
///
/// # Errors
/// [`Error::Rlp`] when `prefix` does not begin a list, [`Error::TooLarge`] when the block has more than `max_bytes`.
pub fn block_length(prefix: &[u8], max_bytes: usize) -> Result<Option<usize>, Error> {
    let Some((&first, rest)) = prefix.split_first() else { return Ok(None) };
    let length = match first {
        0..EMPTY_LIST_CODE => return Err(Error::rlp("block")(alloy_rlp::Error::UnexpectedString)),
        EMPTY_LIST_CODE..=0xf7 => usize::from(first.saturating_sub(EMPTY_LIST_CODE)).saturating_add(1),
        0xf8.. => {
            let length_bytes = usize::from(first.saturating_sub(0xf7));
            let Some(length) = rest.get(..length_bytes) else { return Ok(None) };
            if length.first() == Some(&0) {
                return Err(Error::rlp("block")(alloy_rlp::Error::LeadingZero));
            }
            let payload = length.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            if payload < 56 {
                return Err(Error::rlp("block")(alloy_rlp::Error::NonCanonicalSize));
            }
            usize::try_from(payload).unwrap_or(usize::MAX).saturating_add(length_bytes).saturating_add(1)
        }
    };
    if length > max_bytes {
        return Err(Error::TooLarge { what: "block", bytes: length, limit: max_bytes });
    }
    Ok(Some(length))
}

/// The payload of the list at the front of `buf`, which moves behind it.
fn list<'a>(buf: &mut &'a [u8], what: &'static str) -> Result<&'a [u8], Error> {
    alloy_rlp::Header::decode_bytes(buf, true).map_err(Error::rlp(what))
}

fn hashed_header(fields: &mut &[u8]) -> Result<(Header, B256), Error> {
    let before = *fields;
    let header = Header::decode(fields).map_err(Error::rlp("header"))?;
    let length = before.len().saturating_sub(fields.len());
    let bytes = before.get(..length).ok_or_else(|| Error::rlp("header")(alloy_rlp::Error::InputTooShort))?;
    Ok((header, keccak256(bytes)))
}

fn transactions(mut payload: &[u8]) -> Result<Vec<Transaction>, Error> {
    let mut transactions = Vec::new();
    while !payload.is_empty() {
        let at =
            |source| Error::At { what: "transaction", index: transactions.len(), source: Box::new(source) };
        let encoded = network_item(&mut payload).map_err(at)?;
        let tx = decode_transaction(encoded).map_err(at)?;
        transactions.push(tx);
    }
    Ok(transactions)
}

/// The EIP-2718 bytes of the next item: a legacy transaction is the list itself, a typed one the content of a string.
fn network_item<'a>(payload: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let item = *payload;
    let wrong = Error::rlp("transaction");
    let header = alloy_rlp::Header::decode(payload).map_err(wrong)?;
    let is_bare_byte = item.first().is_some_and(|first| *first < EMPTY_STRING_CODE);
    if is_bare_byte {
        return Err(wrong(alloy_rlp::Error::UnexpectedLength));
    }
    let too_short = || wrong(alloy_rlp::Error::InputTooShort);
    let (content, after) = payload.split_at_checked(header.payload_length).ok_or_else(too_short)?;
    *payload = after;
    if header.list {
        let whole = item.len().saturating_sub(after.len());
        return item.get(..whole).ok_or_else(too_short);
    }
    match content.first() {
        None => Err(too_short()),
        Some(0xc0..) => Err(wrong(alloy_rlp::Error::UnexpectedString)),
        Some(_) => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy};
    use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawal};
    use alloy_primitives::{Address, Signature, U256};
    use alloy_rlp::Encodable;
    use proptest::test_runner::Config;

    use super::*;

    const LIMIT: usize = 8_388_608;

    fn sample() -> Block {
        let signature = Signature::new(U256::from(7), U256::from(9), false);
        let header = Header {
            base_fee_per_gas: Some(7),
            withdrawals_root: Some(B256::repeat_byte(3)),
            ..Header::default()
        };
        let body = BlockBody {
            transactions: vec![
                TxLegacy::default().into_signed(signature).into(),
                TxEip1559 { value: U256::from(5), ..Default::default() }.into_signed(signature).into(),
            ],
            ommers: vec![Header { number: 4, ..Header::default() }],
            withdrawals: Some(
                vec![Withdrawal { address: Address::repeat_byte(9), amount: 8, ..Default::default() }].into(),
            ),
        };
        Block { header, body }
    }

    #[test]
    fn block_round_trips_with_hash_and_size() {
        for block in [sample(), Block::default()] {
            let bytes = alloy_rlp::encode(&block);
            let sealed = decode_block(&bytes, LIMIT).unwrap();
            assert_eq!(sealed, SealedBlock::new(block.clone()));
            assert_eq!(sealed.size, bytes.len());
            assert_eq!(alloy_rlp::encode(&sealed.block), bytes);
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = alloy_rlp::encode(sample());
        for end in 0..bytes.len() {
            assert!(decode_block(&bytes[..end], LIMIT).is_err(), "{end}");
        }
    }

    #[test]
    fn bytes_after_the_block_are_refused() {
        let mut bytes = alloy_rlp::encode(sample());
        bytes.push(0xc0);
        assert_eq!(decode_block(&bytes, LIMIT), Err(Error::TrailingBytes { what: "block", bytes: 1 }));
    }

    #[test]
    fn size_bound_is_inclusive() {
        let bytes = alloy_rlp::encode(sample());
        assert!(decode_block(&bytes, bytes.len()).is_ok());
        let limit = bytes.len() - 1;
        assert_eq!(
            decode_block(&bytes, limit),
            Err(Error::TooLarge { what: "block", bytes: bytes.len(), limit })
        );
    }

    /// A block that holds `items` as its list of transactions, each already encoded.
    fn with_items(items: &[Vec<u8>]) -> Vec<u8> {
        let mut content = alloy_rlp::encode(Header::default());
        let list = items.concat();
        alloy_rlp::Header { list: true, payload_length: list.len() }.encode(&mut content);
        content.extend(list);
        content.push(0xc0);
        let mut out = Vec::new();
        alloy_rlp::Header { list: true, payload_length: content.len() }.encode(&mut out);
        out.extend(content);
        out
    }

    #[test]
    fn typed_transaction_has_one_encoding() {
        let signature = Signature::new(U256::from(7), U256::from(9), false);
        let tx: Transaction = TxEip1559::default().into_signed(signature).into();
        let bare = tx.encoded_2718();
        let wrapped = alloy_rlp::encode(bare.as_slice());
        assert_eq!(decode_block(&with_items(&[wrapped]), LIMIT).unwrap().block.body.transactions, vec![tx]);
        let error = decode_block(&with_items(&[bare]), LIMIT).unwrap_err();
        assert!(matches!(error, Error::At { index: 0, .. }), "{error}");
        let legacy: Transaction = TxLegacy::default().into_signed(signature).into();
        let in_string = alloy_rlp::encode(legacy.encoded_2718().as_slice());
        let error = decode_block(&with_items(&[legacy.encoded_2718(), in_string]), LIMIT).unwrap_err();
        assert!(matches!(error, Error::At { index: 1, .. }), "{error}");
    }

    #[test]
    fn length_is_told_from_the_prefix() {
        let bytes = alloy_rlp::encode(sample());
        assert_eq!(block_length(&bytes[..9], LIMIT), Ok(Some(bytes.len())));
        assert_eq!(block_length(&[], LIMIT), Ok(None));
        assert_eq!(block_length(&bytes[..2], LIMIT), Ok(None));
        assert_eq!(block_length(&[0xc0], LIMIT), Ok(Some(1)));
        assert_eq!(block_length(&[0xf7], LIMIT), Ok(Some(56)));
        assert!(matches!(block_length(&[0xff; 9], LIMIT), Err(Error::TooLarge { bytes: usize::MAX, .. })));
        for not_a_list in [[0x80, 0], [0x00, 0], [0xb8, 60], [0xf8, 0], [0xf8, 55]] {
            assert!(matches!(block_length(&not_a_list, LIMIT), Err(Error::Rlp { .. })), "{not_a_list:x?}");
        }
        let limit = bytes.len() - 1;
        assert!(matches!(block_length(&bytes, limit), Err(Error::TooLarge { .. })));
    }

    proptest::proptest! {
        #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

        #[test]
        fn changed_bytes_never_panic_and_never_alias(at in 0usize..1200, to in 0u8..=255) {
            let mut bytes = alloy_rlp::encode(sample());
            let at = at.checked_rem(bytes.len()).unwrap();
            bytes[at] = to;
            if let Ok(sealed) = decode_block(&bytes, LIMIT) {
                let mut again = Vec::new();
                sealed.block.encode(&mut again);
                proptest::prop_assert_eq!(again, bytes);
            }
        }
    }
}
