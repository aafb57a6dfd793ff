//! bttd's own rules: their parameters in `config.btt`, and what they demand of the genesis block.

use std::collections::BTreeMap;

use alloy_eips::{eip2935, eip4788};
use alloy_primitives::{Address, B256, Bytes, U256, b256, uint};
use btt_primitives::{BTT_ADDRESS, EMPTY_REQUESTS_HASH, Header};

use crate::{
    Activation, Error, Fork, ForkSchedule, GenesisAccount, genesis::HeaderFields, json::Value, state_root,
};

/// All BTT that exist, in wei: 990 trillion, issued on TRON. Genesis holds all of it; nothing mints.
pub const TOTAL_SUPPLY: U256 = uint!(990_000_000_000_000_000_000_000_000_000_000_U256);

/// Root of the outgoing message tree without leaves (depth 32, leaf zero, node keccak256(0x01 ‖ l ‖ r)):
/// `withdrawalsRoot` of block 0.
pub const EMPTY_OUTGOING_ROOT: B256 =
    b256!("0x7c1d0e8a93ea9c09cc13b91ead8f72de66a33cb695c30934dc2d75bffac1248e");

/// Slot of `0x…1010` that holds the outgoing tree's root. The frontier's 32 nodes lie in slots 0 to 31, the number of
/// leaves in slot 32.
pub const OUTGOING_ROOT_SLOT: B256 = B256::with_last_byte(33);

/// Epoch rings of the validator set contract hold this many epochs.
const EPOCH_RING: u64 = 128;
/// bor's sprint; epochs are multiples of it where a chain is not for development.
const SPRINT: u64 = 64;

/// Parameters of a chain under bttd's rules. The key of each in `config.btt` has its name in camel case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BttRules {
    /// Lowest base fee, in wei; 10^9 to 10^15.
    pub base_fee_floor: u64,
    /// Part of the base fee that is burned, in 1/10,000; 0 to 5,000. The reward pool gets the rest.
    pub burn_bps: u16,
    /// Gas limit of every block, from the genesis header; at least 60,000,000, without drift.
    pub gas_limit: u64,
    /// Time between blocks that proposers aim at, in milliseconds; 100 to 60,000.
    pub block_time_ms: u64,
    /// Largest block, in bytes of RLP; 1 MiB to 64 MiB.
    pub max_block_bytes: usize,
    /// Blocks per epoch; a multiple of 64, on a chain for development 4 or more.
    pub epoch_length: u64,
    /// Time that stake stays slashable after its owner asked for it back, in seconds. A head older than this needs a
    /// checkpoint to sync from.
    pub unbonding_seconds: u64,
    /// Age up to which evidence of double signing is taken, in seconds; less than the unbonding time, and within the
    /// 128 epochs whose sets are known.
    pub evidence_window_seconds: u64,
    /// Whether deposits from TRON are taken.
    pub bridge: bool,
    /// Whether the chain is for development: public keys may sign, cheats may run.
    pub devnet: bool,
}

impl BttRules {
    /// Reads `config.btt`; gives the chain's name too.
    pub(crate) fn read(
        value: &Value<'_>,
        forks: &ForkSchedule,
        gas_limit: u64,
    ) -> Result<(String, Self), Error> {
        check_forks(forks)?;
        check_gas_limit(gas_limit)?;
        let mut fields = value.object()?;
        let name = fields.need("name", "write the chain's name")?;
        let name_text = name.string()?.into_owned();
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name_text.is_empty() || name_text.len() > 32 || !name_text.bytes().all(is_word) {
            return Err(name.wrong("1 to 32 of a-z, 0-9 and -"));
        }
        let devnet = fields.take("devnet")?.map_or(Ok(false), |value| value.bool())?;
        let epoch = fields.need("epochLength", "write the blocks per epoch")?;
        let bytes = fields
            .take("maxBlockBytes")?
            .map_or(Ok(8_388_608), |value| value.u64_within(1 << 20, 64 << 20))?;
        let burn = fields
            .need("burnBps", "write the burned part of the base fee in 1/10,000")?
            .u64_within(0, 5_000)?;
        let floor = fields.need("baseFeeFloor", "write the lowest base fee in wei")?;
        let rules = Self {
            base_fee_floor: floor.u64_within(1_000_000_000, 1_000_000_000_000_000)?,
            burn_bps: u16::try_from(burn).unwrap_or(u16::MAX),
            gas_limit,
            block_time_ms: fields
                .need("blockTimeMs", "write the block time in milliseconds")?
                .u64_within(100, 60_000)?,
            max_block_bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            epoch_length: epoch.u64_within(4, 1_000_000)?,
            unbonding_seconds: fields
                .need("unbondingSeconds", "write the unbonding time in seconds")?
                .u64_within(60, 2_419_200)?,
            evidence_window_seconds: fields
                .need("evidenceWindowSeconds", "write the largest age of evidence in seconds")?
                .u64_within(1, 2_419_200)?,
            bridge: fields.take("bridge")?.map_or(Ok(true), |value| value.bool())?,
            devnet,
        };
        fields.finish()?;
        if !devnet && !rules.epoch_length.is_multiple_of(SPRINT) {
            return Err(epoch.wrong("a multiple of 64 (or devnet: true)"));
        }
        rules.check_times()?;
        Ok((name_text, rules))
    }

    fn check_times(&self) -> Result<(), Error> {
        let evidence = format!("config.btt.evidenceWindowSeconds {}", self.evidence_window_seconds);
        if self.evidence_window_seconds >= self.unbonding_seconds {
            return Err(Error::Conflict {
                first: evidence,
                second: format!("config.btt.unbondingSeconds {}", self.unbonding_seconds),
                reason: "evidence has to arrive while the stake can still be slashed, make the window shorter",
            });
        }
        let known_ms = self.block_time_ms.saturating_mul(self.epoch_length).saturating_mul(EPOCH_RING);
        if known_ms <= self.evidence_window_seconds.saturating_mul(1000) {
            return Err(Error::Conflict {
                first: evidence,
                second: format!(
                    "config.btt.epochLength {} at blockTimeMs {}",
                    self.epoch_length, self.block_time_ms
                ),
                reason: "the sets of 128 epochs have to cover the window, make epochs longer or the window shorter",
            });
        }
        Ok(())
    }
}

/// A bttd chain has every fork up to Osaka from block 0 on, and no later one.
fn check_forks(forks: &ForkSchedule) -> Result<(), Error> {
    let reason =
        "a chain under bttd's rules begins at Osaka: write 0 for every fork up to osakaTime and no later one";
    let at_genesis = |activation| match activation {
        Activation::Block(at) | Activation::Timestamp(at) => at == 0,
        Activation::TotalDifficulty(at) => at.is_zero(),
    };
    let conflict = |second: String| Error::Conflict { first: "config.btt".to_owned(), second, reason };
    if forks.activation(Fork::Osaka).is_none() {
        return Err(conflict("config without osakaTime".to_owned()));
    }
    let wrong = forks.iter().find(|(fork, activation)| *fork > Fork::Osaka || !at_genesis(*activation));
    match wrong {
        Some((fork, activation)) => Err(conflict(format!("{fork} at {activation}"))),
        None => Ok(()),
    }
}

fn check_gas_limit(gas_limit: u64) -> Result<(), Error> {
    if (60_000_000..=1_000_000_000_000).contains(&gas_limit) {
        return Ok(());
    }
    Err(Error::Value {
        key: "gasLimit".to_owned(),
        value: gas_limit.to_string(),
        expected: "60000000 to 1000000000000 under bttd's rules".to_owned(),
    })
}

/// Block 0 under bttd's rules: Osaka's fields, the outgoing tree's root as `withdrawalsRoot`, the hash of the first
/// validator set as extra data, and zero in everything else.
pub(crate) fn genesis_header(
    rules: &BttRules,
    fields: &HeaderFields,
    accounts: &BTreeMap<Address, GenesisAccount>,
) -> Result<Header, Error> {
    check_header(rules, fields)?;
    Ok(Header {
        base_fee_per_gas: Some(fields.base_fee.unwrap_or(rules.base_fee_floor)),
        withdrawals_root: Some(EMPTY_OUTGOING_ROOT),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..fields.header(state_root(accounts))
    })
}

fn check_header(rules: &BttRules, fields: &HeaderFields) -> Result<(), Error> {
    let value = |key: &str, value: String, expected: &str| Error::Value {
        key: key.to_owned(),
        value,
        expected: format!("{expected} under bttd's rules"),
    };
    if fields.extra_data.len() != 32 {
        return Err(value(
            "extraData",
            fields.extra_data.to_string(),
            "the 32 bytes of the first validator set's hash",
        ));
    }
    let zeros = [
        ("difficulty", fields.difficulty),
        ("nonce", U256::from(fields.nonce)),
        ("gasUsed", U256::from(fields.gas_used)),
        ("mixHash", U256::from_be_bytes(fields.mix_hash.0)),
        ("parentHash", U256::from_be_bytes(fields.parent_hash.0)),
        ("coinbase", U256::from_be_bytes(fields.coinbase.into_word().0)),
        ("excessBlobGas", U256::from(fields.excess_blob_gas.unwrap_or(0))),
        ("blobGasUsed", U256::from(fields.blob_gas_used.unwrap_or(0))),
    ];
    if let Some((key, found)) = zeros.into_iter().find(|(_, found)| !found.is_zero()) {
        return Err(value(key, format!("{found:#x}"), "0"));
    }
    match fields.base_fee.filter(|fee| *fee < rules.base_fee_floor) {
        None => Ok(()),
        Some(fee) => Err(Error::Conflict {
            first: format!("baseFeePerGas {fee}"),
            second: format!("config.btt.baseFeeFloor {}", rules.base_fee_floor),
            reason: "the base fee never lies below its floor, raise it or leave it out",
        }),
    }
}

/// Refuses a genesis state without the contracts that every block calls, with another outgoing tree than an empty
/// one, or with another supply than 990 trillion BTT.
pub(crate) fn check_accounts(accounts: &BTreeMap<Address, GenesisAccount>) -> Result<(), Error> {
    check_code(
        accounts,
        eip4788::BEACON_ROOTS_ADDRESS,
        &eip4788::BEACON_ROOTS_CODE,
        "EIP-4788 beacon roots",
    )?;
    check_code(
        accounts,
        eip2935::HISTORY_STORAGE_ADDRESS,
        &eip2935::HISTORY_STORAGE_CODE,
        "EIP-2935 block hashes",
    )?;
    let vault = accounts.get(&BTT_ADDRESS);
    let root = vault.and_then(|vault| vault.storage.get(&OUTGOING_ROOT_SLOT)).copied().unwrap_or_default();
    if B256::from(root) != EMPTY_OUTGOING_ROOT {
        return Err(Error::Value {
            key: format!("alloc.{BTT_ADDRESS}.storage.{OUTGOING_ROOT_SLOT}"),
            value: B256::from(root).to_string(),
            expected: format!("the root of the empty outgoing tree, {EMPTY_OUTGOING_ROOT}"),
        });
    }
    let supply = accounts.values().try_fold(U256::ZERO, |sum, account| sum.checked_add(account.balance));
    if supply == Some(TOTAL_SUPPLY) {
        return Ok(());
    }
    Err(Error::Value {
        key: "the sum of all balances in alloc".to_owned(),
        value: supply.map_or_else(|| "above 256 bits".to_owned(), |sum| sum.to_string()),
        expected: format!(
            "{TOTAL_SUPPLY} wei (990 trillion BTT): put the difference into the vault {BTT_ADDRESS}"
        ),
    })
}

fn check_code(
    accounts: &BTreeMap<Address, GenesisAccount>,
    address: Address,
    expected: &Bytes,
    what: &'static str,
) -> Result<(), Error> {
    let found = match accounts.get(&address).map(|account| &account.code) {
        Some(code) if code == expected => return Ok(()),
        Some(code) if !code.is_empty() => "other code",
        Some(_) | None => "no code",
    };
    Err(Error::Contract { address: address.to_string(), what, found })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn empty_outgoing_root_is_the_32nd_zero_node() {
        let mut node = B256::ZERO;
        for _ in 0..32 {
            node = keccak256([&[1][..], node.as_slice(), node.as_slice()].concat());
        }
        assert_eq!(node, EMPTY_OUTGOING_ROOT);
    }

    #[test]
    fn supply_is_990_trillion_with_18_decimals() {
        assert_eq!(
            TOTAL_SUPPLY,
            U256::from(990_000_000_000_000u64).checked_mul(U256::from(10u64.pow(18))).unwrap()
        );
    }
}
