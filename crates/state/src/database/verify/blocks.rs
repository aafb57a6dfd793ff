//! Headers, bodies, receipts and what is found through them.

use alloy_primitives::{B256, keccak256};
use btt_primitives::{
    BlockBody, Header, Receipt, ommers_hash, receipts_root_with_blooms, transactions_root, withdrawals_root,
};

use crate::{
    Error, Report, Table,
    codec::{
        BodyRow, HeaderRow, damaged, decode_header, decode_lookup, decode_receipts, log_index, meta,
        number_key,
    },
    database::verify::{
        Verified,
        rows::{Check, differ, tick},
    },
};

impl Check<'_> {
    /// The chain of headers up to the head: hashes, parents, look-ups by hash, and not a row more.
    pub(super) fn headers(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        let head = self.moment.head();
        let mut parent = B256::ZERO;
        for number in 0..=head.number {
            tick(report, "headers", number, head.number)?;
            let row = self.header(number)?;
            if number > 0 && row.header.parent_hash != parent {
                let reason = differ("the parent's hash", row.header.parent_hash, parent);
                return Err(damaged(Table::Headers, &number_key(number), reason));
            }
            self.check_number(&row.hash, number)?;
            parent = row.hash;
            done.headers = done.headers.saturating_add(1);
        }
        let row = self.header(head.number)?;
        if (row.hash, row.header.state_root) != (head.hash, head.state_root) {
            return Err(damaged(Table::Meta, b"head", differ("the head's hash", head.hash, row.hash)));
        }
        self.no_more(Table::Headers, report, |key| key <= &number_key(head.number)[..])?;
        let known = |key: &[u8]| -> Result<bool, Error> {
            let number = self.get(Table::Numbers, key)?.unwrap_or_default();
            let row = self.get(Table::Headers, &number)?;
            Ok(row.is_some_and(|row| row.starts_with(key)))
        };
        self.walk(Table::Numbers, report, &mut |(key, _)| {
            if known(key)? { Ok(()) } else { Err(damaged(Table::Numbers, key, "no block has this hash")) }
        })?;
        Ok(())
    }

    /// A header's row, whose hash is the header's.
    pub(super) fn header(&self, number: u64) -> Result<HeaderRow, Error> {
        let key = number_key(number);
        let wrong = |reason: String| damaged(Table::Headers, &key, reason);
        let row = self
            .get(Table::Headers, &key)?
            .ok_or_else(|| wrong("missing row of a committed block".into()))?;
        let row = decode_header(&row).map_err(wrong)?;
        let hash = row.header.hash_slow();
        if hash != row.hash {
            return Err(wrong(differ("the header's hash", hash, row.hash)));
        }
        if row.header.number != number {
            return Err(wrong(format!("header of block {}", row.header.number)));
        }
        Ok(row)
    }

    fn check_number(&self, hash: &B256, number: u64) -> Result<(), Error> {
        match self.get(Table::Numbers, hash.as_slice())? {
            Some(row) if row == number_key(number) => Ok(()),
            Some(_) => {
                Err(damaged(Table::Numbers, hash.as_slice(), format!("not block {number}, whose hash it is")))
            }
            None => Err(damaged(Table::Numbers, hash.as_slice(), format!("missing row of block {number}"))),
        }
    }

    /// Bodies and receipts that are kept, against their headers; look-ups and index entries of all of them.
    pub(super) fn bodies(&self, report: &mut Report<'_>, done: &mut Verified) -> Result<(), Error> {
        let head = self.moment.head().number;
        let earliest = self.height(meta::EARLIEST_BODY)?;
        let mut transactions = 0u64;
        let kept = [0].into_iter().chain(earliest.max(1)..=head);
        for number in kept {
            tick(report, "bodies", number, head)?;
            let header = self.header(number)?.header;
            let body = self.check_body(&header)?;
            self.check_receipts(&header, body.transactions.len())?;
            let count = u64::try_from(body.transactions.len()).unwrap_or(u64::MAX);
            transactions = transactions.saturating_add(count);
            done.bodies = done.bodies.saturating_add(1);
        }
        let in_window = |key: &[u8]| {
            key == number_key(0) || (&number_key(earliest)[..]..=&number_key(head)).contains(&key)
        };
        self.no_more(Table::Bodies, report, in_window)?;
        self.no_more(Table::Receipts, report, in_window)?;
        self.lookups(report, transactions)
    }

    fn check_body(&self, header: &Header) -> Result<BlockBody, Error> {
        let key = number_key(header.number);
        let wrong = |reason: String| damaged(Table::Bodies, &key, reason);
        let row =
            self.get(Table::Bodies, &key)?.ok_or_else(|| wrong("missing row of a committed block".into()))?;
        let (body, _) = BodyRow::open(&row).and_then(|row| row.decode()).map_err(wrong)?;
        let root = transactions_root(&body.transactions);
        if root != header.transactions_root {
            return Err(wrong(differ("the transactions' root", root, header.transactions_root)));
        }
        let ommers = ommers_hash(&body.ommers);
        if ommers != header.ommers_hash {
            return Err(wrong(differ("the ommers' hash", ommers, header.ommers_hash)));
        }
        // On bttd chains this field of the header is the root of the outgoing messages, beside an empty list.
        if let (Some(list), Some(expected)) = (&body.withdrawals, header.withdrawals_root)
            && !list.is_empty()
            && withdrawals_root(list) != expected
        {
            return Err(wrong(differ("the withdrawals' root", withdrawals_root(list), expected)));
        }
        for (index, transaction) in body.transactions.iter().enumerate() {
            let hash = transaction.tx_hash();
            let lookup = self.get(Table::TxLookup, hash.as_slice())?;
            let lookup = lookup.map(|row| decode_lookup(&row)).transpose();
            let lookup = lookup.map_err(|reason| damaged(Table::TxLookup, hash.as_slice(), reason))?;
            if lookup != Some((header.number, index)) {
                let reason =
                    format!("names {lookup:?}, it is transaction {index} of block {}", header.number);
                return Err(damaged(Table::TxLookup, hash.as_slice(), reason));
            }
        }
        Ok(body)
    }

    fn check_receipts(&self, header: &Header, transactions: usize) -> Result<(), Error> {
        let key = number_key(header.number);
        let wrong = |reason: String| damaged(Table::Receipts, &key, reason);
        let row = self
            .get(Table::Receipts, &key)?
            .ok_or_else(|| wrong("missing row of a committed block".into()))?;
        let receipts = decode_receipts(&row).map_err(wrong)?;
        if receipts.len() != transactions {
            return Err(wrong(format!("{} receipts of {transactions} transactions", receipts.len())));
        }
        let (root, bloom) = receipts_root_with_blooms(&receipts);
        if root != header.receipts_root {
            return Err(wrong(differ("the receipts' root", root, header.receipts_root)));
        }
        if bloom != header.logs_bloom {
            return Err(wrong(differ(
                "the bloom's keccak256",
                keccak256(bloom),
                keccak256(header.logs_bloom),
            )));
        }
        self.check_index(header.number, &receipts)
    }

    fn check_index(&self, number: u64, receipts: &[Receipt]) -> Result<(), Error> {
        let (section, offset) = log_index::place(number);
        for term in log_index::terms(receipts) {
            let key = log_index::key(&term, section);
            let row = self.get(Table::LogIndex, &key)?.unwrap_or_default();
            let blocks = log_index::decode(&row).map_err(|reason| damaged(Table::LogIndex, &key, reason))?;
            if blocks.binary_search(&offset).is_err() {
                return Err(damaged(
                    Table::LogIndex,
                    &key,
                    format!("lacks block {number}, which has such a log"),
                ));
            }
        }
        Ok(())
    }

    /// Every look-up names a transaction with its hash. Their number tells at once; only if it does not fit are all of
    /// them looked at, to find which one.
    fn lookups(&self, report: &mut Report<'_>, transactions: u64) -> Result<(), Error> {
        let rows = self.walk(Table::TxLookup, report, &mut |_| Ok(()))?;
        if rows == transactions {
            return Ok(());
        }
        self.walk(Table::TxLookup, report, &mut |(key, row)| {
            let wrong = |reason: String| damaged(Table::TxLookup, key, reason);
            let (number, index) = decode_lookup(row).map_err(wrong)?;
            let body = self.get(Table::Bodies, &number_key(number))?.unwrap_or_default();
            let found = BodyRow::open(&body).and_then(|body| body.transaction(index)).unwrap_or(None);
            if found.is_some_and(|transaction| transaction.tx_hash().as_slice() == key) {
                return Ok(());
            }
            Err(wrong(format!("names transaction {index} of block {number}, which has another hash")))
        })?;
        let what = format!("{rows} look-ups of {transactions} transactions");
        let head = self.moment.head();
        Err(Error::Invariant { number: head.number, hash: head.hash, what })
    }

    /// Every row's key is expected.
    fn no_more(
        &self,
        table: Table,
        report: &mut Report<'_>,
        expected: impl Fn(&[u8]) -> bool,
    ) -> Result<(), Error> {
        self.walk(table, report, &mut |(key, _)| {
            if key.len() == 8 && expected(key) {
                Ok(())
            } else {
                Err(damaged(table, key, "of no block that is kept"))
            }
        })?;
        Ok(())
    }
}
