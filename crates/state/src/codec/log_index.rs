//! The blocks of one section of [`SECTION`] blocks in which an address or topic has a log.
//!
//! A row is a tag byte and either the offsets in the section, ascending, two bytes each, or from [`LIST_MAX`] offsets
//! on one bit for each block. Either form is a valid operand of the merge, so merging is associative and commutative.

use alloy_primitives::{Address, B256};
use btt_primitives::Receipt;

/// Blocks of one section.
pub(crate) const SECTION: u64 = 8192;
/// Offsets that a list holds at most: then the 1,024 bytes of the bitmap are as short.
const LIST_MAX: usize = 512;
const LIST: u8 = 0;
const BITMAP: u8 = 1;
const BITMAP_BYTES: usize = 1024;

/// Something a log can be looked up by: kind1 (0 address, 1 to 4 topic by place) and the last 16 bytes, which tell more
/// than the first: topics are mostly addresses and small numbers, filled up with zeros on the left.
pub(crate) type Term = [u8; 17];

/// The term of a log's address.
pub(crate) const fn address_term(address: &Address) -> Term {
    term(0, address.0.as_slice())
}

/// The term of topic `place`, 0 to 3.
pub(crate) const fn topic_term(place: u8, topic: &B256) -> Term {
    term(place.saturating_add(1), topic.0.as_slice())
}

const fn term(kind: u8, bytes: &[u8]) -> Term {
    let mut term = [kind; 17];
    if let (Some(id), Some(last)) = (term.last_chunk_mut::<16>(), bytes.last_chunk::<16>()) {
        *id = *last;
    }
    term
}

/// All terms of a block's logs, ascending, each once.
pub(crate) fn terms(receipts: &[Receipt]) -> Vec<Term> {
    let mut terms = Vec::new();
    for log in receipts.iter().flat_map(|receipt| &receipt.logs) {
        terms.push(address_term(&log.address));
        terms.extend((0u8..).zip(log.topics()).map(|(place, topic)| topic_term(place, topic)));
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Section of a block and its offset there.
pub(crate) fn place(number: u64) -> (u32, u16) {
    let section = u32::try_from(number / SECTION).unwrap_or(u32::MAX);
    (section, u16::try_from(number % SECTION).unwrap_or_default())
}

/// kind1, last 16 bytes, section4.
pub(crate) const fn key(term: &Term, section: u32) -> [u8; 21] {
    let mut key = [0; 21];
    let (left, right) = key.split_at_mut(17);
    left.copy_from_slice(term);
    right.copy_from_slice(&section.to_be_bytes());
    key
}

/// The operand for one block.
pub(crate) const fn operand(offset: u16) -> [u8; 3] {
    let [high, low] = offset.to_be_bytes();
    [LIST, high, low]
}

/// The union of a row and operands. Bytes that do not decode are dropped here and found when the row is read, because a
/// merge has no way to report; see [`decode`].
pub(crate) fn merge<'a>(existing: Option<&[u8]>, operands: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bits = [0u8; BITMAP_BYTES];
    let mut damaged = existing.is_some_and(|row| add(row, &mut bits).is_err());
    for operand in operands {
        damaged |= add(operand, &mut bits).is_err();
    }
    if damaged { vec![u8::MAX] } else { encode(&bits) }
}

/// The offsets of a row, ascending.
pub(crate) fn decode(row: &[u8]) -> Result<Vec<u16>, String> {
    let mut bits = [0u8; BITMAP_BYTES];
    add(row, &mut bits)?;
    Ok(offsets(&bits).collect())
}

fn add(row: &[u8], bits: &mut [u8; BITMAP_BYTES]) -> Result<(), String> {
    match row.split_first() {
        Some((&LIST, list)) => {
            let (pairs, rest) = list.as_chunks::<2>();
            if !rest.is_empty() {
                return Err("odd list of offsets".into());
            }
            for pair in pairs {
                set(bits, u16::from_be_bytes(*pair))?;
            }
            Ok(())
        }
        Some((&BITMAP, bitmap)) if bitmap.len() == BITMAP_BYTES => {
            for (into, from) in bits.iter_mut().zip(bitmap) {
                *into |= from;
            }
            Ok(())
        }
        _ => Err("neither a list nor a bitmap".into()),
    }
}

fn set(bits: &mut [u8; BITMAP_BYTES], offset: u16) -> Result<(), String> {
    let Some(byte) = bits.get_mut(usize::from(offset / 8)) else {
        return Err(format!("offset {offset} outside the section"));
    };
    *byte |= 1u8.checked_shl(u32::from(offset % 8)).unwrap_or_default();
    Ok(())
}

fn offsets(bits: &[u8; BITMAP_BYTES]) -> impl Iterator<Item = u16> {
    (0u16..8192).filter(|offset| {
        bits.get(usize::from(offset / 8))
            .is_some_and(|byte| byte.checked_shr(u32::from(offset % 8)).unwrap_or_default() & 1 == 1)
    })
}

fn encode(bits: &[u8; BITMAP_BYTES]) -> Vec<u8> {
    let count: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    if usize::try_from(count).unwrap_or(usize::MAX) > LIST_MAX {
        let mut row = vec![BITMAP];
        row.extend_from_slice(bits);
        return row;
    }
    let mut row = vec![LIST];
    for offset in offsets(bits) {
        row.extend_from_slice(&offset.to_be_bytes());
    }
    row
}
