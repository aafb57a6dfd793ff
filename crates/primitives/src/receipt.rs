//! What a transaction did.

use alloy_consensus::{Eip658Value, TxType};
use alloy_primitives::Log;

/// The receipt of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's EIP-2718 type; part of the receipt's encoding.
    pub tx_type: TxType,
    /// Success or failure (EIP-658), or before Byzantium the state root after the transaction.
    pub outcome: Eip658Value,
    /// Gas used in the block up to and with this transaction.
    pub cumulative_gas_used: u64,
    /// Logs in order of emission.
    pub logs: Vec<Log>,
}
