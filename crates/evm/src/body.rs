//! A body against its header: every rule that needs neither other blocks nor the state.

use alloy_consensus::Transaction as _;
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{BlockBody, Header, SealedBlock, ommers_hash, transactions_root, withdrawals_root};

use crate::{Invalid, blobs::GAS_PER_BLOB};

/// Checks size, roots and blob gas of a block whose header was found to be of `fork`.
///
/// # Errors
/// The first rule found broken.
pub fn check_body(spec: &ChainSpec, fork: Fork, sealed: &SealedBlock) -> Result<(), Invalid> {
    let (header, body) = (&sealed.block.header, &sealed.block.body);
    if let Some(limit) = spec.max_block_bytes(fork).filter(|limit| sealed.size > *limit) {
        return Err(Invalid::BlockSize { bytes: sealed.size, limit });
    }
    check_withdrawals(spec, fork, header, body)?;
    let (got, expected) = (header.ommers_hash, ommers_hash(&body.ommers));
    if got != expected {
        return Err(Invalid::OmmersHash { got, expected });
    }
    let (got, expected) = (header.transactions_root, transactions_root(&body.transactions));
    if got != expected {
        return Err(Invalid::TransactionsRoot { got, expected });
    }
    Ok(())
}

/// Compares the header's blob gas with what the body's blobs take. Apart from [`check_body`], because a transaction
/// with too many blobs is the better reason.
///
/// # Errors
/// [`Invalid::BlobGasUsed`].
pub(crate) fn check_blob_gas_used(header: &Header, body: &BlockBody) -> Result<(), Invalid> {
    let Some(got) = header.blob_gas_used else { return Ok(()) };
    let blobs = body.transactions.iter().filter_map(|tx| tx.blob_count()).fold(0, u64::saturating_add);
    let expected = blobs.saturating_mul(GAS_PER_BLOB);
    if got == expected { Ok(()) } else { Err(Invalid::BlobGasUsed { got, expected }) }
}

/// On bttd chains the list is there and empty, and the header's root is the outgoing message tree's.
fn check_withdrawals(spec: &ChainSpec, fork: Fork, header: &Header, body: &BlockBody) -> Result<(), Invalid> {
    match &body.withdrawals {
        Some(_) if fork < Fork::Shanghai => Err(Invalid::UnexpectedWithdrawals),
        None if fork >= Fork::Shanghai => Err(Invalid::MissingWithdrawals),
        Some(withdrawals) if spec.btt().is_some() => {
            if withdrawals.is_empty() {
                Ok(())
            } else {
                Err(Invalid::UnexpectedWithdrawals)
            }
        }
        Some(withdrawals) => {
            let (got, expected) =
                (header.withdrawals_root.unwrap_or_default(), withdrawals_root(withdrawals));
            if got == expected { Ok(()) } else { Err(Invalid::WithdrawalsRoot { got, expected }) }
        }
        None => Ok(()),
    }
}
