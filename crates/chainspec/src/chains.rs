//! The chains that are compiled in.

use crate::{Error, Genesis, GenesisFile, error::nearest};

/// Names of the chains that need no file.
pub const CHAINS: [&str; 4] = ["devnet", "testnet", "mainnet", "bench"];

impl Genesis {
    /// The genesis of a chain that is compiled in: `devnet`, `testnet`, `mainnet` (from `genesis/`) or `bench` (made
    /// here, which takes the time of 20,000 key derivations).
    ///
    /// # Errors
    /// [`Error::UnknownChain`] for another name.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "devnet" => Self::parse(include_str!("../../../genesis/devnet.json")),
            "testnet" => Self::parse(include_str!("../../../genesis/testnet.json")),
            "mainnet" => Self::parse(include_str!("../../../genesis/mainnet.json")),
            "bench" => Self::parse(&GenesisFile::bench().to_json()),
            _ => Err(Error::UnknownChain { name: name.to_owned(), nearest: nearest(name, &CHAINS) }),
        }
    }
}
