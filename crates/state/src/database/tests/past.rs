use std::ops::ControlFlow;

use alloy_primitives::{Bytes, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};

use super::{catch_up, memory, options, reads::check_state};
use crate::{
    AccountProof, Database, EMPTY_ROOT, Error, Mode, Table,
    testing::{Chain, State},
};

fn encoded(value: impl Encodable) -> Vec<u8> {
    alloy_rlp::encode(value)
}

/// The proof shows what the model holds, by the header's root alone.
fn check_proof(chain: &Chain, number: u64, address: &alloy_primitives::Address, proof: &AccountProof) {
    let state: &State = chain.state(number);
    let account = state.account(address);
    assert_eq!(proof.account, account);
    let leaf = account.map(|account| {
        encoded(TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: account.storage_root,
            code_hash: account.code_hash,
        })
    });
    let root = chain.block(number).block.header.state_root;
    verify_proof(root, Nibbles::unpack(keccak256(address)), leaf, &proof.nodes).unwrap();
    let storage = account.map_or(EMPTY_ROOT, |account| account.storage_root);
    for (slot, proved) in Chain::slots().zip(&proof.slots) {
        let value = state.storage(address, &slot);
        assert_eq!((proved.hashed, proved.value), (keccak256(slot), value));
        let leaf = (!value.is_zero()).then(|| encoded(value));
        let nodes: &[Bytes] = &proved.nodes;
        verify_proof(storage, Nibbles::unpack(proved.hashed), leaf, nodes).unwrap();
    }
}

#[test]
fn proofs_of_the_newest_blocks_verify_against_their_headers() {
    let mut chain = Chain::new(90);
    chain.extend(300);
    let database = memory(&chain, options(Mode::Minimal));
    catch_up(&database, &chain);
    let slots: Vec<_> = Chain::slots().collect();
    for number in [300, 299, 298, 250, 200, 100, 44] {
        for _ in 0..3 {
            let address = chain.address();
            let proof = database.proof(number, &address, &slots).unwrap();
            check_proof(&chain, number, &address, &proof);
        }
    }
    let address = chain.address();
    assert!(matches!(database.proof(43, &address, &[]), Err(Error::Pruned { asked: 43, earliest: 44, .. })));
    assert_eq!(database.proof(301, &address, &[]), Err(Error::Unknown { asked: 301, head: 300 }));
}

fn verify(database: &Database) {
    database.verify(&mut |_| ControlFlow::Continue(())).unwrap();
}

#[test]
fn rewound_database_is_as_if_the_blocks_had_never_come() {
    for mode in [Mode::Archive, Mode::Minimal] {
        let mut chain = Chain::new(91);
        chain.extend(60);
        let (database, shorter) = (memory(&chain, options(mode)), memory(&chain, options(mode)));
        catch_up(&database, &chain);
        let blocks = chain.blocks.split_off(31);
        catch_up(&shorter, &chain);
        assert_eq!(database.rewind(30).unwrap(), shorter.head());
        assert_eq!(database.head(), shorter.head());
        check_state(&database.latest(), chain.state(30));
        verify(&database);
        for table in Table::ALL {
            // Code is never deleted, the index may keep blocks that are gone, and the rewind itself is noted.
            if !matches!(table, Table::Code | Table::LogIndex | Table::Meta) {
                let rows = |database: &Database| database.key_value().stats(table).unwrap();
                assert_eq!(rows(&database), rows(&shorter), "{}", table.name());
            }
        }
        chain.blocks.extend(blocks);
        catch_up(&database, &chain);
        check_state(&database.latest(), chain.state(60));
        verify(&database);
    }
}

#[test]
fn rewind_reaches_back_256_blocks_and_not_one_more() {
    let mut chain = Chain::new(92);
    chain.extend(300);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    assert!(matches!(database.rewind(43), Err(Error::Pruned { what: "undo records", .. })));
    assert!(matches!(database.rewind(300), Err(Error::Unknown { .. })));
    assert_eq!(database.head().number, 300);
    assert_eq!(database.rewind(44).unwrap().number, 44);
    check_state(&database.latest(), chain.state(44));
    verify(&database);
}
