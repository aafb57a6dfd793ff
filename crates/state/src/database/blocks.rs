//! Reading blocks, receipts and transactions back.

use std::sync::atomic::Ordering;

use alloy_primitives::{Address, B256, Bytes, U256};
use btt_primitives::{Block, BlockBody, Header, Receipt, Transaction};

use crate::{
    Database, Error, Table,
    codec::{BodyRow, damaged, decode_header, decode_lookup, decode_receipts, number_key},
};

/// A header of the committed chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHeader {
    /// keccak256 of the header.
    pub hash: B256,
    /// The running sums after the block; see [`crate::BlockCommit::sums`].
    pub sums: [U256; 2],
    /// The header.
    pub header: Header,
}

/// A transaction of the committed chain and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Height of its block.
    pub number: u64,
    /// Its place in the block.
    pub index: usize,
    /// Who signed it.
    pub sender: Address,
    /// The transaction.
    pub transaction: Transaction,
}

impl Database {
    /// The header of block `number`; headers are kept in every mode.
    ///
    /// # Errors
    /// Storage errors, and a row that does not decode.
    pub fn header(&self, number: u64) -> Result<Option<StoredHeader>, Error> {
        let key = number_key(number);
        let Some(row) = self.0.store.kv.get(Table::Headers, &key)? else { return Ok(None) };
        let row = decode_header(&row).map_err(|reason| damaged(Table::Headers, &key, reason))?;
        Ok(Some(StoredHeader { hash: row.hash, sums: row.sums, header: row.header }))
    }

    /// The height of the committed block with this hash.
    ///
    /// # Errors
    /// Storage errors, and a row that does not decode.
    pub fn number(&self, hash: &B256) -> Result<Option<u64>, Error> {
        let Some(row) = self.0.store.kv.get(Table::Numbers, hash.as_slice())? else { return Ok(None) };
        let number = row.as_slice().try_into().map(u64::from_be_bytes);
        number.map(Some).map_err(|_| damaged(Table::Numbers, hash.as_slice(), "not 8 bytes"))
    }

    /// Block `number`, and the senders of its transactions.
    ///
    /// # Errors
    /// [`Error::Pruned`] when the block is known and its body is no longer kept.
    pub fn block(&self, number: u64) -> Result<Option<(Block, Vec<Address>)>, Error> {
        let Some(StoredHeader { header, .. }) = self.header(number)? else { return Ok(None) };
        let Some((body, senders)) = self.body(number)? else { return Ok(None) };
        Ok(Some((Block { header, body }, senders)))
    }

    /// The body of block `number`, and the senders of its transactions.
    ///
    /// # Errors
    /// [`Error::Pruned`] when the block is known and its body is no longer kept.
    pub fn body(&self, number: u64) -> Result<Option<(BlockBody, Vec<Address>)>, Error> {
        let Some(row) = self.block_row(Table::Bodies, number)? else { return Ok(None) };
        let body = BodyRow::open(&row).and_then(|row| row.decode());
        body.map(Some).map_err(|reason| damaged(Table::Bodies, &number_key(number), reason))
    }

    /// The receipts of block `number`.
    ///
    /// # Errors
    /// [`Error::Pruned`] when the block is known and its receipts are no longer kept.
    pub fn receipts(&self, number: u64) -> Result<Option<Vec<Receipt>>, Error> {
        let Some(row) = self.block_row(Table::Receipts, number)? else { return Ok(None) };
        let receipts = decode_receipts(&row);
        receipts.map(Some).map_err(|reason| damaged(Table::Receipts, &number_key(number), reason))
    }

    /// The transaction with this hash; `None` also when its block is pruned, since its look-up is gone then.
    ///
    /// # Errors
    /// Storage errors, and a row that does not decode.
    pub fn transaction(&self, hash: &B256) -> Result<Option<Located>, Error> {
        let Some(row) = self.0.store.kv.get(Table::TxLookup, hash.as_slice())? else { return Ok(None) };
        let wrong = |reason| damaged(Table::TxLookup, hash.as_slice(), reason);
        let (number, index) = decode_lookup(&row).map_err(wrong)?;
        let row = match self.block_row(Table::Bodies, number) {
            Err(Error::Pruned { .. }) => return Ok(None),
            row => row?.ok_or_else(|| wrong(format!("names block {number}, which is not committed")))?,
        };
        let located = BodyRow::open(&row).and_then(|body| {
            let sender = body.sender(index).ok_or_else(|| format!("no transaction {index}"))?;
            Ok(body.transaction(index)?.map(|transaction| Located { number, index, sender, transaction }))
        });
        located.map_err(|reason| damaged(Table::Bodies, &number_key(number), reason))
    }

    /// The bytes stored for block `number` in a table of other owners' rows: sidecars, certificates.
    ///
    /// # Errors
    /// Storage errors.
    pub fn raw_block_row(&self, table: Table, number: u64) -> Result<Option<Bytes>, Error> {
        Ok(self.0.store.kv.get(table, &number_key(number))?.map(Bytes::from))
    }

    /// The earliest block whose body, receipts and look-ups are kept.
    pub fn earliest_body(&self) -> u64 {
        self.0.store.earliest_body.load(Ordering::Acquire)
    }

    /// A row of bodies or receipts; those of genesis are never pruned. A row of a known block can be missing only by
    /// pruning.
    fn block_row(&self, table: Table, number: u64) -> Result<Option<Vec<u8>>, Error> {
        if number > self.head().number {
            return Ok(None);
        }
        let row = self.0.store.kv.get(table, &number_key(number))?;
        let earliest = self.earliest_body();
        if number < earliest && number > 0 {
            let mode = self.mode();
            return Err(Error::Pruned { what: "block bodies and receipts", asked: number, earliest, mode });
        }
        match row {
            Some(row) => Ok(Some(row)),
            None if self.head().hash == B256::ZERO => Ok(None),
            None => Err(damaged(table, &number_key(number), "missing row of a committed block")),
        }
    }
}
