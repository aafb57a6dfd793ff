//! A branch in memory: packed and immutable as caches and versions keep it, unpacked as records and rows fill it.

use std::sync::Arc;

use crate::trie::{path::Path, rlp::Reference};

/// The children of a branch, unpacked. Bit `n` of a mask stands for nibble `n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Children {
    /// The places that are not empty.
    pub(super) present: u16,
    /// The places that hold a branch (perhaps behind an extension); the other present ones hold a leaf.
    pub(super) branch: u16,
    /// The branches that have branches below them, and so a record of their own on disk.
    pub(super) stored: u16,
    /// Branch children: reference of the branch itself, without its extension. Leaves: reference, or unknown.
    pub(super) references: [Reference; 16],
    /// Where the branch children lie that are behind an extension, ascending by nibble.
    pub(super) extended: Vec<(u8, Path)>,
}

/// A branch, packed into one immutable allocation.
///
/// Layout: the masks present, branch, stored, known, short, extended (2 bytes each); the known references by nibble (32
/// bytes, or a length byte and that many where `short` has a bit); for each extended child a length byte and the packed
/// path of the branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node(Arc<[u8]>);

const HEADER: usize = 12;

impl Children {
    /// No children.
    pub(super) const EMPTY: Self =
        Self { present: 0, branch: 0, stored: 0, references: [Reference::UNKNOWN; 16], extended: Vec::new() };

    /// True when the branch has a record on disk.
    pub(super) const fn has_record(&self) -> bool {
        self.branch != 0
    }

    /// Leaves whose reference has to be computed from their flat rows.
    pub(super) fn unknown(&self) -> u16 {
        bits(self.present)
            .filter(|nibble| !self.references[*nibble].is_known())
            .map(bit)
            .fold(0, |a, b| a | b)
    }

    /// Where the branch child at a nibble lies; `path` is the parent's own.
    pub(super) fn path_of(&self, path: &Path, nibble: usize) -> Path {
        let extended = self.extended.iter().find(|(at, _)| usize::from(*at) == nibble);
        extended.map_or_else(|| path.child(nibble), |(_, path)| *path)
    }
}

impl Node {
    /// Packs a branch; `buffer` is scratch space.
    pub(super) fn pack(children: &Children, buffer: &mut Vec<u8>) -> Self {
        let select = |test: fn(&Reference) -> bool| {
            bits(children.present).filter(move |nibble| test(&children.references[*nibble])).map(bit)
        };
        let known = select(Reference::is_known).fold(0, |mask, bit| mask | bit);
        let short = select(|reference| reference.is_known() && reference.is_short()).fold(0, |a, b| a | b);
        let extended = children.extended.iter().map(|(at, _)| bit(usize::from(*at))).fold(0, |a, b| a | b);
        buffer.clear();
        for mask in [children.present, children.branch, children.stored, known, short, extended] {
            buffer.extend_from_slice(&mask.to_be_bytes());
        }
        for nibble in bits(known) {
            let reference = children.references[nibble].as_slice();
            if short & bit(nibble) != 0 {
                buffer.push(length_byte(reference.len()));
            }
            buffer.extend_from_slice(reference);
        }
        for (_, path) in &children.extended {
            buffer.push(length_byte(path.len()));
            buffer.extend_from_slice(path.packed());
        }
        Self(Arc::from(buffer.as_slice()))
    }

    /// The children again.
    pub(super) fn unpack(&self) -> Children {
        let (known, short, extended) = (self.mask(3), self.mask(4), self.mask(5));
        let mut children =
            Children { present: self.mask(0), branch: self.mask(1), stored: self.mask(2), ..Children::EMPTY };
        let mut rest = &self.0[HEADER..];
        for nibble in bits(known) {
            let length = if short & bit(nibble) != 0 { usize::from(take(&mut rest, 1)[0]) } else { 32 };
            let reference = Reference::of_short(take(&mut rest, length));
            children.references[nibble] = reference.expect("packed from a reference of 1 to 32 bytes");
        }
        for nibble in bits(extended) {
            let length = usize::from(take(&mut rest, 1)[0]);
            let path = Path::unpack(length, take(&mut rest, length.div_ceil(2)));
            children.extended.push((length_byte(nibble), path.expect("packed from a path of this length")));
        }
        children
    }

    /// True when the branch has a record on disk.
    pub(super) fn has_record(&self) -> bool {
        self.mask(1) != 0
    }

    /// Bytes it takes in memory, the counters of its allocation included.
    pub(super) fn size(&self) -> usize {
        self.0.len().saturating_add(16)
    }

    fn mask(&self, index: usize) -> u16 {
        let at = index.saturating_mul(2);
        u16::from_be_bytes([self.0[at], self.0[at.saturating_add(1)]])
    }
}

/// The mask of one nibble.
pub(super) const fn bit(nibble: usize) -> u16 {
    1 << (nibble & 0xf)
}

/// The nibbles of a mask, ascending.
pub(super) fn bits(mask: u16) -> impl Iterator<Item = usize> + Clone {
    (0..16).filter(move |nibble| mask & bit(*nibble) != 0)
}

fn length_byte(length: usize) -> u8 {
    u8::try_from(length).expect("nibbles, references and paths are at most 64 long")
}

const fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (head, tail) = rest.split_at(length);
    *rest = tail;
    head
}
