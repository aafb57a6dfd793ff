//! flags1, u32 transaction count, u32 end of each transaction, the senders, the EIP-2718 transactions, then where the
//! flags say so the RLP list of ommers and the RLP list of withdrawals.

use alloy_consensus::Header;
use alloy_eips::{
    eip2718::{Decodable2718, Encodable2718},
    eip4895::Withdrawals,
};
use alloy_primitives::Address;
use alloy_rlp::{Decodable, Encodable};
use btt_primitives::{BlockBody, Transaction};

use crate::codec::{Reader, Reason, reader::Parts};

const OMMERS: u8 = 1;
const WITHDRAWALS: u8 = 2;

/// Appends a body and the senders of its transactions.
pub(crate) fn encode_body(body: &BlockBody, senders: &[Address], out: &mut Vec<u8>) -> Result<(), Reason> {
    if senders.len() != body.transactions.len() {
        return Err(format!("{} senders of {} transactions", senders.len(), body.transactions.len()));
    }
    let mut flags = 0;
    if !body.ommers.is_empty() {
        flags |= OMMERS;
    }
    if body.withdrawals.is_some() {
        flags |= WITHDRAWALS;
    }
    out.push(flags);
    Parts::encode_ends(out, body.transactions.iter().map(Encodable2718::encode_2718_len))?;
    for sender in senders {
        out.extend_from_slice(sender.as_slice());
    }
    for transaction in &body.transactions {
        transaction.encode_2718(out);
    }
    if !body.ommers.is_empty() {
        body.ommers.encode(out);
    }
    if let Some(withdrawals) = &body.withdrawals {
        withdrawals.encode(out);
    }
    Ok(())
}

/// A body's row, opened: single transactions are decoded without the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyRow<'a> {
    flags: u8,
    senders: &'a [[u8; 20]],
    transactions: Parts<'a>,
    rest: &'a [u8],
}

impl<'a> BodyRow<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let mut reader = Reader::new(bytes);
        let flags = reader.u8()?;
        if flags & !(OMMERS | WITHDRAWALS) != 0 {
            return Err(format!("unknown body flags {flags:#04x}"));
        }
        let ends = Parts::decode_ends(&mut reader)?;
        let senders = reader.take(ends.len().checked_mul(20).ok_or("too many transactions")?)?;
        let (senders, _) = senders.as_chunks();
        let transactions = Parts::decode(ends, &mut reader)?;
        Ok(Self { flags, senders, transactions, rest: reader.rest() })
    }

    pub(crate) const fn len(&self) -> usize {
        self.senders.len()
    }

    /// Transaction `index`, `None` beyond the end.
    pub(crate) fn transaction(&self, index: usize) -> Result<Option<Transaction>, Reason> {
        let Some(bytes) = self.transactions.get(index) else { return Ok(None) };
        Transaction::decode_2718_exact(bytes)
            .map(Some)
            .map_err(|error| format!("transaction {index}: {error}"))
    }

    pub(crate) fn sender(&self, index: usize) -> Option<Address> {
        self.senders.get(index).copied().map(Address::new)
    }

    /// The whole body.
    pub(crate) fn decode(&self) -> Result<(BlockBody, Vec<Address>), Reason> {
        let mut body = BlockBody { transactions: Vec::with_capacity(self.len()), ..BlockBody::default() };
        for index in 0..self.len() {
            body.transactions.extend(self.transaction(index)?);
        }
        let mut rest = self.rest;
        if self.flags & OMMERS != 0 {
            body.ommers = Vec::<Header>::decode(&mut rest).map_err(|error| format!("ommers: {error}"))?;
            if body.ommers.is_empty() {
                return Err("empty list of ommers written out".into());
            }
        }
        if self.flags & WITHDRAWALS != 0 {
            let list = Withdrawals::decode(&mut rest).map_err(|error| format!("withdrawals: {error}"))?;
            body.withdrawals = Some(list);
        }
        Reader::new(rest).finish()?;
        Ok((body, self.senders.iter().copied().map(Address::new).collect()))
    }
}
