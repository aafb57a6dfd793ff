//! The few named values of the database.

use alloy_primitives::B256;

use crate::codec::{Reader, Reason};

pub(crate) const SCHEMA_KEY: &[u8] = b"schema";
pub(crate) const CHAIN_ID: &[u8] = b"chain_id";
pub(crate) const GENESIS: &[u8] = b"genesis";
pub(crate) const HEAD: &[u8] = b"head";
pub(crate) const MODE: &[u8] = b"mode";
pub(crate) const EARLIEST_STATE: &[u8] = b"earliest_state";
pub(crate) const EARLIEST_BODY: &[u8] = b"earliest_body";
/// The earliest undo record after a rewind, which leaves less than the usual number of them.
pub(crate) const EARLIEST_UNDO: &[u8] = b"earliest_undo";
pub(crate) const EARLIEST_SIDECAR: &[u8] = b"earliest_sidecar";

/// The newest committed block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height; 0 also before genesis is written.
    pub number: u64,
    /// Its hash; zero before genesis is written.
    pub hash: B256,
    /// Its state root.
    pub state_root: B256,
}

impl Head {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [&self.number.to_be_bytes(), self.hash.as_slice(), self.state_root.as_slice()].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Reason> {
        let mut reader = Reader::new(bytes);
        let head = Self { number: reader.u64()?, hash: reader.b256()?, state_root: reader.b256()? };
        reader.finish()?;
        Ok(head)
    }
}

/// A value that is one big-endian u64.
pub(crate) fn decode_u64(bytes: &[u8]) -> Result<u64, Reason> {
    let mut reader = Reader::new(bytes);
    let value = reader.u64()?;
    reader.finish()?;
    Ok(value)
}

/// A value that is one hash.
pub(crate) fn decode_hash(bytes: &[u8]) -> Result<B256, Reason> {
    let mut reader = Reader::new(bytes);
    let value = reader.b256()?;
    reader.finish()?;
    Ok(value)
}
