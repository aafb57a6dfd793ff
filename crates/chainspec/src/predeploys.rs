//! Contracts that applications expect at one address on every chain, with the code that stands there elsewhere.
//!
//! Where each code comes from and how it was checked: `genesis/README.md`. The tests compare keccak256 of each with
//! the hash recorded on other chains.

use std::collections::BTreeMap;

use alloy_eips::{eip2935, eip4788};
use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};

use crate::GenesisAccount;

/// Batched reads.
const MULTICALL3: Address = address!("0xca11bde05977b3631167028862be2a173976ca11");
/// The CREATE2 deployer of forge and many scripts.
const CREATE2_DEPLOYER: Address = address!("0x4e59b44847b379578588920ca78fbf26c0b4956c");
/// The CREATE2 deployer of Safe.
const SAFE_SINGLETON_FACTORY: Address = address!("0x914d7fec6aac8cd542e72bca78b30650d45643d7");
/// Token approvals by signature.
const PERMIT2: Address = address!("0x000000000022d473030f116ddee9f6b43ac78ba3");
/// ERC-4337 entry point, version 0.7.
const ENTRY_POINT: Address = address!("0x0000000071727de22e5e9d8baf0edac6f37da032");
/// The contract that the entry point's constructor creates.
const SENDER_CREATOR: Address = address!("0xefc2c1444ebcc4db75e7613d20c6a62ff67a167c");

/// Where Permit2's code holds the chain id and the EIP-712 domain separator, both 32 bytes.
const PERMIT2_CHAIN_ID: usize = 6945;
const PERMIT2_DOMAIN: usize = 6983;

/// The predeploys of a chain, and the contracts of EIP-4788 and EIP-2935.
pub(crate) fn predeploys(chain_id: u64) -> BTreeMap<Address, GenesisAccount> {
    let deployer = code(include_str!("predeploys/create2_deployer.hex"));
    let mut accounts: BTreeMap<_, _> = [
        (eip4788::BEACON_ROOTS_ADDRESS, eip4788::BEACON_ROOTS_CODE.clone()),
        (eip2935::HISTORY_STORAGE_ADDRESS, eip2935::HISTORY_STORAGE_CODE.clone()),
        (MULTICALL3, code(include_str!("predeploys/multicall3.hex"))),
        (CREATE2_DEPLOYER, deployer.clone()),
        (SAFE_SINGLETON_FACTORY, deployer),
        (PERMIT2, permit2_code(chain_id)),
        (SENDER_CREATOR, code(include_str!("predeploys/sender_creator.hex"))),
    ]
    .into_iter()
    .map(|(address, code)| (address, GenesisAccount { nonce: 1, code, ..GenesisAccount::default() }))
    .collect();
    accounts.insert(ENTRY_POINT, entry_point());
    accounts
}

/// The entry point as its constructor leaves it: one contract created, the reentrancy guard (slot 2) not entered.
fn entry_point() -> GenesisAccount {
    GenesisAccount {
        nonce: 2,
        code: code(include_str!("predeploys/entry_point.hex")),
        storage: [(B256::with_last_byte(2), U256::from(1))].into(),
        ..GenesisAccount::default()
    }
}

/// Permit2's code as its constructor makes it on this chain: chain id and domain separator are part of the code.
fn permit2_code(chain_id: u64) -> Bytes {
    let mut code = code(include_str!("predeploys/permit2.hex")).to_vec();
    let words =
        [(PERMIT2_CHAIN_ID, B256::from(U256::from(chain_id))), (PERMIT2_DOMAIN, permit2_domain(chain_id))];
    for (at, word) in words {
        let place = code.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<32>);
        *place.expect("the code has 9,152 bytes, asserted by a test") = word.0;
    }
    code.into()
}

/// EIP-712: keccak256 of type hash, name hash, chain id and contract, each as a word.
fn permit2_domain(chain_id: u64) -> B256 {
    let domain_type = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
    let words = [domain_type, keccak256("Permit2"), B256::from(U256::from(chain_id)), PERMIT2.into_word()];
    keccak256(words.concat())
}

/// Hex digits in lines.
fn code(lines: &str) -> Bytes {
    let digits: String = lines.split_whitespace().collect();
    hex::decode(digits).map(Bytes::from).expect("committed hex, decoded by a test")
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;

    use super::*;

    #[test]
    fn code_hashes_are_those_of_other_chains() {
        let accounts = predeploys(1);
        let rows = [
            (MULTICALL3, b256!("0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891")),
            (CREATE2_DEPLOYER, b256!("0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989")),
            (
                SAFE_SINGLETON_FACTORY,
                b256!("0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"),
            ),
            (ENTRY_POINT, b256!("0x8db5ff695839d655407cc8490bb7a5d82337a86a6b39c3f0258aa6c3b582fc58")),
            (SENDER_CREATOR, b256!("0x283c9d14378f5f4c4e24045b87d621d48443fa5b4af7dd7180a599b3756a7689")),
            (PERMIT2, b256!("0xc67d1657868aa5146eaf24fb879fb1fdec3d2d493b3683a61c9c2f4fb2851131")),
            (
                eip4788::BEACON_ROOTS_ADDRESS,
                b256!("0xf57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c"),
            ),
        ];
        for (address, hash) in rows {
            assert_eq!(accounts[&address].code_hash(), hash, "{address}");
        }
    }

    /// Hashes that others recorded on chains 4663 and 5042002: the places of chain id and domain are right.
    #[test]
    fn permit2_is_made_for_its_chain() {
        let rows = [
            (4_663, b256!("0x5208783f52488f7d3493e5e38311ab707c1d75457fe472a19b0b4d57d66a7fca")),
            (5_042_002, b256!("0x53681d3cf8f702f849c1504b491049c3d0a282e4595d9b297c410dcf36f0908e")),
        ];
        for (chain_id, hash) in rows {
            assert_eq!(keccak256(permit2_code(chain_id)), hash, "chain {chain_id}");
        }
    }

    #[test]
    fn entry_point_names_its_sender_creator() {
        assert_eq!(ENTRY_POINT.create(1), SENDER_CREATOR);
        let code = entry_point().code;
        let named = code.windows(20).filter(|window| *window == SENDER_CREATOR.as_slice()).count();
        assert_eq!(named, 2);
    }
}
