//! The workloads' contracts: their code from the committed artifacts, and the encoding of calls to them.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::Deserialize;

/// The compiled form of a contract of `contracts/bench`.
#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    /// Code as it stands in the state; holes where immutables belong when there is a constructor.
    pub(super) runtime: Bytes,
    /// Init code, to be followed by the constructor's arguments.
    #[serde(default)]
    pub(super) creation: Bytes,
}

macro_rules! artifacts {
    ($($function:ident $file:literal),* $(,)?) => { $(
        #[doc = concat!("`contracts/artifacts/bench/", $file, ".json`.")]
        pub(super) fn $function() -> Artifact {
            parse(include_str!(concat!("../../../../contracts/artifacts/bench/", $file, ".json")))
        }
    )* };
}

artifacts! {
    churn "Churn", deployed "Deployed", hashes "Hashes", pair "Pair", range_pool "RangePool",
    range_router "RangeRouter", raytracer "Raytracer", router "Router", token "Token",
}

fn parse(json: &str) -> Artifact {
    serde_json::from_str(json).expect("a committed artifact parses; a test reads each")
}

/// Calldata of `signature` with arguments that are one word each, or words laid out by the caller.
pub(super) fn call(signature: &str, words: &[U256]) -> Bytes {
    let mut data = keccak256(signature)[..4].to_vec();
    data.extend(words.iter().flat_map(U256::to_be_bytes::<32>));
    data.into()
}

/// Init code followed by its arguments.
pub(super) fn create(artifact: &Artifact, words: &[U256]) -> Bytes {
    let mut data = artifact.creation.to_vec();
    data.extend(words.iter().flat_map(U256::to_be_bytes::<32>));
    data.into()
}

/// An address as a word.
pub(super) fn word(address: Address) -> U256 {
    address.into_word().into()
}

/// The slot of `mapping[key]` when the mapping lies in slot `slot`.
pub(super) fn mapping(key: U256, slot: U256) -> U256 {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&key.to_be_bytes::<32>());
    bytes[32..].copy_from_slice(&slot.to_be_bytes::<32>());
    B256::from(keccak256(bytes)).into()
}

/// The slot of a token's balance of `holder`.
pub(super) fn balance_slot(holder: Address) -> U256 {
    mapping(word(holder), U256::ZERO)
}

/// The slot of what `owner` allows `spender` to take from a token.
pub(super) fn allowance_slot(owner: Address, spender: Address) -> U256 {
    mapping(word(spender), mapping(word(owner), U256::from(1)))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, bytes, uint};

    use super::*;

    #[test]
    fn every_artifact_holds_code() {
        for artifact in [churn(), hashes(), range_router(), router(), token()] {
            assert!(artifact.runtime.len() > 100 && artifact.creation.is_empty());
        }
        for artifact in [deployed(), pair(), range_pool(), raytracer()] {
            assert!(artifact.creation.len() > artifact.runtime.len());
        }
    }

    #[test]
    fn calls_are_selector_and_words() {
        let to = address!("0x00000000000000000000000000000000000000ff");
        let expected = bytes!(
            "a9059cbb00000000000000000000000000000000000000000000000000000000000000ff0000000000000000000000000000000000000000000000000000000000000009"
        );
        assert_eq!(call("transfer(address,uint256)", &[word(to), U256::from(9)]), expected);
    }

    /// keccak256(abi.encode(1, 0)), as Solidity documents the layout of mappings.
    #[test]
    fn mapping_slots_follow_soliditys_layout() {
        let expected = uint!(0xada5013122d395ba3c54772283fb069b10426056ef8ca54750cb9bb552a59e7d_U256);
        assert_eq!(mapping(U256::from(1), U256::ZERO), expected);
    }
}
