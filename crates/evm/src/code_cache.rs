//! Analysed code across blocks.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use btt_state::{Error, StateView};
use quick_cache::{Weighter, sync::Cache};
use revm::state::Bytecode;

/// Contracts for which room is made at once; the rest grows with use.
const INITIAL_CONTRACTS: usize = 256;

/// Code with its jump table, by code hash, bounded by bytes. Code never changes under its hash, so that nothing here
/// can be out of date; which code is in it shows in the time alone.
#[derive(Debug)]
pub struct CodeCache {
    codes: Cache<B256, Bytecode, CodeBytes>,
}

#[derive(Clone, Debug)]
struct CodeBytes;

impl Weighter<B256, Bytecode> for CodeBytes {
    /// The code, one bit a byte for the jump table, and what the entry itself takes.
    fn weight(&self, _: &B256, code: &Bytecode) -> u64 {
        let bytes = u64::try_from(code.len()).unwrap_or(u64::MAX);
        bytes.saturating_add(bytes / 8).saturating_add(256)
    }
}

impl CodeCache {
    /// A cache of at most `bytes`.
    pub fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { codes: Cache::with_weighter(INITIAL_CONTRACTS, bytes, CodeBytes) })
    }

    /// The code of that hash, read from the state the first time.
    ///
    /// # Errors
    /// The state cannot be read, or does not have the code, although an account names it.
    pub(crate) fn get_or_read(&self, hash: &B256, view: &StateView) -> Result<Bytecode, Error> {
        if let Some(code) = self.codes.get(hash) {
            return Ok(code);
        }
        let code = view.code(hash)?.ok_or_else(|| Error::Invariant {
            number: view.number(),
            hash: view.hash(),
            what: format!("code {hash} of an account is not in the database"),
        })?;
        let code = analysed(code);
        self.codes.insert(*hash, code.clone());
        Ok(code)
    }
}

/// Code with its jump table. Bytes that only look like a delegation (EIP-7702) are code like any other, as they were
/// before London.
pub(crate) fn analysed(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}
