//! RLP of trie nodes, written into a reused buffer, and what a parent holds of a child.

use std::fmt;

use alloy_primitives::{B256, U256, hex, keccak256};
use alloy_rlp::{EMPTY_LIST_CODE, EMPTY_STRING_CODE, Encodable, Header};

use crate::{
    Account,
    trie::path::{KEY_NIBBLES, Path, nibble},
};

/// What stands for a node in its parent: its RLP when shorter than 32 bytes, else the keccak256 of that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    bytes: B256,
    len: u8,
}

impl Reference {
    /// No reference yet.
    pub(super) const UNKNOWN: Self = Self { bytes: B256::ZERO, len: 0 };

    /// The reference to the node with this RLP.
    pub(super) fn of_rlp(rlp: &[u8]) -> Self {
        match Self::of_short(rlp) {
            Some(short) if rlp.len() < 32 => short,
            _ => Self::of_hash(keccak256(rlp)),
        }
    }

    /// The reference to a node with this hash.
    pub(super) const fn of_hash(hash: B256) -> Self {
        Self { bytes: hash, len: 32 }
    }

    /// The reference that has these bytes, at least 1 and at most 32.
    pub(super) fn of_short(bytes: &[u8]) -> Option<Self> {
        let len = u8::try_from(bytes.len()).ok().filter(|len| (1..=32).contains(len))?;
        let mut word = B256::ZERO;
        word[..bytes.len()].copy_from_slice(bytes);
        Some(Self { bytes: word, len })
    }

    /// False for [`Reference::UNKNOWN`].
    pub(super) const fn is_known(&self) -> bool {
        self.len != 0
    }

    /// True when the node itself stands in its parent.
    pub(super) const fn is_short(&self) -> bool {
        self.len < 32
    }

    /// The hash, or the short node's RLP.
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The hash of the node: what stands for it when it is a root.
    pub(super) fn to_hash(self) -> B256 {
        if self.is_short() { keccak256(self.as_slice()) } else { self.bytes }
    }

    fn encoded_len(&self) -> usize {
        if self.is_short() { usize::from(self.len) } else { 33 }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        if !self.is_short() {
            out.push(EMPTY_STRING_CODE.wrapping_add(32));
        }
        out.extend_from_slice(self.as_slice());
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_slice()))
    }
}

/// What a leaf of a trie holds.
pub(super) trait Value: Clone + fmt::Debug + Send + Sync {
    /// Appends the bytes that the leaf commits to.
    fn write(&self, out: &mut Vec<u8>);
}

impl Value for Account {
    fn write(&self, out: &mut Vec<u8>) {
        let hashes = 66; // two strings of 32 bytes
        let payload = self.nonce.length().saturating_add(self.balance.length()).saturating_add(hashes);
        Header { list: true, payload_length: payload }.encode(out);
        self.nonce.encode(out);
        self.balance.encode(out);
        self.storage_root.encode(out);
        self.code_hash.encode(out);
    }
}

impl Value for U256 {
    fn write(&self, out: &mut Vec<u8>) {
        Encodable::encode(self, out);
    }
}

/// Writes nodes one at a time; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    node: Vec<u8>,
    value: Vec<u8>,
}

impl Encoder {
    /// The leaf of `key` below a place of `depth` nibbles: `[hp(suffix), value]`.
    pub(super) fn leaf(&mut self, key: &B256, depth: usize, value: &impl Value) -> &[u8] {
        self.value.clear();
        value.write(&mut self.value);
        self.node.clear();
        let suffix = KEY_NIBBLES.saturating_sub(depth);
        let payload = path_len(suffix).saturating_add(string_len(&self.value));
        Header { list: true, payload_length: payload }.encode(&mut self.node);
        write_path(key, depth, KEY_NIBBLES, 2, &mut self.node);
        self.value.as_slice().encode(&mut self.node);
        &self.node
    }

    /// The extension from a place of `depth` nibbles to the branch at `path`: `[hp(nibbles between), reference]`.
    pub(super) fn extension(&mut self, path: &Path, depth: usize, branch: &Reference) -> &[u8] {
        self.node.clear();
        let payload = path_len(path.len().saturating_sub(depth)).saturating_add(branch.encoded_len());
        Header { list: true, payload_length: payload }.encode(&mut self.node);
        write_path(path.first_key(), depth, path.len(), 0, &mut self.node);
        branch.encode(&mut self.node);
        &self.node
    }

    /// A branch of these children, unknown ones absent, without a value.
    pub(super) fn branch(&mut self, children: &[Reference; 16]) -> &[u8] {
        self.node.clear();
        let child_len = |child: &Reference| if child.is_known() { child.encoded_len() } else { 1 };
        let payload = children.iter().map(child_len).fold(1, usize::saturating_add);
        Header { list: true, payload_length: payload }.encode(&mut self.node);
        for child in children {
            if child.is_known() {
                child.encode(&mut self.node);
            } else {
                self.node.push(EMPTY_STRING_CODE);
            }
        }
        self.node.push(EMPTY_STRING_CODE);
        debug_assert!(self.node[0] > EMPTY_LIST_CODE);
        &self.node
    }
}

/// Length of the RLP of a hex-prefixed path of so many nibbles.
const fn path_len(nibbles: usize) -> usize {
    let bytes = (nibbles / 2).saturating_add(1);
    if bytes == 1 { 1 } else { bytes.saturating_add(1) }
}

/// Length of the RLP of a byte string.
fn string_len(bytes: &[u8]) -> usize {
    bytes.length()
}

/// The nibbles `from..to` of a key in hex-prefix form as an RLP string. `flag` is 0 for extensions, 2 for leaves.
fn write_path(key: &B256, from: usize, to: usize, flag: u8, out: &mut Vec<u8>) {
    let nibbles = to.saturating_sub(from);
    let bytes = u8::try_from(nibbles / 2).unwrap_or_default().saturating_add(1);
    if bytes > 1 {
        out.push(EMPTY_STRING_CODE.saturating_add(bytes));
    }
    let odd = nibbles % 2;
    let first = if odd == 1 { (flag | 1) << 4 | low_nibble(key, from) } else { flag << 4 };
    out.push(first);
    let start = from.saturating_add(odd);
    if start.is_multiple_of(2) {
        out.extend_from_slice(&key[start / 2..to / 2]);
    } else {
        let pairs = (start..to).step_by(2);
        out.extend(pairs.map(|at| low_nibble(key, at) << 4 | low_nibble(key, at.saturating_add(1))));
    }
}

fn low_nibble(key: &B256, position: usize) -> u8 {
    u8::try_from(nibble(key, position)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloy_trie::{
        Nibbles, TrieAccount,
        nodes::{BranchNode, ExtensionNode, LeafNode, RlpNode},
    };

    use super::*;
    use crate::{EMPTY_CODE_HASH, EMPTY_ROOT};

    fn key(seed: u8) -> B256 {
        keccak256([seed])
    }

    fn nibbles(key: &B256, from: usize, to: usize) -> Nibbles {
        Nibbles::unpack(key).slice(from..to)
    }

    #[test]
    fn leaves_equal_the_reference_encoder() {
        let mut encoder = Encoder::default();
        for depth in 0..=KEY_NIBBLES {
            for value in [U256::from(1), U256::from(0x7f), U256::from(0x80), U256::MAX] {
                let expected = LeafNode::new(nibbles(&key(1), depth, 64), alloy_rlp::encode(value));
                assert_eq!(encoder.leaf(&key(1), depth, &value), alloy_rlp::encode(expected));
            }
        }
    }

    #[test]
    fn account_values_equal_the_reference_encoder() {
        for (nonce, balance) in [(0, U256::ZERO), (1, U256::from(127)), (u64::MAX, U256::MAX)] {
            let mut bytes = Vec::new();
            let account = Account { nonce, balance, code_hash: EMPTY_CODE_HASH, storage_root: EMPTY_ROOT };
            account.write(&mut bytes);
            let (storage_root, code_hash) = (EMPTY_ROOT, EMPTY_CODE_HASH);
            assert_eq!(bytes, alloy_rlp::encode(TrieAccount { nonce, balance, storage_root, code_hash }));
        }
    }

    #[test]
    fn extensions_equal_the_reference_encoder() {
        let mut encoder = Encoder::default();
        for child in [Reference::of_hash(key(2)), Reference::of_rlp(&[0xc2, 0x20, 0x05])] {
            for (from, to) in (0..64).flat_map(|from| (from + 1..=64).map(move |to| (from, to))) {
                let rlp =
                    if child.is_short() { child.as_slice().to_vec() } else { alloy_rlp::encode(key(2)) };
                let node = RlpNode::from_raw(&rlp).unwrap();
                let expected = alloy_rlp::encode(ExtensionNode::new(nibbles(&key(1), from, to), node));
                assert_eq!(encoder.extension(&Path::of_key(&key(1), to), from, &child), expected);
            }
        }
    }

    #[test]
    fn branches_equal_the_reference_encoder() {
        let mut encoder = Encoder::default();
        for present in [0x0003_u16, 0x8001, 0xffff, 0x1240] {
            let mut children = [Reference::UNKNOWN; 16];
            let mut stack = Vec::new();
            for nibble in (0..16_u8).filter(|nibble| present & 1 << nibble != 0) {
                let rlp = encoder.leaf(&key(nibble), 60 - usize::from(nibble), &U256::from(nibble)).to_vec();
                children[usize::from(nibble)] = Reference::of_rlp(&rlp);
                stack.push(RlpNode::from_rlp(&rlp));
            }
            let expected = alloy_rlp::encode(BranchNode::new(stack, alloy_trie::TrieMask::new(present)));
            assert_eq!(encoder.branch(&children), expected);
        }
    }
}
