//! The bytes of each table's rows.
//!
//! Every encoding here is part of the format on disk: a change raises [`SCHEMA`]. Every decoder is total: bytes that it
//! does not accept give a reason, never a panic, and nothing is allocated that the row's length does not cover.

mod account;
mod body;
mod header;
mod keys;
pub(crate) mod log_index;
mod lookup;
pub(crate) mod meta;
mod reader;
mod receipts;
#[cfg(test)]
mod tests;
mod undo;

pub(crate) use account::{decode_account, decode_account_or_absent, encode_account};
pub(crate) use body::{BodyRow, encode_body};
pub(crate) use header::{HeaderRow, decode_header, encode_header};
pub(crate) use keys::{account_history_key, number_key, slot_history_key, slot_key};
pub(crate) use lookup::{decode_lookup, encode_lookup};
pub use meta::Head;
pub(crate) use reader::{Reader, put_trimmed, put_varint, trimmed};
pub(crate) use receipts::{decode_receipts, encode_receipts};
pub(crate) use undo::{Before, UndoRecord};

use crate::{Error, Table};
use alloy_primitives::{U256, hex};

/// Version of everything on disk. A database with a higher one is refused.
pub(crate) const SCHEMA: u32 = 1;

/// What does not fit in a row.
pub(crate) type Reason = String;

/// Names the row that does not decode.
pub(crate) fn damaged(table: Table, key: &[u8], reason: impl Into<String>) -> Error {
    Error::Damaged { table, key: hex::encode(key), reason: reason.into() }
}

/// The value of a slot row: 1 to 32 bytes, no leading zero; a slot that is zero has no row.
pub(crate) fn decode_slot(bytes: &[u8]) -> Result<U256, Reason> {
    match bytes {
        [] => Err("empty slot value".into()),
        [0, ..] => Err("slot value with a leading zero".into()),
        _ if bytes.len() > 32 => Err(format!("slot value of {} bytes", bytes.len())),
        _ => Ok(U256::from_be_slice(bytes)),
    }
}

/// The value of a slot in a history row: as [`decode_slot`], and empty is zero.
pub(crate) fn decode_slot_or_zero(bytes: &[u8]) -> Result<U256, Reason> {
    if bytes.is_empty() { Ok(U256::ZERO) } else { decode_slot(bytes) }
}
