//! Logs by address and topics, through the index.

use std::ops::RangeInclusive;

use alloy_primitives::{Address, B256, Log};

use crate::{
    Database, Error, Table,
    codec::{
        damaged,
        log_index::{self, SECTION, Term, address_term, topic_term},
    },
};

/// Which logs to find, as `eth_getLogs` means it: an empty list matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The log's address is one of these.
    pub addresses: Vec<Address>,
    /// The topic at each place is one of these; a log with fewer topics than the last place that names some does not
    /// match.
    pub topics: [Vec<B256>; 4],
}

/// A log and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMatch {
    /// Height of its block.
    pub number: u64,
    /// Its transaction's place in the block.
    pub transaction: usize,
    /// Its place among all logs of the block.
    pub index: usize,
    /// The log.
    pub log: Log,
}

impl LogFilter {
    /// True when the log is one of those asked for.
    pub fn matches(&self, log: &Log) -> bool {
        let address = self.addresses.is_empty() || self.addresses.contains(&log.address);
        address
            && self.topics.iter().enumerate().all(|(place, wanted)| {
                wanted.is_empty() || log.topics().get(place).is_some_and(|topic| wanted.contains(topic))
            })
    }

    /// The terms of each condition: a block must have one of each list.
    fn conditions(&self) -> Vec<Vec<Term>> {
        let addresses = self.addresses.iter().map(address_term).collect::<Vec<_>>();
        let topics = (0u8..).zip(&self.topics);
        let topics =
            topics.map(|(place, topics)| topics.iter().map(|topic| topic_term(place, topic)).collect());
        [addresses].into_iter().chain(topics).filter(|terms: &Vec<_>| !terms.is_empty()).collect()
    }
}

impl Database {
    /// Visits the logs that match in the blocks of `range`, in order, until `visit` says false.
    ///
    /// # Errors
    /// [`Error::Pruned`] when the range begins before the earliest receipts kept.
    pub fn logs(
        &self,
        range: RangeInclusive<u64>,
        filter: &LogFilter,
        visit: &mut dyn FnMut(LogMatch) -> bool,
    ) -> Result<(), Error> {
        let (first, last) = (*range.start(), (*range.end()).min(self.head().number));
        let earliest = self.earliest_body();
        if first < earliest {
            let mode = self.mode();
            return Err(Error::Pruned { what: "block bodies and receipts", asked: first, earliest, mode });
        }
        let conditions = filter.conditions();
        for section in first / SECTION..=last / SECTION {
            let start = section.saturating_mul(SECTION);
            let candidates = self.candidates(section, &conditions)?;
            let blocks = candidates.into_iter().map(|offset| start.saturating_add(u64::from(offset)));
            for number in blocks.filter(|number| (first..=last).contains(number)) {
                if !self.block_logs(number, filter, visit)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The blocks of a section that can have a match; all of them without conditions.
    fn candidates(&self, section: u64, conditions: &[Vec<Term>]) -> Result<Vec<u16>, Error> {
        let section = u32::try_from(section).unwrap_or(u32::MAX);
        let mut candidates: Option<Vec<u16>> = None;
        for terms in conditions {
            let mut any = Vec::new();
            for term in terms {
                let key = log_index::key(term, section);
                if let Some(row) = self.0.store.kv.get(Table::LogIndex, &key)? {
                    any.extend(
                        log_index::decode(&row).map_err(|reason| damaged(Table::LogIndex, &key, reason))?,
                    );
                }
            }
            any.sort_unstable();
            any.dedup();
            if let Some(candidates) = &candidates {
                any.retain(|offset| candidates.binary_search(offset).is_ok());
            }
            if any.is_empty() {
                return Ok(any);
            }
            candidates = Some(any);
        }
        Ok(candidates.unwrap_or_else(|| (0..8192).collect()))
    }

    fn block_logs(
        &self,
        number: u64,
        filter: &LogFilter,
        visit: &mut dyn FnMut(LogMatch) -> bool,
    ) -> Result<bool, Error> {
        let receipts = self.receipts(number)?.unwrap_or_default();
        let logs = receipts
            .into_iter()
            .enumerate()
            .flat_map(|(transaction, receipt)| receipt.logs.into_iter().map(move |log| (transaction, log)));
        for (index, (transaction, log)) in logs.enumerate() {
            if filter.matches(&log) && !visit(LogMatch { number, transaction, index, log }) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
