use alloy_primitives::{B256, U256};

use super::{catch_up, memory, options};
use crate::{Database, Error, LogFilter, LogMatch, Mode, testing::Chain};

fn found(database: &Database, range: std::ops::RangeInclusive<u64>, filter: &LogFilter) -> Vec<LogMatch> {
    let mut found = Vec::new();
    database
        .logs(range, filter, &mut |log| {
            found.push(log);
            true
        })
        .unwrap();
    found
}

/// Every log of every block, one after another.
fn naive(chain: &Chain, range: std::ops::RangeInclusive<u64>, filter: &LogFilter) -> Vec<LogMatch> {
    let mut found = Vec::new();
    for number in range {
        let receipts = chain.block(number).receipts.iter().enumerate();
        let logs = receipts
            .flat_map(|(transaction, receipt)| receipt.logs.iter().map(move |log| (transaction, log)));
        for (index, (transaction, log)) in logs.enumerate() {
            if filter.matches(log) {
                found.push(LogMatch { number, transaction, index, log: log.clone() });
            }
        }
    }
    found
}

fn random_filter(chain: &mut Chain) -> LogFilter {
    let random = &mut chain.random;
    let addresses = (0..random.below(3)).map(|_| random.address(6)).collect();
    let mut filter = LogFilter { addresses, ..LogFilter::default() };
    for topics in &mut filter.topics {
        if random.once_in(3) {
            *topics = (0..random.below(3)).map(|_| B256::from(U256::from(random.below(7)))).collect();
        }
    }
    filter
}

#[test]
fn index_finds_what_a_scan_finds() {
    let mut chain = Chain::new(40);
    chain.extend(200);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    let mut hits = 0;
    for _ in 0..300 {
        let filter = random_filter(&mut chain);
        let (first, last) = (chain.random.below(201), chain.random.below(201));
        let logs = found(&database, first..=last, &filter);
        assert_eq!(logs, naive(&chain, first..=last, &filter), "{filter:?}");
        hits += logs.len();
    }
    assert!(hits > 1000, "{hits}");
}

#[test]
fn search_ends_when_told_to_and_at_the_head() {
    let mut chain = Chain::new(41);
    chain.extend(60);
    let database = memory(&chain, options(Mode::Full));
    catch_up(&database, &chain);
    let mut seen = 0;
    database
        .logs(0..=60, &LogFilter::default(), &mut |_| {
            seen += 1;
            seen < 3
        })
        .unwrap();
    assert_eq!(seen, 3);
    let all = found(&database, 0..=u64::MAX, &LogFilter::default());
    assert_eq!(all, naive(&chain, 0..=60, &LogFilter::default()));
}

#[test]
fn range_before_the_earliest_receipts_is_refused() {
    let mut chain = Chain::new(42);
    chain.extend(30);
    let database = super::prune::pruned(&mut chain, 10);
    let mut none = |_| true;
    let refused = database.logs(5..=30, &LogFilter::default(), &mut none).unwrap_err();
    assert!(matches!(refused, Error::Pruned { asked: 5, earliest: 21, .. }), "{refused}");
    assert_eq!(
        found(&database, 21..=30, &LogFilter::default()),
        naive(&chain, 21..=30, &LogFilter::default())
    );
}
