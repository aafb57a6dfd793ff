//! `bttd init`: sets a chain up in a data directory.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use serde::Serialize;

use crate::{ChainFile, Error, Node, OpenOptions};

/// What `bttd init` did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InitReport {
    /// The data directory.
    pub datadir: PathBuf,
    /// How people call the chain.
    pub chain: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis_hash: B256,
    /// State root of block 0.
    pub state_root: B256,
    /// Accounts in the genesis state.
    pub accounts: usize,
    /// False when the chain had been set up before; nothing was changed then.
    pub created: bool,
}

/// Sets `chain` up in the folder `path`. Doing it again changes nothing.
///
/// # Errors
/// [`Error`]: the folder is locked, in other use, or holds another chain; the disk failed.
pub fn init(path: &Path, chain: &ChainFile, options: OpenOptions) -> Result<InitReport, Error> {
    let (node, created) = Node::create(path, chain, options)?;
    let genesis = &node.genesis;
    Ok(InitReport {
        datadir: path.to_owned(),
        chain: genesis.spec.label(),
        chain_id: genesis.spec.chain_id,
        genesis_hash: genesis.hash,
        state_root: genesis.header.state_root,
        accounts: genesis.accounts.len(),
        created,
    })
}
