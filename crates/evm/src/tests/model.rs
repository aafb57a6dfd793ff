//! The block's state against revm's own database, and its steps against plain maps.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use btt_chainspec::Fork;
use btt_primitives::Header;
use btt_state::{Account, StateChanges};
use proptest::prelude::*;
use revm::{
    ExecuteCommitEvm, MainBuilder, MainContext,
    context::{Context, TxEnv},
    database::{AccountState, CacheDB, EmptyDB},
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};

use super::support::*;
use crate::{BlockState, CodeCache, EvmEnv, Vm, block_state::delta};

/// Stores the second word of the calldata in the slot of the first.
const WRITER: &str = "60 20 35 60 00 35 55 00";
/// Writes as [`WRITER`], then reverts.
const REVERTER: &str = "60 20 35 60 00 35 55 60 00 60 00 fd";
/// Deploys by CREATE2 with salt = first word: a contract that writes (word 0 = slot, word 1 = value) when called with
/// data, and destroys itself to its caller when called without.
const CHILD: &str = "36 15 60 0d 57 60 20 35 60 00 35 55 00 5b 33 ff";

fn child_init() -> Bytes {
    let child = code(CHILD);
    let length = child.len();
    let mut init = vec![0x60 + 0x0f];
    init.extend_from_slice(&child);
    init.extend([
        0x60,
        0,
        0x52,
        0x60,
        u8::try_from(length).unwrap(),
        0x60,
        u8::try_from(length).unwrap(),
        0xf3,
    ]);
    init.into()
}

fn factory() -> String {
    let init = child_init();
    let mut padded = init.to_vec();
    padded.resize(32, 0);
    let hex = alloy_primitives::hex::encode(padded);
    format!("7f {hex} 60 00 52 60 00 35 60 {:02x} 60 00 34 f5 00", init.len())
}

const WRITER_ADDRESS: Address = Address::repeat_byte(0xa1);
const REVERTER_ADDRESS: Address = Address::repeat_byte(0xa2);
const FACTORY_ADDRESS: Address = Address::repeat_byte(0xa3);
const EMPTY_ADDRESS: Address = Address::repeat_byte(0xa4);

#[derive(Clone, Debug)]
enum Action {
    Write { slot: u64, value: u64 },
    Revert { slot: u64, value: u64 },
    Deploy { salt: u64, value: u64 },
    Child { salt: u64, slot: u64, value: u64 },
    Destroy { salt: u64 },
    Pay { to: u8, value: u64 },
    Touch,
}

fn action() -> impl Strategy<Value = Action> {
    let slot = 0..4_u64;
    let value = 0..3_u64;
    let salt = 0..2_u64;
    prop_oneof![
        (slot.clone(), value.clone()).prop_map(|(slot, value)| Action::Write { slot, value }),
        (slot.clone(), value.clone()).prop_map(|(slot, value)| Action::Revert { slot, value }),
        (salt.clone(), value.clone()).prop_map(|(salt, value)| Action::Deploy { salt, value }),
        (salt.clone(), slot, value.clone()).prop_map(|(salt, slot, value)| Action::Child {
            salt,
            slot,
            value
        }),
        salt.prop_map(|salt| Action::Destroy { salt }),
        (0..6_u8, value).prop_map(|(to, value)| Action::Pay { to, value }),
        Just(Action::Touch),
    ]
}

fn child(salt: u64) -> Address {
    FACTORY_ADDRESS.create2(B256::from(U256::from(salt)), keccak256(child_init()))
}

fn words(words: &[u64]) -> Bytes {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect::<Vec<_>>().into()
}

fn tx(action: &Action, nonce: u64) -> TxEnv {
    let (to, value, data) = match *action {
        Action::Write { slot, value } => (WRITER_ADDRESS, 0, words(&[slot, value])),
        Action::Revert { slot, value } => (REVERTER_ADDRESS, 0, words(&[slot, value])),
        Action::Deploy { salt, value } => (FACTORY_ADDRESS, value, words(&[salt])),
        Action::Child { salt, slot, value } => (child(salt), value, words(&[slot, value])),
        Action::Destroy { salt } => (child(salt), 0, Bytes::new()),
        Action::Pay { to, value } => (Address::repeat_byte(0xb0 | to), value, Bytes::new()),
        Action::Touch => (EMPTY_ADDRESS, 0, Bytes::new()),
    };
    TxEnv {
        caller: key(1).address(),
        nonce,
        gas_limit: 400_000,
        gas_price: 10,
        kind: TxKind::Call(to),
        value: U256::from(value),
        data,
        ..TxEnv::default()
    }
}

fn accounts() -> Accounts {
    Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (WRITER_ADDRESS, Alloc::code(WRITER).slot(1, U256::from(1)).slot(2, U256::from(2))),
        (REVERTER_ADDRESS, Alloc::code(REVERTER).slot(1, U256::from(1))),
        (FACTORY_ADDRESS, Alloc::code(&factory())),
        (EMPTY_ADDRESS, Alloc::default()),
        // deployed in genesis, with storage
        (child(1), Alloc::code(CHILD).slot(0, U256::from(5)).slot(3, U256::from(6))),
    ])
}

fn header() -> Header {
    Header {
        number: 1,
        timestamp: 12,
        gas_limit: u64::MAX,
        beneficiary: Address::repeat_byte(0xbb),
        ..Header::default()
    }
}

/// Accounts and slots; slots of zero and the storage of absent accounts left out.
type Plain = BTreeMap<Address, (u64, U256, B256, BTreeMap<U256, U256>)>;

fn revm_state(fork: Fork, actions: &[Action]) -> Plain {
    let mut db = CacheDB::new(EmptyDB::default());
    for (address, account) in accounts() {
        let info = AccountInfo::default().with_balance(account.balance).with_nonce(account.nonce);
        db.insert_account_info(address, info.with_code(Bytecode::new_legacy(account.code)));
        for (slot, value) in account.storage {
            db.insert_account_storage(address, slot, value).unwrap();
        }
    }
    let EvmEnv { cfg, block, .. } = EvmEnv::new(&ethereum(fork), fork, &header());
    let mut evm = Context::mainnet().with_db(db).with_cfg(cfg).with_block(block).build_mainnet();
    for (nonce, action) in (0..).zip(actions) {
        evm.transact_commit(tx(action, nonce)).unwrap();
    }
    let known = evm.ctx.journaled_state.database.cache.accounts;
    let known = known.into_iter().filter(|(_, account)| account.account_state != AccountState::NotExisting);
    known
        .map(|(address, account)| {
            let storage = account.storage.into_iter().filter(|(_, value)| !value.is_zero()).collect();
            (address, (account.info.nonce, account.info.balance, account.info.code_hash, storage))
        })
        .collect()
}

/// revm's database keeps the empty accounts that its transactions touched.
fn without_empty(mut plain: Plain) -> Plain {
    plain.retain(|_, (nonce, balance, code_hash, _)| {
        *nonce > 0 || !balance.is_zero() || *code_hash != KECCAK_EMPTY
    });
    plain
}

/// The genesis with the changes applied to it, wipes included.
fn apply(mut plain: Plain, changes: &StateChanges) -> Plain {
    for change in &changes.accounts {
        let storage = plain.remove(&change.address).map(|(.., storage)| storage).unwrap_or_default();
        let Some(Account { nonce, balance, code_hash, .. }) = change.after else { continue };
        let mut storage = if change.wiped { BTreeMap::new() } else { storage };
        for slot in &change.slots {
            storage.insert(slot.slot.into(), slot.after);
        }
        storage.retain(|_, value| !value.is_zero());
        plain.insert(change.address, (nonce, balance, code_hash, storage));
    }
    plain
}

fn genesis() -> Plain {
    let plain = accounts().into_iter().map(|(address, account)| {
        (address, (account.nonce, account.balance, keccak256(&account.code), account.storage))
    });
    plain.collect()
}

/// The changes after each action, of the real state.
fn our_changes(fork: Fork, actions: &[Action]) -> Vec<StateChanges> {
    let world = World::new(ethereum(fork), &accounts());
    let state = BlockState::new(world.head.view, CodeCache::new(1 << 20));
    let mut vm = Vm::new(EvmEnv::new(&ethereum(fork), fork, &header()), state);
    let mut all = Vec::new();
    for (nonce, action) in (0..).zip(actions) {
        vm.transact(tx(action, nonce)).unwrap();
        vm.commit();
        all.push(vm.state().changes().unwrap());
    }
    all
}

fn check_form(changes: &StateChanges, before: &Plain) {
    assert!(changes.accounts.is_sorted_by(|a, b| a.hashed < b.hashed));
    for change in &changes.accounts {
        assert_eq!(change.hashed, keccak256(change.address));
        assert!(change.slots.is_sorted_by(|a, b| a.hashed < b.hashed));
        let parent = before.get(&change.address);
        assert_eq!(change.before.is_some(), parent.is_some());
        assert!(change.before != change.after || change.wiped || !change.slots.is_empty());
        for slot in &change.slots {
            let was = parent.and_then(|(.., storage)| storage.get(&slot.slot.into())).copied();
            assert_eq!(slot.before, was.unwrap_or_default());
            assert_ne!(slot.before, slot.after);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn changes_lead_to_the_state_that_revm_has(
        actions in proptest::collection::vec(action(), 1..24),
        fork in prop_oneof![Just(Fork::Istanbul), Just(Fork::Paris), Just(Fork::Cancun), Just(Fork::Prague)],
    ) {
        let changes = our_changes(fork, &actions).pop().unwrap();
        check_form(&changes, &genesis());
        let (ours, theirs) = (apply(genesis(), &changes), revm_state(fork, &actions));
        let touched = actions.iter().any(|action| matches!(action, Action::Touch));
        prop_assert_eq!(ours.contains_key(&EMPTY_ADDRESS), !touched);
        prop_assert_eq!(without_empty(ours), without_empty(theirs));
    }

    #[test]
    fn steps_lead_where_the_sum_of_them_leads(
        actions in proptest::collection::vec(action(), 1..16),
        fork in prop_oneof![Just(Fork::Istanbul), Just(Fork::Cancun)],
    ) {
        let mut plain = genesis();
        let mut earlier = StateChanges::default();
        for later in our_changes(fork, &actions) {
            let step = delta(&earlier, &later);
            check_step(&step, &plain);
            plain = apply(plain, &step);
            prop_assert_eq!(&plain, &apply(genesis(), &later));
            earlier = later;
        }
    }
}

/// Each value before is that of the state which the step stands on.
fn check_step(step: &StateChanges, on: &Plain) {
    for change in &step.accounts {
        let was = on.get(&change.address);
        let before = change.before.map(|account| (account.nonce, account.balance, account.code_hash));
        assert_eq!(before, was.map(|(nonce, balance, code_hash, _)| (*nonce, *balance, *code_hash)));
        for slot in &change.slots {
            let value = was.and_then(|(.., storage)| storage.get(&slot.slot.into())).copied();
            assert_eq!(slot.before, value.unwrap_or_default(), "slot {}", slot.slot);
        }
    }
}

#[test]
fn the_models_contracts_do_what_they_are_for() {
    let deploy = Action::Deploy { salt: 0, value: 2 };
    let write = Action::Child { salt: 0, slot: 3, value: 1 };
    let all = our_changes(
        Fork::Istanbul,
        &[deploy, write, Action::Destroy { salt: 0 }, Action::Destroy { salt: 1 }],
    );
    let find = |changes: &StateChanges, address| {
        changes.accounts.iter().find(|change| change.address == address).cloned()
    };
    let deployed = find(&all[0], child(0)).unwrap().after.unwrap();
    assert_eq!((deployed.balance, deployed.code_hash), (U256::from(2), keccak256(code(CHILD))));
    assert_eq!(find(&all[1], child(0)).unwrap().slots.len(), 1);
    assert_eq!(find(&all[2], child(0)), None);
    let gone = find(&all[3], child(1)).unwrap();
    assert!(gone.wiped && gone.after.is_none());
}
