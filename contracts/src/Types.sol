// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// A seat of the validator set; one storage slot. Sets are strictly ascending by signer.
struct Seat {
    uint32 id;
    /// Voting power in whole BTT.
    uint64 power;
    address signer;
}

/// What a validator's pool earned in an epoch, commission included, in wei.
struct Reward {
    uint32 id;
    uint128 amount;
}

/// A validator that missed too many of its slots.
struct Jail {
    uint32 id;
    /// Unix time in seconds from which `unjail` works.
    uint64 until;
    /// Basis points of its stake, and of the exits since the epoch began, that it loses.
    uint16 slashBps;
}

/// What `ValidatorSet.epochView` tells about a candidate or a seat's holder.
struct CandidateView {
    uint32 id;
    /// The key that a seat elected now would hold.
    address signer;
    /// Wei, pending delegations included.
    uint128 stake;
    uint128 selfStake;
    /// Whether a reward of the running epoch has anybody to go to.
    bool hasActiveShares;
    /// A `Status` as it counts for the running epoch.
    uint8 status;
    uint8 jailCount;
    uint64 jailedUntil;
    /// Maintenance in epochs, half open: `maintFrom <= epoch < maintTo`.
    uint64 maintFrom;
    uint64 maintTo;
    /// Of the running epoch.
    uint32 produced;
    uint32 missed;
    /// Of the window that downtime is judged by.
    uint32 winProduced;
    uint32 winMissed;
}

/// Everything that the plan of an epoch's end depends on.
struct EpochView {
    uint64 epoch;
    /// Candidates, then those holders of a seat that are none; each id once.
    CandidateView[] candidates;
    uint256 fees;
    uint256 reserve;
    bytes32[] names;
    uint256[] values;
    Seat[] seats;
    int64[] priorities;
}

/// Counters of one validator's slots; one storage slot in `RewardPool`.
struct Counters {
    uint32 produced;
    uint32 missed;
    uint32 winProduced;
    uint32 winMissed;
}

/// `CandidateView.status` and `StakeHub.validator().status`.
library Status {
    uint8 internal constant NONE = 0;
    uint8 internal constant ACTIVE = 1;
    /// Not electable; not earning from `inactiveFrom` on.
    uint8 internal constant INACTIVE = 2;
    uint8 internal constant JAILED = 3;
    /// Double signed or signed without a seat: for ever.
    uint8 internal constant TOMBSTONED = 4;
    /// In views only: inactive from the next epoch on, still at work in this one.
    uint8 internal constant LEAVING = 5;
}

/// Why stake was taken; `StakeHub.Slashed.reason` and `StakeHub.Jailed.reason`. 1 to 3 are the kinds of `Slashing.Evidence`.
library Reason {
    uint8 internal constant SEATLESS = 4;
    uint8 internal constant DOWNTIME = 5;
}
