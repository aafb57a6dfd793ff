//! What compaction leaves out: history and index rows that no read may need any more.

use std::{
    ffi::CStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rocksdb::{
    CompactionDecision,
    compaction_filter::CompactionFilter,
    compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory},
};

use crate::codec::log_index::SECTION;

/// The heights below which rows may go. They only rise, and the database has stored them before they get here, so what
/// a compaction removes is never asked for again, also after a crash.
#[derive(Debug, Default)]
pub(super) struct Floors {
    history: AtomicU64,
    bodies: AtomicU64,
}

impl Floors {
    pub(super) fn raise(&self, history: u64, bodies: u64) {
        self.history.fetch_max(history, Ordering::AcqRel);
        self.bodies.fetch_max(bodies, Ordering::AcqRel);
    }
}

/// Which rows a filter looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Keys that end in number8: gone when the number is at or below the history floor.
    History,
    /// Keys that end in section4: gone when the whole section is below the floor of bodies.
    LogIndex,
}

/// Makes one filter for each compaction, with the floors of its start.
#[derive(Debug)]
pub(super) struct Factory {
    pub(super) kind: Kind,
    pub(super) floors: Arc<Floors>,
}

impl CompactionFilterFactory for Factory {
    type Filter = Filter;

    fn create(&mut self, _: CompactionFilterContext) -> Filter {
        let floor = match self.kind {
            Kind::History => self.floors.history.load(Ordering::Acquire),
            Kind::LogIndex => self.floors.bodies.load(Ordering::Acquire) / SECTION,
        };
        Filter { kind: self.kind, floor }
    }

    fn name(&self) -> &CStr {
        c"btt.floor"
    }
}

pub(super) struct Filter {
    kind: Kind,
    floor: u64,
}

impl CompactionFilter for Filter {
    fn filter(&mut self, _level: u32, key: &[u8], _value: &[u8]) -> CompactionDecision {
        let gone = match self.kind {
            Kind::History => key.last_chunk().is_some_and(|number| u64::from_be_bytes(*number) <= self.floor),
            Kind::LogIndex => {
                key.last_chunk().is_some_and(|section| u64::from(u32::from_be_bytes(*section)) < self.floor)
            }
        };
        if gone { CompactionDecision::Remove } else { CompactionDecision::Keep }
    }

    fn name(&self) -> &CStr {
        c"btt.floor"
    }
}
