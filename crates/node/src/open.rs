//! A data directory with its database and trie, ready to work.

use std::{path::Path, sync::Arc};

use alloy_primitives::B256;
use btt_chainspec::Genesis;
use btt_state::{Database, Durability, Identity, KeyValue, Mode, Options, Rocks, RocksOptions, TrieKind};

use crate::{ChainFile, DataDir, Error, genesis_commit::genesis_commit};

/// Memory for the trie's nodes, in bytes.
const TRIE_BYTES: usize = 256 << 20;

/// How a data directory is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// How much of the past is kept; `None` keeps what the database has, and gives a new one full mode.
    pub mode: Option<Mode>,
}

/// A chain in a data directory. The directory is locked until this is dropped.
#[derive(Debug)]
pub struct Node {
    /// The chain.
    pub genesis: Genesis,
    /// Blocks, state and trie.
    pub database: Database,
    data_dir: DataDir,
}

impl Node {
    /// Opens the chain that was set up in `path`.
    ///
    /// # Errors
    /// [`Error::NoChain`], [`Error::Locked`], [`Error::OtherChain`], [`Error::Database`].
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, Error> {
        let data_dir = DataDir::open(path)?;
        let chain = data_dir.chain()?.ok_or_else(|| Error::NoChain { path: path.to_owned() })?;
        Self::with_data_dir(data_dir, chain.genesis, options).map(|(node, _)| node)
    }

    /// Opens `path` for `chain`, setting the chain up when the folder is new. True when it was new.
    ///
    /// # Errors
    /// As [`Self::open`], and [`Error::NoDataDir`].
    pub fn create(path: &Path, chain: &ChainFile, options: OpenOptions) -> Result<(Self, bool), Error> {
        let data_dir = DataDir::create(path)?;
        match data_dir.chain()? {
            Some(stored) => refuse_other(path, &stored.genesis, chain)?,
            None => data_dir.keep_chain(chain)?,
        }
        Self::with_data_dir(data_dir, chain.genesis.clone(), options)
    }

    /// The data directory.
    pub fn path(&self) -> &Path {
        self.data_dir.path()
    }

    fn with_data_dir(
        data_dir: DataDir,
        genesis: Genesis,
        options: OpenOptions,
    ) -> Result<(Self, bool), Error> {
        let database = open_in(&data_dir, &genesis, options)?;
        let is_new = database.head().hash == B256::ZERO;
        if is_new {
            database.init_genesis(genesis.spec.chain_id, &genesis_commit(&genesis, &database)?)?;
        }
        let head = database.head();
        tracing::info!(
            path = %data_dir.path().display(),
            chain = genesis.spec.label(),
            id = genesis.spec.chain_id,
            mode = %database.mode(),
            height = head.number,
            hash = %head.hash,
            "database opened"
        );
        Ok((Self { genesis, database, data_dir }, is_new))
    }

    /// Drops nothing silently: the newest commit is on stable storage before the process ends.
    pub(crate) const DURABILITY: Durability = Durability::Synced;
}

fn refuse_other(path: &Path, stored: &Genesis, chain: &ChainFile) -> Result<(), Error> {
    let asked = &chain.genesis;
    if stored.hash == asked.hash && stored.spec == asked.spec {
        return Ok(());
    }
    if stored.hash == asked.hash && stored.spec.chain_id == asked.spec.chain_id {
        return Err(Error::OtherRules { path: path.to_owned(), chain: chain.source.clone() });
    }
    Err(Error::OtherChain {
        path: path.to_owned(),
        stored_id: stored.spec.chain_id,
        stored_genesis: stored.hash,
        asked_id: asked.spec.chain_id,
        asked_genesis: asked.hash,
    })
}

/// The database of a data directory without anything above it, and what holds the directory.
pub(crate) fn open_database(path: &Path) -> Result<(DataDir, Database), Error> {
    let data_dir = DataDir::open(path)?;
    let chain = data_dir.chain()?.ok_or_else(|| Error::NoChain { path: path.to_owned() })?;
    let database = open_in(&data_dir, &chain.genesis, OpenOptions::default())?;
    Ok((data_dir, database))
}

fn open_in(data_dir: &DataDir, genesis: &Genesis, options: OpenOptions) -> Result<Database, Error> {
    let rocks: Arc<dyn KeyValue> = Arc::new(Rocks::open(&data_dir.database(), &RocksOptions::default())?);
    let identity = Identity { chain_id: genesis.spec.chain_id, genesis: genesis.hash };
    let trie = TrieKind::Plain { cache_bytes: TRIE_BYTES };
    let options = Options { expected: Some(identity), mode: options.mode, trie, ..Options::default() };
    Ok(Database::open(rocks, options)?)
}
