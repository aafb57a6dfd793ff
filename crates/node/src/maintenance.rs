//! `bttd db stats`, `verify`, `compact` and `prune`: looking after a database that no node has open.

use std::{ops::ControlFlow, path::Path};

use btt_state::{Database, Progress, PruneStep, Verified};
use serde::Serialize;

use crate::{Error, HeadInfo, Stop, open::open_database};

/// What a database holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatsReport {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The newest block.
    pub head: HeadInfo,
    /// How much of the past is kept.
    pub mode: &'static str,
    /// The earliest block whose state can be read.
    pub earliest_state: u64,
    /// The earliest block whose body and receipts can be read; genesis always can.
    pub earliest_body: u64,
    /// Bytes of all files.
    pub disk_bytes: u64,
    /// The tables.
    pub tables: Vec<TableReport>,
}

/// What a table holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableReport {
    /// Its name.
    pub name: &'static str,
    /// Rows, estimated.
    pub rows: u64,
    /// Bytes of its files.
    pub disk_bytes: u64,
    /// Bytes that are not in files yet.
    pub memory_bytes: u64,
    /// Bytes that compaction has still to rewrite.
    pub waiting_bytes: u64,
}

/// Rows and bytes of every table.
///
/// # Errors
/// The data directory cannot be opened, or read.
pub fn database_stats(datadir: &Path) -> Result<StatsReport, Error> {
    let (_held, database) = open_database(datadir)?;
    stats(&database)
}

fn stats(database: &Database) -> Result<StatsReport, Error> {
    let stats = database.stats()?;
    let tables: Vec<_> = stats
        .tables
        .iter()
        .map(|(table, stats)| TableReport {
            name: table.name(),
            rows: stats.rows,
            disk_bytes: stats.disk_bytes,
            memory_bytes: stats.memory_bytes,
            waiting_bytes: stats.waiting_bytes,
        })
        .collect();
    Ok(StatsReport {
        chain_id: database.identity()?.map_or(0, |identity| identity.chain_id),
        head: HeadInfo::of(database),
        mode: stats.mode.name(),
        earliest_state: stats.earliest_state,
        earliest_body: stats.earliest_body,
        disk_bytes: tables.iter().fold(0, |sum, table| sum.saturating_add(table.disk_bytes)),
        tables,
    })
}

/// What a verification has looked at and found right.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// The newest block.
    pub head: HeadInfo,
    /// Headers: hash, parent, look-up by hash.
    pub headers: u64,
    /// Bodies and receipts: roots, bloom, look-ups, log index.
    pub bodies: u64,
    /// Accounts, all in the state root that was computed anew.
    pub accounts: u64,
    /// Slots, all in their storage roots.
    pub slots: u64,
    /// Trie records, each equal to the one of a trie built anew.
    pub records: u64,
    /// Older states reached by undoing blocks, each with the root of its header.
    pub states: u64,
    /// History rows.
    pub history: u64,
    /// Contracts' code, hashed again.
    pub codes: u64,
}

/// Checks everything in the database that can be checked without executing a block again. Changes nothing.
///
/// # Errors
/// The first row that does not fit; the data directory cannot be opened; [`btt_state::Error::Stopped`] by a signal.
pub fn verify_database(datadir: &Path, watch: &mut Watch<'_>, stop: &Stop) -> Result<VerifyReport, Error> {
    let (_held, database) = open_database(datadir)?;
    let Verified { headers, bodies, accounts, slots, records, states, history, codes } =
        database.verify(&mut |progress| told(watch, progress, stop))?;
    let head = HeadInfo::of(&database);
    Ok(VerifyReport { head, headers, bodies, accounts, slots, records, states, history, codes })
}

/// Told how far long work has come: the stage, steps done, steps in all.
pub type Watch<'a> = dyn FnMut(&'static str, u64, u64) + 'a;

fn told(watch: &mut Watch<'_>, progress: Progress, stop: &Stop) -> ControlFlow<()> {
    watch(progress.stage, progress.done, progress.total);
    if stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// What compaction freed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompactReport {
    /// Bytes of all files before.
    pub before_bytes: u64,
    /// Bytes of all files afterwards.
    pub after_bytes: u64,
}

/// Rewrites every table, so that deleted rows free their space.
///
/// # Errors
/// The data directory cannot be opened, the disk failed, or [`btt_state::Error::Stopped`] by a signal.
pub fn compact_database(datadir: &Path, watch: &mut Watch<'_>, stop: &Stop) -> Result<CompactReport, Error> {
    let (_held, database) = open_database(datadir)?;
    let before_bytes = stats(&database)?.disk_bytes;
    database.compact(&mut |progress| told(watch, progress, stop))?;
    Ok(CompactReport { before_bytes, after_bytes: stats(&database)?.disk_bytes })
}

/// What pruning dropped.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PruneReport {
    /// Blocks whose body, receipts and look-ups are gone.
    pub bodies: u64,
    /// Blocks by which the earliest readable state rose.
    pub history: u64,
    /// Blocks whose sidecars were considered.
    pub sidecars: u64,
    /// Stopped by a signal before everything was dropped.
    pub stopped: bool,
}

/// Drops everything that the database's mode does not keep.
///
/// # Errors
/// The data directory cannot be opened, or the disk failed.
pub fn prune_database(datadir: &Path, stop: &Stop) -> Result<PruneReport, Error> {
    let (_held, database) = open_database(datadir)?;
    let (step, mut report) = (PruneStep { slack: 0, ..PruneStep::default() }, PruneReport::default());
    loop {
        let done = database.prune(step)?;
        report.bodies = report.bodies.saturating_add(done.bodies);
        report.history = report.history.saturating_add(done.history);
        report.sidecars = report.sidecars.saturating_add(done.sidecars);
        if !done.more {
            return Ok(report);
        }
        if stop.is_set() {
            return Ok(PruneReport { stopped: true, ..report });
        }
    }
}
