//! A header against its parent: every rule that needs neither the body nor the state.

use alloy_primitives::{B64, B256, U256};
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{EMPTY_OMMERS_HASH, Header};

use crate::{
    Invalid,
    base_fee::next_base_fee,
    blobs::{GAS_PER_BLOB, next_excess_blob_gas},
    dao,
    difficulty::next_difficulty,
    native,
};

/// Extra data of at most so many bytes.
const MAX_EXTRA_DATA: usize = 32;
/// Ethereum's lowest gas limit.
const MIN_GAS_LIMIT: u64 = 5_000;
/// Ethereum's highest gas limit: 2^63 - 1.
const MAX_GAS_LIMIT: u64 = i64::MAX.unsigned_abs();
/// The gas limit moves by less than the parent's divided by this.
const GAS_LIMIT_BOUND_DIVISOR: u64 = 1_024;

/// The block that another one builds on.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// Its header.
    pub header: &'a Header,
    /// keccak256 of its header.
    pub hash: B256,
    /// Running sums up to and with it. Under Ethereum's rules the total difficulty, and zero; on bttd chains the wei in
    /// circulation, and the wei destroyed by SELFDESTRUCT.
    pub sums: [U256; 2],
}

impl Parent<'_> {
    /// Total difficulty up to and with the parent; zero on bttd chains, which have no work.
    pub const fn total_difficulty(&self, spec: &ChainSpec) -> U256 {
        let [total, _] = self.sums;
        if spec.btt().is_some() { U256::ZERO } else { total }
    }

    /// The latest fork active in a child of this timestamp.
    pub fn child_fork(&self, spec: &ChainSpec, timestamp: u64) -> Fork {
        let number = self.header.number.saturating_add(1);
        spec.fork_at(number, timestamp, self.total_difficulty(spec))
    }
}

/// Checks a header against its parent, without its proof-of-work seal, and returns the latest fork active in it.
///
/// # Errors
/// The first rule found broken.
pub fn check_header(spec: &ChainSpec, header: &Header, parent: &Parent<'_>) -> Result<Fork, Invalid> {
    if header.parent_hash != parent.hash {
        return Err(Invalid::ParentHash { got: header.parent_hash, expected: parent.hash });
    }
    let number = parent.header.number.saturating_add(1);
    if header.number != number {
        return Err(Invalid::Number { got: header.number, expected: number });
    }
    let fork = parent.child_fork(spec, header.timestamp);
    if header.extra_data.len() > MAX_EXTRA_DATA {
        return Err(Invalid::ExtraDataLength { bytes: header.extra_data.len() });
    }
    match spec.btt() {
        Some(rules) => native::check_header(rules, header, parent)?,
        None => check_ethereum(spec, fork, header, parent)?,
    }
    check_fields(fork, header)?;
    if header.gas_used > header.gas_limit {
        return Err(Invalid::GasUsedAboveLimit { used: header.gas_used, limit: header.gas_limit });
    }
    check_base_fee(spec, fork, header, parent.header)?;
    check_blob_gas(spec, fork, header, parent.header)?;
    Ok(fork)
}

fn check_ethereum(spec: &ChainSpec, fork: Fork, header: &Header, parent: &Parent<'_>) -> Result<(), Invalid> {
    if header.timestamp <= parent.header.timestamp {
        return Err(Invalid::Timestamp { got: header.timestamp, parent: parent.header.timestamp });
    }
    check_work(spec, fork, header, parent)?;
    dao::check_extra_data(spec, header)?;
    check_gas_limit(fork, header, parent.header)
}

/// Difficulty, and what took its place.
fn check_work(spec: &ChainSpec, fork: Fork, header: &Header, parent: &Parent<'_>) -> Result<(), Invalid> {
    if fork < Fork::Paris {
        let expected = next_difficulty(spec, fork, parent.header, header.timestamp);
        if header.difficulty.is_zero()
            && let Some(terminal) = spec.forks.terminal_total_difficulty()
        {
            return Err(Invalid::MergedTooEarly { total: parent.total_difficulty(spec), terminal });
        }
        if header.difficulty != expected {
            return Err(Invalid::Difficulty { got: header.difficulty, expected });
        }
        return Ok(());
    }
    if !header.difficulty.is_zero() {
        return Err(Invalid::Difficulty { got: header.difficulty, expected: U256::ZERO });
    }
    if header.nonce != B64::ZERO {
        return Err(Invalid::Nonce);
    }
    if header.ommers_hash != EMPTY_OMMERS_HASH {
        return Err(Invalid::OmmersAfterMerge);
    }
    Ok(())
}

fn check_gas_limit(fork: Fork, header: &Header, parent: &Header) -> Result<(), Invalid> {
    let got = header.gas_limit;
    if got > MAX_GAS_LIMIT {
        return Err(Invalid::GasLimitTooHigh { got });
    }
    let begins_london = fork >= Fork::London && parent.base_fee_per_gas.is_none();
    let parent = if begins_london { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
    let bound = parent / GAS_LIMIT_BOUND_DIVISOR;
    if got.abs_diff(parent) >= bound {
        return Err(Invalid::GasLimitStep { got, parent, bound });
    }
    if got < MIN_GAS_LIMIT {
        return Err(Invalid::GasLimitTooLow { got });
    }
    Ok(())
}

/// Fields are there from their fork on, and not before.
fn check_fields(fork: Fork, header: &Header) -> Result<(), Invalid> {
    let fields = [
        ("baseFeePerGas", Fork::London, header.base_fee_per_gas.is_some()),
        ("withdrawalsRoot", Fork::Shanghai, header.withdrawals_root.is_some()),
        ("blobGasUsed", Fork::Cancun, header.blob_gas_used.is_some()),
        ("excessBlobGas", Fork::Cancun, header.excess_blob_gas.is_some()),
        ("parentBeaconBlockRoot", Fork::Cancun, header.parent_beacon_block_root.is_some()),
        ("requestsHash", Fork::Prague, header.requests_hash.is_some()),
    ];
    for (field, since, present) in fields {
        match (fork >= since, present) {
            (true, false) => return Err(Invalid::MissingField { field }),
            (false, true) => return Err(Invalid::UnexpectedField { field }),
            _ => {}
        }
    }
    Ok(())
}

fn check_base_fee(spec: &ChainSpec, fork: Fork, header: &Header, parent: &Header) -> Result<(), Invalid> {
    let (Some(got), Some(expected)) = (header.base_fee_per_gas, next_base_fee(spec, fork, parent)) else {
        return Ok(());
    };
    if got == expected { Ok(()) } else { Err(Invalid::BaseFee { got, expected }) }
}

fn check_blob_gas(spec: &ChainSpec, fork: Fork, header: &Header, parent: &Header) -> Result<(), Invalid> {
    let Some(blobs) = spec.blob_params(fork) else { return Ok(()) };
    let (got, excess) =
        (header.blob_gas_used.unwrap_or_default(), header.excess_blob_gas.unwrap_or_default());
    let is_native = spec.btt().is_some();
    let limit = if is_native { 0 } else { blobs.max_blob_count.saturating_mul(GAS_PER_BLOB) };
    if got > limit {
        return Err(Invalid::BlobGasAboveLimit { got, limit });
    }
    let expected = if is_native { 0 } else { next_excess_blob_gas(&blobs, parent) };
    if excess == expected { Ok(()) } else { Err(Invalid::ExcessBlobGas { got: excess, expected }) }
}
