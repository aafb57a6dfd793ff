//! A block in progress: what executing and building have in common.

use std::sync::Arc;

use alloy_consensus::{Eip658Value, Transaction as _};
use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
use alloy_primitives::{Address, B256, Bytes, U256};
use btt_chainspec::{ChainSpec, Fork};
use btt_primitives::{Header, Receipt, Transaction};
use btt_state::{StateChanges, StateView};
use revm::{context::result::EVMError, primitives::KECCAK_EMPTY};

use crate::{
    Error, Fatal, InvalidTransaction, Outcome, ReadError,
    blobs::GAS_PER_BLOB,
    block_state::{BlockState, delta},
    check_transaction::check_form,
    code_cache::CodeCache,
    dao,
    env::{EvmEnv, tx_env},
    native::Fees,
    vm::{ExecutionResult, Vm, VmError},
};

/// Gives the state root after changes that follow on those of the calls before. Asked only before Byzantium, whose
/// receipts hold the root after each transaction.
pub type RootAfter<'a> = dyn FnMut(&StateChanges) -> Result<B256, btt_state::Error> + 'a;

/// A block whose transactions are being executed.
pub(crate) struct BlockRun<'a> {
    pub(crate) spec: &'a ChainSpec,
    pub(crate) fork: Fork,
    pub(crate) header: &'a Header,
    pub(crate) vm: Vm,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) gas_used: u64,
    pub(crate) blob_gas_used: u64,
    /// Gas of the transactions that paid the base fee.
    pub(crate) paying_gas: u64,
    /// Wei that SELFDESTRUCT destroyed; counted on bttd chains.
    pub(crate) destroyed: U256,
    root_after: &'a mut RootAfter<'a>,
    /// What the root was asked for already.
    rooted: Option<StateChanges>,
}

/// Why a transaction was not added.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It cannot be in this block, here; nothing of it was done.
    Invalid(InvalidTransaction),
    /// The block cannot be finished.
    Fatal(Fatal),
}

impl From<InvalidTransaction> for Refused {
    fn from(reason: InvalidTransaction) -> Self {
        Self::Invalid(reason)
    }
}

impl From<ReadError> for Refused {
    fn from(ReadError(error): ReadError) -> Self {
        Self::Fatal(Fatal::State(error))
    }
}

impl<'a> BlockRun<'a> {
    /// Begins the block that `header` describes on its parent's state: what the protocol does before the first
    /// transaction.
    ///
    /// Of the header, what is known before execution has to be there: number, time, beneficiary, limits and fees.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn begin(
        spec: &'a ChainSpec,
        codes: Arc<CodeCache>,
        fork: Fork,
        header: &'a Header,
        view: StateView,
        root_after: &'a mut RootAfter<'a>,
    ) -> Result<Self, Error> {
        let mut run = Self::open(spec, fork, header, BlockState::new(view, codes), root_after);
        run.record_ancestry()?;
        dao::move_balances(spec, header.number, run.vm.state_mut())?;
        Ok(run)
    }

    /// As [`Self::begin`], without what the protocol does before the first transaction.
    pub(crate) fn open(
        spec: &'a ChainSpec,
        fork: Fork,
        header: &'a Header,
        state: BlockState,
        root_after: &'a mut RootAfter<'a>,
    ) -> Self {
        Self {
            spec,
            fork,
            header,
            vm: Vm::new(EvmEnv::new(spec, fork, header), state),
            receipts: Vec::new(),
            gas_used: 0,
            blob_gas_used: 0,
            paying_gas: 0,
            destroyed: U256::ZERO,
            root_after,
            rooted: (fork < Fork::Byzantium).then(StateChanges::default),
        }
    }

    /// EIP-4788: the parent beacon block root (on bttd chains the sidecar's hash); EIP-2935: the parent's hash. Without
    /// a contract at the address nothing happens, and whether the call succeeds is the contract's affair.
    fn record_ancestry(&mut self) -> Result<(), Error> {
        if let Some(root) = self.header.parent_beacon_block_root.filter(|_| self.fork >= Fork::Cancun) {
            self.system_call(BEACON_ROOTS_ADDRESS, root.into())?;
        }
        if self.fork >= Fork::Prague {
            self.system_call(HISTORY_STORAGE_ADDRESS, self.header.parent_hash.into())?;
        }
        Ok(())
    }

    /// A log-less call by the protocol; `None` when there is no code at `target`. What it changed is committed.
    pub(crate) fn system_call(
        &mut self,
        target: Address,
        calldata: Bytes,
    ) -> Result<Option<ExecutionResult>, Error> {
        if !self.has_code(&target)? {
            return Ok(None);
        }
        let result = self.vm.system_call(target, calldata).map_err(|error| self.fatal(error))?;
        self.vm.commit();
        Ok(Some(result))
    }

    /// True when the account has code; a delegation (EIP-7702) counts.
    pub(crate) fn has_code(&mut self, address: &Address) -> Result<bool, Error> {
        let account = self.vm.state_mut().account(address)?;
        Ok(account.is_some_and(|account| account.code_hash != KECCAK_EMPTY))
    }

    /// Gas that the transactions so far have left.
    pub(crate) const fn gas_left(&self) -> u64 {
        self.header.gas_limit.saturating_sub(self.gas_used)
    }

    /// Executes a user's transaction as the next of the block.
    pub(crate) fn add(&mut self, tx: &Transaction, sender: Address) -> Result<(), Refused> {
        check_form(self.spec, self.fork, tx)?;
        let blob_gas = tx.blob_count().unwrap_or_default().saturating_mul(GAS_PER_BLOB);
        self.check_room(tx, blob_gas)?;
        let result = self.transact(tx, sender)?;
        self.blob_gas_used = self.blob_gas_used.saturating_add(blob_gas);
        let gas = result.tx_gas_used();
        self.paying_gas = self.paying_gas.saturating_add(gas);
        self.take(tx, result, self.base_fees(gas))
    }

    /// Executes a system transaction of a bttd chain, which pays no base fee, as the next of the block; gives whether
    /// it succeeded.
    pub(crate) fn add_system(&mut self, tx: &Transaction, sender: Address) -> Result<bool, Refused> {
        self.check_room(tx, 0)?;
        self.vm.cfg_mut().disable_base_fee = true;
        let result = self.transact(tx, sender);
        self.vm.cfg_mut().disable_base_fee = false;
        let result = result?;
        let succeeded = result.is_success();
        self.take(tx, result, U256::ZERO)?;
        Ok(succeeded)
    }

    /// Loads the accounts that the transactions name, on all threads.
    pub(crate) fn prefetch(&mut self, transactions: &[Transaction], senders: &[Address]) {
        let targets = transactions.iter().filter_map(|tx| tx.to());
        self.vm.state_mut().prefetch(senders.iter().copied().chain(targets));
    }

    /// Ends the block.
    pub(crate) fn into_outcome(
        self,
        requests: Vec<Bytes>,
        sums: [U256; 2],
        fees: Fees,
    ) -> Result<Outcome, Error> {
        let changes = self.vm.state().changes()?;
        let rest = self.rooted.as_ref().map(|rooted| delta(rooted, &changes));
        let (receipts, gas_used) = (self.receipts, self.gas_used);
        Ok(Outcome { receipts, changes, rest, gas_used, requests, sums, fees })
    }

    fn check_room(&self, tx: &Transaction, blob_gas: u64) -> Result<(), InvalidTransaction> {
        let (gas_limit, available) = (tx.gas_limit(), self.gas_left());
        if gas_limit > available {
            return Err(InvalidTransaction::BlockGas { gas_limit, available });
        }
        let blobs = self.spec.blob_params(self.fork).map_or(0, |blobs| blobs.max_blob_count);
        let available = blobs.saturating_mul(GAS_PER_BLOB).saturating_sub(self.blob_gas_used);
        if blob_gas > available {
            return Err(InvalidTransaction::BlockBlobGas { blob_gas, available });
        }
        Ok(())
    }

    fn transact(&mut self, tx: &Transaction, sender: Address) -> Result<ExecutionResult, Refused> {
        self.vm.transact(tx_env(tx, sender)).map_err(|error| match error {
            EVMError::Transaction(reason) => {
                let chain_id = self.spec.chain_id;
                Refused::Invalid(InvalidTransaction::from_vm(reason, tx, self.vm.block(), chain_id))
            }
            other => Refused::Fatal(self.fatal(other)),
        })
    }

    /// Commits an executed transaction and writes its receipt. `burned` is what revm took from the sender and gave to
    /// nobody.
    fn take(&mut self, tx: &Transaction, result: ExecutionResult, burned: U256) -> Result<(), Refused> {
        let before = self.vm.state().balance_change();
        let destroys = self.vm.commit();
        if self.spec.btt().is_some() {
            let lost = before.wrapping_sub(self.vm.state().balance_change()).wrapping_sub(burned);
            self.count_destroyed(lost, burned, destroys)?;
        }
        self.gas_used = self.gas_used.saturating_add(result.tx_gas_used());
        let outcome = match &mut self.rooted {
            None => Eip658Value::Eip658(result.is_success()),
            Some(rooted) => {
                let changes = self.vm.state().changes()?;
                let root = (self.root_after)(&delta(rooted, &changes)).map_err(ReadError)?;
                *rooted = changes;
                Eip658Value::PostState(root)
            }
        };
        self.receipts.push(Receipt {
            tx_type: tx.tx_type(),
            outcome,
            cumulative_gas_used: self.gas_used,
            logs: result.into_logs(),
        });
        Ok(())
    }

    /// Adds what a transaction lost beyond the base fee. Only a SELFDESTRUCT may lose anything, and nothing may gain.
    fn count_destroyed(&mut self, lost: U256, burned: U256, destroys: bool) -> Result<(), Refused> {
        let gained = lost.bit(255);
        if gained || (!lost.is_zero() && !destroys) {
            return Err(Refused::Fatal(Fatal::Supply {
                number: self.header.number,
                place: format!("transaction {}", self.receipts.len()),
                got: U256::ZERO.wrapping_sub(lost.wrapping_add(burned)),
                expected: U256::ZERO.wrapping_sub(burned),
            }));
        }
        self.destroyed = self.destroyed.saturating_add(lost);
        Ok(())
    }

    /// The base fee of so much gas, in wei.
    pub(crate) fn base_fees(&self, gas: u64) -> U256 {
        U256::from(self.header.base_fee_per_gas.unwrap_or_default()).saturating_mul(U256::from(gas))
    }

    fn fatal(&self, error: VmError) -> Fatal {
        evm_fault(self.header.number, error)
    }
}

/// The fault behind an error of the EVM that no transaction is to blame for.
pub(crate) fn evm_fault(number: u64, error: VmError) -> Fatal {
    match error {
        EVMError::Database(ReadError(error)) => Fatal::State(error),
        other => Fatal::Evm { number, reason: other.to_string() },
    }
}
