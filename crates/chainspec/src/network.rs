//! Chains by the names of Ethereum's fixtures: a fork for ever, or a transition.

use alloy_primitives::{Address, U256, address};

use crate::{Activation, BlobSchedule, ChainSpec, Error, Fork, ForkSchedule, Rules};

/// Ethereum mainnet's deposit contract, which fixtures use.
const MAINNET_DEPOSIT_CONTRACT: Address = address!("0x00000000219ab540356cbb839cbe05303d7705fa");

impl ChainSpec {
    /// The chain of a fixture's `network` (or of a state test's fork name): `Osaka`, `EIP150`, `ConstantinopleFix`,
    /// `BerlinToLondonAt5`, `PragueToOsakaAtTime15k`, `ArrowGlacierToParisAtDiffC0000`, `HomesteadToDaoAt5`.
    ///
    /// # Errors
    /// [`Error::UnknownNetwork`] for other names.
    pub fn for_network(network: &str, chain_id: u64, blobs: BlobSchedule) -> Result<Self, Error> {
        let forks = schedule(network).ok_or_else(|| Error::UnknownNetwork(network.to_owned()))?;
        Ok(Self {
            name: None,
            chain_id,
            forks,
            blobs,
            deposit_contract: MAINNET_DEPOSIT_CONTRACT,
            rules: Rules::Ethereum,
        })
    }
}

fn schedule(network: &str) -> Option<ForkSchedule> {
    if let Some(fork) = Fork::from_name(network) {
        return Some(ForkSchedule::all_at_genesis(fork));
    }
    let (from, rest) = network.split_once("To")?;
    let (to, at) = rest.split_once("At")?;
    let from = Fork::from_name(from)?;
    let activation = activation(at)?;
    let before = ForkSchedule::all_at_genesis(from);
    if to.eq_ignore_ascii_case("Dao") {
        let Activation::Block(block) = activation else { return None };
        return ForkSchedule::new(before.iter(), Some(block), Vec::new()).ok();
    }
    let to = Fork::from_name(to).filter(|to| *to > from)?;
    let begun = Fork::all().filter(|fork| *fork > from && *fork <= to).map(|fork| (fork, activation));
    ForkSchedule::new(before.iter().chain(begun), None, Vec::new()).ok()
}

/// `5` is a block, `Time15k` a timestamp, `DiffC0000` a total difficulty in hex.
fn activation(at: &str) -> Option<Activation> {
    if let Some(difficulty) = at.strip_prefix("Diff") {
        return U256::from_str_radix(difficulty, 16).ok().map(Activation::TotalDifficulty);
    }
    if let Some(time) = at.strip_prefix("Time") {
        return match time.strip_suffix('k') {
            Some(thousands) => thousands.parse::<u64>().ok()?.checked_mul(1000).map(Activation::Timestamp),
            None => time.parse().ok().map(Activation::Timestamp),
        };
    }
    at.parse().ok().map(Activation::Block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(network: &str) -> ChainSpec {
        ChainSpec::for_network(network, 1, BlobSchedule::default()).unwrap()
    }

    #[test]
    fn transitions_begin_where_the_name_says() {
        let rows = [
            ("BerlinToLondonAt5", (4, 0, 0), Fork::Berlin, (5, 0, 0), Fork::London),
            ("FrontierToHomesteadAt5", (4, 0, 0), Fork::Frontier, (5, 0, 0), Fork::Homestead),
            ("EIP158ToByzantiumAt5", (4, 0, 0), Fork::SpuriousDragon, (5, 0, 0), Fork::Byzantium),
            ("ByzantiumToConstantinopleFixAt5", (4, 0, 0), Fork::Byzantium, (5, 0, 0), Fork::Petersburg),
            ("ParisToShanghaiAtTime15k", (9, 14_999, 0), Fork::Paris, (9, 15_000, 0), Fork::Shanghai),
            ("PragueToOsakaAtTime15k", (9, 14_999, 0), Fork::Prague, (9, 15_000, 0), Fork::Osaka),
            ("OsakaToBPO1AtTime15k", (9, 14_999, 0), Fork::Osaka, (9, 15_000, 0), Fork::Bpo1),
            ("BPO3ToBPO4AtTime15k", (9, 14_999, 0), Fork::Bpo3, (9, 15_000, 0), Fork::Bpo4),
            (
                "ArrowGlacierToParisAtDiffC0000",
                (9, 0, 0xbffff),
                Fork::ArrowGlacier,
                (9, 0, 0xc0000),
                Fork::Paris,
            ),
        ];
        for (name, (number, time, difficulty), before, (at, at_time, at_difficulty), after) in rows {
            let spec = spec(name);
            assert_eq!(spec.fork_at(number, time, U256::from(difficulty)), before, "{name}");
            assert_eq!(spec.fork_at(at, at_time, U256::from(at_difficulty)), after, "{name}");
        }
    }

    #[test]
    fn dao_is_an_event_of_homestead() {
        let spec = spec("HomesteadToDaoAt5");
        assert_eq!(spec.forks.dao_fork(), Some(5));
        assert_eq!(spec.fork_at(9, 0, U256::ZERO), Fork::Homestead);
    }

    #[test]
    fn strangers_are_refused() {
        for name in [
            "",
            "Amsterdam",
            "LondonToBerlinAt5",
            "BerlinToLondonAt",
            "ToAt5",
            "HomesteadToDaoAtTime5",
            "BerlinToLondonAtx",
        ] {
            let error = ChainSpec::for_network(name, 1, BlobSchedule::default()).unwrap_err();
            assert_eq!(error, Error::UnknownNetwork(name.to_owned()));
        }
    }
}
