//! `bttd chain info` and `bttd chain forks`: what a chain is, and where its database stands.

use alloy_primitives::{B256, U256, hex};
use btt_chainspec::{Activation, Fork, Genesis};
use btt_state::Database;
use serde::Serialize;

/// A block by number, hash and state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadInfo {
    /// Height.
    pub number: u64,
    /// keccak256 of the header.
    pub hash: B256,
    /// State root after the block.
    pub state_root: B256,
}

impl HeadInfo {
    /// The newest committed block.
    pub fn of(database: &Database) -> Self {
        let head = database.head();
        Self { number: head.number, hash: head.hash, state_root: head.state_root }
    }
}

/// What a chain is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainInfo {
    /// How people call the chain.
    pub chain: String,
    /// `ethereum` or `btt`.
    pub rules: &'static str,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis_hash: B256,
    /// State root of block 0.
    pub genesis_state_root: B256,
    /// Accounts in the genesis state.
    pub genesis_accounts: usize,
    /// EIP-2124 fork id of the head, or of genesis without a database: hash and next.
    pub fork_id: (String, u64),
    /// The forks in order.
    pub forks: Vec<ForkInfo>,
    /// The newest block, when there is a database.
    pub head: Option<HeadInfo>,
    /// How much of the past the database keeps, when there is one.
    pub mode: Option<&'static str>,
}

/// A fork of a chain.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForkInfo {
    /// Its name.
    pub name: &'static str,
    /// When it begins, in words: `block 0`, `time 15000`, `total difficulty 4732352`.
    pub at: String,
    /// Whether it is active in the head (without a database: in genesis).
    pub active: bool,
}

/// Describes a chain, with the database's head when there is one.
///
/// # Errors
/// The head's header cannot be read.
pub fn chain_info(genesis: &Genesis, database: Option<&Database>) -> Result<ChainInfo, btt_state::Error> {
    let head = match database {
        Some(database) => database.header(database.head().number)?,
        None => None,
    };
    let (number, time) = match &head {
        Some(stored) => (stored.header.number, stored.header.timestamp),
        None => (0, genesis.header.timestamp),
    };
    let total_difficulty = match (&head, genesis.spec.btt()) {
        (Some(stored), None) => stored.sums.first().copied().unwrap_or_default(),
        _ => genesis.header.difficulty,
    };
    let id = genesis.fork_id(number, time);
    Ok(ChainInfo {
        chain: genesis.spec.label(),
        rules: if genesis.spec.btt().is_some() { "btt" } else { "ethereum" },
        chain_id: genesis.spec.chain_id,
        genesis_hash: genesis.hash,
        genesis_state_root: genesis.header.state_root,
        genesis_accounts: genesis.accounts.len(),
        fork_id: (hex::encode_prefixed(id.hash), id.next),
        forks: forks(genesis, number, time, total_difficulty),
        head: database.map(HeadInfo::of),
        mode: database.map(|database| database.mode().name()),
    })
}

/// The forks that this version knows, in words.
pub fn forks_known() -> String {
    format!("Frontier to {}, BPO1 to BPO5", Fork::LATEST)
}

fn forks(genesis: &Genesis, number: u64, time: u64, total_difficulty: U256) -> Vec<ForkInfo> {
    let dao = genesis.spec.forks.dao_fork().map(|block| ("DAO", Activation::Block(block)));
    let mut forks: Vec<_> = genesis
        .spec
        .forks
        .iter()
        .map(|(fork, activation)| (fork, fork.name(), activation))
        .chain(dao.map(|(name, activation)| (Fork::Homestead, name, activation)))
        .collect();
    forks.sort_by_key(|(fork, ..)| *fork);
    forks
        .into_iter()
        .map(|(_, name, activation)| ForkInfo {
            name,
            at: activation.to_string(),
            active: activation.is_active(number, time, total_difficulty),
        })
        .collect()
}
