//! What can be done with a block before its turn: decoding, and recovering who signed its transactions.

use std::{path::PathBuf, sync::Arc};

use alloy_primitives::{Address, U256};
use btt_evm::{Executor, Invalid};
use btt_primitives::{SealedBlock, decode_block};

use crate::{Error, import::read::Raw};

/// A block with its senders.
pub(super) struct Prepared {
    /// The file it came from.
    pub(super) path: Arc<PathBuf>,
    /// The block.
    pub(super) block: SealedBlock,
    /// Who signed its transactions, or which signature is wrong; looked at after the checks that come before.
    pub(super) senders: Result<Vec<Address>, Invalid>,
}

pub(super) fn prepare(executor: &Executor, raw: Raw) -> Result<Prepared, Error> {
    let Raw { path, offset, bytes } = raw;
    let block = decode_block(&bytes, bytes.len()).map_err(|error| Error::Input {
        path: path.to_path_buf(),
        offset,
        place: String::new(),
        reason: error.to_string(),
    })?;
    let header = &block.block.header;
    // Which signatures are valid depends on Homestead alone, which begins at a block.
    let fork = executor.spec().fork_at(header.number, header.timestamp, U256::ZERO);
    let senders = executor.recover_senders(fork, &block.block.body.transactions);
    Ok(Prepared { path, block, senders })
}
