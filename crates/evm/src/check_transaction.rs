//! A transaction by itself: every rule that needs neither block nor state. For pools, RPC and transaction tests; the
//! executor's verdict is the EVM's own.

use alloy_consensus::Transaction as _;
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::Transaction;
use revm::{
    context_interface::cfg::gas_params::GasParams,
    primitives::{
        eip3860::MAX_INITCODE_SIZE, eip4844::VERSIONED_HASH_VERSION_KZG, eip7825::TX_GAS_LIMIT_CAP,
    },
};

use crate::{InvalidTransaction, env::spec_id, invalid_transaction::first_fork};

/// What a transaction costs before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntrinsicGas {
    /// Base cost, calldata, creation, access list and authorizations.
    pub cost: u64,
    /// The least that it is charged in the end (EIP-7623); 0 before Prague.
    pub floor: u64,
}

/// The intrinsic gas of a transaction while `fork` is active.
pub fn intrinsic_gas(fork: Fork, tx: &Transaction) -> IntrinsicGas {
    let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
    let list = tx.access_list().map_or(&[][..], |list| list.0.as_slice());
    let keys = list.iter().fold(0, |sum: u64, item| sum.saturating_add(count(item.storage_keys.len())));
    let authorizations = count(tx.authorization_list().unwrap_or_default().len());
    let params = GasParams::new_spec(spec_id(fork));
    let gas =
        params.initial_tx_gas(tx.input(), tx.is_create(), count(list.len()), keys, authorizations, None);
    IntrinsicGas { cost: gas.initial_total_gas(), floor: gas.floor_gas() }
}

/// Checks a transaction by itself while `fork` is active, but for its signature.
///
/// # Errors
/// The first rule found broken.
pub fn check_transaction(spec: &ChainSpec, fork: Fork, tx: &Transaction) -> Result<(), InvalidTransaction> {
    check_form(spec, fork, tx)?;
    check_chain_id(spec, tx)?;
    check_fees(tx)?;
    check_blobs(spec, fork, tx)?;
    check_gas(fork, tx)?;
    if tx.authorization_list().is_some_and(<[_]>::is_empty) {
        return Err(InvalidTransaction::NoAuthorizations);
    }
    if tx.nonce() == u64::MAX {
        return Err(InvalidTransaction::NonceMax);
    }
    Ok(())
}

/// What makes a transaction wrong in any block of the fork, and the EVM does not look at.
pub(crate) fn check_form(spec: &ChainSpec, fork: Fork, tx: &Transaction) -> Result<(), InvalidTransaction> {
    let tx_type = u8::from(tx.tx_type());
    let is_native = spec.btt().is_some();
    if first_fork(tx_type) > fork || (is_native && tx.is_eip4844()) {
        return Err(InvalidTransaction::TypeNotSupported(tx_type));
    }
    if tx.is_legacy() && tx.chain_id().is_some() && fork < Fork::SpuriousDragon {
        return Err(InvalidTransaction::ReplayProtectedTooEarly);
    }
    if is_native && btt_primitives::has_system_price(tx) {
        return Err(InvalidTransaction::SystemPrice);
    }
    Ok(())
}

pub(crate) fn check_chain_id(spec: &ChainSpec, tx: &Transaction) -> Result<(), InvalidTransaction> {
    match tx.chain_id() {
        Some(got) if got != spec.chain_id => {
            Err(InvalidTransaction::ChainId { got: Some(got), expected: spec.chain_id })
        }
        _ => Ok(()),
    }
}

fn check_fees(tx: &Transaction) -> Result<(), InvalidTransaction> {
    let fee_cap = tx.max_fee_per_gas();
    if let Some(tip) = tx.max_priority_fee_per_gas().filter(|tip| *tip > fee_cap) {
        return Err(InvalidTransaction::TipAboveFeeCap { tip, fee_cap });
    }
    match u128::from(tx.gas_limit()).checked_mul(fee_cap) {
        None => Err(InvalidTransaction::CostOverflow),
        Some(_) => Ok(()),
    }
}

fn check_blobs(spec: &ChainSpec, fork: Fork, tx: &Transaction) -> Result<(), InvalidTransaction> {
    let Some(hashes) = tx.blob_versioned_hashes() else { return Ok(()) };
    if hashes.is_empty() {
        return Err(InvalidTransaction::NoBlobs);
    }
    if hashes.iter().any(|hash| hash.first() != Some(&VERSIONED_HASH_VERSION_KZG)) {
        return Err(InvalidTransaction::BlobVersion);
    }
    let limit = spec.blob_params(fork).map_or(0, |blobs| blobs.max_blobs_per_tx);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if hashes.len() > limit {
        return Err(InvalidTransaction::TooManyBlobs { blobs: hashes.len(), limit });
    }
    Ok(())
}

fn check_gas(fork: Fork, tx: &Transaction) -> Result<(), InvalidTransaction> {
    let gas_limit = tx.gas_limit();
    if fork >= Fork::Osaka && gas_limit > TX_GAS_LIMIT_CAP {
        return Err(InvalidTransaction::GasLimitCap { gas_limit, cap: TX_GAS_LIMIT_CAP });
    }
    if fork >= Fork::Shanghai && tx.is_create() && tx.input().len() > MAX_INITCODE_SIZE {
        return Err(InvalidTransaction::InitCodeSize);
    }
    let IntrinsicGas { cost: intrinsic, floor } = intrinsic_gas(fork, tx);
    if gas_limit < intrinsic {
        return Err(InvalidTransaction::IntrinsicGas { gas_limit, intrinsic });
    }
    if gas_limit < floor {
        return Err(InvalidTransaction::FloorGas { gas_limit, floor });
    }
    Ok(())
}
