//! The workloads by name.

use std::{fmt, str::FromStr};

/// What the blocks of a run hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// Transfers; within a block no account occurs twice.
    Transfers,
    /// Transfers from distinct senders to one recipient.
    TransfersHot,
    /// ERC-20 transfers between distinct holders, spread over 64 tokens.
    Erc20,
    /// ERC-20 transfers between distinct holders of one token that every account holds.
    Erc20Hot,
    /// Swaps through a router on one constant-product pair: each needs the result of the one before.
    Swap,
    /// The same on 64 independent pairs.
    Swap64,
    /// Swaps on one pool of concentrated liquidity that cross ticks.
    SwapV3,
    /// A path tracer in integer arithmetic: computing alone.
    Snailtracer,
    /// Ten thousand hashes per transaction.
    Hashes,
    /// Storage slots filled, changed and cleared, 50 of each per transaction.
    Sstore,
    /// Contract creations, each with code of its own.
    Deploy,
    /// 60 % transfers, 25 % ERC-20 transfers, 10 % swaps on 64 pairs, 5 % storage churn.
    Mix,
}

impl Workload {
    /// Every workload, in the order of the report.
    pub const ALL: [Self; 12] = [
        Self::Transfers,
        Self::TransfersHot,
        Self::Erc20,
        Self::Erc20Hot,
        Self::Swap,
        Self::Swap64,
        Self::SwapV3,
        Self::Snailtracer,
        Self::Hashes,
        Self::Sstore,
        Self::Deploy,
        Self::Mix,
    ];

    /// The name on the command line and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfers => "transfers",
            Self::TransfersHot => "transfers-hot",
            Self::Erc20 => "erc20",
            Self::Erc20Hot => "erc20-hot",
            Self::Swap => "swap",
            Self::Swap64 => "swap-64",
            Self::SwapV3 => "swap-v3",
            Self::Snailtracer => "snailtracer",
            Self::Hashes => "hashes",
            Self::Sstore => "sstore",
            Self::Deploy => "deploy",
            Self::Mix => "mix",
        }
    }

    /// Transactions of one block: 100 to 250 million gas, so that a block takes long enough to be timed.
    pub const fn transactions_per_block(self) -> usize {
        match self {
            Self::Transfers | Self::TransfersHot | Self::Mix => 5_000,
            Self::Erc20 | Self::Erc20Hot => 4_000,
            Self::Swap | Self::Swap64 => 2_000,
            Self::SwapV3 => 1_000,
            Self::Snailtracer => 12,
            Self::Hashes => 50,
            Self::Sstore => 100,
            Self::Deploy => 200,
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|workload| workload.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|workload| workload.name()).collect();
            format!("no workload named {name}; there are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_a_wrong_one_lists_them_all() {
        for workload in Workload::ALL {
            assert_eq!(workload.name().parse(), Ok(workload));
        }
        let error = "transfer".parse::<Workload>().unwrap_err();
        assert!(Workload::ALL.iter().all(|workload| error.contains(workload.name())), "{error}");
    }
}
