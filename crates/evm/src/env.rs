//! The EVM's environment of a block and of a transaction: the one place where forks become revm's settings.

use alloy_consensus::Transaction as _;
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, U256};
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{Header, SignatureRule, Transaction, recover_signer};
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::{
        block::BlobExcessGasAndPrice,
        cfg::gas_params::{GasId, GasParams},
        either::Either,
        transaction::{RecoveredAuthority, RecoveredAuthorization, SignedAuthorization},
    },
    primitives::hardfork::SpecId,
};

use crate::blobs::blob_base_fee;

/// The rules and values of one block, for an EVM.
#[derive(Clone, Debug)]
pub struct EvmEnv {
    /// Chain id, fork, gas table, limits; every check on.
    pub cfg: CfgEnv,
    /// What the block opcodes return.
    pub block: BlockEnv,
    /// SSTORE by EIP-1283: Constantinople alone, for which revm has no rule set.
    pub net_gas_metering: bool,
}

impl EvmEnv {
    /// The environment of the block that `header` describes, while `fork` is the latest active one.
    pub fn new(spec: &ChainSpec, fork: Fork, header: &Header) -> Self {
        let blobs = spec.blob_params(fork);
        Self {
            cfg: cfg_env(spec.chain_id, fork, blobs.as_ref()),
            block: block_env(fork, header, blobs.as_ref()),
            net_gas_metering: fork == Fork::Constantinople,
        }
    }
}

/// revm's rule set of a fork. Constantinople runs on Petersburg's, with EIP-1283's SSTORE on top.
pub const fn spec_id(fork: Fork) -> SpecId {
    match fork {
        Fork::Frontier => SpecId::FRONTIER,
        Fork::Homestead => SpecId::HOMESTEAD,
        Fork::TangerineWhistle => SpecId::TANGERINE,
        Fork::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
        Fork::Byzantium => SpecId::BYZANTIUM,
        Fork::Constantinople | Fork::Petersburg => SpecId::PETERSBURG,
        Fork::Istanbul | Fork::MuirGlacier => SpecId::ISTANBUL,
        Fork::Berlin => SpecId::BERLIN,
        Fork::London | Fork::ArrowGlacier | Fork::GrayGlacier => SpecId::LONDON,
        Fork::Paris => SpecId::MERGE,
        Fork::Shanghai => SpecId::SHANGHAI,
        Fork::Cancun => SpecId::CANCUN,
        Fork::Prague => SpecId::PRAGUE,
        Fork::Osaka | Fork::Bpo1 | Fork::Bpo2 | Fork::Bpo3 | Fork::Bpo4 | Fork::Bpo5 => SpecId::OSAKA,
    }
}

fn cfg_env(chain_id: u64, fork: Fork, blobs: Option<&BlobParams>) -> CfgEnv {
    let spec = spec_id(fork);
    let mut gas = GasParams::new_spec(spec);
    if fork == Fork::Constantinople {
        gas.override_gas([
            (GasId::sstore_static(), 200),
            (GasId::sstore_set_without_load_cost(), 19_800),
            (GasId::sstore_reset_without_cold_load_cost(), 4_800),
            (GasId::sstore_set_refund(), 19_800),
            (GasId::sstore_reset_refund(), 4_800),
        ]);
    }
    let mut cfg = CfgEnv::new_with_spec_and_gas_params(spec, gas).with_chain_id(chain_id);
    cfg.max_blobs_per_tx = blobs.map(|blobs| blobs.max_blobs_per_tx);
    cfg.blob_base_fee_update_fraction =
        blobs.map(|blobs| u64::try_from(blobs.update_fraction).unwrap_or(u64::MAX));
    cfg
}

fn block_env(fork: Fork, header: &Header, blobs: Option<&BlobParams>) -> BlockEnv {
    let blob_excess_gas_and_price = blobs.map(|blobs| {
        let excess_blob_gas = header.excess_blob_gas.unwrap_or_default();
        BlobExcessGasAndPrice { excess_blob_gas, blob_gasprice: blob_base_fee(blobs, excess_blob_gas) }
    });
    BlockEnv {
        number: U256::from(header.number),
        beneficiary: header.beneficiary,
        timestamp: U256::from(header.timestamp),
        gas_limit: header.gas_limit,
        basefee: header.base_fee_per_gas.unwrap_or_default(),
        difficulty: header.difficulty,
        prevrandao: (fork >= Fork::Paris).then_some(header.mix_hash),
        blob_excess_gas_and_price,
        slot_num: 0,
    }
}

/// A signed transaction for the EVM. Recovers who signed its authorizations (EIP-7702).
pub fn tx_env(tx: &Transaction, sender: Address) -> TxEnv {
    TxEnv {
        tx_type: tx.tx_type().into(),
        caller: sender,
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        blob_hashes: tx.blob_versioned_hashes().map(<[_]>::to_vec).unwrap_or_default(),
        max_fee_per_blob_gas: tx.max_fee_per_blob_gas().unwrap_or_default(),
        authorization_list: tx.authorization_list().unwrap_or_default().iter().map(recovered).collect(),
    }
}

/// Who signed the valid authorizations of a set-code transaction (EIP-7702); nobody for other types.
pub(crate) fn authorities(tx: &Transaction) -> impl Iterator<Item = Address> + '_ {
    tx.authorization_list().unwrap_or_default().iter().filter_map(signer)
}

fn signer(signed: &SignedAuthorization) -> Option<Address> {
    let signature = signed.signature().ok()?;
    recover_signer(&signature, signed.inner().signature_hash(), SignatureRule::LowS).ok()
}

/// The authorization with its signer, or marked invalid: y parity above 1, high s, or no key.
fn recovered(signed: &SignedAuthorization) -> Either<SignedAuthorization, RecoveredAuthorization> {
    let authority = signer(signed).map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    Either::Right(RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority))
}
