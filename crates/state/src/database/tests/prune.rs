use super::{blocks::check_block, catch_up, commit, memory, options, reads::check_state, with_history};
use crate::{
    Batch, Database, Error, Mode, Options, PruneStep, Retention, SidecarRetention, Table, codec::number_key,
    testing::Chain,
};

const AT_ONCE: PruneStep = PruneStep { blocks: 7, slack: 0 };

fn prune_all(database: &Database) {
    while database.prune(AT_ONCE).unwrap().more {}
}

/// A database of the whole chain that keeps the newest `bodies` bodies.
pub(super) fn pruned(chain: &mut Chain, bodies: u64) -> Database {
    let retention = Retention { bodies: Some(bodies), history: Some(1000), sidecars: None };
    let database = memory(chain, Options { retention: Some(retention), ..options(Mode::Full) });
    catch_up(&database, chain);
    prune_all(&database);
    database
}

#[test]
fn bodies_beyond_the_window_go_and_all_others_stay() {
    let mut chain = Chain::new(50);
    chain.extend(60);
    let database = pruned(&mut chain, 20);
    assert_eq!(database.earliest_body(), 41);
    for number in (41..=60).chain([0]) {
        check_block(&database, &chain, number);
    }
    for number in 1..41 {
        let refused = Err(Error::Pruned {
            what: "block bodies and receipts",
            asked: number,
            earliest: 41,
            mode: Mode::Full,
        });
        assert_eq!(database.block(number), refused.clone().map(|()| None));
        assert_eq!(database.receipts(number), refused.map(|()| None));
        assert_eq!(database.header(number).unwrap().unwrap().hash, chain.block(number).hash);
        for transaction in &chain.block(number).block.body.transactions {
            assert_eq!(database.transaction(transaction.tx_hash()), Ok(None));
        }
    }
    for table in [Table::Bodies, Table::Receipts] {
        assert_eq!(database.key_value().stats(table).unwrap().rows, 21);
    }
}

#[test]
fn history_beyond_the_window_goes_and_reads_inside_it_stay_right() {
    let mut chain = Chain::new(51);
    chain.extend(200);
    let database = memory(&chain, Options { ring_bytes: 0, ..with_history(50) });
    catch_up(&database, &chain);
    let rows = || database.key_value().stats(Table::AccountHistory).unwrap().rows;
    let before = rows();
    prune_all(&database);
    assert!(rows() < before / 2);
    assert_eq!(database.earliest_state(), 150);
    for number in 150..=200 {
        check_state(&database.at(number).unwrap(), chain.state(number));
    }
    assert!(matches!(database.at(149), Err(Error::Pruned { earliest: 150, .. })));
}

#[test]
fn view_made_before_pruning_says_pruned_and_never_a_wrong_value() {
    let mut chain = Chain::new(52);
    let database = memory(&chain, Options { ring_bytes: 0, ..with_history(10) });
    let view = database.latest();
    chain.extend(100);
    catch_up(&database, &chain);
    check_state(&view, &chain.states[0]);
    prune_all(&database);
    for address in Chain::addresses() {
        assert!(matches!(view.account(&address), Err(Error::Pruned { asked: 0, earliest: 90, .. })));
    }
}

#[test]
fn steps_are_bounded_and_wait_for_their_slack() {
    let mut chain = Chain::new(53);
    chain.extend(40);
    let retention = Retention { bodies: Some(10), history: None, sidecars: None };
    let database = memory(&chain, Options { retention: Some(retention), ..options(Mode::Full) });
    catch_up(&database, &chain);
    assert_eq!(database.prune(PruneStep { blocks: 5, slack: 31 }).unwrap(), Default::default());
    let done = database.prune(PruneStep { blocks: 5, slack: 30 }).unwrap();
    assert_eq!((done.bodies, done.more), (5, true));
    assert_eq!(database.earliest_body(), 5);
}

#[test]
fn sidecars_of_epoch_ends_stay_for_good() {
    let mut chain = Chain::new(54);
    chain.extend(50);
    let retention =
        Retention { bodies: None, history: None, sidecars: Some(SidecarRetention { newest: 10, epoch: 8 }) };
    let database = memory(&chain, Options { retention: Some(retention), ..options(Mode::Full) });
    for block in &chain.blocks[1..] {
        let mut block = block.clone();
        block.extra = Batch::default();
        block.extra.put(Table::Sidecars, &number_key(block.block.header.number), b"sidecar");
        commit(&database, &block);
    }
    prune_all(&database);
    for number in 1..=50 {
        let kept = number > 40 || number % 8 == 0;
        assert_eq!(database.raw_block_row(Table::Sidecars, number).unwrap().is_some(), kept, "{number}");
    }
}
