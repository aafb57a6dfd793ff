//! revm with the two rules that it does not know: creation on an address that has storage (EIP-7610), and net gas
//! metering without the rest of Istanbul (EIP-1283).

use alloy_primitives::{Address, Bytes, TxKind, map::AddressSet};
use btt_primitives::{SYSTEM_CALL_GAS_LIMIT, SYSTEM_CALLER};
use revm::{
    Inspector, MainBuilder, MainnetEvm,
    bytecode::opcode,
    context::{BlockEnv, CfgEnv, ContextTr, FrameStack, JournalTr, TxEnv, result::EVMError},
    context_interface::journaled_state::account::JournaledAccountTr,
    handler::{
        EthFrame, EthPrecompiles, EvmTr, FrameInitOrResult, FrameResult, Handler, ItemOrResult,
        MainnetContext, MainnetHandler,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    inspector::{InspectorEvmTr, InspectorHandler},
    interpreter::{
        CreateInputs, CreateOutcome, FrameInput, Gas, Host, Instruction, InstructionContext,
        InstructionExecResult, InstructionResult, InterpreterResult,
        instructions::host::sstore_with_gas_accounting, interpreter::EthInterpreter,
        interpreter_action::FrameInit,
    },
    primitives::constants::CALL_STACK_LIMIT,
    state::EvmState,
};

use crate::{
    block_state::{BlockState, ReadError},
    env::EvmEnv,
};

/// The context that inspectors see.
pub type VmContext = MainnetContext<BlockState>;
/// What executing a transaction gave.
pub type ExecutionResult = revm::context::result::ExecutionResult;
/// Why a transaction could not be executed: it is invalid, or the state could not be read.
pub type VmError = EVMError<ReadError>;

type VmHandler<I> = MainnetHandler<Vm<I>, VmError, EthFrame>;
type VmFrame = EthFrame<EthInterpreter>;

/// An EVM on the state of one block, with the block's rules.
///
/// A transaction that was executed is not yet part of the block's state: [`Self::commit`] adds it, [`Self::discard`]
/// drops it.
#[derive(Debug)]
pub struct Vm<I = ()> {
    evm: MainnetEvm<VmContext, I>,
}

impl Vm {
    /// An EVM for the block of `env` on `state`.
    pub fn new(env: EvmEnv, state: BlockState) -> Self {
        Self::with_inspector(env, state, ())
    }
}

impl<I> Vm<I> {
    /// As [`Vm::new`], with an inspector for [`Self::inspect`].
    pub fn with_inspector(env: EvmEnv, state: BlockState, inspector: I) -> Self {
        let EvmEnv { cfg, block, net_gas_metering } = env;
        let spec = cfg.spec;
        let context = VmContext::new(state, spec).with_cfg(cfg).with_block(block);
        let mut evm = context.build_mainnet_with_inspector(inspector);
        if net_gas_metering {
            evm.instruction.insert_instruction(opcode::SSTORE, Instruction::new(sstore_eip1283), 0);
        }
        Self { evm }
    }

    /// Executes a transaction. An error leaves nothing of it behind.
    ///
    /// # Errors
    /// The transaction is invalid in this block, or the state cannot be read.
    pub fn transact(&mut self, tx: TxEnv) -> Result<ExecutionResult, VmError> {
        self.evm.ctx.tx = tx;
        VmHandler::default().run(self).inspect_err(|_| self.discard())
    }

    /// As [`Self::transact`], under the eyes of the inspector; the result is the same.
    ///
    /// # Errors
    /// As [`Self::transact`].
    pub fn inspect(&mut self, tx: TxEnv) -> Result<ExecutionResult, VmError>
    where
        I: Inspector<VmContext, EthInterpreter>,
    {
        self.evm.ctx.tx = tx;
        VmHandler::default().inspect_run(self).inspect_err(|_| self.discard())
    }

    /// Calls `target` as the protocol does (EIP-4788 and its kin): from the system caller, with exactly 30,000,000 gas
    /// that nobody pays and the block does not count, and nothing but the execution itself touched or warm.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn system_call(&mut self, target: Address, calldata: Bytes) -> Result<ExecutionResult, VmError> {
        self.evm.ctx.journal_mut().warm_precompiles(&AddressSet::default());
        self.evm.ctx.tx = TxEnv {
            caller: SYSTEM_CALLER,
            gas_limit: SYSTEM_CALL_GAS_LIMIT,
            kind: TxKind::Call(target),
            data: calldata,
            ..TxEnv::default()
        };
        VmHandler::default().run_system_call(self).inspect_err(|_| self.discard())
    }

    /// Adds what was executed since the last commit to the block's state, and gives whether an account was destroyed.
    pub fn commit(&mut self) -> bool {
        let changes = self.finalize();
        self.evm.ctx.db_mut().commit(changes)
    }

    /// Forgets what was executed since the last commit.
    pub fn discard(&mut self) {
        drop(self.finalize());
    }

    /// The block's state, without what is not committed.
    pub fn state(&self) -> &BlockState {
        self.evm.ctx.db()
    }

    /// The block's state, to change it outside of the EVM.
    pub fn state_mut(&mut self) -> &mut BlockState {
        self.evm.ctx.db_mut()
    }

    /// The block's environment.
    pub const fn block(&self) -> &BlockEnv {
        &self.evm.ctx.block
    }

    /// The configuration, to switch checks off for one transaction. Fork and gas table stay as they are.
    pub const fn cfg_mut(&mut self) -> &mut CfgEnv {
        &mut self.evm.ctx.cfg
    }

    /// The inspector.
    pub const fn inspector_mut(&mut self) -> &mut I {
        &mut self.evm.inspector
    }

    /// Ends the block and gives its state back.
    pub fn into_state(self) -> BlockState {
        self.evm.ctx.journaled_state.database
    }

    fn finalize(&mut self) -> EvmState {
        self.evm.ctx.journal_mut().finalize()
    }

    /// The failed result of a creation on an address whose account has storage but neither code nor nonce (EIP-7610);
    /// `None` for every other frame, those that revm itself refuses included. As with revm's own collisions the
    /// creator's nonce is used up and all gas of the frame is gone.
    fn storage_collision(&mut self, init: &FrameInit) -> Result<Option<FrameResult>, ReadError> {
        let FrameInput::Create(inputs) = &init.frame_input else { return Ok(None) };
        let too_deep = u64::try_from(init.depth).is_ok_and(|depth| depth > CALL_STACK_LIMIT);
        let journal = self.evm.ctx.journal_mut();
        let creator = journal.load_account_mut(inputs.caller())?;
        let nonce = creator.nonce();
        if too_deep || *creator.balance() < inputs.value() || nonce == u64::MAX {
            return Ok(None);
        }
        let address = inputs.created_address(nonce);
        let target = &journal.load_account(address)?.data.info;
        if !target.is_empty_code_hash() || target.nonce != 0 || !journal.db().has_storage(&address) {
            return Ok(None);
        }
        journal.load_account_mut(inputs.caller())?.bump_nonce();
        Ok(Some(FrameResult::Create(collided(inputs))))
    }
}

const fn collided(inputs: &CreateInputs) -> CreateOutcome {
    let gas = Gas::new_with_regular_gas_and_reservoir(inputs.gas_limit(), inputs.reservoir());
    let result = InterpreterResult { result: InstructionResult::CreateCollision, gas, output: Bytes::new() };
    let charged_create_state_gas = inputs.charged_create_state_gas();
    CreateOutcome { result, address: None, charged_create_state_gas }
}

impl<I> EvmTr for Vm<I> {
    type Context = VmContext;
    type Instructions = EthInstructions<EthInterpreter, VmContext>;
    type Precompiles = EthPrecompiles;
    type Frame = VmFrame;

    fn all(&self) -> (&VmContext, &Self::Instructions, &EthPrecompiles, &FrameStack<VmFrame>) {
        (&self.evm.ctx, &self.evm.instruction, &self.evm.precompiles, &self.evm.frame_stack)
    }

    fn all_mut(
        &mut self,
    ) -> (&mut VmContext, &mut Self::Instructions, &mut EthPrecompiles, &mut FrameStack<VmFrame>) {
        let evm = &mut self.evm;
        (&mut evm.ctx, &mut evm.instruction, &mut evm.precompiles, &mut evm.frame_stack)
    }

    fn frame_init(
        &mut self,
        init: FrameInit,
    ) -> Result<FrameInitResult<'_, VmFrame>, ContextDbError<VmContext>> {
        if let Some(collided) = self.storage_collision(&init)? {
            return Ok(ItemOrResult::Result(collided));
        }
        self.evm.frame_init(init)
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<VmFrame>, ContextDbError<VmContext>> {
        self.evm.frame_run()
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, ContextDbError<VmContext>> {
        self.evm.frame_return_result(result)
    }
}

impl<I: Inspector<VmContext, EthInterpreter>> InspectorEvmTr for Vm<I> {
    type Inspector = I;

    fn all_inspector(&self) -> (&VmContext, &Self::Instructions, &EthPrecompiles, &FrameStack<VmFrame>, &I) {
        let evm = &self.evm;
        (&evm.ctx, &evm.instruction, &evm.precompiles, &evm.frame_stack, &evm.inspector)
    }

    fn all_mut_inspector(
        &mut self,
    ) -> (&mut VmContext, &mut Self::Instructions, &mut EthPrecompiles, &mut FrameStack<VmFrame>, &mut I)
    {
        let evm = &mut self.evm;
        (&mut evm.ctx, &mut evm.instruction, &mut evm.precompiles, &mut evm.frame_stack, &mut evm.inspector)
    }
}

/// SSTORE by EIP-1283: Istanbul's accounting, on the gas table of Constantinople, without EIP-2200's floor of 2,300.
fn sstore_eip1283<H: Host>(context: InstructionContext<'_, H, EthInterpreter>) -> InstructionExecResult {
    sstore_with_gas_accounting(context, |context, _, load| {
        let params = context.host.gas_params();
        let (cost, refund) = (
            params.sstore_dynamic_gas(true, &load.data, load.is_cold),
            params.sstore_refund(true, &load.data),
        );
        if !context.interpreter.gas.record_regular_cost(cost) {
            return Err(InstructionResult::OutOfGas);
        }
        context.interpreter.gas.record_refund(refund);
        Ok(())
    })
}
