//! How much of the past a database keeps.

use std::{fmt, str::FromStr};

/// What is kept beside the current state, all headers and all code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// State of the newest 64 blocks, bodies and receipts of the newest 10,064; no history. For small validators.
    Minimal,
    /// All bodies and receipts, state of the newest 100,000 blocks. The default, for validators that serve RPC.
    Full,
    /// Everything from genesis. For explorers and RPC providers.
    Archive,
}

impl Mode {
    /// The mode's name in the configuration and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Full => "full",
            Self::Archive => "archive",
        }
    }

    /// How many blocks of what the mode keeps.
    pub const fn retention(self) -> Retention {
        match self {
            Self::Minimal => Retention { bodies: Some(10_064), history: Some(0), sidecars: None },
            Self::Full => Retention { bodies: None, history: Some(100_000), sidecars: None },
            Self::Archive => Retention { bodies: None, history: None, sidecars: None },
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "minimal" => Ok(Self::Minimal),
            "full" => Ok(Self::Full),
            "archive" => Ok(Self::Archive),
            _ => Err(format!("unknown mode {name:?}: archive, full or minimal")),
        }
    }
}

/// How many of the newest blocks keep what; `None` keeps all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Blocks with bodies, receipts, look-ups and log index.
    pub bodies: Option<u64>,
    /// Blocks whose state can be read through history; 0 writes no history at all.
    pub history: Option<u64>,
    /// Sidecars; their window is a parameter of the chain, so no mode names one by itself.
    pub sidecars: Option<SidecarRetention>,
}

/// Which sidecars stay: the newest ones, and those of epoch ends, which light clients sync by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidecarRetention {
    /// How many of the newest blocks keep theirs: the evidence window.
    pub newest: u64,
    /// Blocks of an epoch; the sidecars of its multiples stay for good.
    pub epoch: u64,
}
