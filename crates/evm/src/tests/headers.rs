//! Each header field made wrong.

use alloy_primitives::{B64, B256, Bytes, U256};
use btt_chainspec::Fork;
use btt_primitives::{Header, SealedBlock};

use super::support::*;
use crate::{Error, Invalid, check_header};

/// Makes a header wrong.
type Change = fn(&mut Header);
/// The same, with values of its own.
type AnyChange = Box<dyn FnOnce(&mut Header)>;

fn refusal(world: &World, change: impl FnOnce(&mut Header)) -> Option<Invalid> {
    let mut header = world.build(vec![]).unwrap().block.block.header;
    change(&mut header);
    check_header(world.executor.spec(), &header, &world.head.parent()).err()
}

#[test]
fn each_wrong_field_is_refused_with_its_own_reason() {
    let world = World::new(ethereum(Fork::Osaka), &Accounts::from_iter(request_contracts("00")));
    let genesis = &world.head.header;
    let gas_limit = genesis.gas_limit;
    let bound = gas_limit / 1024;
    let rows: Vec<(AnyChange, Invalid)> = vec![
        (
            Box::new(|header| header.parent_hash = B256::ZERO),
            Invalid::ParentHash { got: B256::ZERO, expected: world.head.hash },
        ),
        (Box::new(|header| header.number = 2), Invalid::Number { got: 2, expected: 1 }),
        (Box::new(|header| header.timestamp = 0), Invalid::Timestamp { got: 0, parent: 0 }),
        (
            Box::new(|header| header.extra_data = Bytes::from_static(&[0; 33])),
            Invalid::ExtraDataLength { bytes: 33 },
        ),
        (
            Box::new(move |header| header.gas_limit = gas_limit + bound),
            Invalid::GasLimitStep { got: gas_limit + bound, parent: gas_limit, bound },
        ),
        (
            Box::new(move |header| header.gas_limit = gas_limit - bound),
            Invalid::GasLimitStep { got: gas_limit - bound, parent: gas_limit, bound },
        ),
        (Box::new(|header| header.gas_limit = u64::MAX), Invalid::GasLimitTooHigh { got: u64::MAX }),
        (
            Box::new(move |header| header.gas_used = gas_limit + 1),
            Invalid::GasUsedAboveLimit { used: gas_limit + 1, limit: gas_limit },
        ),
        (
            Box::new(|header| header.base_fee_per_gas = Some(1)),
            Invalid::BaseFee { got: 1, expected: 875_000_000 },
        ),
        (
            Box::new(|header| header.difficulty = U256::from(1)),
            Invalid::Difficulty { got: U256::from(1), expected: U256::ZERO },
        ),
        (Box::new(|header| header.nonce = B64::with_last_byte(1)), Invalid::Nonce),
        (Box::new(|header| header.ommers_hash = B256::ZERO), Invalid::OmmersAfterMerge),
        (Box::new(|header| header.excess_blob_gas = Some(1)), Invalid::ExcessBlobGas { got: 1, expected: 0 }),
        (
            Box::new(|header| header.blob_gas_used = Some(10 * 131_072)),
            Invalid::BlobGasAboveLimit { got: 10 * 131_072, limit: 9 * 131_072 },
        ),
        (Box::new(|header| header.base_fee_per_gas = None), Invalid::MissingField { field: "baseFeePerGas" }),
        (
            Box::new(|header| header.withdrawals_root = None),
            Invalid::MissingField { field: "withdrawalsRoot" },
        ),
        (Box::new(|header| header.blob_gas_used = None), Invalid::MissingField { field: "blobGasUsed" }),
        (Box::new(|header| header.excess_blob_gas = None), Invalid::MissingField { field: "excessBlobGas" }),
        (
            Box::new(|header| header.parent_beacon_block_root = None),
            Invalid::MissingField { field: "parentBeaconBlockRoot" },
        ),
        (Box::new(|header| header.requests_hash = None), Invalid::MissingField { field: "requestsHash" }),
    ];
    assert_eq!(refusal(&world, |_| ()), None);
    for (change, expected) in rows {
        assert_eq!(refusal(&world, change), Some(expected));
    }
}

#[test]
fn fields_of_later_forks_are_refused() {
    for (fork, change, field) in [
        (Fork::Berlin, (|header| header.base_fee_per_gas = Some(7)) as fn(&mut Header), "baseFeePerGas"),
        (Fork::Paris, |header| header.withdrawals_root = Some(B256::ZERO), "withdrawalsRoot"),
        (Fork::Shanghai, |header| header.blob_gas_used = Some(0), "blobGasUsed"),
        (Fork::Cancun, |header| header.requests_hash = Some(B256::ZERO), "requestsHash"),
    ] {
        let world = World::new(ethereum(fork), &Accounts::new());
        assert_eq!(refusal(&world, change), Some(Invalid::UnexpectedField { field }), "{fork}");
    }
}

#[test]
fn what_a_header_says_of_the_block_is_compared() {
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.insert(key(1).address(), Alloc::balance(U256::from(ETHER)));
    let world = World::new(ethereum(Fork::Osaka), &accounts);
    let tx = call(&key(1), 1, 0, alloy_primitives::Address::repeat_byte(9), code(""));
    let built = world.build(vec![tx]).unwrap();
    let good = built.block.block;
    let refused = |change: Change| {
        let mut block = good.clone();
        change(&mut block.header);
        match world.execute(&SealedBlock::new(block), None).map(drop) {
            Err(Error::Invalid(invalid)) => *invalid,
            other => panic!("{other:?}"),
        }
    };
    let header = &good.header;
    let zero = B256::ZERO;
    let rows: [(Change, Invalid); 7] = [
        (
            |header| header.transactions_root = B256::ZERO,
            Invalid::TransactionsRoot { got: zero, expected: header.transactions_root },
        ),
        (
            |header| header.withdrawals_root = Some(B256::ZERO),
            Invalid::WithdrawalsRoot { got: zero, expected: btt_primitives::EMPTY_ROOT },
        ),
        (|header| header.gas_used -= 1, Invalid::GasUsed { got: 20_999, expected: 21_000 }),
        (|header| header.blob_gas_used = Some(131_072), Invalid::BlobGasUsed { got: 131_072, expected: 0 }),
        (
            |header| header.receipts_root = B256::ZERO,
            Invalid::ReceiptsRoot { got: zero, expected: header.receipts_root },
        ),
        (
            |header| header.state_root = B256::ZERO,
            Invalid::StateRoot { got: zero, expected: header.state_root },
        ),
        (
            |header| header.requests_hash = Some(B256::ZERO),
            Invalid::RequestsHash { got: zero, expected: btt_primitives::EMPTY_REQUESTS_HASH },
        ),
    ];
    for (change, expected) in rows {
        assert_eq!(refused(change), expected);
    }
    assert_eq!(refused(|header| header.logs_bloom.0[0] = 1), Invalid::LogsBloom);
    world.execute(&SealedBlock::new(good.clone()), None).unwrap();
}
