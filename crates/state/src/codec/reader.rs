//! Reading and writing the small pieces that rows are made of.

use alloy_primitives::{Address, B256, U256};

use crate::codec::Reason;

/// Bytes of a row not yet read. Every method takes from the front, or says what is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Reason> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(format!("{len} bytes expected, {} left", self.rest.len()));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(format!("{N} bytes expected, {} left", self.rest.len()));
        };
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Reason> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Reason> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Reason> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn b256(&mut self) -> Result<B256, Reason> {
        Ok(B256::new(self.array()?))
    }

    pub(crate) fn address(&mut self) -> Result<Address, Reason> {
        Ok(Address::new(self.array()?))
    }

    /// A LEB128 number, in its shortest form only.
    pub(crate) fn varint(&mut self) -> Result<u64, Reason> {
        let mut value = 0u64;
        for shift in (0..64u32).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            let shifted = bits.checked_shl(shift).unwrap_or_default();
            if shifted.checked_shr(shift).unwrap_or_default() != bits {
                return Err("number above 64 bits".into());
            }
            value |= shifted;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 {
                    Err("number not in its shortest form".into())
                } else {
                    Ok(value)
                };
            }
        }
        Err("number above 64 bits".into())
    }

    /// A length byte and that many bytes without a leading zero.
    pub(crate) fn trimmed(&mut self) -> Result<U256, Reason> {
        let len = usize::from(self.u8()?);
        let bytes = self.take(len)?;
        match bytes {
            [] => Ok(U256::ZERO),
            [0, ..] => Err("number with a leading zero".into()),
            _ if len > 32 => Err(format!("number of {len} bytes")),
            _ => Ok(U256::from_be_slice(bytes)),
        }
    }

    /// Refuses bytes after the end.
    pub(crate) fn finish(self) -> Result<(), Reason> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("{} bytes too many", self.rest.len())) }
    }
}

/// Appends a LEB128 number.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [.., low] = value.to_be_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// The big-endian bytes of a number without leading zeros, as a buffer and where they begin in it.
pub(crate) const fn trimmed(value: &U256) -> ([u8; 32], usize) {
    let bytes = value.to_be_bytes::<32>();
    (bytes, value.leading_zeros() / 8)
}

/// Appends a length byte and the number's bytes without leading zeros.
pub(crate) fn put_trimmed(out: &mut Vec<u8>, value: &U256) {
    let (bytes, start) = trimmed(value);
    let bytes = bytes.get(start..).unwrap_or_default();
    out.push(u8::try_from(bytes.len()).unwrap_or_default());
    out.extend_from_slice(bytes);
}

/// Parts of a row that are found by their ends: u32 count, u32 end of each, and later the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    ends: &'a [[u8; 4]],
    bytes: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Appends count and ends of parts of these lengths.
    pub(crate) fn encode_ends(
        out: &mut Vec<u8>,
        lengths: impl IntoIterator<Item = usize, IntoIter: ExactSizeIterator>,
    ) -> Result<(), Reason> {
        let lengths = lengths.into_iter();
        let count = u32::try_from(lengths.len()).map_err(|_| "more than 2^32 parts")?;
        out.extend_from_slice(&count.to_be_bytes());
        let mut end = 0u32;
        for length in lengths {
            let length = u32::try_from(length).map_err(|_| "part above 4 GiB")?;
            end = end.checked_add(length).ok_or("parts above 4 GiB")?;
            out.extend_from_slice(&end.to_be_bytes());
        }
        Ok(())
    }

    /// Reads count and ends.
    pub(crate) fn decode_ends(reader: &mut Reader<'a>) -> Result<&'a [[u8; 4]], Reason> {
        let count = reader.u32()? as usize;
        let ends = reader.take(count.checked_mul(4).ok_or("too many parts")?)?;
        Ok(ends.as_chunks().0)
    }

    /// Reads the bytes of the parts, after checking that no end lies before the one before it.
    pub(crate) fn decode(ends: &'a [[u8; 4]], reader: &mut Reader<'a>) -> Result<Self, Reason> {
        if !ends.is_sorted() {
            return Err("ends of parts fall".into());
        }
        let len = ends.last().map_or(0, |end| u32::from_be_bytes(*end));
        Ok(Self { ends, bytes: reader.take(len as usize)? })
    }

    /// Part `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8]> {
        let end = u32::from_be_bytes(*self.ends.get(index)?) as usize;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| u32::from_be_bytes(*start) as usize);
        self.bytes.get(start..end)
    }
}
