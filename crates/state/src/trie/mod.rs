//! The Merkle-Patricia trie above the flat tables: state roots, storage roots, the branch records on disk, proofs, and
//! the full rebuild that checks all of them.
//!
//! Start at [`Trie::job`]: a [`RootJob`] takes the changes of a block on top of a [`Version`] and gives the new root,
//! the records to write and the next `Version`. Whatever is in memory or on disk only moves time, never a result.

mod bytes;
mod changes;
mod descent;
mod job;
mod leaves;
mod node;
mod node_set;
mod path;
mod proof;
mod rebuild;
mod recent;
mod record;
mod resident;
mod rlp;
mod source;
mod store;
mod tries;
mod version;
mod wipe;

pub use bytes::ByteTrie;
pub use job::{RootJob, Rooted};
pub use leaves::{Leaves, Records};
pub use node_set::NodeSet;
pub use proof::{AccountProof, Prover, SlotProof};
pub use rebuild::Rebuild;
pub use version::{Trie, TrieKind, Version};

#[cfg(test)]
mod tests;
