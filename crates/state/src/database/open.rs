//! Opening a database: new, known, foreign.

use std::sync::{Arc, atomic::AtomicU64};

use alloy_primitives::B256;
use parking_lot::{Mutex, RwLock};

use crate::{
    Batch, Database, Durability, EMPTY_ROOT, Error, Head, KeyValue, Mode, Retention, Table, Trie, TrieKind,
    cache::StateCache,
    codec::{SCHEMA, UndoRecord, damaged, meta, number_key},
    database::Inner,
    ring::{RING_BLOCKS, Ring},
    store::{Store, Tip},
};

/// Which chain a database belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis: B256,
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The chain expected; `None` takes whatever the database holds, as the `db` commands do.
    pub expected: Option<Identity>,
    /// The mode wanted; `None` keeps the stored one, and a new database gets [`Mode::Full`].
    pub mode: Option<Mode>,
    /// Overrides the mode's window sizes; for tests.
    pub retention: Option<Retention>,
    /// Bytes for accounts and slots kept in memory across blocks.
    pub state_cache_bytes: u64,
    /// Bytes for code kept in memory.
    pub code_cache_bytes: u64,
    /// How the trie keeps its nodes in memory.
    pub trie: TrieKind,
    /// Undo records kept in memory, 64 at most; `minimal` reads states of so many blocks back and no further.
    pub ring_blocks: usize,
    /// Bytes for undo records kept in memory; the newest always stays, and `minimal` keeps all whatever their size.
    pub ring_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            expected: None,
            mode: None,
            retention: None,
            state_cache_bytes: 256 << 20,
            code_cache_bytes: 32 << 20,
            trie: TrieKind::Plain { cache_bytes: 64 << 20 },
            ring_blocks: RING_BLOCKS,
            ring_bytes: 64 << 20,
        }
    }
}

impl Database {
    /// Opens the database in `kv`. An empty store becomes a database without genesis: see [`Database::init_genesis`].
    ///
    /// # Errors
    /// [`Error::Foreign`] for another chain, a newer schema, or a mode that the data cannot serve; [`Error::Damaged`]
    /// when a row needed for the start does not decode.
    pub fn open(kv: Arc<dyn KeyValue>, options: Options) -> Result<Self, Error> {
        let empty = check_schema(&*kv)?;
        if !empty {
            check_identity(&*kv, options.expected)?;
        }
        let mode = choose_mode(&*kv, options.mode)?;
        let retention = options.retention.unwrap_or_else(|| mode.retention());
        let head = read(&*kv, meta::HEAD, Head::decode)?;
        let earliest = read(&*kv, meta::EARLIEST_STATE, meta::decode_u64)?.unwrap_or(0);
        let earliest_body = read(&*kv, meta::EARLIEST_BODY, meta::decode_u64)?.unwrap_or(0);
        let head = head.unwrap_or(Head { number: 0, hash: B256::ZERO, state_root: EMPTY_ROOT });
        let has_history = retention.history != Some(0);
        let ring_bytes = if has_history { options.ring_bytes } else { usize::MAX };
        let trie = Trie::open(kv.clone(), head.state_root, options.trie)?;
        let store = Store {
            ring: refill(&*kv, head.number, Ring::new(options.ring_blocks, ring_bytes))?,
            cache: StateCache::new(options.state_cache_bytes, options.code_cache_bytes),
            published: AtomicU64::new(head.number),
            tip: RwLock::new(Tip { head, version: trie.head() }),
            earliest_state: AtomicU64::new(earliest),
            earliest_body: AtomicU64::new(earliest_body),
            mode,
            has_history,
            kv,
        };
        let inner = Inner { store: Arc::new(store), retention, trie, writer: Mutex::default() };
        inner.release()?;
        Ok(Self(Arc::new(inner)))
    }

    /// The chain the database belongs to; `None` before genesis is written.
    ///
    /// # Errors
    /// Storage errors, and a row that does not decode.
    pub fn identity(&self) -> Result<Option<Identity>, Error> {
        stored_identity(&*self.0.store.kv)
    }
}

/// True when the store holds no database yet.
fn check_schema(kv: &dyn KeyValue) -> Result<bool, Error> {
    let Some(row) = kv.get(Table::Meta, meta::SCHEMA_KEY)? else {
        return Ok(true);
    };
    let schema = u32::try_from(
        meta::decode_u64(&row).map_err(|reason| damaged(Table::Meta, meta::SCHEMA_KEY, reason))?,
    );
    match schema {
        Ok(SCHEMA) => Ok(false),
        _ => Err(Error::Foreign(format!(
            "the database has schema {}, this version of bttd reads schema {SCHEMA}: use the version that wrote it, \
             or import the chain anew into an empty folder",
            schema.map_or_else(|_| "above 2^32".to_owned(), |schema| schema.to_string()),
        ))),
    }
}

fn check_identity(kv: &dyn KeyValue, expected: Option<Identity>) -> Result<(), Error> {
    let (Some(stored), Some(expected)) = (stored_identity(kv)?, expected) else { return Ok(()) };
    if stored == expected {
        return Ok(());
    }
    Err(Error::Foreign(format!(
        "the database belongs to chain {} (genesis {}), asked for chain {} (genesis {}): use the chain file it was made \
         with, or another data directory",
        stored.chain_id, stored.genesis, expected.chain_id, expected.genesis
    )))
}

fn stored_identity(kv: &dyn KeyValue) -> Result<Option<Identity>, Error> {
    let chain_id = read(kv, meta::CHAIN_ID, meta::decode_u64)?;
    let genesis = read(kv, meta::GENESIS, meta::decode_hash)?;
    Ok(chain_id.zip(genesis).map(|(chain_id, genesis)| Identity { chain_id, genesis }))
}

/// The stored mode, or the wanted one where the data can serve it: a mode that keeps less is taken over at once, one
/// that keeps more would lack what has been dropped.
fn choose_mode(kv: &dyn KeyValue, wanted: Option<Mode>) -> Result<Mode, Error> {
    let stored = read(kv, meta::MODE, |row| String::from_utf8_lossy(row).parse::<Mode>())?;
    match (stored, wanted) {
        (None, wanted) => Ok(wanted.unwrap_or(Mode::Full)),
        (Some(stored), None) => Ok(stored),
        (Some(stored), Some(wanted)) if wanted > stored => Err(Error::Foreign(format!(
            "the database was kept in {stored} mode and lacks what {wanted} mode serves: start with --mode {stored}, or \
             sync anew into an empty folder"
        ))),
        (Some(stored), Some(wanted)) => {
            if wanted < stored {
                let mut batch = Batch::default();
                batch.put(Table::Meta, meta::MODE, wanted.name().as_bytes());
                kv.write(batch, Durability::Synced)?;
            }
            Ok(wanted)
        }
    }
}

fn read<T>(
    kv: &dyn KeyValue,
    key: &[u8],
    decode: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    let Some(row) = kv.get(Table::Meta, key)? else { return Ok(None) };
    decode(&row).map(Some).map_err(|reason| damaged(Table::Meta, key, reason))
}

/// Reads the newest undo records back into memory.
fn refill(kv: &dyn KeyValue, head: u64, ring: Ring) -> Result<Ring, Error> {
    let blocks = u64::try_from(RING_BLOCKS).unwrap_or(u64::MAX);
    let first = head.saturating_sub(blocks).saturating_add(1);
    for number in first..=head {
        let key = number_key(number);
        let Some(row) = kv.get(Table::Undo, &key)? else { continue };
        let record = UndoRecord::decode(number, row).map_err(|reason| damaged(Table::Undo, &key, reason))?;
        ring.publish([Arc::new(record)]);
    }
    Ok(ring)
}
