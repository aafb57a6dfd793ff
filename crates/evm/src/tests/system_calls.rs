//! What the protocol itself calls: EIP-4788, 2935, 7002, 7251.

use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use btt_chainspec::Fork;
use btt_primitives::{Header, SYSTEM_CALLER, SealedBlock};

use super::support::*;
use crate::{Error, Fatal, Invalid, requests_hash};

fn world(fork: Fork, contracts: &[(Address, &str)]) -> World {
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.extend(contracts.iter().map(|(address, hex)| (*address, Alloc::code(hex))));
    World::new(ethereum(fork), &accounts)
}

#[test]
fn calls_have_exactly_30_million_gas_and_the_system_caller() {
    // slot 0 = GAS, slot 1 = CALLER, slot 2 = GASPRICE, slot 3 = CALLVALUE
    let probe = "5a 5f 55 33 60 01 55 3a 60 02 55 34 60 03 55 00";
    let mut world = world(Fork::Osaka, &[(BEACON_ROOTS_ADDRESS, probe), (HISTORY_STORAGE_ADDRESS, probe)]);
    let built = world.next(vec![]);
    for contract in [BEACON_ROOTS_ADDRESS, HISTORY_STORAGE_ADDRESS] {
        assert_eq!(world.slot(contract, 0), U256::from(29_999_998));
        assert_eq!(B256::from(world.slot(contract, 1)), SYSTEM_CALLER.into_word());
        assert_eq!((world.slot(contract, 2), world.slot(contract, 3)), (U256::ZERO, U256::ZERO));
    }
    assert!(built.outcome.changes.accounts.iter().all(|change| change.address != SYSTEM_CALLER));
    assert_eq!(built.outcome.gas_used, 0);
}

#[test]
fn parent_hash_and_beacon_root_are_the_calldata() {
    // slot 0 = calldata word
    let probe = "5f 35 5f 55 00";
    let mut world = world(Fork::Prague, &[(BEACON_ROOTS_ADDRESS, probe), (HISTORY_STORAGE_ADDRESS, probe)]);
    let genesis = world.head.hash;
    world.next(vec![]);
    assert_eq!(B256::from(world.slot(HISTORY_STORAGE_ADDRESS, 0)), genesis);
    assert_eq!(world.slot(BEACON_ROOTS_ADDRESS, 0), U256::ZERO);
}

#[test]
fn calls_begin_with_their_forks() {
    let probe = "60 01 5f 55 00";
    for (fork, roots, history) in [(Fork::Shanghai, 0, 0), (Fork::Cancun, 1, 0), (Fork::Prague, 1, 1)] {
        let mut world = world(fork, &[(BEACON_ROOTS_ADDRESS, probe), (HISTORY_STORAGE_ADDRESS, probe)]);
        world.next(vec![]);
        let slots = (world.slot(BEACON_ROOTS_ADDRESS, 0), world.slot(HISTORY_STORAGE_ADDRESS, 0));
        assert_eq!(slots, (U256::from(roots), U256::from(history)), "{fork}");
    }
}

#[test]
fn failing_or_absent_history_contracts_do_not_matter() {
    let mut failing = world(Fork::Prague, &[(BEACON_ROOTS_ADDRESS, "fe"), (HISTORY_STORAGE_ADDRESS, "fe")]);
    let built = failing.next(vec![]);
    assert!(built.outcome.changes.accounts.is_empty());
    let mut absent = world(Fork::Prague, &[]);
    let built = absent.next(vec![]);
    assert!(built.outcome.changes.accounts.is_empty(), "{:?}", built.outcome.changes);
}

#[test]
fn outputs_of_the_request_contracts_are_hashed() {
    // returns one byte: 7 from the withdrawals', 8 from the consolidations'
    let contracts = [
        (WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, "60 07 5f 53 60 01 5f f3"),
        (CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, "60 08 5f 53 60 01 5f f3"),
    ];
    let mut world = world(Fork::Prague, &contracts);
    let built = world.next(vec![]);
    let expected = vec![code("01 07"), code("02 08")];
    assert_eq!(built.outcome.requests, expected);
    assert_eq!(built.block.block.header.requests_hash, Some(requests_hash(&expected)));
}

#[test]
fn blocks_without_working_request_contracts_are_invalid() {
    for contract in [WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS] {
        for (hex, expected) in
            [("", Invalid::SystemContractMissing(contract)), ("fe", Invalid::SystemCallFailed(contract))]
        {
            let good = world(Fork::Prague, &[]);
            let block = good.build(vec![]).unwrap().block;
            let bad = world(Fork::Prague, &[(contract, hex)]);
            let header = Header { parent_hash: bad.head.hash, ..block.block.header.clone() };
            let mut block = block.block;
            block.header = header;
            let refused = bad.execute(&SealedBlock::new(block), None).unwrap_err();
            assert_eq!(refused, Error::from(expected.clone()));
            let own = bad.build(vec![]).unwrap_err();
            assert!(matches!(own, Error::Fatal(Fatal::OwnBlock { reason, .. }) if *reason == expected));
        }
    }
}

#[test]
fn deposits_are_read_from_the_logs_of_the_contract_alone() {
    // copies calldata to memory and logs it under the topic in slot 0
    let logger = "36 5f 5f 37 5f 54 36 5f a1 00";
    let topic = keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)");
    let contract = Address::repeat_byte(0xdd);
    let other = Address::repeat_byte(0xde);
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.insert(contract, Alloc::code(logger).slot(0, topic.into()));
    accounts.insert(other, Alloc::code(logger).slot(0, topic.into()));
    accounts.insert(key(1).address(), Alloc::balance(U256::from(ETHER)));
    let mut world = World::new(ethereum(Fork::Prague), &accounts);
    let mut data = crate::requests::deposit_event();
    let built = world.next(vec![call(&key(1), 1, 0, other, data.clone().into())]);
    assert!(built.outcome.requests.is_empty());
    let built = world.next(vec![call(&key(1), 1, 1, contract, data.clone().into())]);
    assert_eq!(
        built.outcome.requests.iter().map(|list| (list[0], list.len())).collect::<Vec<_>>(),
        [(0, 193)]
    );
    data[31] ^= 1;
    let refused = world.build(vec![call(&key(1), 1, 2, contract, data.into())]).unwrap_err();
    let expected = Invalid::DepositLayout { transaction: 0, log: 0 };
    assert!(matches!(refused, Error::Fatal(Fatal::OwnBlock { reason, .. }) if *reason == expected));
}
