//! Blocks under Ethereum's rules, fork by fork.

use alloy_consensus::Eip658Value;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use btt_chainspec::{Activation, ChainSpec, Fork, ForkSchedule};
use btt_primitives::{Header, SealedBlock, ommers_hash};

use super::support::*;
use crate::{Ancestor, Error, EthereumFields, Invalid, InvalidOmmer, Parent, TemplateRules, check_ommers};

const RECIPIENT: Address = Address::repeat_byte(0x42);

fn accounts() -> Accounts {
    let mut accounts = Accounts::from_iter(request_contracts("00"));
    accounts.insert(key(1).address(), Alloc::balance(U256::from(ETHER)));
    accounts
}

/// Each fork for three blocks, as the conformance chain has them.
fn changing() -> ChainSpec {
    let blocks =
        Fork::all().filter(|fork| *fork > Fork::Frontier && *fork < Fork::Paris).zip((2_u64..).step_by(2));
    let mut entries: Vec<_> = blocks.map(|(fork, at)| (fork, Activation::Block(at))).collect();
    let merge = U256::from(131_072_u64 * 29);
    entries.push((Fork::Paris, Activation::TotalDifficulty(merge)));
    let times = Fork::all().filter(|fork| *fork > Fork::Paris && *fork <= Fork::Bpo2);
    entries.extend(times.zip((384..).step_by(24)).map(|(fork, at)| (fork, Activation::Timestamp(at))));
    ChainSpec { forks: ForkSchedule::new(entries, None, vec![]).unwrap(), ..ethereum(Fork::Frontier) }
}

#[test]
fn a_chain_through_all_forks_builds_and_executes() {
    let mut world = World::new(changing(), &accounts());
    let sender = key(1);
    let mut seen = Vec::new();
    for nonce in 0..46 {
        // stores the block's number under it
        let init = if nonce % 2 == 0 { TxKind::Create } else { TxKind::Call(RECIPIENT) };
        let tx = legacy(&sender, nonce, init, U256::from(nonce), code("43 43 55 00"));
        let fork = world.head.parent().child_fork(world.executor.spec(), world.head.header.timestamp + 12);
        let built = world.next(vec![tx]);
        seen.push(fork);
        let receipt = &built.outcome.receipts[0];
        let is_root = matches!(receipt.outcome, Eip658Value::PostState(_));
        assert_eq!(is_root, fork < Fork::Byzantium, "{fork}");
        let header = &built.block.block.header;
        assert_eq!(header.difficulty.is_zero(), fork >= Fork::Paris, "{fork}");
        let created = sender.address().create(nonce);
        let expected = if nonce % 2 == 0 { U256::from(header.number) } else { U256::ZERO };
        assert_eq!(world.slot(created, header.number), expected, "{fork}");
    }
    seen.dedup();
    let all: Vec<_> = Fork::all().filter(|fork| *fork <= Fork::Bpo2).collect();
    assert_eq!(seen, all);
}

#[test]
fn the_root_of_an_old_receipt_is_the_state_after_its_transaction_without_rewards() {
    let mut both = World::new(ethereum(Fork::Homestead), &accounts());
    let mut first = World::new(ethereum(Fork::Homestead), &accounts());
    let tx = |nonce| legacy(&key(1), nonce, TxKind::Call(RECIPIENT), U256::from(5), Bytes::new());
    let built = both.next(vec![tx(0), tx(1)]);
    let alone = first.next(vec![tx(0)]);
    let (roots, alone) = (&built.outcome.receipts, &alone.outcome.receipts[0]);
    assert_eq!(roots[0].outcome, alone.outcome);
    assert_ne!(roots[0].outcome, roots[1].outcome);
    assert_ne!(roots[1].outcome, Eip658Value::PostState(both.head.header.state_root));
}

#[test]
fn empty_accounts_stay_before_spurious_dragon_and_go_after() {
    for (fork, exists) in [(Fork::TangerineWhistle, true), (Fork::SpuriousDragon, false)] {
        let mut world = World::new(ethereum(fork), &accounts());
        world.next(vec![legacy(&key(1), 0, TxKind::Call(RECIPIENT), U256::ZERO, Bytes::new())]);
        assert_eq!(world.account(RECIPIENT).is_some(), exists, "{fork}");
    }
}

#[test]
fn touching_an_empty_account_removes_it_after_spurious_dragon() {
    let mut accounts = accounts();
    accounts.insert(RECIPIENT, Alloc::default());
    for (fork, exists) in [(Fork::TangerineWhistle, true), (Fork::SpuriousDragon, false)] {
        let mut world = World::new(ethereum(fork), &accounts);
        assert!(world.account(RECIPIENT).is_some());
        world.next(vec![legacy(&key(1), 0, TxKind::Call(RECIPIENT), U256::ZERO, Bytes::new())]);
        assert_eq!(world.account(RECIPIENT).is_some(), exists, "{fork}");
    }
}

#[test]
fn a_contract_destroyed_and_created_anew_keeps_no_old_slot() {
    // the factory deploys by CREATE2 a contract that stores 1 at CALLDATASIZE when called with data, and destroys
    // itself when called without
    let child = "36 15 60 0a 57 60 01 36 55 00 5b 33 ff";
    let length = code(child).len();
    let init = format!("6c {child} 60 00 52 60 {length:02x} 60 {:02x} f3", 32 - length);
    let init = code(&init);
    let factory = format!(
        "7f {} 60 00 52 60 00 60 {:02x} 60 00 60 00 f5 00",
        alloy_primitives::hex::encode([init.to_vec(), vec![0; 32 - init.len()]].concat()),
        init.len(),
    );
    let address = Address::repeat_byte(0xfa);
    let mut accounts = accounts();
    accounts.insert(address, Alloc::code(&factory));
    let mut world = World::new(ethereum(Fork::Istanbul), &accounts);
    let child = address.create2(alloy_primitives::B256::ZERO, alloy_primitives::keccak256(&init));
    let sender = key(1);
    let to = |nonce, to, input: Bytes| legacy(&sender, nonce, TxKind::Call(to), U256::ZERO, input);
    world.next(vec![to(0, address, code("")), to(1, child, code("aa")), to(2, child, code("aaaa"))]);
    assert_eq!((world.slot(child, 1), world.slot(child, 2)), (U256::from(1), U256::from(1)));
    // destroyed, created anew and written in one block: slot 1 was loaded before, slot 2 was not
    let built = world.next(vec![
        to(3, child, code("aa")),
        to(4, child, code("")),
        to(5, address, code("")),
        to(6, child, code("aaaaaa")),
    ]);
    assert!(built.outcome.receipts.iter().all(|receipt| receipt.outcome == Eip658Value::Eip658(true)));
    let slots: Vec<_> = (1..=3).map(|slot| world.slot(child, slot)).collect();
    assert_eq!(slots, [U256::ZERO, U256::ZERO, U256::from(1)]);
    assert!(built.outcome.changes.accounts.iter().any(|change| change.address == child && change.wiped));
    world.next(vec![to(7, child, code(""))]);
    assert_eq!(world.account(child), None);
}

#[test]
fn withdrawals_are_paid_in_gwei_and_an_amount_of_zero_touches() {
    let empty = Address::repeat_byte(0xee);
    let mut accounts = accounts();
    accounts.insert(empty, Alloc::default());
    let mut world = World::new(ethereum(Fork::Shanghai), &accounts);
    let withdrawal = |address, amount| Withdrawal { address, amount, ..Withdrawal::default() };
    let fields = EthereumFields {
        gas_limit: 30_000_000,
        withdrawals: vec![withdrawal(RECIPIENT, 3), withdrawal(RECIPIENT, u64::MAX), withdrawal(empty, 0)]
            .into(),
        ..EthereumFields::default()
    };
    let built =
        world.build_with(TemplateRules::Ethereum(&fields), &mut vec![].into_iter(), limits()).unwrap();
    world.accept(&built.block, None).unwrap();
    let expected = (U256::from(u64::MAX) + U256::from(3)) * U256::from(1_000_000_000);
    assert_eq!(world.account(RECIPIENT).unwrap().balance, expected);
    assert_eq!(world.account(empty), None);
    let wrong =
        Header { withdrawals_root: Some(alloy_primitives::B256::ZERO), ..built.block.block.header.clone() };
    let mut block = built.block.block;
    block.header = wrong;
    world.head.hash = block.header.parent_hash;
    world.head.header.number = 0;
    let refused = world.executor.check(&SealedBlock::new(block), &world.head.parent(), &|_: &_| Ok(None));
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

/// A chain of headers of proof of work, the oldest first.
fn work(world: &World, length: usize) -> Vec<(Header, alloy_primitives::B256)> {
    let spec = world.executor.spec();
    let mut headers = vec![(world.head.header.clone(), world.head.hash)];
    for _ in 0..length {
        let (parent, hash) = headers.last().unwrap();
        let header = child(spec, parent, *hash, 0);
        headers.push((header.clone(), header.hash_slow()));
    }
    headers
}

fn child(spec: &ChainSpec, parent: &Header, hash: alloy_primitives::B256, tag: u8) -> Header {
    let timestamp = parent.timestamp.saturating_add(12);
    Header {
        parent_hash: hash,
        number: parent.number.saturating_add(1),
        timestamp,
        gas_limit: parent.gas_limit,
        difficulty: crate::next_difficulty(spec, Fork::Byzantium, parent, timestamp),
        extra_data: Bytes::copy_from_slice(&[tag]),
        ..Header::default()
    }
}

#[test]
fn ommers_are_recent_new_no_ancestors_and_valid() {
    let world = World::new(ethereum(Fork::Byzantium), &accounts());
    let spec = world.executor.spec().clone();
    let chain = work(&world, 10);
    let at = |number: usize| chain[number].clone();
    let ommer = |parent: usize, tag| child(&spec, &at(parent).0, at(parent).1, tag);
    let with_ommers = |ommers: Vec<Header>| {
        let (parent, hash) = at(10);
        let header = Header { ommers_hash: ommers_hash(&ommers), ..child(&spec, &parent, hash, 9) };
        let mut block = btt_primitives::Block { header, ..Default::default() };
        block.body.ommers = ommers;
        SealedBlock::new(block)
    };
    let taken = ommer(8, 77);
    let ancestors = |hash: &alloy_primitives::B256| {
        let found = chain.iter().find(|(_, known)| known == hash).map(|(header, _)| header.clone());
        Ok(found.map(|mut header| {
            let ommers = if header.number == 10 { vec![taken.clone()] } else { vec![] };
            header.ommers_hash = ommers_hash(&ommers);
            Ancestor { header, ommers }
        }))
    };
    let (parent, hash) = at(10);
    let parent = Parent { header: &parent, hash, sums: [U256::ZERO; 2] };
    let check = |ommers: Vec<Header>| match check_ommers(&spec, &with_ommers(ommers), &parent, &ancestors) {
        Ok(()) => Ok(()),
        Err(Error::Invalid(invalid)) => Err(*invalid),
        Err(other) => panic!("{other}"),
    };
    let refused = |index, reason| Err(Invalid::Ommer { index, reason });
    assert_eq!(check(vec![ommer(9, 1), ommer(4, 2)]), Ok(()));
    assert_eq!(check(vec![ommer(9, 1), ommer(8, 2), ommer(7, 3)]), Err(Invalid::TooManyOmmers(3)));
    assert_eq!(check(vec![ommer(9, 1), ommer(9, 1)]), refused(1, InvalidOmmer::Repeated));
    assert_eq!(check(vec![taken.clone()]), refused(0, InvalidOmmer::Repeated));
    assert_eq!(check(vec![at(9).0]), refused(0, InvalidOmmer::Ancestor));
    assert_eq!(check(vec![ommer(3, 1)]), refused(0, InvalidOmmer::UnknownParent(at(3).1)));
    assert_eq!(check(vec![ommer(10, 1)]), refused(0, InvalidOmmer::UnknownParent(at(10).1)));
    let late = Header { timestamp: 0, ..ommer(9, 1) };
    let reason = InvalidOmmer::Header(Box::new(Invalid::Timestamp { got: 0, parent: at(9).0.timestamp }));
    assert_eq!(check(vec![late]), refused(0, reason));
}

#[test]
fn the_dao_s_balances_move_before_the_first_transaction() {
    let dao = alloy_primitives::address!("0xbb9bc244d798123fde783fcc1c72d3bb8c189413");
    let refund = alloy_primitives::address!("0xbf4ed7b27f1d666546e30d74d50d173d20bca754");
    let forks = ForkSchedule::new([(Fork::Homestead, Activation::Block(0))], Some(2), vec![]).unwrap();
    let mut accounts = accounts();
    accounts.insert(dao, Alloc::balance(U256::from(1000)));
    // stores the refund contract's balance in slot 0
    let reader = Address::repeat_byte(0xcc);
    accounts
        .insert(reader, Alloc::code(&format!("73 {} 31 60 00 55 00", alloy_primitives::hex::encode(refund))));
    let mut world = World::new(ChainSpec { forks, ..ethereum(Fork::Homestead) }, &accounts);
    world.next(vec![]);
    assert_eq!(world.account(dao).unwrap().balance, U256::from(1000));
    let plain = world.build(vec![]).unwrap_err();
    let expected = Invalid::DaoExtraData { number: 2, got: Bytes::new() };
    assert!(matches!(plain, Error::Fatal(crate::Fatal::OwnBlock { reason, .. }) if *reason == expected));
    let fields = EthereumFields {
        gas_limit: 30_000_000,
        extra_data: Bytes::from_static(b"dao-hard-fork"),
        ..EthereumFields::default()
    };
    let tx = legacy(&key(1), 0, TxKind::Call(reader), U256::ZERO, Bytes::new());
    let built =
        world.build_with(TemplateRules::Ethereum(&fields), &mut vec![tx].into_iter(), limits()).unwrap();
    world.accept(&built.block, None).unwrap();
    assert_eq!(world.slot(reader, 0), U256::from(1000));
    assert_eq!(world.account(dao).map(|account| account.balance), Some(U256::ZERO));
    assert_eq!(world.account(refund).unwrap().balance, U256::from(1000));
}
