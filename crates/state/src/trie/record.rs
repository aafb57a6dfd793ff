//! The record of a branch on disk: what cannot be computed from the flat rows.
//!
//! A branch has a record when a child of it is a branch. The leaves' references are not in it: the flat tables have the
//! leaves. A branch without branch children has at most 16 leaves and is built from them.
//!
//! ```text
//! branch   tag 1 (references of 32 bytes) or 2 (a length byte before each)
//!          present2 branch2 stored2
//!          count1 of extensions, each: nibble1, length1, nibbles packed
//!          reference of each branch child
//! pointer  tag 3, length1 and packed path of the branch, its reference
//! ```
//!
//! A pointer is the record of a root behind an extension. Keys: length1 and packed path, in [`Table::SlotTrie`] behind
//! the hashed address; so a table's keys sort by level.

use alloy_primitives::{B256, hex};

use crate::{
    Error, Table,
    trie::{
        node::{Children, bit, bits},
        path::Path,
        rlp::Reference,
    },
};

const HASHES: u8 = 1;
const LENGTHS: u8 = 2;
const POINTER: u8 = 3;

/// A decoded record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The branch at the record's path; its leaves' references are unknown.
    Branch(Box<Children>),
    /// At the empty path: the root is an extension to the branch at this path, which has this reference and a record.
    Pointer(Path, Reference),
}

/// The table of a trie's records; `account` is the hashed address of a storage trie's owner.
pub(super) const fn table(account: Option<&B256>) -> Table {
    if account.is_some() { Table::SlotTrie } else { Table::AccountTrie }
}

/// Writes the key of the record at `path` into `key`.
pub(super) fn write_key(account: Option<&B256>, path: &Path, key: &mut Vec<u8>) {
    key.clear();
    key.extend_from_slice(account.map_or(&[][..], |account| account.as_slice()));
    key.push(byte(path.len()));
    key.extend_from_slice(path.packed());
}

/// The path in a key of the account trie's table.
///
/// # Errors
/// [`Error::Damaged`] when it is not such a key.
pub(super) fn path_of_key(key: &[u8]) -> Result<Path, Error> {
    let path = key.split_first().and_then(|(len, packed)| Path::unpack(usize::from(*len), packed));
    path.ok_or_else(|| Error::Damaged {
        table: Table::AccountTrie,
        key: hex::encode(key),
        reason: "the key is not a path".to_owned(),
    })
}

/// Writes the record of the branch at `path` into `out`.
pub(super) fn write_branch(children: &Children, path: &Path, out: &mut Vec<u8>) {
    let has_short = bits(children.branch).any(|nibble| children.references[nibble].is_short());
    out.clear();
    out.push(if has_short { LENGTHS } else { HASHES });
    for mask in [children.present, children.branch, children.stored] {
        out.extend_from_slice(&mask.to_be_bytes());
    }
    out.push(byte(children.extended.len()));
    for (nibble, child) in &children.extended {
        let from = path.len().saturating_add(1);
        let extension = slice(child, from);
        out.extend_from_slice(&[*nibble, byte(extension.len())]);
        out.extend_from_slice(extension.packed());
    }
    for nibble in bits(children.branch) {
        let reference = children.references[nibble].as_slice();
        if has_short {
            out.push(byte(reference.len()));
        }
        out.extend_from_slice(reference);
    }
}

/// Writes the pointer of a root behind an extension into `out`.
pub(super) fn write_pointer(path: &Path, reference: &Reference, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&[POINTER, byte(path.len())]);
    out.extend_from_slice(path.packed());
    out.extend_from_slice(reference.as_slice());
}

/// Decodes the record at `path`.
///
/// # Errors
/// [`Error::Damaged`] when the bytes are not exactly a record that can stand there.
pub(super) fn decode(account: Option<&B256>, path: &Path, bytes: &[u8]) -> Result<Record, Error> {
    let mut rest = bytes;
    match read(&mut rest, path) {
        Ok(_) if !rest.is_empty() => Err(damaged(account, path, "bytes after the record's end")),
        Ok(record) => Ok(record),
        Err(reason) => Err(damaged(account, path, reason)),
    }
}

fn read(rest: &mut &[u8], path: &Path) -> Result<Record, &'static str> {
    match take(rest, 1)?[0] {
        POINTER if path.len() == 0 => read_pointer(rest),
        HASHES => read_branch(rest, path, false).map(|children| Record::Branch(Box::new(children))),
        LENGTHS => read_branch(rest, path, true).map(|children| Record::Branch(Box::new(children))),
        _ => Err("unknown tag"),
    }
}

fn read_pointer(rest: &mut &[u8]) -> Result<Record, &'static str> {
    let length = usize::from(take(rest, 1)?[0]);
    let packed = take(rest, length.div_ceil(2))?;
    let path = Path::unpack(length, packed).filter(|path| (1..64).contains(&path.len()));
    let reference = Reference::of_short(take(rest, rest.len())?).ok_or("no reference in a pointer")?;
    Ok(Record::Pointer(path.ok_or("pointer to an impossible path")?, reference))
}

fn read_branch(rest: &mut &[u8], path: &Path, lengths: bool) -> Result<Children, &'static str> {
    let mut mask = || take(rest, 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    let (present, branch, stored) = (mask()?, mask()?, mask()?);
    if present.count_ones() < 2 || branch == 0 || branch & !present != 0 || stored & !branch != 0 {
        return Err("masks contradict each other");
    }
    let mut children = Children { present, branch, stored, ..Children::EMPTY };
    children.extended = read_extensions(rest, path, branch)?;
    for nibble in bits(branch) {
        let length = if lengths { usize::from(take(rest, 1)?[0]) } else { 32 };
        let reference = Reference::of_short(take(rest, length)?);
        children.references[nibble] = reference.ok_or("reference of an impossible length")?;
    }
    let needs_lengths = bits(branch).any(|nibble| children.references[nibble].is_short());
    if needs_lengths == lengths { Ok(children) } else { Err("tag does not fit the references") }
}

fn read_extensions(rest: &mut &[u8], path: &Path, branch: u16) -> Result<Vec<(u8, Path)>, &'static str> {
    let mut extended: Vec<(u8, Path)> = Vec::new();
    for _ in 0..take(rest, 1)?[0] {
        let head = take(rest, 2)?;
        let (nibble, length) = (head[0], usize::from(head[1]));
        let extension =
            Path::unpack(length, take(rest, length.div_ceil(2))?).ok_or("impossible extension")?;
        let ascends = extended.last().is_none_or(|(last, _)| *last < nibble);
        let child = (0..length).map(|at| extension.nibble(at));
        let child = child.fold(path.child(usize::from(nibble)), |path, nibble| path.child(nibble));
        let total = path.len().saturating_add(1).saturating_add(length);
        if nibble > 15 || !ascends || branch & bit(usize::from(nibble)) == 0 || length == 0 || total >= 64 {
            return Err("impossible extension");
        }
        extended.push((nibble, child));
    }
    Ok(extended)
}

/// The nibbles of a path from `from` on.
fn slice(path: &Path, from: usize) -> Path {
    (from..path.len()).fold(Path::EMPTY, |slice, at| slice.child(path.nibble(at)))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], &'static str> {
    let (head, tail) = rest.split_at_checked(length).ok_or("record is cut short")?;
    *rest = tail;
    Ok(head)
}

fn byte(length: usize) -> u8 {
    u8::try_from(length).expect("nibbles, references and paths are at most 64 long")
}

/// The error of a record that does not decode.
fn damaged(account: Option<&B256>, path: &Path, reason: &str) -> Error {
    let mut key = Vec::new();
    write_key(account, path, &mut key);
    Error::Damaged { table: table(account), key: hex::encode(key), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;
    use proptest::prelude::*;

    use super::*;
    use crate::trie::node::Node;

    fn children(
        present: u16,
        branch: u16,
        stored: u16,
        short: u16,
        lengths: [usize; 16],
    ) -> (Path, Children) {
        let path = Path::of_key(&keccak256("parent"), 7);
        let branch = branch & present;
        let mut children = Children { present, branch, stored: stored & branch, ..Children::EMPTY };
        for nibble in bits(present) {
            let hash = keccak256([byte(nibble)]);
            let length = if short & bit(nibble) != 0 { nibble.saturating_add(1) } else { 32 };
            children.references[nibble] = Reference::of_short(&hash[..length]).unwrap();
        }
        for nibble in bits(branch).filter(|nibble| lengths[*nibble] > 0) {
            let below = (0..lengths[nibble]).fold(path.child(nibble), |path, at| path.child(at % 16));
            children.extended.push((byte(nibble), below));
        }
        (path, children)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn branches_survive_packing_and_disk(
            present in any::<u16>().prop_filter("two children", |mask| mask.count_ones() > 1),
            branch in any::<u16>(), stored in any::<u16>(), short in any::<u16>(),
            lengths in proptest::array::uniform16(prop_oneof![3 => Just(0_usize), 1 => 1..56_usize]),
        ) {
            let (path, mut branch) = children(present, branch, stored, short, lengths);
            let node = Node::pack(&branch, &mut Vec::new());
            prop_assert_eq!(&node.unpack(), &branch);
            prop_assert_eq!(node.has_record(), branch.has_record());
            let mut bytes = Vec::new();
            write_branch(&branch, &path, &mut bytes);
            for nibble in bits(branch.present & !branch.branch) {
                branch.references[nibble] = Reference::UNKNOWN;
            }
            prop_assert_eq!(branch.unknown(), branch.present & !branch.branch);
            let decoded = decode(None, &path, &bytes);
            if branch.has_record() {
                prop_assert_eq!(decoded, Ok(Record::Branch(Box::new(branch))));
            } else {
                prop_assert!(decoded.is_err());
            }
        }

        #[test]
        fn hostile_records_are_refused_or_canonical(
            bytes in proptest::collection::vec(any::<u8>(), 0..120), tag in 0..5_u8, depth in 0..64_usize,
        ) {
            let path = Path::of_key(&keccak256("hostile"), depth);
            let record = [&[tag][..], &bytes].concat();
            let mut again = Vec::new();
            match decode(Some(&B256::ZERO), &path, &record) {
                Ok(Record::Branch(children)) => write_branch(&children, &path, &mut again),
                Ok(Record::Pointer(path, reference)) => write_pointer(&path, &reference, &mut again),
                Err(error) => {
                    prop_assert!(matches!(error, Error::Damaged { table: Table::SlotTrie, .. }), "{}", error);
                    return Ok(());
                }
            }
            prop_assert_eq!(again, record);
        }
    }

    #[test]
    fn every_cut_and_every_tail_is_refused() {
        let (path, branch) =
            children(0xf00f, 0x8003, 0x8001, 0x0002, [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
        let mut bytes = Vec::new();
        write_branch(&branch, &path, &mut bytes);
        assert!(decode(None, &path, &bytes).is_ok());
        for cut in 0..bytes.len() {
            assert!(decode(None, &path, &bytes[..cut]).is_err(), "{cut}");
        }
        bytes.push(0);
        assert!(decode(None, &path, &bytes).is_err());
    }

    #[test]
    fn keys_sort_by_level_then_path() {
        let keys = [(0, "a"), (3, "a"), (3, "b"), (4, "a"), (64, "a")];
        let mut keys = keys.map(|(len, seed)| Path::of_key(&keccak256(seed), len));
        keys[1..3].sort_unstable();
        let encoded = keys.map(|path| {
            let mut key = Vec::new();
            write_key(None, &path, &mut key);
            key
        });
        assert!(encoded.is_sorted(), "{encoded:?}");
    }
}
