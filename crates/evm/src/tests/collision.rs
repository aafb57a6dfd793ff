//! Creation on an address that has storage (EIP-7610).

use alloy_consensus::Eip658Value;
use alloy_primitives::{Address, TxKind, U256};
use btt_chainspec::Fork;
use btt_primitives::Receipt;

use super::support::*;

const INIT: &str = "60 01 60 00 55 00";

fn world(fork: Fork, target: Address) -> World {
    let accounts = Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (target, Alloc::balance(U256::from(7)).slot(5, U256::from(9))),
    ]);
    World::new(ethereum(fork), &accounts)
}

fn failed(receipt: &Receipt) -> bool {
    matches!(receipt.outcome, Eip658Value::Eip658(false) | Eip658Value::PostState(_))
}

#[test]
fn creating_on_storage_fails_under_every_fork_and_uses_up_gas_and_nonce() {
    let sender = key(1);
    let target = sender.address().create(0);
    for fork in
        [Fork::Frontier, Fork::SpuriousDragon, Fork::Petersburg, Fork::Berlin, Fork::Cancun, Fork::Osaka]
    {
        let mut world = world_with_requests(fork, target);
        let built = world.next(vec![legacy(&sender, 0, TxKind::Create, U256::from(3), code(INIT))]);
        let receipt = &built.outcome.receipts[0];
        assert!(failed(receipt), "{fork}");
        assert_eq!(receipt.cumulative_gas_used, 1_000_000, "{fork}");
        assert_eq!(world.account(sender.address()).unwrap().nonce, 1, "{fork}");
        assert_eq!(world.account(target).unwrap().balance, U256::from(7), "{fork}");
        assert_eq!((world.slot(target, 5), world.slot(target, 0)), (U256::from(9), U256::ZERO), "{fork}");
    }
}

fn world_with_requests(fork: Fork, target: Address) -> World {
    if fork < Fork::Prague {
        return world(fork, target);
    }
    let mut accounts = Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (target, Alloc::balance(U256::from(7)).slot(5, U256::from(9))),
    ]);
    accounts.extend(request_contracts("00"));
    World::new(ethereum(fork), &accounts)
}

#[test]
fn create2_on_storage_returns_zero_and_goes_on() {
    // CREATE2(value 0, no init code, salt 0), its result to slot 1, 1 to slot 2
    let factory = Address::repeat_byte(0xfa);
    let init_hash = alloy_primitives::keccak256([]);
    let target = factory.create2(alloy_primitives::B256::ZERO, init_hash);
    let accounts = Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (factory, Alloc::code("5f 5f 5f 5f f5 60 01 55 60 01 60 02 55 00")),
        (target, Alloc::default().slot(5, U256::from(9))),
    ]);
    let mut world = World::new(ethereum(Fork::Shanghai), &accounts);
    world.next(vec![call(&key(1), 1, 0, factory, code(""))]);
    assert_eq!((world.slot(factory, 1), world.slot(factory, 2)), (U256::ZERO, U256::from(1)));
    assert_eq!(world.account(factory).unwrap().nonce, 2);
    assert_eq!(world.slot(target, 5), U256::from(9));
}

#[test]
fn balance_alone_is_no_collision() {
    let sender = key(1);
    let target = sender.address().create(0);
    let accounts = Accounts::from([
        (sender.address(), Alloc::balance(U256::from(ETHER))),
        (target, Alloc::balance(U256::from(7))),
    ]);
    let mut world = World::new(ethereum(Fork::Cancun), &accounts);
    world.next(vec![legacy(&sender, 0, TxKind::Create, U256::from(3), code(INIT))]);
    assert_eq!(world.account(target).unwrap().balance, U256::from(10));
    assert_eq!(world.slot(target, 0), U256::from(1));
}
