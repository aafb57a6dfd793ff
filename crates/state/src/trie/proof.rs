//! Merkle proofs, as `eth_getProof` gives them (EIP-1186).

use alloy_primitives::{B256, Bytes, U256};

use crate::{
    Account, EMPTY_ROOT, Error, StateChanges,
    trie::{
        Leaves, Records,
        changes::{Root, Tip},
        descent::encode,
        node::bit,
        path::{Path, nibble},
        rlp::Encoder,
        source::{Rows, Source},
        tries::{Base, Tries},
    },
};

/// Proves accounts and slots of one state from its records and rows alone; what is in memory is not asked.
///
/// Records and leaves have to be of one moment. The state of an older block is reached by applying its successors'
/// changes backwards, after which [`Prover::root`] must be that block's state root.
#[derive(Debug)]
pub struct Prover<'a> {
    records: &'a dyn Records,
    leaves: &'a dyn Leaves,
    tries: Tries,
}

/// The proof of an account and of some of its slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account; `None` proves that there is none.
    pub account: Option<Account>,
    /// The RLP of the nodes from the state root down; embedded nodes stand in their parent only.
    pub nodes: Vec<Bytes>,
    /// The slots, in the order asked for.
    pub slots: Vec<SlotProof>,
}

/// The proof of a slot against its account's storage root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotProof {
    /// keccak256 of the slot.
    pub hashed: B256,
    /// The value; zero proves that the slot is not in the trie.
    pub value: U256,
    /// The RLP of the nodes from the storage root down; empty for an empty trie.
    pub nodes: Vec<Bytes>,
}

impl<'a> Prover<'a> {
    /// Proofs against `root`, the state root of these records and leaves.
    pub fn new(records: &'a dyn Records, leaves: &'a dyn Leaves, root: B256) -> Self {
        Self { records, leaves, tries: Tries::new(root) }
    }

    /// Goes on to the state after these changes; for an older state they are a block's changes backwards.
    ///
    /// # Errors
    /// When a read fails or the changes contradict the state.
    pub fn update(&mut self, changes: &StateChanges) -> Result<(), Error> {
        let base = base(self.records, self.leaves);
        self.tries.apply(&base, changes)?;
        self.tries.settle();
        Ok(())
    }

    /// The root that the proofs are against.
    pub const fn root(&self) -> B256 {
        self.tries.root
    }

    /// Proves the account with this hashed address, and its slots with these hashed keys.
    ///
    /// # Errors
    /// When a read fails or records and rows contradict each other.
    pub fn prove(&self, account: &B256, slots: &[B256]) -> Result<AccountProof, Error> {
        let base = base(self.records, self.leaves);
        let (leaf, nodes) = self.tries.accounts(&base).prove(self.root(), account)?;
        let storage = leaf.map_or(EMPTY_ROOT, |account| account.storage_root);
        let trie = self.tries.slots(&base, account);
        let prove = |slot: &B256| {
            let (value, nodes) = trie.prove(storage, slot)?;
            Ok(SlotProof { hashed: *slot, value: value.unwrap_or_default(), nodes })
        };
        Ok(AccountProof {
            account: leaf,
            nodes,
            slots: slots.iter().map(prove).collect::<Result<_, Error>>()?,
        })
    }
}

/// Disk alone.
const fn base<'a>(records: &'a dyn Records, leaves: &'a dyn Leaves) -> Base<'a> {
    Base { records, store: None, leaves, overlays: &[], parallel: false }
}

impl<R: Rows> Source<'_, R> {
    /// The value at `key` in the trie with this root, and the nodes on the way to it.
    fn prove(&self, root: B256, key: &B256) -> Result<(Option<R::Value>, Vec<Bytes>), Error> {
        let mut way = Way::default();
        let mut tip = match self.root(root)? {
            Root::Empty => return Ok((None, way.nodes)),
            Root::Leaf => return self.prove_leaf(key, 0, way),
            Root::Branch(tip) => tip,
        };
        let mut depth = 0;
        loop {
            if tip.path.len() > depth {
                let rlp = way.encoder.extension(&tip.path, depth, &tip.reference);
                push(&mut way.nodes, rlp);
                if !tip.path.leads_to(key) {
                    return Ok((None, way.nodes));
                }
            }
            let mut children = self.branch(&tip)?;
            let gaps = !children.present;
            self.fill_leaves(&tip.path, &mut children, gaps, &mut way.encoder)?;
            push(&mut way.nodes, encode(&tip.path, &children, &mut way.encoder));
            let at = nibble(key, tip.path.len());
            depth = tip.path.len().saturating_add(1);
            if children.present & bit(at) == 0 {
                return Ok((None, way.nodes));
            }
            if children.branch & bit(at) == 0 {
                return self.prove_leaf(key, depth, way);
            }
            let (path, reference) = (children.path_of(&tip.path, at), children.references[at]);
            tip = Tip { path, reference, stored: children.stored & bit(at) != 0, node: None };
        }
    }

    /// The end of a proof at a leaf `depth` nibbles down, which may be another key's.
    fn prove_leaf(
        &self,
        key: &B256,
        depth: usize,
        mut way: Way,
    ) -> Result<(Option<R::Value>, Vec<Bytes>), Error> {
        let (found, value) = self.leaf(&Path::of_key(key, depth))?;
        push(&mut way.nodes, way.encoder.leaf(&found, depth, &value));
        Ok(((found == *key).then_some(value), way.nodes))
    }
}

/// A proof so far.
#[derive(Debug, Default)]
struct Way {
    nodes: Vec<Bytes>,
    encoder: Encoder,
}

/// Adds a node, unless it is embedded in the one before it. The root never is.
fn push(nodes: &mut Vec<Bytes>, rlp: &[u8]) {
    if nodes.is_empty() || rlp.len() >= 32 {
        nodes.push(Bytes::copy_from_slice(rlp));
    }
}
