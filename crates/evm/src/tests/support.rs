//! A chain in memory for tests: the real database and trie.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use alloy_consensus::{TxEip1559, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use btt_chainspec::{BlobSchedule, BttRules, ChainSpec, Fork, ForkSchedule, Rules};
use btt_primitives::{
    BTT_ADDRESS, Block, BlockBody, EMPTY_REQUESTS_HASH, Header, SealedBlock, SigningKey, Transaction,
    UnsignedTransaction,
};
use btt_state::{
    Account, AccountChange, Batch, Database, EMPTY_CODE_HASH, EMPTY_ROOT, KeyValue, Memory, Options,
    SlotChange, StateChanges, StateView, TrieKind, Version,
};

use crate::{
    Ancestor, BestTransactions, Built, Candidate, Error, EthereumFields, ExecuteInput, Executed, Executor,
    Limits, Outcome, Parent, Sign, SystemInputs, Template, TemplateRules,
};

pub(super) const ETHER: u64 = 1_000_000_000_000_000_000;
pub(super) static NEVER: AtomicBool = AtomicBool::new(false);

/// The key of a test account.
pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32]).unwrap()
}

/// Code from opcodes and numbers: `asm!(PUSH1 1, PUSH0, SSTORE)` would be nicer, bytes are enough.
pub(super) fn code(hex: &str) -> Bytes {
    let digits: String = hex.split_whitespace().collect();
    alloy_primitives::hex::decode(digits).unwrap().into()
}

/// An account of a genesis.
#[derive(Clone, Debug, Default)]
pub(super) struct Alloc {
    pub(super) balance: U256,
    pub(super) nonce: u64,
    pub(super) code: Bytes,
    pub(super) storage: BTreeMap<U256, U256>,
}

impl Alloc {
    pub(super) fn balance(balance: impl TryInto<U256>) -> Self {
        Self { balance: balance.try_into().ok().unwrap(), ..Self::default() }
    }

    pub(super) fn code(hex: &str) -> Self {
        Self { code: code(hex), nonce: 1, ..Self::default() }
    }

    pub(super) fn slot(mut self, key: u64, value: U256) -> Self {
        self.storage.insert(U256::from(key), value);
        self
    }
}

pub(super) type Accounts = BTreeMap<Address, Alloc>;

/// Rules of a chain under Ethereum's, with one fork for ever.
pub(super) fn ethereum(fork: Fork) -> ChainSpec {
    ChainSpec {
        name: None,
        chain_id: 1,
        forks: ForkSchedule::all_at_genesis(fork),
        blobs: BlobSchedule::default(),
        deposit_contract: Address::repeat_byte(0xdd),
        rules: Rules::Ethereum,
    }
}

/// Rules of a bttd chain for tests.
pub(super) fn btt() -> ChainSpec {
    let rules = BttRules {
        base_fee_floor: 1_000_000_000,
        burn_bps: 1_000,
        gas_limit: 60_000_000,
        block_time_ms: 1_000,
        max_block_bytes: 1 << 20,
        epoch_length: 64,
        unbonding_seconds: 600,
        evidence_window_seconds: 480,
        bridge: true,
        devnet: true,
    };
    ChainSpec {
        name: Some("test".to_owned()),
        chain_id: 199_337,
        rules: Rules::Btt(rules),
        ..ethereum(Fork::Osaka)
    }
}

/// The newest block of a test chain, which all others were before.
pub(super) struct World {
    pub(super) executor: Executor,
    database: Database,
    pub(super) head: Head,
}

/// A block with its state.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) header: Header,
    pub(super) hash: B256,
    pub(super) sums: [U256; 2],
    pub(super) view: StateView,
    pub(super) version: Version,
}

impl Head {
    pub(super) fn parent(&self) -> Parent<'_> {
        Parent { header: &self.header, hash: self.hash, sums: self.sums }
    }
}

impl World {
    pub(super) fn new(spec: ChainSpec, accounts: &Accounts) -> Self {
        Self::open(spec, accounts, Arc::new(Memory::default()), Options::default())
    }

    /// A chain whose state is not cached in memory.
    pub(super) fn with_cold_store(spec: ChainSpec, accounts: &Accounts, store: Arc<dyn KeyValue>) -> Self {
        let trie = TrieKind::Plain { cache_bytes: 0 };
        let options = Options { state_cache_bytes: 0, code_cache_bytes: 0, trie, ..Options::default() };
        Self::open(spec, accounts, store, options)
    }

    fn open(spec: ChainSpec, accounts: &Accounts, store: Arc<dyn KeyValue>, options: Options) -> Self {
        let database = Database::open(store, options).unwrap();
        let trie = database.trie();
        let changes = changes(accounts);
        let mut job = trie.job(&trie.head(), Arc::new(database.latest()));
        job.update(&changes).unwrap();
        let rooted = job.finish();
        let header = genesis_header(&spec, rooted.root);
        let hash = header.hash_slow();
        let sums = if spec.btt().is_some() { [U256::ZERO; 2] } else { [header.difficulty, U256::ZERO] };
        let withdrawals = header.withdrawals_root.map(|_| Vec::new().into());
        let body = BlockBody { withdrawals, ..BlockBody::default() };
        let version = rooted.version.clone();
        let outcome = Outcome { changes, sums, ..Outcome::default() };
        let executed = Executed { outcome, rooted, senders: Vec::new() };
        let block = SealedBlock::new(Block { header: header.clone(), body });
        database.init_genesis(spec.chain_id, &executed.into_commit(block, Batch::default())).unwrap();
        let head = Head { header, hash, sums, view: database.latest(), version };
        Self { executor: Executor::new(Arc::new(spec), 1 << 20), database, head }
    }

    /// Builds the next block under Ethereum's rules from prescribed transactions, and moves on to it.
    pub(super) fn next(&mut self, transactions: Vec<Candidate>) -> Built {
        let built = self.build(transactions).unwrap();
        self.accept(&built.block, None).unwrap();
        built
    }

    /// Builds a block under Ethereum's rules.
    pub(super) fn build(&self, transactions: Vec<Candidate>) -> Result<Built, Error> {
        let parent = &self.head.header;
        let timestamp = parent.timestamp.saturating_add(12);
        let fork = self.head.parent().child_fork(self.executor.spec(), timestamp);
        let begins_london = fork >= Fork::London && parent.base_fee_per_gas.is_none();
        let gas_limit = if begins_london { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
        let fields = EthereumFields { gas_limit, ..EthereumFields::default() };
        self.build_with(TemplateRules::Ethereum(&fields), &mut transactions.into_iter(), limits())
    }

    pub(super) fn build_with(
        &self,
        rules: TemplateRules<'_>,
        best: &mut dyn BestTransactions,
        limits: Limits<'_>,
    ) -> Result<Built, Error> {
        let template = Template {
            parent: self.head.parent(),
            view: &self.head.view,
            timestamp: self.head.header.timestamp.saturating_add(12),
            beneficiary: key(0xbb).address(),
            rules,
            limits,
            stop: &NEVER,
        };
        let mut job = self.database.trie().job(&self.head.version, Arc::new(self.head.view.clone()));
        self.executor.build(&template, best, &mut |changes| {
            job.update(changes)?;
            Ok(job.root())
        })
    }

    /// Checks and executes a block on the head, without moving on.
    pub(super) fn execute(
        &self,
        block: &SealedBlock,
        system: Option<&SystemInputs<'_>>,
    ) -> Result<(Outcome, Head), Error> {
        let executed = self.executor.execute(&ExecuteInput {
            block,
            parent: self.head.parent(),
            view: &self.head.view,
            trie: self.database.trie(),
            version: &self.head.version,
            senders: None,
            ancestors: &|_: &B256| Ok(None::<Ancestor>),
            system,
            stop: &NEVER,
        })?;
        let (outcome, version) = (executed.outcome.clone(), executed.rooted.version.clone());
        let layer = executed.into_commit(block.clone(), Batch::default()).layer;
        let head = Head {
            header: block.block.header.clone(),
            hash: block.hash,
            sums: outcome.sums,
            view: self.head.view.with_layer(layer),
            version,
        };
        Ok((outcome, head))
    }

    /// Executes a block and moves on to it.
    pub(super) fn accept(
        &mut self,
        block: &SealedBlock,
        system: Option<&SystemInputs<'_>>,
    ) -> Result<Outcome, Error> {
        let (outcome, head) = self.execute(block, system)?;
        self.head = head;
        Ok(outcome)
    }

    pub(super) fn account(&self, address: Address) -> Option<Account> {
        self.head.view.account(&address).unwrap()
    }

    pub(super) fn slot(&self, address: Address, slot: u64) -> U256 {
        self.head.view.storage(&address, &B256::from(U256::from(slot))).unwrap()
    }
}

pub(super) const fn limits() -> Limits<'static> {
    Limits { gas: u64::MAX, bytes: usize::MAX, close: &NEVER }
}

fn genesis_header(spec: &ChainSpec, state_root: B256) -> Header {
    let fork = spec.fork_at(0, 0, U256::ZERO);
    let since = |first: Fork| fork >= first;
    Header {
        state_root,
        gas_limit: spec.btt().map_or(30_000_000, |rules| rules.gas_limit),
        difficulty: if since(Fork::Paris) { U256::ZERO } else { U256::from(131_072) },
        base_fee_per_gas: since(Fork::London).then_some(1_000_000_000),
        withdrawals_root: since(Fork::Shanghai).then_some(btt_primitives::EMPTY_ROOT),
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: since(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::ZERO),
        requests_hash: since(Fork::Prague).then_some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

fn changes(accounts: &Accounts) -> StateChanges {
    let mut changes = StateChanges::default();
    for (address, account) in accounts {
        let code_hash = if account.code.is_empty() { EMPTY_CODE_HASH } else { keccak256(&account.code) };
        if !account.code.is_empty() {
            changes.codes.push((code_hash, account.code.clone()));
        }
        let slots = account.storage.iter().map(|(slot, after)| {
            let slot = B256::from(*slot);
            SlotChange { slot, hashed: keccak256(slot), before: U256::ZERO, after: *after }
        });
        let mut slots: Vec<_> = slots.collect();
        slots.sort_by_key(|slot| slot.hashed);
        let after =
            Account { nonce: account.nonce, balance: account.balance, code_hash, storage_root: EMPTY_ROOT };
        let (address, hashed) = (*address, keccak256(address));
        changes.accounts.push(AccountChange {
            address,
            hashed,
            before: None,
            after: Some(after),
            wiped: false,
            slots,
        });
    }
    changes.accounts.sort_by_key(|account| account.hashed);
    changes.codes.sort();
    changes.codes.dedup();
    changes
}

/// A legacy transaction that any fork takes.
pub(super) fn legacy(sender: &SigningKey, nonce: u64, to: TxKind, value: U256, input: Bytes) -> Candidate {
    let tx =
        TxLegacy { chain_id: None, nonce, gas_price: 2_000_000_000, gas_limit: 1_000_000, to, value, input };
    sign(sender, UnsignedTransaction::Legacy(tx))
}

/// A call of a contract by a fee-market transaction on the chain of this id.
pub(super) fn call(sender: &SigningKey, chain_id: u64, nonce: u64, to: Address, input: Bytes) -> Candidate {
    let tx = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 4_000_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(to),
        input,
        ..TxEip1559::default()
    };
    sign(sender, UnsignedTransaction::Eip1559(tx))
}

pub(super) fn sign(sender: &SigningKey, tx: UnsignedTransaction) -> Candidate {
    let tx: Transaction = sender.sign_transaction(tx);
    Candidate { tx: Arc::new(tx), sender: sender.address() }
}

/// Signs with the key of the blocks' beneficiary.
pub(super) fn proposer(tx: UnsignedTransaction) -> Result<Transaction, String> {
    Ok(key(0xbb).sign_transaction(tx))
}

pub(super) const PROPOSER: &Sign<'static> = &proposer;

/// A bttd chain's vault, and everything that its blocks need beside it.
pub(super) fn with_protocol_contracts(mut accounts: Accounts) -> Accounts {
    let roots = Alloc { code: alloy_eips::eip4788::BEACON_ROOTS_CODE.clone(), nonce: 1, ..Alloc::default() };
    accounts.insert(alloy_eips::eip4788::BEACON_ROOTS_ADDRESS, roots);
    let history =
        Alloc { code: alloy_eips::eip2935::HISTORY_STORAGE_CODE.clone(), nonce: 1, ..Alloc::default() };
    accounts.insert(alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, history);
    accounts.entry(BTT_ADDRESS).or_default();
    accounts
}

/// The contracts of EIP-7002 and EIP-7251, with this code.
pub(super) fn request_contracts(hex: &str) -> [(Address, Alloc); 2] {
    [
        (alloy_eips::eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, Alloc::code(hex)),
        (alloy_eips::eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, Alloc::code(hex)),
    ]
}
