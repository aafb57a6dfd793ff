//! The forks of Ethereum, in order.

use std::fmt;

/// A fork of Ethereum; each contains all before it. The DAO fork is an event of a schedule, not a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fork {
    /// Launch, 2015.
    Frontier,
    /// EIP-2 (low s, creation costs), EIP-7 (DELEGATECALL).
    Homestead,
    /// EIP-150, gas costs.
    TangerineWhistle,
    /// EIP-155 and EIP-158/161: replay protection, empty accounts removed.
    SpuriousDragon,
    /// Receipts with status, REVERT, block reward 3.
    Byzantium,
    /// CREATE2, EIP-1283, block reward 2.
    Constantinople,
    /// Constantinople without EIP-1283; `ConstantinopleFix` in fixtures.
    Petersburg,
    /// EIP-1884, EIP-2200, CHAINID.
    Istanbul,
    /// Difficulty bomb delayed.
    MuirGlacier,
    /// EIP-2929, EIP-2930.
    Berlin,
    /// EIP-1559, EIP-3529.
    London,
    /// Difficulty bomb delayed.
    ArrowGlacier,
    /// Difficulty bomb delayed.
    GrayGlacier,
    /// Proof of stake: PREVRANDAO, no block reward.
    Paris,
    /// Withdrawals, PUSH0.
    Shanghai,
    /// Blobs, transient storage, EIP-4788, EIP-6780.
    Cancun,
    /// EIP-2935, EIP-7702, requests.
    Prague,
    /// EIP-7825 transaction gas cap, EIP-7934 block size, EIP-7918 blob reserve price, P256VERIFY.
    Osaka,
    /// Blob parameters only (EIP-7892).
    Bpo1,
    /// Blob parameters only.
    Bpo2,
    /// Blob parameters only.
    Bpo3,
    /// Blob parameters only.
    Bpo4,
    /// Blob parameters only.
    Bpo5,
}

/// Each fork with its name here, and the name that fixtures use where it is another.
const NAMES: [(Fork, &str, &str); 23] = [
    (Fork::Frontier, "Frontier", ""),
    (Fork::Homestead, "Homestead", ""),
    (Fork::TangerineWhistle, "TangerineWhistle", "EIP150"),
    (Fork::SpuriousDragon, "SpuriousDragon", "EIP158"),
    (Fork::Byzantium, "Byzantium", ""),
    (Fork::Constantinople, "Constantinople", ""),
    (Fork::Petersburg, "Petersburg", "ConstantinopleFix"),
    (Fork::Istanbul, "Istanbul", ""),
    (Fork::MuirGlacier, "MuirGlacier", ""),
    (Fork::Berlin, "Berlin", ""),
    (Fork::London, "London", ""),
    (Fork::ArrowGlacier, "ArrowGlacier", ""),
    (Fork::GrayGlacier, "GrayGlacier", ""),
    (Fork::Paris, "Paris", "Merge"),
    (Fork::Shanghai, "Shanghai", ""),
    (Fork::Cancun, "Cancun", ""),
    (Fork::Prague, "Prague", ""),
    (Fork::Osaka, "Osaka", ""),
    (Fork::Bpo1, "BPO1", ""),
    (Fork::Bpo2, "BPO2", ""),
    (Fork::Bpo3, "BPO3", ""),
    (Fork::Bpo4, "BPO4", ""),
    (Fork::Bpo5, "BPO5", ""),
];

impl Fork {
    /// The latest fork whose execution rules this version knows; the BPO forks after it change blob parameters alone.
    pub const LATEST: Self = Self::Osaka;

    /// All forks in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        NAMES.into_iter().map(|(fork, ..)| fork)
    }

    /// The name in words of the field: `TangerineWhistle`, `Petersburg`, `BPO1`.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(fork, ..)| *fork == self).map_or("", |(_, name, _)| name)
    }

    /// The fork of a name as fixtures write it (`EIP150`, `ConstantinopleFix`, `Merge`) or as [`Self::name`] does, in
    /// any case of letters.
    pub fn from_name(name: &str) -> Option<Self> {
        let is_named = |known: &str| !known.is_empty() && known.eq_ignore_ascii_case(name);
        NAMES.iter().find(|(_, ours, fixture)| is_named(ours) || is_named(fixture)).map(|(fork, ..)| *fork)
    }

    /// True for the forks that change blob parameters alone (EIP-7892).
    pub const fn is_blob_parameters_only(self) -> bool {
        matches!(self, Self::Bpo1 | Self::Bpo2 | Self::Bpo3 | Self::Bpo4 | Self::Bpo5)
    }

    /// True for forks that a schedule may leave out between two others: they change no execution rule.
    pub(crate) const fn is_optional(self) -> bool {
        self.is_blob_parameters_only()
            || matches!(self, Self::MuirGlacier | Self::ArrowGlacier | Self::GrayGlacier)
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_read_back() {
        assert!(NAMES.is_sorted_by(|(a, ..), (b, ..)| a < b));
        for fork in Fork::all() {
            assert_eq!(Fork::from_name(fork.name()), Some(fork));
        }
        for (name, fork) in [
            ("EIP150", Fork::TangerineWhistle),
            ("EIP158", Fork::SpuriousDragon),
            ("ConstantinopleFix", Fork::Petersburg),
            ("Merge", Fork::Paris),
            ("bpo2", Fork::Bpo2),
        ] {
            assert_eq!(Fork::from_name(name), Some(fork), "{name}");
        }
        assert_eq!(Fork::from_name(""), None);
        assert_eq!(Fork::from_name("Amsterdam"), None);
    }
}
