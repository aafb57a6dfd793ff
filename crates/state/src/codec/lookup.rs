//! Where a transaction is: block 5 bytes, index 3 bytes.

use crate::codec::Reason;

/// The row of transaction `index` of block `number`.
pub(crate) fn encode_lookup(number: u64, index: usize) -> Result<[u8; 8], Reason> {
    let index = u64::try_from(index).ok().filter(|index| *index < 1 << 24);
    let index = index.ok_or("more than 2^24 transactions in a block")?;
    if number >= 1 << 40 {
        return Err(format!("block number {number} above 2^40"));
    }
    Ok(((number << 24) | index).to_be_bytes())
}

/// Block number and index.
pub(crate) fn decode_lookup(row: &[u8]) -> Result<(u64, usize), Reason> {
    let row = u64::from_be_bytes(row.try_into().map_err(|_| format!("{} bytes, 8 expected", row.len()))?);
    let index = usize::try_from(row & 0x00ff_ffff).map_err(|error| error.to_string())?;
    Ok((row >> 24, index))
}
