//! Blob parameters by fork (EIP-4844, EIP-7840, EIP-7892).

use std::collections::BTreeMap;

use alloy_eips::{
    eip7594::MAX_BLOBS_PER_TX_FUSAKA,
    eip7840::{BLOB_BASE_COST, BlobParams},
};

use crate::Fork;

/// The blob parameters that each fork brings; a fork without an entry keeps those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobSchedule {
    entries: BTreeMap<Fork, BlobParams>,
}

impl Default for BlobSchedule {
    /// Ethereum mainnet's: 3/6 from Cancun on, 6/9 from Prague on, 10/15 with BPO1, 14/21 with BPO2.
    fn default() -> Self {
        let entries = [
            (Fork::Cancun, BlobParams::cancun()),
            (Fork::Prague, BlobParams::prague()),
            (Fork::Osaka, BlobParams::osaka()),
            (Fork::Bpo1, BlobParams::bpo1()),
            (Fork::Bpo2, BlobParams::bpo2()),
        ];
        Self { entries: entries.into() }
    }
}

impl BlobSchedule {
    /// The values of the EIPs for Cancun, Prague and Osaka, and none for the forks whose values a chain chooses
    /// itself.
    pub(crate) fn up_to_osaka() -> Self {
        let mut schedule = Self::default();
        schedule.entries.retain(|fork, _| *fork <= Fork::Osaka);
        schedule
    }

    /// Sets what a fork brings: target and maximum in blobs per block, and the base fee's update fraction. What
    /// EIP-7594 and EIP-7918 add from Osaka on (at most 6 blobs a transaction, the reserve price) is filled in.
    pub fn set(&mut self, fork: Fork, target: u64, max: u64, update_fraction: u64) {
        let from_osaka = fork >= Fork::Osaka;
        let params = BlobParams {
            target_blob_count: target,
            max_blob_count: max,
            update_fraction: u128::from(update_fraction),
            max_blobs_per_tx: if from_osaka { max.min(MAX_BLOBS_PER_TX_FUSAKA) } else { max },
            blob_base_cost: if from_osaka { BLOB_BASE_COST } else { 0 },
            ..BlobParams::cancun()
        };
        self.entries.insert(fork, params);
    }

    /// The parameters in force while `fork` is the latest active one; `None` before Cancun.
    pub fn params(&self, fork: Fork) -> Option<BlobParams> {
        if fork < Fork::Cancun {
            return None;
        }
        self.entries.range(..=fork).next_back().map(|(_, params)| *params)
    }

    /// True when the fork has an entry of its own.
    pub fn contains(&self, fork: Fork) -> bool {
        self.entries.contains_key(&fork)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_without_entry_keeps_the_one_before() {
        let schedule = BlobSchedule::default();
        assert_eq!(schedule.params(Fork::Shanghai), None);
        assert_eq!(schedule.params(Fork::Cancun).unwrap().max_blob_count, 6);
        assert_eq!(schedule.params(Fork::Bpo5), schedule.params(Fork::Bpo2));
    }

    #[test]
    fn osaka_rules_are_filled_in() {
        let mut schedule = BlobSchedule::default();
        for fork in [Fork::Cancun, Fork::Prague, Fork::Osaka, Fork::Bpo1, Fork::Bpo2] {
            let params = schedule.params(fork).unwrap();
            let fraction = u64::try_from(params.update_fraction).unwrap();
            schedule.set(fork, params.target_blob_count, params.max_blob_count, fraction);
        }
        assert_eq!(schedule, BlobSchedule::default());
        schedule.set(Fork::Bpo3, 21, 32, 20_609_697);
        let params = schedule.params(Fork::Bpo4).unwrap();
        assert_eq!((params.target_blob_count, params.max_blobs_per_tx, params.blob_base_cost), (21, 6, 8192));
    }
}
