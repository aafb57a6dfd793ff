//! SSTORE by EIP-1283, with the table of the EIP.

use alloy_primitives::{Address, U256};
use btt_chainspec::Fork;

use super::support::*;

/// Gas that a call of `hex` uses on a slot 0 of `original`, refund taken off.
fn gas_used(fork: Fork, hex: &str, original: u64) -> u64 {
    let target = Address::repeat_byte(0xcc);
    let accounts = Accounts::from([
        (key(1).address(), Alloc::balance(U256::from(ETHER))),
        (target, Alloc::code(hex).slot(0, U256::from(original))),
    ]);
    let mut world = World::new(ethereum(fork), &accounts);
    let tx = legacy(&key(1), 0, alloy_primitives::TxKind::Call(target), U256::ZERO, code(""));
    world.next(vec![tx]).outcome.gas_used
}

#[test]
fn gas_and_refunds_are_those_of_the_eip() {
    let rows = [
        ("60006000556000600055", 0, 412, 0),
        ("60006000556001600055", 0, 20_212, 0),
        ("60016000556000600055", 0, 20_212, 19_800),
        ("60016000556002600055", 0, 20_212, 0),
        ("60016000556001600055", 0, 20_212, 0),
        ("60006000556000600055", 1, 5_212, 15_000),
        ("60006000556001600055", 1, 5_212, 4_800),
        ("60006000556002600055", 1, 5_212, 0),
        ("60026000556000600055", 1, 5_212, 15_000),
        ("60026000556003600055", 1, 5_212, 0),
        ("60026000556001600055", 1, 5_212, 4_800),
        ("60026000556002600055", 1, 5_212, 0),
        ("60016000556000600055", 1, 5_212, 15_000),
        ("60016000556002600055", 1, 5_212, 0),
        ("60016000556001600055", 1, 412, 0),
        ("600160005560006000556001600055", 0, 40_218, 19_800),
        ("600060005560016000556000600055", 1, 10_218, 19_800),
    ];
    for (hex, original, used, refund) in rows {
        let spent: u64 = 21_000 + used;
        let expected = spent - refund.min(spent / 2);
        assert_eq!(gas_used(Fork::Constantinople, hex, original), expected, "{hex} on {original}");
    }
}

#[test]
fn petersburg_takes_it_back() {
    assert_eq!(gas_used(Fork::Petersburg, "60016000556001600055", 1), 21_000 + 10_012);
    assert_eq!(gas_used(Fork::Byzantium, "60016000556001600055", 1), 21_000 + 10_012);
}

#[test]
fn there_is_no_floor_of_2300_gas() {
    // calls itself with the stipend of a value transfer alone; the callee writes an unchanged slot
    let callee = Address::repeat_byte(0xca);
    let caller = Address::repeat_byte(0xcb);
    let hex = format!("6000600060006000600173{}6000f1600155", alloy_primitives::hex::encode(callee));
    let run = |fork| {
        let accounts = Accounts::from([
            (key(1).address(), Alloc::balance(U256::from(ETHER))),
            (caller, Alloc { balance: U256::from(5), ..Alloc::code(&hex) }),
            (callee, Alloc::code("6001600055").slot(0, U256::from(1))),
        ]);
        let mut world = World::new(ethereum(fork), &accounts);
        world.next(vec![legacy(&key(1), 0, alloy_primitives::TxKind::Call(caller), U256::ZERO, code(""))]);
        world.slot(caller, 1)
    };
    assert_eq!(run(Fork::Constantinople), U256::from(1));
    assert_eq!(run(Fork::Istanbul), U256::ZERO);
}
