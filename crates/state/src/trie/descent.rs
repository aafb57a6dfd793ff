//! How updates change a trie: one walk down with all of them, sorted, and one way up that shapes and hashes.
//!
//! All updates below a node are finished before the node is shaped, so that a branch that loses one child and gains
//! another never collapses in between. A leaf is read from the flat rows only where its key is needed: when a branch
//! collapses to it, when an insert splits it, or when its reference is not in memory.

use alloy_primitives::{B256, keccak256};
use rayon::prelude::*;

use crate::{
    EMPTY_ROOT, Error,
    trie::{
        changes::{Output, Root, Tip},
        node::{Children, Node, bit, bits},
        path::{KEY_NIBBLES, Path, common, nibble},
        rlp::{Encoder, Reference},
        source::{Rows, Source},
    },
};

/// Updates below a branch from which on they are spread over threads.
const PARALLEL_UPDATES: usize = 128;

/// Depth from which on a branch is left to the thread that reached it: 256 parts are enough for any machine.
const PARALLEL_DEPTH: usize = 2;

/// The new value of a key.
#[derive(Clone, Debug)]
pub(super) struct Update<V> {
    /// The hashed key.
    pub(super) key: B256,
    /// The value afterwards; `None` deletes, and then `existed` is true.
    pub(super) value: Option<V>,
    /// The key has a value before.
    pub(super) existed: bool,
}

/// What is at a place of the trie while it is updated.
#[derive(Debug)]
enum Place<'u, V> {
    Empty,
    Leaf(Leaf<'u, V>),
    Branch(Tip),
}

/// A leaf at a place.
#[derive(Debug)]
enum Leaf<'u, V> {
    /// Somewhere below the place; its key was not needed yet.
    Unread,
    /// It was read from the flat rows.
    Read(Box<(B256, V)>),
    /// The update that set it, or that names the leaf that is there.
    Update(&'u Update<V>),
}

/// A branch while its children are updated.
#[derive(Debug)]
struct Shape<'u, V> {
    children: Children,
    /// Leaves whose reference is not computed yet.
    leaves: [Option<Leaf<'u, V>>; 16],
    /// The places that were not empty in the base; `None` when there was no such branch.
    base: Option<u16>,
    /// The base has a record of the branch.
    had_record: bool,
}

impl<R: Rows> Source<'_, R> {
    /// Applies updates, strictly ascending by key, to the trie with this top. Returns the new top and the root's hash.
    pub(super) fn apply(
        &self,
        root: Root,
        updates: &[Update<R::Value>],
        output: &mut Output,
    ) -> Result<(Root, B256), Error> {
        let place = match root {
            Root::Empty => Place::Empty,
            Root::Leaf => Place::Leaf(Leaf::Unread),
            Root::Branch(tip) => Place::Branch(tip),
        };
        match self.update(0, place, updates, output)? {
            Place::Empty => Ok((Root::Empty, EMPTY_ROOT)),
            Place::Leaf(leaf) => {
                let (key, value) = self.known(&Path::EMPTY, &leaf)?;
                Ok((Root::Leaf, keccak256(output.encoder.leaf(&key, 0, &value))))
            }
            Place::Branch(tip) => {
                let hash = match tip.path.len() {
                    0 => tip.reference.to_hash(),
                    _ => keccak256(output.encoder.extension(&tip.path, 0, &tip.reference)),
                };
                Ok((Root::Branch(tip), hash))
            }
        }
    }

    /// Updates what is at a place `depth` nibbles down; all keys of `updates` lead there.
    fn update<'u>(
        &self,
        depth: usize,
        place: Place<'u, R::Value>,
        updates: &'u [Update<R::Value>],
        output: &mut Output,
    ) -> Result<Place<'u, R::Value>, Error> {
        let (Some(first), Some(last)) = (updates.first(), updates.last()) else {
            return Ok(place);
        };
        match place {
            Place::Empty => match updates {
                [update] if update.existed => Err(self.absent(update)),
                [update] => Ok(Place::Leaf(Leaf::Update(update))),
                _ => self.fork(common(&first.key, &last.key), None, updates, output),
            },
            Place::Leaf(leaf) => {
                let leaf = self.identify(depth, leaf, updates)?;
                let key = leaf.key().copied().unwrap_or_default();
                match updates {
                    [update] if update.key == key => self.replaced(update),
                    _ => {
                        let depth = common(&first.key, &last.key).min(common(&first.key, &key));
                        self.fork(depth, Some((&key, Place::Leaf(leaf))), updates, output)
                    }
                }
            }
            Place::Branch(tip) => {
                let shared = tip.path.common(&first.key).min(tip.path.common(&last.key));
                if shared == tip.path.len() {
                    return self.descend(&tip, updates, output);
                }
                let below = *tip.path.first_key();
                self.fork(shared, Some((&below, Place::Branch(tip))), updates, output)
            }
        }
    }

    /// Makes the branch `depth` nibbles down at which updates part from each other or from what is there.
    fn fork<'u>(
        &self,
        depth: usize,
        existing: Option<(&B256, Place<'u, R::Value>)>,
        updates: &'u [Update<R::Value>],
        output: &mut Output,
    ) -> Result<Place<'u, R::Value>, Error> {
        let path = Path::of_key(&updates[0].key, depth);
        if depth >= KEY_NIBBLES {
            return Err(
                self.broken(&path, "two updates of one key, or a key that exists unknown to its update")
            );
        }
        let mut shape = Shape::new();
        if let Some((key, place)) = existing {
            shape.put(&path, nibble(key, depth), place);
        }
        self.update_children(&path, &mut shape, updates, output)?;
        self.close(&path, shape, output)
    }

    /// Updates the branch at a tip, to which all updates lead.
    fn descend<'u>(
        &self,
        tip: &Tip,
        updates: &'u [Update<R::Value>],
        output: &mut Output,
    ) -> Result<Place<'u, R::Value>, Error> {
        let children = self.branch(tip)?;
        let mut shape = Shape::of(children);
        self.update_children(&tip.path, &mut shape, updates, output)?;
        self.close(&tip.path, shape, output)
    }

    fn update_children<'u>(
        &self,
        path: &Path,
        shape: &mut Shape<'u, R::Value>,
        updates: &'u [Update<R::Value>],
        output: &mut Output,
    ) -> Result<(), Error> {
        let below = path.len().saturating_add(1);
        if !self.parallel || updates.len() < PARALLEL_UPDATES || path.len() >= PARALLEL_DEPTH {
            for (at, group) in groups(updates, path.len()) {
                let place = shape.take(path, at);
                shape.put(path, at, self.update(below, place, group, output)?);
            }
            return Ok(());
        }
        let parts: Vec<_> =
            groups(updates, path.len()).map(|(at, group)| (at, shape.take(path, at), group)).collect();
        let run = |(at, place, group)| {
            let mut output = Output::default();
            let place = self.update(below, place, group, &mut output);
            (at, place, output)
        };
        let done: Vec<_> = parts.into_par_iter().map(run).collect();
        for (at, place, part) in done {
            shape.put(path, at, place?);
            output.append(part);
        }
        Ok(())
    }

    /// Gives a branch its final form once all updates below it are done.
    fn close<'u>(
        &self,
        path: &Path,
        mut shape: Shape<'u, R::Value>,
        output: &mut Output,
    ) -> Result<Place<'u, R::Value>, Error> {
        let present = shape.children.present;
        if present.count_ones() < 2 {
            if shape.base.is_some() {
                output.push(*path, None, shape.had_record);
            }
            return match bits(present).next() {
                None => Ok(Place::Empty),
                Some(at) => match shape.take(path, at) {
                    Place::Leaf(Leaf::Unread) => {
                        let row = self.leaf(&path.child(at))?;
                        Ok(Place::Leaf(Leaf::Read(Box::new(row))))
                    }
                    only => Ok(only),
                },
            };
        }
        for at in bits(present) {
            if let Some(leaf) = shape.leaves[at].take() {
                let (key, value) = self.known(&path.child(at), &leaf)?;
                let rlp = output.encoder.leaf(&key, path.len().saturating_add(1), &value);
                shape.children.references[at] = Reference::of_rlp(rlp);
            }
        }
        let gaps = !(present | shape.base.unwrap_or_default());
        self.fill_leaves(path, &mut shape.children, gaps, &mut output.encoder)?;
        Ok(Place::Branch(seal(path, &shape.children, shape.had_record, output)))
    }

    /// Finds out which leaf is at a place, from the updates where they name it, else from its row.
    fn identify<'u>(
        &self,
        depth: usize,
        leaf: Leaf<'u, R::Value>,
        updates: &'u [Update<R::Value>],
    ) -> Result<Leaf<'u, R::Value>, Error> {
        if !matches!(leaf, Leaf::Unread) {
            return Ok(leaf);
        }
        match updates.iter().find(|update| update.existed) {
            Some(update) => Ok(Leaf::Update(update)),
            None => {
                let row = self.leaf(&Path::of_key(&updates[0].key, depth))?;
                Ok(Leaf::Read(Box::new(row)))
            }
        }
    }

    /// A leaf after its own update.
    fn replaced<'u>(&self, update: &'u Update<R::Value>) -> Result<Place<'u, R::Value>, Error> {
        match (update.existed, &update.value) {
            (false, _) => {
                Err(self.broken(&Path::of_key(&update.key, KEY_NIBBLES), "an inserted key exists already"))
            }
            (true, None) => Ok(Place::Empty),
            (true, Some(_)) => Ok(Place::Leaf(Leaf::Update(update))),
        }
    }

    /// Key and value of a leaf that is at a place for good.
    fn known(&self, path: &Path, leaf: &Leaf<'_, R::Value>) -> Result<(B256, R::Value), Error> {
        match leaf {
            Leaf::Unread => self.leaf(path),
            Leaf::Read(row) => Ok(row.as_ref().clone()),
            Leaf::Update(update) => match &update.value {
                Some(value) => Ok((update.key, value.clone())),
                None => Err(self.absent(update)),
            },
        }
    }

    fn absent<V>(&self, update: &Update<V>) -> Error {
        self.broken(&Path::of_key(&update.key, KEY_NIBBLES), "a key that is said to exist is not in the trie")
    }
}

/// Hashes and packs a finished branch.
fn seal(path: &Path, children: &Children, had_record: bool, output: &mut Output) -> Tip {
    let reference = Reference::of_rlp(encode(path, children, &mut output.encoder));
    let node = Node::pack(children, &mut output.buffer);
    output.push(*path, Some(node), had_record);
    Tip { path: *path, reference, stored: children.has_record(), node: None }
}

/// The RLP of the branch at `path`, whose references are all known.
pub(super) fn encode<'e>(path: &Path, children: &Children, encoder: &'e mut Encoder) -> &'e [u8] {
    if children.extended.is_empty() {
        return encoder.branch(&children.references);
    }
    let mut references = children.references;
    for (at, child) in &children.extended {
        let reference = &mut references[usize::from(*at)];
        *reference = Reference::of_rlp(encoder.extension(child, path.len().saturating_add(1), reference));
    }
    encoder.branch(&references)
}

impl<'u, V> Shape<'u, V> {
    /// A branch that is not in the base.
    const fn new() -> Self {
        Self { children: Children::EMPTY, leaves: [const { None }; 16], base: None, had_record: false }
    }

    /// The base's branch with these children.
    const fn of(children: Children) -> Self {
        Self {
            base: Some(children.present),
            had_record: children.has_record(),
            leaves: [const { None }; 16],
            children,
        }
    }

    /// Takes out the child at a nibble; `path` is the branch's own.
    fn take(&mut self, path: &Path, at: usize) -> Place<'u, V> {
        let children = &mut self.children;
        let mask = bit(at);
        if children.present & mask == 0 {
            return Place::Empty;
        }
        let reference = std::mem::replace(&mut children.references[at], Reference::UNKNOWN);
        let stored = children.stored & mask != 0;
        let is_branch = children.branch & mask != 0;
        let below = children.path_of(path, at);
        children.present &= !mask;
        children.branch &= !mask;
        children.stored &= !mask;
        children.extended.retain(|(nibble, _)| usize::from(*nibble) != at);
        if is_branch {
            Place::Branch(Tip { path: below, reference, stored, node: None })
        } else {
            Place::Leaf(self.leaves[at].take().unwrap_or(Leaf::Unread))
        }
    }

    /// Puts a child at an empty nibble.
    fn put(&mut self, path: &Path, at: usize, place: Place<'u, V>) {
        let children = &mut self.children;
        let mask = bit(at);
        match place {
            Place::Empty => {}
            Place::Leaf(leaf) => {
                children.present |= mask;
                self.leaves[at] = Some(leaf);
            }
            Place::Branch(tip) => {
                children.present |= mask;
                children.branch |= mask;
                children.stored |= if tip.stored { mask } else { 0 };
                children.references[at] = tip.reference;
                if tip.path.len() > path.len().saturating_add(1) {
                    let after = children.extended.partition_point(|(nibble, _)| usize::from(*nibble) < at);
                    children.extended.insert(after, (u8::try_from(at).unwrap_or_default(), tip.path));
                }
            }
        }
    }
}

impl<V> Leaf<'_, V> {
    fn key(&self) -> Option<&B256> {
        match self {
            Self::Unread => None,
            Self::Read(row) => Some(&row.0),
            Self::Update(update) => Some(&update.key),
        }
    }
}

/// Splits sorted updates by their nibble at `depth`.
fn groups<V>(mut updates: &[Update<V>], depth: usize) -> impl Iterator<Item = (usize, &[Update<V>])> {
    std::iter::from_fn(move || {
        let at = nibble(&updates.first()?.key, depth);
        let length = updates.partition_point(|update| nibble(&update.key, depth) <= at);
        let (group, rest) = updates.split_at(length);
        updates = rest;
        Some((at, group))
    })
}
