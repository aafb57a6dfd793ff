//! When each fork begins.

use std::fmt;

use alloy_primitives::U256;

use crate::{Error, Fork};

/// The condition under which a fork begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// From this block number on.
    Block(u64),
    /// From the first block whose parent's total difficulty has reached this value.
    TotalDifficulty(U256),
    /// From the first block with this timestamp or a later one, in seconds.
    Timestamp(u64),
}

impl Activation {
    /// True for a block of this number and time whose parent has this total difficulty.
    pub fn is_active(self, number: u64, timestamp: u64, parent_total_difficulty: U256) -> bool {
        match self {
            Self::Block(at) => number >= at,
            Self::TotalDifficulty(at) => parent_total_difficulty >= at,
            Self::Timestamp(at) => timestamp >= at,
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(number) => write!(f, "block {number}"),
            Self::TotalDifficulty(difficulty) => write!(f, "total difficulty {difficulty}"),
            Self::Timestamp(time) => write!(f, "time {time}"),
        }
    }
}

/// The forks of a chain, each with its activation; a fork that is not listed never begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForkSchedule {
    /// Ascending by fork; Frontier, active from block 0 on, is not listed.
    entries: Vec<(Fork, Activation)>,
    /// The block that moves the DAO's ether, when the chain does so.
    dao: Option<u64>,
    /// Block forks that change no rule but count in the fork id: `mergeNetsplitBlock`, an unsupported DAO fork.
    marks: Vec<u64>,
}

impl ForkSchedule {
    /// The schedule of these forks.
    ///
    /// # Errors
    /// [`Error::ForkOrder`] and [`Error::ForkMissing`] when a fork begins before one it contains, or contains one
    /// that never begins (forks without execution rules excepted), as geth's `CheckConfigForkOrder`.
    pub fn new(
        entries: impl IntoIterator<Item = (Fork, Activation)>,
        dao: Option<u64>,
        marks: Vec<u64>,
    ) -> Result<Self, Error> {
        let mut entries: Vec<_> = entries.into_iter().filter(|(fork, _)| *fork != Fork::Frontier).collect();
        entries.sort_by_key(|(fork, _)| *fork);
        let schedule = Self { entries, dao, marks };
        schedule.check_order()?;
        Ok(schedule)
    }

    /// All forks up to and with `last` active from block 0 on.
    pub fn all_at_genesis(last: Fork) -> Self {
        let entries = Fork::all()
            .filter(|fork| *fork > Fork::Frontier && *fork <= last)
            .map(|fork| (fork, activation_at_genesis(fork)))
            .collect();
        Self { entries, dao: None, marks: Vec::new() }
    }

    /// The latest fork that is active in a block of this number and timestamp whose parent has this total difficulty.
    /// After the merge the total difficulty no longer grows; a chain merged from genesis on may be given zero.
    pub fn fork_at(&self, number: u64, timestamp: u64, parent_total_difficulty: U256) -> Fork {
        self.entries
            .iter()
            .rev()
            .find(|(_, activation)| activation.is_active(number, timestamp, parent_total_difficulty))
            .map_or(Fork::Frontier, |(fork, _)| *fork)
    }

    /// When `fork` begins; `None` when it never does.
    pub fn activation(&self, fork: Fork) -> Option<Activation> {
        if fork == Fork::Frontier {
            return Some(Activation::Block(0));
        }
        self.entries.iter().find(|(listed, _)| *listed == fork).map(|(_, activation)| *activation)
    }

    /// Every fork that begins at some time with its activation, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Fork, Activation)> {
        std::iter::once((Fork::Frontier, Activation::Block(0))).chain(self.entries.iter().copied())
    }

    /// The block whose state first loses the DAO's accounts to the refund contract, and from which on ten blocks
    /// carry the extra data `dao-hard-fork`.
    pub const fn dao_fork(&self) -> Option<u64> {
        self.dao
    }

    /// Total difficulty at which proof of work ends; `None` when it never does.
    pub fn terminal_total_difficulty(&self) -> Option<U256> {
        match self.activation(Fork::Paris) {
            Some(Activation::TotalDifficulty(difficulty)) => Some(difficulty),
            Some(Activation::Block(_) | Activation::Timestamp(_)) | None => None,
        }
    }

    /// Block numbers and timestamps that count in the fork id (EIP-2124, EIP-6122), each list ascending without
    /// duplicates; block 0 and times up to the genesis time are left out.
    pub(crate) fn id_points(&self, genesis_time: u64) -> (Vec<u64>, Vec<u64>) {
        let (mut blocks, mut times) = (self.marks.clone(), Vec::new());
        blocks.extend(self.dao);
        for (_, activation) in &self.entries {
            match activation {
                Activation::Block(number) => blocks.push(*number),
                Activation::Timestamp(time) => times.push(*time),
                Activation::TotalDifficulty(_) => {}
            }
        }
        blocks.retain(|number| *number > 0);
        times.retain(|time| *time > genesis_time);
        for points in [&mut blocks, &mut times] {
            points.sort_unstable();
            points.dedup();
        }
        (blocks, times)
    }

    fn check_order(&self) -> Result<(), Error> {
        let pairs = self.entries.iter().zip(self.entries.iter().skip(1));
        for ((earlier, begins), (later, later_begins)) in pairs {
            let out_of_order = match (begins, later_begins) {
                (Activation::Block(a), Activation::Block(b))
                | (Activation::Timestamp(a), Activation::Timestamp(b)) => a > b,
                (Activation::Timestamp(_), Activation::Block(_)) => true,
                _ => false,
            };
            if out_of_order {
                return Err(Error::ForkOrder {
                    earlier: *earlier,
                    begins: *begins,
                    later: *later,
                    later_begins: *later_begins,
                });
            }
        }
        let Some((last, _)) = self.entries.last() else { return Ok(()) };
        let missing = Fork::all()
            .filter(|fork| *fork > Fork::Frontier && fork < last && !fork.is_optional())
            .find(|fork| self.activation(*fork).is_none());
        missing.map_or(Ok(()), |missing| Err(Error::ForkMissing { missing, later: *last }))
    }
}

/// The form of activation that a genesis file has for the fork, at block 0.
const fn activation_at_genesis(fork: Fork) -> Activation {
    match fork {
        Fork::Paris => Activation::TotalDifficulty(U256::ZERO),
        Fork::Shanghai
        | Fork::Cancun
        | Fork::Prague
        | Fork::Osaka
        | Fork::Bpo1
        | Fork::Bpo2
        | Fork::Bpo3
        | Fork::Bpo4
        | Fork::Bpo5 => Activation::Timestamp(0),
        _ => Activation::Block(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TD: U256 = U256::ZERO;

    fn schedule() -> ForkSchedule {
        ForkSchedule::new(
            [
                (Fork::Homestead, Activation::Block(0)),
                (Fork::TangerineWhistle, Activation::Block(3)),
                (Fork::SpuriousDragon, Activation::Block(6)),
                (Fork::Byzantium, Activation::Block(9)),
                (Fork::Constantinople, Activation::Block(12)),
                (Fork::Petersburg, Activation::Block(15)),
                (Fork::Istanbul, Activation::Block(18)),
                (Fork::Berlin, Activation::Block(24)),
                (Fork::London, Activation::Block(27)),
                (Fork::Paris, Activation::TotalDifficulty(U256::from(1000))),
                (Fork::Shanghai, Activation::Timestamp(390)),
            ],
            None,
            vec![36],
        )
        .unwrap()
    }

    #[test]
    fn fork_begins_exactly_at_its_condition() {
        let rows = [
            (0, 0, 0, Fork::Homestead),
            (2, 20, 0, Fork::Homestead),
            (3, 30, 0, Fork::TangerineWhistle),
            (14, 140, 0, Fork::Constantinople),
            (15, 150, 0, Fork::Petersburg),
            (27, 270, 999, Fork::London),
            (27, 270, 1000, Fork::Paris),
            (38, 389, 1000, Fork::Paris),
            (39, 390, 1000, Fork::Shanghai),
        ];
        for (number, timestamp, difficulty, expected) in rows {
            assert_eq!(
                schedule().fork_at(number, timestamp, U256::from(difficulty)),
                expected,
                "block {number}"
            );
        }
    }

    #[test]
    fn empty_schedule_is_frontier_for_ever() {
        let schedule = ForkSchedule::default();
        assert_eq!(schedule.fork_at(u64::MAX, u64::MAX, U256::MAX), Fork::Frontier);
        assert_eq!(schedule.iter().count(), 1);
    }

    #[test]
    fn all_at_genesis_is_the_last_fork_from_block_zero_on() {
        for fork in Fork::all() {
            assert_eq!(ForkSchedule::all_at_genesis(fork).fork_at(0, 0, TD), fork);
            ForkSchedule::all_at_genesis(fork).check_order().unwrap();
        }
    }

    #[test]
    fn order_and_gaps_are_errors() {
        let late = [(Fork::Homestead, Activation::Block(5)), (Fork::TangerineWhistle, Activation::Block(4))];
        let error = ForkSchedule::new(late, None, vec![]).unwrap_err();
        assert!(matches!(
            error,
            Error::ForkOrder { earlier: Fork::Homestead, later: Fork::TangerineWhistle, .. }
        ));
        let gap = [(Fork::Homestead, Activation::Block(0)), (Fork::Byzantium, Activation::Block(0))];
        let error = ForkSchedule::new(gap, None, vec![]).unwrap_err();
        assert!(matches!(
            error,
            Error::ForkMissing { missing: Fork::TangerineWhistle, later: Fork::Byzantium }
        ));
    }

    #[test]
    fn id_points_leave_out_what_is_active_at_genesis() {
        let (blocks, times) = schedule().id_points(0);
        assert_eq!(blocks, [3, 6, 9, 12, 15, 18, 24, 27, 36]);
        assert_eq!(times, [390]);
        assert_eq!(schedule().id_points(390).1, [0; 0]);
    }
}
