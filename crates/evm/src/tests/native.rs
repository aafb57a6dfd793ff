//! Blocks of a bttd chain: each of its rules kept, and each broken.

use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxEip7702, TxLegacy};
use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use btt_primitives::{
    BTT_ADDRESS, BURN_ADDRESS, Block, Header, INBOX_ADDRESS, REWARD_POOL_ADDRESS, SLASHING_ADDRESS,
    SealedBlock, SystemKind, Transaction, UnsignedTransaction, VALIDATOR_SET_ADDRESS, transactions_root,
};

use super::support::*;
use crate::{
    Built, Candidate, EpochEnd, Error, Fatal, Invalid, InvalidTransaction, Producer, SystemCall,
    SystemInputs, TemplateRules, native::next_mix_hash,
};

/// Reverts unless called by the coinbase at gas price 0, and if the first byte of the calldata is 0xff; else counts in
/// slot 0, keeps the calldata's first word in slot 1, and logs.
const SYSTEM_ENTRY: &str = "33 41 14 3a 15 16 60 0c 57 5f 5f fd \
                            5b 5f 35 60 f8 1c 60 ff 14 60 0a 57 \
                            5f 54 60 01 01 5f 55 5f 35 60 01 55 5f 5f a0 00";
/// Keeps caller, fees, producer and the first missed id in slots 0 to 3.
const REWARD_POOL: &str = "33 5f 55 60 44 35 60 01 55 60 04 35 60 02 55 60 84 35 60 03 55 00";
/// Keeps the calldata's first word as the outgoing root.
const VAULT: &str = "5f 35 60 21 55 00";

/// Makes a header wrong.
type Change = fn(&mut Header);

const OLD_SET: B256 = B256::repeat_byte(0x5e);
const SIDECAR: B256 = B256::repeat_byte(0x51);

fn accounts() -> Accounts {
    let root = B256::repeat_byte(0x33);
    with_protocol_contracts(Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (key(2).address(), Alloc::balance(U256::from(ETHER))),
        (INBOX_ADDRESS, Alloc::code(SYSTEM_ENTRY)),
        (SLASHING_ADDRESS, Alloc::code(SYSTEM_ENTRY)),
        (VALIDATOR_SET_ADDRESS, Alloc::code(SYSTEM_ENTRY)),
        (REWARD_POOL_ADDRESS, Alloc::code(REWARD_POOL)),
        (BTT_ADDRESS, Alloc::code(VAULT).slot(33, root.into())),
    ]))
}

fn world() -> World {
    World::new(btt(), &accounts())
}

fn deposit(calldata: &str) -> SystemCall {
    SystemCall { kind: SystemKind::Deposit, calldata: code(calldata) }
}

fn evidence(calldata: &str) -> SystemCall {
    SystemCall { kind: SystemKind::Evidence, calldata: code(calldata) }
}

fn inputs(calls: Vec<SystemCall>) -> SystemInputs<'static> {
    SystemInputs {
        sidecar_hash: SIDECAR,
        calls,
        epoch_end: None,
        validators_hash: OLD_SET,
        producer: Some(Producer { id: 7, missed: vec![9, 11] }),
    }
}

fn build(world: &World, inputs: &SystemInputs<'_>, users: Vec<Candidate>) -> Result<Built, Error> {
    world.build_with(TemplateRules::Btt { inputs, sign: PROPOSER }, &mut users.into_iter(), limits())
}

fn user(nonce: u64) -> Candidate {
    call(&key(1), 199_337, nonce, Address::repeat_byte(0x42), Bytes::new())
}

/// The block with other transactions, its root fitting.
fn with_transactions(block: &Block, change: impl FnOnce(&mut Vec<Transaction>)) -> SealedBlock {
    let mut block = block.clone();
    change(&mut block.body.transactions);
    block.header.transactions_root = transactions_root(&block.body.transactions);
    SealedBlock::new(block)
}

fn refused(world: &World, block: &SealedBlock, inputs: &SystemInputs<'_>) -> Invalid {
    match world.execute(block, Some(inputs)) {
        Err(Error::Invalid(invalid)) => *invalid,
        other => panic!("{:?}", other.map(|(outcome, _)| outcome)),
    }
}

#[test]
fn system_transactions_follow_the_users_and_the_fees_are_split() {
    let mut world = world();
    let inputs = inputs(vec![deposit("01"), deposit("02"), evidence("03")]);
    let built = build(&world, &inputs, vec![user(0), user(1)]).unwrap();
    let outcome = world.accept(&built.block, Some(&inputs)).unwrap();
    assert_eq!(outcome, built.outcome);
    let header = &built.block.block.header;
    let fees = U256::from(header.base_fee_per_gas.unwrap()) * U256::from(2 * 21_000);
    assert_eq!(outcome.fees.burned, fees / U256::from(10));
    assert_eq!(outcome.fees.pool, fees - fees / U256::from(10));
    assert_eq!(world.account(REWARD_POOL_ADDRESS).unwrap().balance, outcome.fees.pool);
    assert_eq!(world.account(BURN_ADDRESS).unwrap().balance, outcome.fees.burned);
    assert_eq!(B256::from(world.slot(REWARD_POOL_ADDRESS, 0)), btt_primitives::SYSTEM_CALLER.into_word());
    let report: Vec<_> = (1..=3).map(|slot| world.slot(REWARD_POOL_ADDRESS, slot)).collect();
    assert_eq!(report, [outcome.fees.pool, U256::from(7), U256::from(9)]);
    assert_eq!(
        (world.slot(INBOX_ADDRESS, 0), world.slot(SLASHING_ADDRESS, 0)),
        (U256::from(2), U256::from(1))
    );
    let gas: Vec<_> = outcome.receipts.iter().map(|receipt| receipt.cumulative_gas_used).collect();
    assert_eq!(outcome.gas_used, *gas.last().unwrap());
    assert!(gas[4] > gas[1] && outcome.receipts[2].logs.len() == 1);
    assert_eq!(world.account(key(0xbb).address()).unwrap().nonce, 3);
    let tips = U256::from(2 * 21_000) * U256::from(1_000_000_000);
    assert_eq!(world.account(key(0xbb).address()).unwrap().balance, tips);
}

#[test]
fn header_fields_are_derived() {
    let mut world = world();
    let inputs = inputs(vec![]);
    for _ in 0..3 {
        let parent = world.head.clone();
        let built = build(&world, &inputs, vec![]).unwrap();
        let header = &built.block.block.header;
        assert_eq!(header.mix_hash, next_mix_hash(parent.header.mix_hash, parent.hash));
        assert_eq!(header.parent_beacon_block_root, Some(SIDECAR));
        assert_eq!(*header.extra_data, *OLD_SET.as_slice());
        assert_eq!(header.withdrawals_root, Some(B256::repeat_byte(0x33)));
        assert_eq!((header.gas_limit, header.base_fee_per_gas), (60_000_000, Some(1_000_000_000)));
        world.accept(&built.block, Some(&inputs)).unwrap();
    }
}

#[test]
fn mix_hash_of_the_design() {
    let expected =
        alloy_primitives::b256!("0x8e4b8e18156a1c7271055ce5b7ef53bb370294ebd631a3b95418a92da46e681f");
    assert_eq!(next_mix_hash(B256::ZERO, B256::repeat_byte(0x11)), expected);
}

#[test]
fn the_outgoing_root_is_read_after_the_last_transaction() {
    let mut world = world();
    let inputs = inputs(vec![]);
    let root = B256::repeat_byte(0x77);
    let built = build(&world, &inputs, vec![call(&key(1), 199_337, 0, BTT_ADDRESS, root.0.into())]).unwrap();
    assert_eq!(built.block.block.header.withdrawals_root, Some(root));
    let mut wrong = built.block.block.clone();
    wrong.header.withdrawals_root = Some(B256::ZERO);
    let expected = Invalid::WithdrawalsRoot { got: B256::ZERO, expected: root };
    assert_eq!(refused(&world, &SealedBlock::new(wrong), &inputs), expected);
    world.accept(&built.block, Some(&inputs)).unwrap();
}

#[test]
fn the_epoch_transaction_is_planned_from_the_state_before_it() {
    let mut world = world();
    let plan = |reader: &mut crate::StateReader<'_>| -> Result<Bytes, Fatal> {
        let deposits = reader.slot(&INBOX_ADDRESS, B256::ZERO)?;
        Ok(deposits.to_be_bytes::<32>().into())
    };
    let validators_hash = |reader: &mut crate::StateReader<'_>| -> Result<B256, Fatal> {
        Ok(reader.slot(&VALIDATOR_SET_ADDRESS, B256::with_last_byte(1))?.into())
    };
    let epoch_end = EpochEnd { plan: &plan, validators_hash: &validators_hash };
    let inputs = SystemInputs { epoch_end: Some(epoch_end), ..inputs(vec![deposit("01"), deposit("02")]) };
    let built = build(&world, &inputs, vec![user(0)]).unwrap();
    let header = &built.block.block.header;
    assert_eq!(B256::from_slice(&header.extra_data), B256::with_last_byte(2));
    let last = built.block.block.body.transactions.last().unwrap();
    assert_eq!(alloy_consensus::Transaction::gas_limit(last), SystemKind::Epoch.gas_limit());
    let mut wrong = built.block.block.clone();
    wrong.header.extra_data = Bytes::copy_from_slice(OLD_SET.as_slice());
    let expected = Invalid::ValidatorSetHash {
        got: Bytes::copy_from_slice(OLD_SET.as_slice()),
        expected: U256::from(2).into(),
    };
    assert_eq!(refused(&world, &SealedBlock::new(wrong), &inputs), expected);
    world.accept(&built.block, Some(&inputs)).unwrap();
}

#[test]
fn view_calls_leave_nothing_behind_and_report_their_failure() {
    let mut accounts = accounts();
    let writer = Address::repeat_byte(0xee);
    // writes slot 0 and returns its value
    accounts.insert(writer, Alloc::code("60 05 5f 55 5f 54 5f 52 60 20 5f f3"));
    let world = World::new(btt(), &accounts);
    let failing = |reader: &mut crate::StateReader<'_>| reader.call(INBOX_ADDRESS, Bytes::new());
    let plan = |reader: &mut crate::StateReader<'_>| reader.call(writer, Bytes::new());
    let hash = |_: &mut crate::StateReader<'_>| Ok(OLD_SET);
    let with =
        |plan| SystemInputs { epoch_end: Some(EpochEnd { plan, validators_hash: &hash }), ..inputs(vec![]) };
    let built = build(&world, &with(&plan), vec![]).unwrap();
    assert!(built.outcome.changes.accounts.iter().all(|change| change.address != writer));
    let fault = build(&world, &with(&failing), vec![]).unwrap_err();
    assert!(matches!(fault, Error::Fatal(Fatal::SystemContract { .. })), "{fault}");
}

#[test]
fn each_wrong_part_of_a_system_transaction_is_refused() {
    let world = world();
    let inputs = inputs(vec![deposit("01"), evidence("02")]);
    let built = build(&world, &inputs, vec![user(0)]).unwrap();
    let good = TxLegacy {
        chain_id: Some(199_337),
        nonce: 0,
        gas_price: 0,
        gas_limit: 350_000,
        to: TxKind::Call(INBOX_ADDRESS),
        value: U256::ZERO,
        input: code("01"),
    };
    let with = |tx: TxLegacy, signer: u8| {
        let tx = key(signer).sign_transaction(UnsignedTransaction::Legacy(tx));
        with_transactions(&built.block.block, |transactions| transactions[1] = tx)
    };
    world.execute(&with(good.clone(), 0xbb), Some(&inputs)).unwrap();
    let rows = [
        (TxLegacy { chain_id: None, ..good.clone() }, 0xbb, "chain id"),
        (TxLegacy { to: TxKind::Call(SLASHING_ADDRESS), ..good.clone() }, 0xbb, "target"),
        (TxLegacy { to: TxKind::Create, ..good.clone() }, 0xbb, "target"),
        (TxLegacy { value: U256::from(1), ..good.clone() }, 0xbb, "value"),
        (TxLegacy { gas_limit: 350_001, ..good.clone() }, 0xbb, "gas limit"),
        (TxLegacy { nonce: 1, ..good.clone() }, 0xbb, "nonce"),
        (TxLegacy { input: code("02"), ..good.clone() }, 0xbb, "calldata"),
        (good, 2, "sender"),
    ];
    for (tx, signer, part) in rows {
        let invalid = refused(&world, &with(tx, signer), &inputs);
        assert!(
            matches!(invalid, Invalid::SystemTransaction { index: 1, part: found, .. } if found == part),
            "{part}: {invalid}"
        );
    }
}

#[test]
fn missing_extra_misplaced_and_priced_system_transactions_are_refused() {
    let world = world();
    let inputs = inputs(vec![deposit("01"), deposit("02")]);
    let built = build(&world, &inputs, vec![user(0), user(1)]).unwrap();
    let block = &built.block.block;
    let count = |got, expected| Invalid::SystemTransactionCount { got, expected };
    let missing = with_transactions(block, |transactions| drop(transactions.pop()));
    assert_eq!(refused(&world, &missing, &inputs), count(1, 2));
    let extra = with_transactions(block, |transactions| transactions.push(transactions[3].clone()));
    assert_eq!(refused(&world, &extra, &inputs), count(3, 2));
    let before = with_transactions(block, |transactions| transactions.swap(1, 2));
    assert_eq!(refused(&world, &before, &inputs), count(1, 2));
    let inserted = with_transactions(block, |transactions| transactions.insert(0, transactions[3].clone()));
    let invalid = refused(&world, &inserted, &inputs);
    assert!(matches!(
        invalid,
        Invalid::Transaction { index: 0, reason: InvalidTransaction::SystemPrice, .. }
    ));
    let swapped = with_transactions(block, |transactions| transactions.swap(2, 3));
    let invalid = refused(&world, &swapped, &inputs);
    assert!(matches!(invalid, Invalid::SystemTransaction { index: 2, .. }), "{invalid}");
    let none = super::native::inputs(vec![]);
    assert_eq!(refused(&world, &built.block, &none), count(2, 0));
}

#[test]
fn a_failing_system_transaction_makes_the_block_invalid() {
    let world = world();
    let good = inputs(vec![deposit("01")]);
    let bad = inputs(vec![deposit("ff")]);
    let built = build(&world, &good, vec![]).unwrap();
    let tx = TxLegacy {
        chain_id: Some(199_337),
        gas_limit: 350_000,
        to: TxKind::Call(INBOX_ADDRESS),
        input: code("ff"),
        ..TxLegacy::default()
    };
    let tx = key(0xbb).sign_transaction(UnsignedTransaction::Legacy(tx));
    let block = with_transactions(&built.block.block, |transactions| transactions[0] = tx);
    assert_eq!(refused(&world, &block, &bad), Invalid::SystemTransactionFailed { index: 0 });
    let own = build(&world, &bad, vec![]).unwrap_err();
    assert!(matches!(own, Error::Fatal(Fatal::SystemContract { .. })));
}

#[test]
fn a_changed_fee_split_changes_the_state_root() {
    let spec = btt();
    let mut other = spec.clone();
    let btt_chainspec::Rules::Btt(rules) = &mut other.rules else { panic!("a bttd chain") };
    rules.burn_bps = 1_001;
    let (world, other) = (World::new(spec, &accounts()), World::new(other, &accounts()));
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![user(0)]).unwrap();
    let invalid = refused(&other, &built.block, &inputs);
    assert!(matches!(invalid, Invalid::StateRoot { .. }), "{invalid}");
}

#[test]
fn wrong_native_header_fields_are_refused() {
    let world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![]).unwrap();
    let zero = B256::ZERO;
    let rows: [(Change, Invalid); 8] = [
        (
            |header| header.mix_hash = B256::ZERO,
            Invalid::MixHash { got: zero, expected: built.block.block.header.mix_hash },
        ),
        (
            |header| header.parent_beacon_block_root = Some(B256::ZERO),
            Invalid::SidecarHash { got: zero, expected: SIDECAR },
        ),
        (
            |header| header.extra_data = Bytes::new(),
            Invalid::ValidatorSetHash { got: Bytes::new(), expected: OLD_SET },
        ),
        (|header| header.gas_limit += 1, Invalid::GasLimit { got: 60_000_001, expected: 60_000_000 }),
        (
            |header| header.base_fee_per_gas = Some(999_999_999),
            Invalid::BaseFee { got: 999_999_999, expected: 1_000_000_000 },
        ),
        (|header| header.excess_blob_gas = Some(1), Invalid::ExcessBlobGas { got: 1, expected: 0 }),
        (
            |header| header.blob_gas_used = Some(131_072),
            Invalid::BlobGasAboveLimit { got: 131_072, limit: 0 },
        ),
        (
            |header| header.requests_hash = Some(B256::ZERO),
            Invalid::RequestsHash { got: zero, expected: btt_primitives::EMPTY_REQUESTS_HASH },
        ),
    ];
    for (change, expected) in rows {
        let mut block = built.block.block.clone();
        change(&mut block.header);
        assert_eq!(refused(&world, &SealedBlock::new(block), &inputs), expected);
    }
}

#[test]
fn several_blocks_may_have_one_timestamp() {
    let mut world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![]).unwrap();
    world.accept(&built.block, Some(&inputs)).unwrap();
    let mut block = build(&world, &inputs, vec![]).unwrap().block.block;
    let parent = world.head.header.timestamp;
    block.header.timestamp = parent;
    crate::check_header(world.executor.spec(), &block.header, &world.head.parent()).unwrap();
    block.header.timestamp = parent - 1;
    let refused = crate::check_header(world.executor.spec(), &block.header, &world.head.parent());
    assert_eq!(refused, Err(Invalid::Timestamp { got: parent - 1, parent }));
}

/// A transaction of key 2 that delegates the proposer's account.
fn delegation(authority: u8, nonce: u64) -> Candidate {
    let authorization = Authorization { chain_id: U256::ZERO, address: Address::repeat_byte(0xde), nonce: 0 };
    let signature = key(authority).sign_hash(authorization.signature_hash());
    let tx = TxEip7702 {
        chain_id: 199_337,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 0,
        to: Address::repeat_byte(1),
        authorization_list: vec![authorization.into_signed(signature)],
        ..TxEip7702::default()
    };
    sign(&key(2), UnsignedTransaction::Eip7702(tx))
}

#[test]
fn a_beneficiary_with_code_is_refused_before_and_after_the_users() {
    let world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![user(0)]).unwrap();
    let tx = Arc::unwrap_or_clone(delegation(0xbb, 0).tx);
    let block = with_transactions(&built.block.block, |transactions| transactions.push(tx));
    let address = key(0xbb).address();
    let expected = Invalid::BeneficiaryCode { address, when: "after the users' transactions" };
    assert_eq!(refused(&world, &block, &inputs), expected);

    let mut with_code = accounts();
    with_code.insert(address, Alloc::code("ef 01 00 dededededededededededededededededededede"));
    let world = World::new(btt(), &with_code);
    let mut block = built.block.block;
    block.header.parent_hash = world.head.hash;
    block.header.mix_hash = next_mix_hash(B256::ZERO, world.head.hash);
    let expected = Invalid::BeneficiaryCode { address, when: "before the block" };
    assert_eq!(refused(&world, &SealedBlock::new(block), &inputs), expected);
}

#[test]
fn the_builder_leaves_out_what_would_break_its_own_block() {
    let world = world();
    let inputs = inputs(vec![deposit("01")]);
    let own = call(&key(0xbb), 199_337, 0, Address::repeat_byte(0x42), Bytes::new());
    let users = vec![own, delegation(0xbb, 0), delegation(3, 0), user(0)];
    let built = build(&world, &inputs, users).unwrap();
    assert_eq!(built.senders, [key(2).address(), key(1).address(), key(0xbb).address()]);
    world.execute(&built.block, Some(&inputs)).unwrap();
}

#[test]
fn blob_transactions_are_refused() {
    let world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![user(0)]).unwrap();
    let mut hash = keccak256("blob");
    hash[0] = 1;
    let blob = alloy_consensus::TxEip4844 {
        chain_id: 199_337,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_fee_per_blob_gas: 10,
        blob_versioned_hashes: vec![hash],
        ..Default::default()
    };
    let signature = key(2).sign_hash(blob.signature_hash());
    let tx: Transaction = blob.into_signed(signature).into();
    let block = with_transactions(&built.block.block, |transactions| transactions.push(tx));
    let invalid = refused(&world, &block, &inputs);
    let expected = InvalidTransaction::TypeNotSupported(3);
    assert!(matches!(invalid, Invalid::Transaction { index: 1, reason, .. } if reason == expected));
}

#[test]
fn destroyed_value_is_counted_and_balances_add_up() {
    let mut accounts = accounts();
    // creates a contract with the value sent, whose init code destroys it to itself
    let creator = Address::repeat_byte(0xca);
    accounts.insert(creator, Alloc::code("61 30ff 5f 52 60 02 60 1e 34 f0 00"));
    let mut world = World::new(btt(), &accounts);
    let inputs = inputs(vec![]);
    let supply: U256 = accounts.values().fold(U256::ZERO, |sum, account| sum + account.balance);
    world.head.sums = [supply, U256::ZERO];
    let mut tx = alloy_consensus::TxEip1559 {
        chain_id: 199_337,
        gas_limit: 500_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(creator),
        value: U256::from(12_345),
        ..Default::default()
    };
    let first = sign(&key(1), UnsignedTransaction::Eip1559(tx.clone()));
    tx.to = TxKind::Call(BTT_ADDRESS);
    tx.nonce = 1;
    let to_vault = sign(&key(1), UnsignedTransaction::Eip1559(tx));
    let built = build(&world, &inputs, vec![first, to_vault]).unwrap();
    let outcome = world.accept(&built.block, Some(&inputs)).unwrap();
    let [circulating, destroyed] = outcome.sums;
    assert_eq!(destroyed, U256::from(12_345));
    let held_back = [BTT_ADDRESS, BURN_ADDRESS].map(|address| world.account(address).unwrap().balance);
    assert_eq!(held_back[0], U256::from(12_345));
    assert_eq!(circulating + held_back[0] + held_back[1] + destroyed, supply);
}

#[test]
fn a_block_without_the_inputs_of_its_rules_is_a_fault() {
    let world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![]).unwrap();
    let fault = world.execute(&built.block, None).map(drop).unwrap_err();
    assert_eq!(fault, Error::Fatal(Fatal::WrongRules { number: 1 }));
}

#[test]
fn withdrawals_and_large_blocks_are_refused() {
    let world = world();
    let inputs = inputs(vec![]);
    let built = build(&world, &inputs, vec![]).unwrap();
    let mut block = built.block.block.clone();
    block.body.withdrawals = Some(vec![Default::default()].into());
    assert_eq!(refused(&world, &SealedBlock::new(block), &inputs), Invalid::UnexpectedWithdrawals);
    let mut block = built.block.block;
    block.body.withdrawals = None;
    assert_eq!(refused(&world, &SealedBlock::new(block.clone()), &inputs), Invalid::MissingWithdrawals);
    let sealed = SealedBlock { size: (1 << 20) + 1, ..SealedBlock::new(block) };
    let expected = Invalid::BlockSize { bytes: (1 << 20) + 1, limit: 1 << 20 };
    assert_eq!(refused(&world, &sealed, &inputs), expected);
}
