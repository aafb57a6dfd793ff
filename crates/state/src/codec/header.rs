//! hash32, two running sums (len1 and trimmed bytes each), header RLP.

use alloy_primitives::{B256, U256};
use alloy_rlp::{Decodable, Encodable};
use btt_primitives::Header;

use crate::codec::{Reader, Reason, put_trimmed};

/// A row of the headers table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderRow {
    pub(crate) hash: B256,
    pub(crate) sums: [U256; 2],
    pub(crate) header: Header,
}

pub(crate) fn encode_header(hash: &B256, sums: &[U256; 2], header: &Header, out: &mut Vec<u8>) {
    out.extend_from_slice(hash.as_slice());
    for sum in sums {
        put_trimmed(out, sum);
    }
    header.encode(out);
}

/// Reads the row; the hash is not recomputed here, `verify` does that.
pub(crate) fn decode_header(bytes: &[u8]) -> Result<HeaderRow, Reason> {
    let mut reader = Reader::new(bytes);
    let hash = reader.b256()?;
    let sums = [reader.trimmed()?, reader.trimmed()?];
    let mut rest = reader.rest();
    let header = Header::decode(&mut rest).map_err(|error| format!("header RLP: {error}"))?;
    Reader::new(rest).finish()?;
    Ok(HeaderRow { hash, sums, header })
}
