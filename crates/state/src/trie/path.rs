//! Nibble paths: where a node lies in a trie of 32-byte keys.

use std::fmt;

use alloy_primitives::{B256, hex};

/// Nibbles in a key.
pub(super) const KEY_NIBBLES: usize = 64;

/// The first `len` nibbles of a key, at most 64. The nibbles behind them are zero, so equal paths have equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Path {
    bytes: B256,
    len: u8,
}

impl Path {
    /// The path of the root.
    pub(super) const EMPTY: Self = Self { bytes: B256::ZERO, len: 0 };

    /// The first `len` nibbles of `key`; 64 when `len` is larger.
    pub(super) fn of_key(key: &B256, len: usize) -> Self {
        let len = len.min(KEY_NIBBLES);
        let mut bytes = B256::ZERO;
        let (whole, half) = (len / 2, len % 2);
        bytes[..whole].copy_from_slice(&key[..whole]);
        if half == 1 {
            bytes[whole] = key[whole] & 0xf0;
        }
        Self { bytes, len: u8::try_from(len).unwrap_or(64) }
    }

    /// The path of `len` nibbles whose packed form (two nibbles a byte, the last low nibble zero) is `packed`; `None`
    /// when that is not a packed path of this length.
    pub(super) fn unpack(len: usize, packed: &[u8]) -> Option<Self> {
        if len > KEY_NIBBLES || packed.len() != len.div_ceil(2) {
            return None;
        }
        let mut key = B256::ZERO;
        key[..packed.len()].copy_from_slice(packed);
        let path = Self::of_key(&key, len);
        (path.bytes == key).then_some(path)
    }

    /// How many nibbles.
    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    /// Two nibbles a byte, the low nibble of an odd last byte zero.
    pub(super) fn packed(&self) -> &[u8] {
        &self.bytes[..self.len().div_ceil(2)]
    }

    /// The nibble at a position below 64.
    pub(super) fn nibble(&self, position: usize) -> usize {
        nibble(&self.bytes, position)
    }

    /// The path one nibble longer; a path of 64 nibbles stays as it is.
    pub(super) fn child(&self, nibble: usize) -> Self {
        let mut child = *self;
        let value = u8::try_from(nibble & 0xf).unwrap_or_default();
        if let Some(byte) = child.bytes.get_mut(self.len() / 2) {
            *byte |= if self.len.is_multiple_of(2) { value << 4 } else { value };
            child.len = self.len.saturating_add(1);
        }
        child
    }

    /// Path and length in one number, for paths of at most 14 nibbles.
    pub(super) fn short(&self) -> Option<u64> {
        let [a, b, c, d, e, f, g, ..] = self.bytes.0;
        (self.len <= 14).then(|| u64::from_be_bytes([a, b, c, d, e, f, g, self.len]))
    }

    /// How many leading nibbles it has in common with a key.
    pub(super) fn common(&self, key: &B256) -> usize {
        common(&self.bytes, key).min(self.len())
    }

    /// True when the path is a prefix of the key.
    pub(super) fn leads_to(&self, key: &B256) -> bool {
        self.common(key) == self.len()
    }

    /// The lowest key below the path.
    pub(super) const fn first_key(&self) -> &B256 {
        &self.bytes
    }

    /// The highest key below the path.
    pub(super) fn last_key(&self) -> B256 {
        let mut last = self.bytes;
        let (whole, half) = (self.len() / 2, self.len() % 2);
        let mut rest = last.iter_mut().skip(whole);
        if half == 1
            && let Some(byte) = rest.next()
        {
            *byte |= 0x0f;
        }
        rest.for_each(|byte| *byte = 0xff);
        last
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nibbles = hex::encode(self.bytes);
        f.write_str(&nibbles[..self.len()])
    }
}

/// The nibble of a key at a position below 64.
pub(super) fn nibble(key: &B256, position: usize) -> usize {
    let byte = key[position / 2];
    usize::from(if position.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f })
}

/// How many leading nibbles two keys have in common.
pub(super) fn common(left: &B256, right: &B256) -> usize {
    match left.iter().zip(right).position(|(left, right)| left != right) {
        None => KEY_NIBBLES,
        Some(byte) => {
            let same_high = (left[byte] ^ right[byte]) < 0x10;
            byte.saturating_mul(2).saturating_add(usize::from(same_high))
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;

    use super::*;

    const KEY: B256 = b256!("0x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0");

    #[test]
    fn prefixes_pack_and_unpack() {
        for len in 0..=KEY_NIBBLES {
            let path = Path::of_key(&KEY, len);
            assert_eq!((path.len(), Path::unpack(len, path.packed())), (len, Some(path)));
            assert!(
                path.leads_to(&KEY) && path.leads_to(path.first_key()) && path.leads_to(&path.last_key())
            );
            assert_eq!(format!("{path:?}"), hex::encode(KEY)[..len]);
        }
        for (len, packed) in [(3, &[0x12, 0x34][..]), (2, &[0x12, 0x30]), (3, &[0x12]), (65, &[0; 33])] {
            assert_eq!(Path::unpack(len, packed), None, "{len} {packed:?}");
        }
    }

    #[test]
    fn children_append_a_nibble() {
        let mut path = Path::EMPTY;
        for position in 0..KEY_NIBBLES {
            path = path.child(nibble(&KEY, position));
            assert_eq!(path, Path::of_key(&KEY, position + 1));
        }
        assert_eq!(path.child(7), path);
    }

    #[test]
    fn common_nibbles_stop_at_the_first_difference() {
        for position in 0..KEY_NIBBLES {
            let mut other = KEY;
            other[position / 2] ^= if position % 2 == 0 { 0x80 } else { 0x01 };
            assert_eq!(common(&KEY, &other), position);
            assert_eq!(Path::of_key(&KEY, 20).common(&other), position.min(20));
        }
        assert_eq!(common(&KEY, &KEY), KEY_NIBBLES);
    }
}
