//! A trie built anew from all its leaves: the checker of everything else here.
//!
//! It shares nothing with the jobs but the format of records: nodes are encoded by `alloy-trie`, whose hash builder
//! also computes the root a second time.

use alloy_primitives::{B256, U256};
use alloy_trie::{
    HashBuilder, Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
};

use crate::{
    Account, EMPTY_ROOT, Error,
    trie::{
        node::{Children, bit},
        path::{KEY_NIBBLES, Path, common, nibble},
        record,
        rlp::{Reference, Value},
    },
};

/// Key and bytes of a record, as in the database.
type Row = (Vec<u8>, Vec<u8>);

/// Builds the root and every record of one trie from its leaves, given in ascending order.
///
/// Memory is bounded by the depth of the trie as long as the records are taken out now and then.
#[derive(Debug)]
pub struct Rebuild {
    account: Option<B256>,
    oracle: HashBuilder,
    /// The branches on the path of the last leaf, from the root down, to which keys can still come.
    open: Vec<Open>,
    /// The last leaf.
    last: Option<(B256, Vec<u8>)>,
    records: Vec<Row>,
    buffer: Vec<u8>,
}

/// A branch that is not complete.
#[derive(Debug)]
struct Open {
    depth: usize,
    children: Vec<(usize, Tip)>,
}

/// A complete part of the trie, to be attached to its parent.
#[derive(Debug)]
enum Tip {
    Leaf(B256, Vec<u8>),
    Branch { path: Path, node: RlpNode, stored: bool },
}

impl Rebuild {
    /// The account trie.
    pub fn of_accounts() -> Self {
        Self::new(None)
    }

    /// The storage trie of the account with this hashed address.
    pub fn of_slots(account: B256) -> Self {
        Self::new(Some(account))
    }

    fn new(account: Option<B256>) -> Self {
        Self {
            account,
            oracle: HashBuilder::default(),
            open: Vec::new(),
            last: None,
            records: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Adds the next account.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the hashed address is not above the last one.
    pub fn push_account(&mut self, hashed: &B256, account: &Account) -> Result<(), Error> {
        let mut value = Vec::new();
        account.write(&mut value);
        self.push(hashed, value)
    }

    /// Adds the next slot.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the hashed slot is not above the last one.
    pub fn push_slot(&mut self, hashed: &B256, value: U256) -> Result<(), Error> {
        self.push(hashed, alloy_rlp::encode(value))
    }

    /// The records completed since the last call, in no particular order: key and bytes, as in the database.
    pub fn take_records(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.records)
    }

    /// The root and the records not taken yet.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the two computations of the root differ.
    pub fn finish(mut self) -> Result<(B256, Vec<Row>), Error> {
        let Some((key, value)) = self.last.take() else {
            return Ok((EMPTY_ROOT, self.records));
        };
        let mut tip = Tip::Leaf(key, value);
        while let Some(mut open) = self.open.pop() {
            open.attach(tip);
            tip = self.close(&open);
        }
        let root = self.top(&tip);
        let expected = self.oracle.root();
        if root != expected {
            return Err(broken(format!("rebuilt root {root} is {expected} by the reference")));
        }
        Ok((root, self.records))
    }

    pub(super) fn push(&mut self, key: &B256, value: Vec<u8>) -> Result<(), Error> {
        if let Some((last, value)) = self.last.take() {
            if last >= *key {
                return Err(broken(format!("leaf {key} follows leaf {last}")));
            }
            self.part(common(&last, key), Tip::Leaf(last, value));
        }
        self.oracle.add_leaf(Nibbles::unpack(key), &value);
        self.last = Some((*key, value));
        Ok(())
    }

    /// The next key parts from the last one at `depth`: completes what lies deeper and opens the branch there.
    fn part(&mut self, depth: usize, mut tip: Tip) {
        while let Some(mut open) = self.open.pop_if(|open| open.depth > depth) {
            open.attach(tip);
            tip = self.close(&open);
        }
        if self.open.last().is_none_or(|open| open.depth < depth) {
            self.open.push(Open { depth, children: Vec::new() });
        }
        if let Some(open) = self.open.last_mut() {
            open.attach(tip);
        }
    }

    fn close(&mut self, open: &Open) -> Tip {
        let mut children = Children::EMPTY;
        let mut stack = Vec::with_capacity(open.children.len());
        let mut path = Path::EMPTY;
        for (at, tip) in &open.children {
            children.present |= bit(*at);
            path = Path::of_key(tip.key(), open.depth);
            if let Tip::Branch { path: below, node, stored } = tip {
                children.branch |= bit(*at);
                children.stored |= if *stored { bit(*at) } else { 0 };
                children.references[*at] = reference(node);
                if below.len() > open.depth.saturating_add(1) {
                    children.extended.push((u8::try_from(*at).unwrap_or_default(), *below));
                }
            }
            stack.push(self.encode(tip, open.depth.saturating_add(1)));
        }
        let mask = TrieMask::new(children.present);
        self.buffer.clear();
        let node = BranchNodeRef::new(&stack, mask).rlp(&mut self.buffer);
        if children.has_record() {
            let (mut key, mut bytes) = (Vec::new(), Vec::new());
            record::write_key(self.account.as_ref(), &path, &mut key);
            record::write_branch(&children, &path, &mut bytes);
            self.records.push((key, bytes));
        }
        Tip::Branch { path, node, stored: children.has_record() }
    }

    /// What a parent whose children start at `depth` holds of a part.
    fn encode(&mut self, tip: &Tip, depth: usize) -> RlpNode {
        self.buffer.clear();
        match tip {
            Tip::Leaf(key, value) => {
                LeafNodeRef::new(&nibbles(key, depth, KEY_NIBBLES), value).rlp(&mut self.buffer)
            }
            Tip::Branch { path, node, .. } if path.len() == depth => node.clone(),
            Tip::Branch { path, node, .. } => {
                let extension = nibbles(path.first_key(), depth, path.len());
                ExtensionNodeRef::new(&extension, node).rlp(&mut self.buffer)
            }
        }
    }

    /// The root of the trie with this top; records the pointer of one behind an extension.
    fn top(&mut self, tip: &Tip) -> B256 {
        if let Tip::Branch { path, node, stored: true } = tip
            && path.len() > 0
        {
            let (mut key, mut bytes) = (Vec::new(), Vec::new());
            record::write_key(self.account.as_ref(), &Path::EMPTY, &mut key);
            record::write_pointer(path, &reference(node), &mut bytes);
            self.records.push((key, bytes));
        }
        reference(&self.encode(tip, 0)).to_hash()
    }
}

impl Open {
    fn attach(&mut self, tip: Tip) {
        self.children.push((nibble(tip.key(), self.depth), tip));
    }
}

impl Tip {
    /// A key that leads to it.
    const fn key(&self) -> &B256 {
        match self {
            Self::Leaf(key, _) => key,
            Self::Branch { path, .. } => path.first_key(),
        }
    }
}

fn nibbles(key: &B256, from: usize, to: usize) -> Nibbles {
    Nibbles::unpack(key).slice(from..to)
}

fn reference(node: &RlpNode) -> Reference {
    let hash = node.as_hash().map(Reference::of_hash);
    hash.or_else(|| Reference::of_short(node)).expect("an encoded node is a hash or 1 to 31 bytes")
}

const fn broken(what: String) -> Error {
    Error::Invariant { number: 0, hash: B256::ZERO, what }
}
