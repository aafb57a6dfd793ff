use std::sync::Arc;

use alloy_primitives::B256;

use super::{catch_up, memory, options};
use crate::{
    Database, Durability, Error, Memory, Mode,
    testing::{Chain, commits},
};

pub(super) fn check_block(database: &Database, chain: &Chain, number: u64) {
    let expected = chain.block(number);
    let stored = database.header(number).unwrap().unwrap();
    assert_eq!(
        (stored.hash, stored.sums, &stored.header),
        (expected.hash, expected.sums, &expected.block.header)
    );
    assert_eq!(database.number(&expected.hash), Ok(Some(number)));
    let (block, senders) = database.block(number).unwrap().unwrap();
    assert_eq!((&block, &senders), (&expected.block, &expected.senders));
    assert_eq!(database.receipts(number).unwrap().as_ref(), Some(&expected.receipts));
    for (index, transaction) in block.body.transactions.iter().enumerate() {
        let located = database.transaction(transaction.tx_hash()).unwrap().unwrap();
        assert_eq!((located.number, located.index, located.sender), (number, index, senders[index]));
        assert_eq!(&located.transaction, transaction);
    }
}

#[test]
fn blocks_read_back_as_committed() {
    let mut chain = Chain::new(30);
    chain.extend(50);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    for number in 0..=50 {
        check_block(&database, &chain, number);
    }
}

#[test]
fn absent_blocks_and_transactions_are_none() {
    let chain = Chain::new(31);
    let database = memory(&chain, options(Mode::Full));
    assert_eq!(database.header(1), Ok(None));
    assert_eq!(database.block(1), Ok(None));
    assert_eq!(database.receipts(1), Ok(None));
    assert_eq!(database.number(&B256::ZERO), Ok(None));
    assert_eq!(database.transaction(&B256::ZERO), Ok(None));
}

#[test]
fn only_the_child_of_the_head_is_committed() {
    let mut chain = Chain::new(32);
    chain.extend(3);
    let database = Database::open(Arc::new(Memory::new()), options(Mode::Full)).unwrap();
    let genesis = commits(&database, &chain.blocks[..1]).remove(0);
    database.init_genesis(1, &genesis).unwrap();
    let all = commits(&database, &chain.blocks[1..]);
    let refused = |result| matches!(result, Err(Error::Invariant { .. }));
    assert!(refused(database.commit(&all[1], Durability::Buffered)));
    assert!(refused(database.commit_all(&[all[0].clone(), all[2].clone()], Durability::Buffered)));
    assert!(refused(database.init_genesis(1, &genesis)));
    let mut wrong = all[0].clone();
    wrong.senders.push(Default::default());
    assert!(refused(database.commit(&wrong, Durability::Buffered)));
    let mut wrong = all[0].clone();
    wrong.version = all[1].version.clone();
    assert!(refused(database.commit(&wrong, Durability::Buffered)));
    assert_eq!(database.head().number, 0);
    database.commit_all(&all, Durability::Buffered).unwrap();
    assert_eq!(database.head().number, 3);
}
