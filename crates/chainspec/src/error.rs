//! What can be wrong with a genesis file or a chain's name; always the user's to mend, so each text says how.

use crate::{Activation, Fork};

/// Why a chain specification cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The text is no JSON, or not of the form that belongs there.
    #[error("{key}: {reason}")]
    Json {
        /// Path of the value, as in `config.blobSchedule`.
        key: String,
        /// The parser's words.
        reason: String,
    },
    /// A key that has to be there is absent.
    #[error("{key} is missing: {hint}")]
    Missing {
        /// Path of the key.
        key: String,
        /// What to write.
        hint: &'static str,
    },
    /// A key that means nothing here.
    #[error("unknown key {key}{}", suggestion(.nearest))]
    UnknownKey {
        /// Path of the key.
        key: String,
        /// The nearest known key, when one is near.
        nearest: Option<&'static str>,
    },
    /// Two keys with one meaning.
    #[error("{key} stands there twice: remove one")]
    Duplicate {
        /// Path of the key.
        key: String,
    },
    /// A value that is not of its kind or not in its range.
    #[error("{key} is {value}, expected {expected}")]
    Value {
        /// Path of the key.
        key: String,
        /// The value as written, shortened.
        value: String,
        /// Kind and range.
        expected: String,
    },
    /// Two values that exclude each other.
    #[error("{first} and {second} cannot both be: {reason}")]
    Conflict {
        /// One key with its value.
        first: String,
        /// The other key with its value.
        second: String,
        /// Why, and what to change.
        reason: &'static str,
    },
    /// A fork begins before one that it contains.
    #[error("{later} begins at {later_begins}, before {earlier} at {begins}: forks begin in order")]
    ForkOrder {
        /// The fork that has to come first.
        earlier: Fork,
        /// When it begins.
        begins: Activation,
        /// The fork that contains it.
        later: Fork,
        /// When that begins.
        later_begins: Activation,
    },
    /// A fork contains one that never begins.
    #[error("{later} is scheduled without {missing}, which it contains: schedule {missing} too")]
    ForkMissing {
        /// The fork without activation.
        missing: Fork,
        /// The latest fork of the schedule.
        later: Fork,
    },
    /// A fork that this version does not know.
    #[error("{key} schedules a fork that this version does not know; it knows all up to {}", Fork::LATEST)]
    UnknownFork {
        /// Path of the key.
        key: String,
    },
    /// A contract that the chain's rules call is not in the genesis state, or is another.
    #[error("alloc has {found} at {address} ({what}): put the published code there")]
    Contract {
        /// Where it belongs, 0x and 40 hex digits.
        address: String,
        /// Its name.
        what: &'static str,
        /// `no code` or `other code`.
        found: &'static str,
    },
    /// A name that is no chain compiled in.
    #[error("unknown chain {name:?}{}; known: {}, or the path of a genesis file", suggestion(.nearest), crate::CHAINS.join(", "))]
    UnknownChain {
        /// The name given.
        name: String,
        /// The nearest known name.
        nearest: Option<&'static str>,
    },
    /// A name that no fixture format defines.
    #[error("unknown network {0:?}: expected a fork's name or a transition such as PragueToOsakaAtTime15k")]
    UnknownNetwork(String),
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean {name}?"))
}

/// The candidate with the fewest edits from `word`, when no more than a third of the word differs.
pub(crate) fn nearest(word: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    candidates
        .iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), *candidate))
        .min()
        .filter(|(edits, candidate)| *edits <= candidate.len().max(word.len()) / 3)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i.saturating_add(1));
        for (j, to) in b.bytes().enumerate() {
            let replaced = diagonal.saturating_add(usize::from(from != to));
            let next = j.saturating_add(1);
            diagonal = row[next];
            row[next] = replaced.min(row[j].saturating_add(1)).min(diagonal.saturating_add(1));
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_refuses_strangers() {
        let keys = ["shanghaiTime", "cancunTime", "chainId"];
        assert_eq!(nearest("shangaiTime", &keys), Some("shanghaiTime"));
        assert_eq!(nearest("SHANGHAITIME", &keys), Some("shanghaiTime"));
        assert_eq!(nearest("chainid", &keys), Some("chainId"));
        assert_eq!(nearest("somethingElse", &keys), None);
        assert_eq!(nearest("", &keys), None);
    }

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in [("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)] {
            assert_eq!(distance(a, b), edits);
            assert_eq!(distance(b, a), edits);
        }
    }
}
