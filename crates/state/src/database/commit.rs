//! Writing a block: one batch, all or nothing.

use std::sync::{Arc, atomic::Ordering};

use alloy_primitives::{Address, B256, U256};
use btt_primitives::{Block, Receipt};

use crate::{
    Batch, Database, Durability, Error, Head, Layer, NodeSet, StateView, Table, Version,
    codec::{Before, SCHEMA, UndoRecord, encode_header, meta, number_key},
    database::{
        Inner,
        rows::{before, put_body, put_history, put_receipts, put_state},
    },
    steps,
    store::Tip,
};

/// Undo records kept on disk: what `rewind` and proofs at older blocks reach back.
pub(super) const UNDO_BLOCKS: u64 = 256;

/// Everything of one executed block that is written with it.
#[derive(Clone, Debug)]
pub struct BlockCommit {
    /// Header and body.
    pub block: Block,
    /// keccak256 of the header.
    pub hash: B256,
    /// The sender of each transaction, in order.
    pub senders: Vec<Address>,
    /// The receipt of each transaction, in order.
    pub receipts: Vec<Receipt>,
    /// The state changes, with storage roots.
    pub layer: Arc<Layer>,
    /// The changed trie records.
    pub nodes: NodeSet,
    /// The block's trie, published once the batch is written.
    pub version: Version,
    /// Running sums after this block: on bttd chains circulating and destroyed BTT in wei, on Ethereum-rule chains the
    /// total difficulty and zero.
    pub sums: [U256; 2],
    /// Rows of other owners that belong to the block: sidecar, certificate, consensus height, bridge cursor.
    pub extra: Batch,
}

impl Database {
    /// Writes block 0 and what the database is.
    ///
    /// # Errors
    /// [`Error::Invariant`] when there is a genesis already; storage errors.
    pub fn init_genesis(&self, chain_id: u64, genesis: &BlockCommit) -> Result<(), Error> {
        let mut writer = self.0.writer.lock();
        let head = self.head();
        if head.hash != B256::ZERO || genesis.block.header.number != 0 {
            return Err(
                genesis.broken(format!("genesis is block 0 and written once, the head is {}", head.hash))
            );
        }
        genesis.check_root()?;
        let mut batch = Batch::default();
        batch.put(Table::Meta, meta::SCHEMA_KEY, &u64::from(SCHEMA).to_be_bytes());
        batch.put(Table::Meta, meta::CHAIN_ID, &chain_id.to_be_bytes());
        batch.put(Table::Meta, meta::GENESIS, genesis.hash.as_slice());
        batch.put(Table::Meta, meta::MODE, self.0.store.mode.name().as_bytes());
        self.0.write_blocks(&mut writer, std::slice::from_ref(genesis), batch, Durability::Synced)
    }

    /// Writes the child of the head: block, receipts, state, trie records, history, undo and head in one batch.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the block is not the head's child or contradicts itself; nothing has happened then.
    /// Storage errors: the batch is not written, and this database commits nothing any more.
    pub fn commit(&self, block: &BlockCommit, durability: Durability) -> Result<(), Error> {
        self.commit_all(std::slice::from_ref(block), durability)
    }

    /// Writes consecutive blocks in one batch, for catching up; see [`Database::commit`].
    ///
    /// # Errors
    /// As [`Database::commit`].
    pub fn commit_all(&self, blocks: &[BlockCommit], durability: Durability) -> Result<(), Error> {
        let mut writer = self.0.writer.lock();
        let mut head = self.head();
        for block in blocks {
            head = block.check_child(&head)?;
        }
        self.0.write_blocks(&mut writer, blocks, Batch::default(), durability)
    }
}

impl BlockCommit {
    /// The head after this block on top of `head`.
    fn check_child(&self, head: &Head) -> Result<Head, Error> {
        let header = &self.block.header;
        let follows = header.parent_hash == head.hash && head.number.checked_add(1) == Some(header.number);
        if head.hash == B256::ZERO || !follows || self.layer.number() != header.number {
            return Err(self.broken(format!(
                "a commit is the child of the head, block {} ({}); its parent is {}, its layer block {}",
                head.number,
                head.hash,
                header.parent_hash,
                self.layer.number()
            )));
        }
        self.check_root()?;
        Ok(Head { number: header.number, hash: self.hash, state_root: header.state_root })
    }

    fn check_root(&self) -> Result<(), Error> {
        let (root, expected) = (self.version.root(), self.block.header.state_root);
        if root == expected {
            Ok(())
        } else {
            Err(self.broken(format!("state root {root}, header says {expected}")))
        }
    }

    const fn broken(&self, what: String) -> Error {
        Error::Invariant { number: self.block.header.number, hash: self.hash, what }
    }
}

/// What the writer remembers from one commit to the next.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// A batch failed: readers may have seen its undo records, so nothing can follow.
    failed: bool,
}

impl Writer {
    /// Refuses to go on after a failure.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Storage { operation: "write", reason: "an earlier commit has failed".into() });
        }
        Ok(())
    }

    /// From here on a failure leaves readers and store apart.
    pub(super) const fn begin(&mut self) {
        self.failed = true;
    }

    /// Readers and store agree again.
    pub(super) const fn end(&mut self) {
        self.failed = false;
    }
}

impl Inner {
    /// The writer's order: undo records into the ring, the batch, the trie, the caches, the head.
    fn write_blocks(
        &self,
        writer: &mut Writer,
        blocks: &[BlockCommit],
        mut batch: Batch,
        durability: Durability,
    ) -> Result<(), Error> {
        let Some(last) = blocks.last() else { return Ok(()) };
        writer.check()?;
        let records = self.put_blocks(&mut batch, blocks)?;
        let header = &last.block.header;
        let head = Head { number: header.number, hash: last.hash, state_root: header.state_root };
        batch.put(Table::Meta, meta::HEAD, &head.encode());

        writer.begin();
        self.store.ring.publish(records);
        steps::step();
        for block in blocks {
            block.layer.set_committed();
        }
        steps::step();
        self.store.published.store(head.number, Ordering::Release);
        steps::step();
        self.store.cache.begin_commit();
        steps::step();
        self.store.kv.write(batch, durability)?;
        steps::step();
        for block in blocks {
            self.trie.publish(&block.version)?;
        }
        steps::step();
        self.store.cache.end_commit(blocks.iter().map(|block| &*block.layer));
        steps::step();
        *self.store.tip.write() = Tip { head, version: last.version.clone() };
        writer.end();
        Ok(())
    }

    /// Puts all rows of consecutive blocks into the batch, and gives their undo records.
    fn put_blocks(&self, batch: &mut Batch, blocks: &[BlockCommit]) -> Result<Vec<Arc<UndoRecord>>, Error> {
        let head = self.store.head();
        let mut parent = StateView::new(self.store.clone(), head.number, head.hash);
        let mut records = Vec::with_capacity(blocks.len());
        for block in blocks {
            let before = before(&block.layer, &parent)?;
            let record = self.put_block(batch, block, &before).map_err(|what| block.broken(what))?;
            records.extend(record.map(Arc::new));
            parent = parent.with_layer(block.layer.clone());
        }
        Ok(records)
    }

    /// Puts all rows of a block into the batch, and gives its undo record; genesis has none.
    fn put_block(
        &self,
        batch: &mut Batch,
        block: &BlockCommit,
        before: &[Before],
    ) -> Result<Option<UndoRecord>, String> {
        let header = &block.block.header;
        let number = number_key(header.number);
        batch.put_with(Table::Headers, &number, |out| encode_header(&block.hash, &block.sums, header, out));
        batch.put(Table::Numbers, block.hash.as_slice(), &number);
        put_body(batch, block)?;
        put_receipts(batch, block)?;
        put_state(batch, &block.layer, before);
        block.nodes.append_to(batch);
        batch.append(&block.extra);
        if header.number == 0 {
            return Ok(None);
        }
        let record = UndoRecord::build(header.number, &block.hash, before)?;
        batch.put(Table::Undo, &number, record.bytes());
        if let Some(old) = header.number.checked_sub(UNDO_BLOCKS) {
            batch.delete(Table::Undo, &number_key(old));
        }
        if self.store.has_history {
            put_history(batch, header.number, before);
        }
        Ok(Some(record))
    }
}
