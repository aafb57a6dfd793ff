//! The rules of a chain.

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, U256};

use crate::{BlobSchedule, BttRules, Fork, ForkSchedule};

/// Largest block under Ethereum's rules from Osaka on, in bytes of RLP (EIP-7934: 10 MiB less a margin of 2 MiB).
const ETHEREUM_MAX_BLOCK_BYTES: usize = 8_388_608;

/// The rules of a chain: what its blocks are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSpec {
    /// Name of a bttd chain; chains under Ethereum's rules have none.
    pub name: Option<String>,
    /// The id that replay-protected transactions name (EIP-155) and CHAINID returns.
    pub chain_id: u64,
    /// When each fork begins.
    pub forks: ForkSchedule,
    /// Blob parameters by fork.
    pub blobs: BlobSchedule,
    /// Whose logs are deposit requests (EIP-6110); bttd's rules know none.
    pub deposit_contract: Address,
    /// Whose rules beyond the EVM's.
    pub rules: Rules,
}

/// Whose rules a chain follows beyond the EVM's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Ethereum's, from proof of work to Osaka, without seals and difficulty formula.
    Ethereum,
    /// bttd's: no blobs, base-fee floor and split, system transactions, the header's own fields.
    Btt(BttRules),
}

impl ChainSpec {
    /// The latest fork active in a block; see [`ForkSchedule::fork_at`].
    pub fn fork_at(&self, number: u64, timestamp: u64, parent_total_difficulty: U256) -> Fork {
        self.forks.fork_at(number, timestamp, parent_total_difficulty)
    }

    /// The blob parameters while `fork` is the latest active one; `None` before Cancun.
    pub fn blob_params(&self, fork: Fork) -> Option<BlobParams> {
        self.blobs.params(fork)
    }

    /// bttd's rules, when the chain follows them.
    pub const fn btt(&self) -> Option<&BttRules> {
        match &self.rules {
            Rules::Ethereum => None,
            Rules::Btt(rules) => Some(rules),
        }
    }

    /// Largest block in bytes of RLP while `fork` is active; `None` without a limit (Ethereum before Osaka).
    pub fn max_block_bytes(&self, fork: Fork) -> Option<usize> {
        match &self.rules {
            Rules::Ethereum => (fork >= Fork::Osaka).then_some(ETHEREUM_MAX_BLOCK_BYTES),
            Rules::Btt(rules) => Some(rules.max_block_bytes),
        }
    }

    /// How people call the chain: its name, or its id.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("ethereum-rules chain {}", self.chain_id))
    }
}
