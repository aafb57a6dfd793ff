//! Operations that are written together.

use crate::Table;

/// Operations that become visible and durable together, applied in order.
///
/// Keys and values lie one after another in one buffer: a block is some ten thousand small rows, and two allocations
/// for each would cost more than the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    heads: Vec<Head>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    kind: Kind,
    table: Table,
    key: usize,
    value: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Put,
    Delete,
    DeleteRange,
    Merge,
}

/// One operation of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op<'a> {
    /// Sets the value at a key.
    Put(Table, &'a [u8], &'a [u8]),
    /// Removes a key; absent keys are fine.
    Delete(Table, &'a [u8]),
    /// Removes all keys from the first (inclusive) to the second (exclusive).
    DeleteRange(Table, &'a [u8], &'a [u8]),
    /// Hands a value to the table's merge operator; only [`Table::LogIndex`] has one.
    Merge(Table, &'a [u8], &'a [u8]),
}

impl Op<'_> {
    /// The table it writes to.
    pub const fn table(&self) -> Table {
        match self {
            Self::Put(table, ..)
            | Self::Delete(table, _)
            | Self::DeleteRange(table, ..)
            | Self::Merge(table, ..) => *table,
        }
    }
}

impl Batch {
    /// An empty batch with room for `ops` operations of `bytes` bytes of keys and values in all.
    pub fn with_capacity(ops: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), heads: Vec::with_capacity(ops) }
    }

    /// Sets the value at a key.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.push(Kind::Put, table, key, value);
    }

    /// Sets the value at a key to what `encode` appends to the buffer; it must append only.
    pub fn put_with(&mut self, table: Table, key: &[u8], encode: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend_from_slice(key);
        encode(&mut self.bytes);
        let value = self.bytes.len();
        self.close(Kind::Put, table, key.len(), value);
    }

    /// Removes a key; absent keys are fine.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.push(Kind::Delete, table, key, &[]);
    }

    /// Removes all keys from `start` (inclusive) to `end` (exclusive). Its tombstone slows reads of what lies around
    /// it, so it is for tables keyed by block number alone.
    pub fn delete_range(&mut self, table: Table, start: &[u8], end: &[u8]) {
        self.push(Kind::DeleteRange, table, start, end);
    }

    /// Hands a value to the table's merge operator.
    pub fn merge(&mut self, table: Table, key: &[u8], operand: &[u8]) {
        self.push(Kind::Merge, table, key, operand);
    }

    /// Appends the operations of another batch.
    pub fn append(&mut self, other: &Self) {
        for op in other.iter() {
            match op {
                Op::Put(table, key, value) => self.put(table, key, value),
                Op::Delete(table, key) => self.delete(table, key),
                Op::DeleteRange(table, start, end) => self.delete_range(table, start, end),
                Op::Merge(table, key, operand) => self.merge(table, key, operand),
            }
        }
    }

    /// The operations in order.
    pub fn iter(&self) -> impl Iterator<Item = Op<'_>> {
        let mut start = 0;
        self.heads.iter().map(move |head| {
            let key = self.bytes.get(start..head.key).unwrap_or_default();
            let value = self.bytes.get(head.key..head.value).unwrap_or_default();
            start = head.value;
            match head.kind {
                Kind::Put => Op::Put(head.table, key, value),
                Kind::Delete => Op::Delete(head.table, key),
                Kind::DeleteRange => Op::DeleteRange(head.table, key, value),
                Kind::Merge => Op::Merge(head.table, key, value),
            }
        })
    }

    /// How many operations it holds.
    pub const fn len(&self) -> usize {
        self.heads.len()
    }

    /// True when it holds no operation.
    pub const fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Bytes of all keys and values.
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn push(&mut self, kind: Kind, table: Table, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let end = self.bytes.len();
        self.close(kind, table, key.len(), end);
    }

    /// Records an operation whose key begins where the last one's value ended.
    fn close(&mut self, kind: Kind, table: Table, key_len: usize, value: usize) {
        let start = self.heads.last().map_or(0, |head| head.value);
        self.heads.push(Head { kind, table, key: start.saturating_add(key_len), value });
    }
}
