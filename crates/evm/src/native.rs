//! The rules of bttd chains beyond the EVM's.

use std::{fmt, sync::atomic::Ordering};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B64, B256, Bytes, U256, keccak256};
use btt_chainspec::{BttRules, OUTGOING_ROOT_SLOT};
use btt_primitives::{
    BTT_ADDRESS, BURN_ADDRESS, EMPTY_OMMERS_HASH, EMPTY_REQUESTS_HASH, Header, REWARD_POOL_ADDRESS,
    SystemKind, Transaction, has_system_price,
};

use crate::{
    BlockInput, Error, Fatal, Invalid, Outcome, Parent,
    block_run::{BlockRun, evm_fault},
    execute::{check_gas_used, run_users},
    vm::Vm,
};

/// What a block of a bttd chain does beside its users' transactions, as the engine takes it from sidecar, height and
/// parent state. Pure facts: every validator derives the same.
pub struct SystemInputs<'a> {
    /// Hash of the sidecar, which the header's parent beacon block root has to be.
    pub sidecar_hash: B256,
    /// Deposits in nonce order, then evidence in sidecar order: each a system transaction.
    pub calls: Vec<SystemCall>,
    /// At the end of an epoch, what changes it.
    pub epoch_end: Option<EpochEnd<'a>>,
    /// Hash of the next block's validator set, when no epoch ends: the current one.
    pub validators_hash: B256,
    /// What the fee report tells the reward pool, beside the fees; `None` leaves the report out.
    pub producer: Option<Producer>,
}

/// The contents of one system transaction; target, gas limit, price and value follow from its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Deposit or evidence.
    pub kind: SystemKind,
    /// The entry's selector and arguments.
    pub calldata: Bytes,
}

/// The end of an epoch.
#[derive(Clone, Copy)]
pub struct EpochEnd<'a> {
    /// Gives the calldata of the epoch transaction from the state just before it.
    pub plan: &'a (dyn Fn(&mut StateReader<'_>) -> Result<Bytes, Fatal> + Sync),
    /// Gives the hash of the next block's validator set from the state after it.
    pub validators_hash: &'a (dyn Fn(&mut StateReader<'_>) -> Result<B256, Fatal> + Sync),
}

/// Who produced the block, for `RewardPool.onBlock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Producer {
    /// Id of the producing validator; 0 = none.
    pub id: u32,
    /// Ids of validators whose rounds passed without a block.
    pub missed: Vec<u32>,
}

impl fmt::Debug for EpochEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochEnd").finish_non_exhaustive()
    }
}

impl fmt::Debug for SystemInputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemInputs")
            .field("sidecar_hash", &self.sidecar_hash)
            .field("calls", &self.calls)
            .field("epoch_end", &self.epoch_end.is_some())
            .field("validators_hash", &self.validators_hash)
            .field("producer", &self.producer)
            .finish()
    }
}

/// Reads of the state in the middle of a block.
#[derive(Debug)]
pub struct StateReader<'a> {
    number: u64,
    vm: &'a mut Vm,
}

impl StateReader<'_> {
    /// What a view function returns; whatever the call changed is dropped.
    ///
    /// # Errors
    /// [`Fatal::SystemContract`] when the call fails, [`Fatal::State`] when the state cannot be read.
    pub fn call(&mut self, target: Address, calldata: Bytes) -> Result<Bytes, Fatal> {
        let number = self.number;
        let result = self.vm.system_call(target, calldata);
        self.vm.discard();
        let result = result.map_err(|error| evm_fault(number, error))?;
        if !result.is_success() {
            return Err(Fatal::SystemContract {
                number,
                what: format!("view call to {target} failed: {result:?}"),
            });
        }
        Ok(result.into_output().unwrap_or_default())
    }

    /// A storage slot.
    ///
    /// # Errors
    /// [`Fatal::State`] when the state cannot be read.
    pub fn slot(&mut self, address: &Address, key: B256) -> Result<U256, Fatal> {
        Ok(self.vm.state_mut().slot(address, key.into()).map_err(|error| error.0)?)
    }
}

/// How a block's base fees were divided, in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// To the reward pool.
    pub pool: U256,
    /// To the burn address.
    pub burned: U256,
}

/// The mix hash of a child: keccak256 of the parent's mix hash and hash. Known in advance, so no source of chance.
pub fn next_mix_hash(parent_mix_hash: B256, parent_hash: B256) -> B256 {
    keccak256([parent_mix_hash.0, parent_hash.0].concat())
}

/// Checks the header fields that bttd's rules fix; base fee and blob gas are checked with Ethereum's.
pub(crate) fn check_header(rules: &BttRules, header: &Header, parent: &Parent<'_>) -> Result<(), Invalid> {
    if header.timestamp < parent.header.timestamp {
        return Err(Invalid::Timestamp { got: header.timestamp, parent: parent.header.timestamp });
    }
    if header.gas_limit != rules.gas_limit {
        return Err(Invalid::GasLimit { got: header.gas_limit, expected: rules.gas_limit });
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
    let expected = next_mix_hash(parent.header.mix_hash, parent.hash);
    if header.mix_hash != expected {
        return Err(Invalid::MixHash { got: header.mix_hash, expected });
    }
    match header.requests_hash {
        Some(got) if got != EMPTY_REQUESTS_HASH => {
            Err(Invalid::RequestsHash { got, expected: EMPTY_REQUESTS_HASH })
        }
        _ => Ok(()),
    }
}

impl SystemInputs<'_> {
    /// Number of system transactions in the block.
    pub fn count(&self) -> usize {
        self.calls.len().saturating_add(usize::from(self.epoch_end.is_some()))
    }

    /// Gas that the system transactions may use, by their limits.
    pub fn gas_reserve(&self) -> u64 {
        let epoch = self.epoch_end.is_some().then(|| SystemKind::Epoch.gas_limit());
        let calls = self.calls.iter().map(|call| call.kind.gas_limit());
        calls.chain(epoch).fold(0, u64::saturating_add)
    }
}

/// Splits a body into its users' and its system transactions: the last ones, as many as are expected.
///
/// # Errors
/// [`Invalid::SystemTransactionCount`] when more or fewer of gas price 0 stand at the end.
pub(crate) fn split_body<'a>(
    transactions: &'a [Transaction],
    inputs: &SystemInputs<'_>,
) -> Result<(&'a [Transaction], &'a [Transaction]), Invalid> {
    let got = transactions.iter().rev().take_while(|tx| has_system_price(tx)).count();
    let expected = inputs.count();
    let wrong = Invalid::SystemTransactionCount { got, expected };
    let users = transactions.len().checked_sub(expected).filter(|_| got == expected);
    users.and_then(|users| transactions.split_at_checked(users)).ok_or(wrong)
}

/// Executes a block of a bttd chain from the users' transactions on, and checks what its header says of the result.
pub(crate) fn execute(
    mut run: BlockRun<'_>,
    rules: &BttRules,
    inputs: &SystemInputs<'_>,
    input: &BlockInput<'_>,
) -> Result<Outcome, Error> {
    let (header, body) = (&input.block.block.header, &input.block.block.body);
    check_sidecar(header, inputs)?;
    run.check_beneficiary("before the block")?;
    let (users, system) = split_body(&body.transactions, inputs)?;
    run_users(&mut run, users, input)?;
    run.check_beneficiary("after the users' transactions")?;
    let senders = input.senders.iter().skip(users.len());
    for (at, (tx, sender)) in system.iter().zip(senders).enumerate() {
        if input.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let call = run.system_call_at(at, inputs)?;
        run.run_system(users.len().saturating_add(at), tx, *sender, &call)?;
    }
    check_gas_used(header, run.gas_used)?;
    let fees = run.settle(rules, inputs)?;
    run.check_results(inputs)?;
    let sums = run.supply(input.parent.sums);
    run.into_outcome(Vec::new(), sums, fees)
}

fn check_sidecar(header: &Header, inputs: &SystemInputs<'_>) -> Result<(), Invalid> {
    let (got, expected) = (header.parent_beacon_block_root.unwrap_or_default(), inputs.sidecar_hash);
    if got == expected { Ok(()) } else { Err(Invalid::SidecarHash { got, expected }) }
}

impl BlockRun<'_> {
    /// The system transaction that has to stand at this place among the system transactions, from the state as it is
    /// now.
    pub(crate) fn system_call_at(
        &mut self,
        at: usize,
        inputs: &SystemInputs<'_>,
    ) -> Result<SystemCall, Error> {
        match (inputs.calls.get(at), &inputs.epoch_end) {
            (Some(call), _) => Ok(call.clone()),
            (None, Some(end)) => self.epoch_plan(end),
            (None, None) => Err(Fatal::SystemContract {
                number: self.header.number,
                what: format!("no system transaction {at} is expected"),
            }
            .into()),
        }
    }

    /// Compares the header with what the state holds after the block: the outgoing root and the next validator set.
    fn check_results(&mut self, inputs: &SystemInputs<'_>) -> Result<(), Error> {
        let (got, expected) = (self.header.withdrawals_root.unwrap_or_default(), self.outgoing_root()?);
        if got != expected {
            return Err(Invalid::WithdrawalsRoot { got, expected }.into());
        }
        let expected = self.validators_hash(inputs)?;
        if *self.header.extra_data != expected.as_slice() {
            return Err(Invalid::ValidatorSetHash { got: self.header.extra_data.clone(), expected }.into());
        }
        Ok(())
    }

    /// The calldata of the epoch transaction, from the state as it is now.
    fn epoch_plan(&mut self, end: &EpochEnd<'_>) -> Result<SystemCall, Error> {
        let calldata = (end.plan)(&mut self.reader())?;
        Ok(SystemCall { kind: SystemKind::Epoch, calldata })
    }

    const fn reader(&mut self) -> StateReader<'_> {
        StateReader { number: self.header.number, vm: &mut self.vm }
    }

    /// Refuses a beneficiary with code: it could be called into a system entry.
    pub(crate) fn check_beneficiary(&mut self, when: &'static str) -> Result<(), Error> {
        let address = self.header.beneficiary;
        if self.has_code(&address)? {
            return Err(Invalid::BeneficiaryCode { address, when }.into());
        }
        Ok(())
    }

    /// Compares the next transaction of a block with the system transaction that has to stand there, and executes it.
    pub(crate) fn run_system(
        &mut self,
        index: usize,
        tx: &Transaction,
        sender: Address,
        call: &SystemCall,
    ) -> Result<(), Error> {
        let nonce = self.beneficiary_nonce()?;
        self.check_system(index, tx, sender, call, nonce)?;
        let succeeded = self.add_system(tx, sender).map_err(|refused| refused.at(index, tx))?;
        if succeeded { Ok(()) } else { Err(Invalid::SystemTransactionFailed { index }.into()) }
    }

    /// The nonce of the block's next system transaction.
    pub(crate) fn beneficiary_nonce(&mut self) -> Result<u64, Error> {
        let account = self.vm.state_mut().account(&self.header.beneficiary)?;
        Ok(account.map_or(0, |account| account.nonce))
    }

    fn check_system(
        &self,
        index: usize,
        tx: &Transaction,
        sender: Address,
        call: &SystemCall,
        nonce: u64,
    ) -> Result<(), Invalid> {
        let kind = call.kind;
        let parts = [
            ("type", tx.is_legacy(), u8::from(tx.tx_type()).to_string(), "0".to_owned()),
            part("sender", &sender, &self.header.beneficiary),
            part("chain id", &tx.chain_id().unwrap_or_default(), &self.spec.chain_id),
            part("gas price", &tx.max_fee_per_gas(), &0),
            part("target", &tx.to().unwrap_or_default(), &kind.target()),
            part("value", &tx.value(), &U256::ZERO),
            part("gas limit", &tx.gas_limit(), &kind.gas_limit()),
            part("nonce", &tx.nonce(), &nonce),
            part("calldata", tx.input(), &call.calldata),
        ];
        match parts.into_iter().find(|(_, equal, ..)| !equal) {
            Some((part, _, got, expected)) => Err(Invalid::SystemTransaction { index, part, got, expected }),
            None => Ok(()),
        }
    }

    /// What follows the last transaction: the base fees go to the reward pool and the burn address, the pool is told
    /// who produced the block, and nothing was lost or gained but what SELFDESTRUCT destroyed.
    pub(crate) fn settle(&mut self, rules: &BttRules, inputs: &SystemInputs<'_>) -> Result<Fees, Error> {
        let fees = split_fees(self.base_fees(self.paying_gas), rules.burn_bps);
        let state = self.vm.state_mut();
        state.credit(&REWARD_POOL_ADDRESS, fees.pool, false)?;
        state.credit(&BURN_ADDRESS, fees.burned, false)?;
        if let Some(producer) = &inputs.producer {
            let result = self.system_call(REWARD_POOL_ADDRESS, on_block(producer, fees.pool))?;
            if !result.is_some_and(|result| result.is_success()) {
                return Err(Invalid::SystemCallFailed(REWARD_POOL_ADDRESS).into());
            }
        }
        let (got, expected) = (self.vm.state().balance_change(), U256::ZERO.wrapping_sub(self.destroyed));
        if got != expected {
            let (number, place) = (self.header.number, "the block".to_owned());
            return Err(Fatal::Supply { number, place, got, expected }.into());
        }
        Ok(fees)
    }

    /// Root of the outgoing message tree, as the state has it.
    pub(crate) fn outgoing_root(&mut self) -> Result<B256, Error> {
        Ok(self.reader().slot(&BTT_ADDRESS, OUTGOING_ROOT_SLOT)?.into())
    }

    /// Hash of the next block's validator set.
    pub(crate) fn validators_hash(&mut self, inputs: &SystemInputs<'_>) -> Result<B256, Error> {
        match &inputs.epoch_end {
            None => Ok(inputs.validators_hash),
            Some(end) => Ok((end.validators_hash)(&mut self.reader())?),
        }
    }

    /// The running sums after the block: wei in circulation (outside of vault and burn address), wei destroyed.
    pub(crate) fn supply(&self, parent: [U256; 2]) -> [U256; 2] {
        let [circulating, destroyed] = parent;
        let held_back = [BTT_ADDRESS, BURN_ADDRESS];
        let balances = self.vm.state().balances().filter(|(address, ..)| !held_back.contains(address));
        let circulating =
            balances.fold(circulating, |sum, (_, before, now)| sum.wrapping_add(now).wrapping_sub(before));
        [circulating, destroyed.saturating_add(self.destroyed)]
    }
}

fn part<T: PartialEq + fmt::Display>(
    name: &'static str,
    got: &T,
    expected: &T,
) -> (&'static str, bool, String, String) {
    (name, got == expected, got.to_string(), expected.to_string())
}

/// Burned is rounded down, the pool gets the rest.
fn split_fees(fees: U256, burn_bps: u16) -> Fees {
    let burned = fees.saturating_mul(U256::from(burn_bps)).wrapping_div(U256::from(10_000));
    Fees { pool: fees.saturating_sub(burned), burned }
}

/// Calldata of `onBlock(uint32 producer, uint32[] missed, uint256 fees)`.
fn on_block(producer: &Producer, fees: U256) -> Bytes {
    let selector = keccak256("onBlock(uint32,uint32[],uint256)");
    let mut calldata = selector[..4].to_vec();
    let head = [U256::from(producer.id), U256::from(96), fees, U256::from(producer.missed.len())];
    let words = head.into_iter().chain(producer.missed.iter().map(|id| U256::from(*id)));
    words.for_each(|word| calldata.extend(word.to_be_bytes::<32>()));
    calldata.into()
}
