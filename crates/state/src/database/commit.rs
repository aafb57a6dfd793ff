//! Writing a block: one batch, all or nothing.

use std::sync::{Arc, atomic::Ordering};

use alloy_primitives::{Address, B256, U256};
use btt_primitives::{Block, Receipt};

use crate::{
    Batch, Database, Durability, Error, Head, Layer, StateView, Table,
    codec::{Before, SCHEMA, UndoRecord, encode_header, meta, number_key},
    database::{
        Identity, Inner,
        rows::{before, put_body, put_history, put_receipts, put_state},
    },
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
    pub nodes: Batch,
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
        let _writer = self.0.writer.lock();
        if self.head().hash != B256::ZERO {
            return Err(self.0.out_of_order(genesis, "a genesis is written once"));
        }
        let mut batch = Batch::default();
        batch.put(Table::Meta, meta::SCHEMA_KEY, &u64::from(SCHEMA).to_be_bytes());
        let identity = Identity { chain_id, genesis: genesis.hash };
        batch.put(Table::Meta, meta::CHAIN_ID, &identity.chain_id.to_be_bytes());
        batch.put(Table::Meta, meta::GENESIS, identity.genesis.as_slice());
        batch.put(Table::Meta, meta::MODE, self.0.store.mode.name().as_bytes());
        self.0.write_blocks(std::slice::from_ref(genesis), batch, Durability::Synced)
    }

    /// Writes the child of the head: block, receipts, state, trie records, history, undo and head in one batch.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the block is not the head's child; storage errors. Either is fatal: nothing has been
    /// written, and nothing may be committed afterwards.
    pub fn commit(&self, block: &BlockCommit, durability: Durability) -> Result<(), Error> {
        self.commit_all(std::slice::from_ref(block), durability)
    }

    /// Writes consecutive blocks in one batch, for catching up; see [`Database::commit`].
    ///
    /// # Errors
    /// As [`Database::commit`].
    pub fn commit_all(&self, blocks: &[BlockCommit], durability: Durability) -> Result<(), Error> {
        let _writer = self.0.writer.lock();
        let mut head = self.head();
        for block in blocks {
            let header = &block.block.header;
            if head.hash == B256::ZERO
                || header.parent_hash != head.hash
                || head.number.checked_add(1) != Some(header.number)
            {
                return Err(self.0.out_of_order(block, "a commit is the child of the head"));
            }
            head = Head { number: header.number, hash: block.hash, state_root: header.state_root };
        }
        self.0.write_blocks(blocks, Batch::default(), durability)
    }
}

impl Inner {
    fn out_of_order(&self, block: &BlockCommit, what: &str) -> Error {
        let head = *self.store.head.read();
        Error::Invariant {
            number: block.block.header.number,
            hash: block.hash,
            what: format!(
                "{what}: the head is block {} ({}), its parent is {}",
                head.number, head.hash, block.block.header.parent_hash
            ),
        }
    }

    /// The writer's order: undo records into the ring, the batch, the caches, the head.
    fn write_blocks(
        &self,
        blocks: &[BlockCommit],
        mut batch: Batch,
        durability: Durability,
    ) -> Result<(), Error> {
        let Some(last) = blocks.last() else { return Ok(()) };
        let head = *self.store.head.read();
        let mut parent = StateView::new(self.store.clone(), head.number, head.hash);
        let mut records = Vec::with_capacity(blocks.len());
        for block in blocks {
            let before = before(&block.layer, &parent)?;
            let number = block.block.header.number;
            let record = self.put_block(&mut batch, block, &before).map_err(|what| Error::Invariant {
                number,
                hash: block.hash,
                what,
            })?;
            records.extend(record.map(Arc::new));
            parent = parent.with_layer(block.layer.clone());
        }
        let header = &last.block.header;
        let head = Head { number: header.number, hash: last.hash, state_root: header.state_root };
        batch.put(Table::Meta, meta::HEAD, &head.encode());

        self.store.ring.publish(records, self.ring_bytes);
        for block in blocks {
            block.layer.set_committed();
        }
        self.store.published.store(head.number, Ordering::Release);
        self.store.cache.begin_commit();
        self.store.kv.write(batch, durability)?;
        self.store.cache.end_commit(blocks.iter().map(|block| &*block.layer));
        *self.store.head.write() = head;
        Ok(())
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
        batch.append(&block.nodes);
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
