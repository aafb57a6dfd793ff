//! The builder: what it takes, what it leaves out, when it ends.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use btt_chainspec::Fork;
use proptest::prelude::*;

use super::support::*;
use crate::{
    BestTransactions, BlockInput, Candidate, Error, EthereumFields, InvalidTransaction, Limits, Template,
    TemplateRules,
};

const RECIPIENT: Address = Address::repeat_byte(0x42);

fn world() -> World {
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.extend((1..=9).map(|number| (key(number).address(), Alloc::balance(U256::from(ETHER)))));
    World::new(ethereum(Fork::Osaka), &accounts)
}

fn fields() -> EthereumFields {
    EthereumFields { gas_limit: 30_000_000, ..EthereumFields::default() }
}

fn transfer(sender: u8, nonce: u64) -> Candidate {
    legacy(&key(sender), nonce, TxKind::Call(RECIPIENT), U256::from(1), Bytes::new())
}

/// A pool that remembers what it was asked.
struct Pool {
    transactions: std::vec::IntoIter<Candidate>,
    given: usize,
    skipped: Vec<usize>,
}

impl Pool {
    fn new(transactions: Vec<Candidate>) -> Self {
        Self { transactions: transactions.into_iter(), given: 0, skipped: vec![] }
    }
}

impl BestTransactions for Pool {
    fn next(&mut self) -> Option<Candidate> {
        self.given = self.given.saturating_add(1);
        Iterator::next(&mut self.transactions)
    }

    fn skip_sender(&mut self) {
        self.skipped.extend(self.given.checked_sub(1));
    }
}

#[test]
fn invalid_transactions_are_left_out_and_told_to_the_pool() {
    let mut world = world();
    let poor = key(0x77);
    let transactions = vec![
        transfer(1, 0),
        transfer(1, 0),
        transfer(2, 5),
        legacy(&poor, 0, TxKind::Call(RECIPIENT), U256::ZERO, Bytes::new()),
        transfer(1, 1),
    ];
    let hashes: Vec<B256> = transactions.iter().map(|candidate| *candidate.tx.tx_hash()).collect();
    let mut pool = Pool::new(transactions);
    let fields = fields();
    let built = world.build_with(TemplateRules::Ethereum(&fields), &mut pool, limits()).unwrap();
    assert_eq!(built.senders, [key(1).address(); 2]);
    // a nonce that is used up does not stand in the way of the sender's next one
    assert_eq!(pool.skipped, [2, 3]);
    let refused: Vec<_> = built.refused.iter().map(|(hash, _)| *hash).collect();
    assert_eq!(refused, hashes[1..4]);
    assert_eq!(built.refused[0].1, InvalidTransaction::NonceTooLow { got: 0, expected: 1 });
    assert_eq!(built.refused[1].1, InvalidTransaction::NonceTooHigh { got: 5, expected: 0 });
    assert!(matches!(built.refused[2].1, InvalidTransaction::InsufficientFunds { .. }));
    world.accept(&built.block, None).unwrap();
}

#[test]
fn gas_and_bytes_bound_the_users_part() {
    let world = world();
    let transactions = || (1..=9).map(|sender| transfer(sender, 0)).collect::<Vec<_>>();
    let fields = fields();
    let count = |limits: Limits<'_>| {
        let mut transactions = transactions().into_iter();
        world.build_with(TemplateRules::Ethereum(&fields), &mut transactions, limits).unwrap().senders.len()
    };
    assert_eq!(count(limits()), 9);
    // each has a gas limit of 1,000,000 and uses 21,000
    assert_eq!(count(Limits { gas: 1_000_000 + 2 * 21_000, ..limits() }), 3);
    assert_eq!(count(Limits { gas: 999_999, ..limits() }), 0);
    let bytes = 2_048 + 4 * 120;
    let taken = count(Limits { bytes, ..limits() });
    assert!((1..9).contains(&taken), "{taken}");
}

#[test]
fn a_closed_block_takes_no_further_transaction_and_a_stopped_one_ends() {
    /// Closes after two.
    struct Closing<'a>(Pool, &'a AtomicBool);
    impl BestTransactions for Closing<'_> {
        fn next(&mut self) -> Option<Candidate> {
            if self.0.given == 1 {
                self.1.store(true, Ordering::Relaxed);
            }
            BestTransactions::next(&mut self.0)
        }

        fn skip_sender(&mut self) {}
    }
    let world = world();
    let transactions = || (1..=9).map(|sender| transfer(sender, 0)).collect::<Vec<_>>();
    let (close, fields) = (AtomicBool::new(false), fields());
    let mut pool = Closing(Pool::new(transactions()), &close);
    let limits = Limits { close: &close, ..limits() };
    let built = world.build_with(TemplateRules::Ethereum(&fields), &mut pool, limits).unwrap();
    assert_eq!(built.senders.len(), 2);
    let stop = AtomicBool::new(true);
    let template = Template {
        parent: world.head.parent(),
        view: &world.head.view,
        timestamp: 12,
        beneficiary: Address::ZERO,
        rules: TemplateRules::Ethereum(&fields),
        limits: super::support::limits(),
        stop: &stop,
    };
    let ended = world.executor.build(&template, &mut Pool::new(transactions()), &mut |_| Ok(B256::ZERO));
    assert_eq!(ended.map(drop), Err(Error::Stopped));
}

#[test]
fn a_stopped_execution_ends_between_transactions() {
    let world = world();
    let built = world.build((1..=9).map(|sender| transfer(sender, 0)).collect()).unwrap();
    let stop = AtomicBool::new(true);
    let input = BlockInput {
        block: &built.block,
        parent: world.head.parent(),
        view: &world.head.view,
        senders: &built.senders,
        system: None,
        stop: &stop,
    };
    let ended = world.executor.run(input, &mut |_| Ok(B256::ZERO));
    assert_eq!(ended.map(drop), Err(Error::Stopped));
}

#[test]
fn threads_do_not_show() {
    let world = world();
    // enough accounts and slots for the parallel parts: each call writes a slot of its own
    let store = Address::repeat_byte(0xcc);
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.extend((1..=200).map(|number| (key(number).address(), Alloc::balance(U256::from(ETHER)))));
    accounts.insert(store, Alloc::code("34 33 55 00"));
    let world = World::new(world.executor.spec().as_ref().clone(), &accounts);
    let transactions: Vec<_> = (1..=200)
        .flat_map(|sender| {
            let to = Address::repeat_byte(sender ^ 0x5a);
            let write = legacy(&key(sender), 0, TxKind::Call(store), U256::from(sender), Bytes::new());
            let pay = legacy(&key(sender), 1, TxKind::Call(to), U256::from(1), Bytes::new());
            [small(write), small(pay)]
        })
        .collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let built = world.build(transactions.clone()).unwrap();
            let (outcome, _) = world.execute(&built.block, None).unwrap();
            assert_eq!(outcome, built.outcome);
            (built.block, outcome)
        })
    };
    let alone = run(1);
    assert_eq!(alone.0.block.body.transactions.len(), 400);
    for threads in [2, 16] {
        assert_eq!(run(threads), alone, "{threads} threads");
    }
}

/// The same transaction with little gas, so that many fit into a block.
fn small(candidate: Candidate) -> Candidate {
    let sender = (1..=255).map(key).find(|key| key.address() == candidate.sender).unwrap();
    let btt_primitives::UnsignedTransaction::Legacy(mut tx) =
        Arc::unwrap_or_clone(candidate.tx).into_typed_transaction()
    else {
        panic!("a legacy transaction")
    };
    tx.gas_limit = 60_000;
    sign(&sender, btt_primitives::UnsignedTransaction::Legacy(tx))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_built_is_valid_whatever_the_pool_holds(
        picks in proptest::collection::vec((1_u8..=9, 0_u64..4, 0_u64..3), 0..40),
        gas in 0_u64..12_000_000,
        bytes in 2_000_usize..8_000,
    ) {
        let mut world = world();
        let transactions: Vec<_> = picks
            .into_iter()
            .map(|(sender, nonce, kind)| match kind {
                0 => transfer(sender, nonce),
                1 => legacy(&key(sender), nonce, TxKind::Create, U256::ZERO, code("43 43 55 00")),
                _ => call(&key(sender), 1, nonce, RECIPIENT, code("0102")),
            })
            .collect();
        let fields = fields();
        let mut pool = Pool::new(transactions);
        let limits = Limits { gas, bytes, ..limits() };
        let built = world.build_with(TemplateRules::Ethereum(&fields), &mut pool, limits).unwrap();
        prop_assert!(built.outcome.gas_used <= gas);
        prop_assert!(built.block.size <= bytes);
        let outcome = world.accept(&built.block, None).unwrap();
        prop_assert_eq!(outcome, built.outcome);
    }
}
