// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// The governed parameters. Amounts in wei, shares in basis points.
library ParamNames {
    /// Least self stake of an electable validator, wei.
    bytes32 internal constant MIN_SELF_STAKE = "minSelfStake";
    /// Least single delegation, wei.
    bytes32 internal constant MIN_DELEGATION = "minDelegation";
    /// Seats of the set, at most 50.
    bytes32 internal constant SEATS = "seats";
    /// Seats below which those in maintenance, then jailed ones, are kept.
    bytes32 internal constant MIN_ACTIVE = "minActive";
    /// Active candidates, at most 127.
    bytes32 internal constant MAX_CANDIDATES = "maxCandidates";
    /// Days an exit waits; a devnet's day is a minute.
    bytes32 internal constant UNBONDING_DAYS = "unbondingDays";
    /// Days for which a fault can be brought; less than `unbondingDays`.
    bytes32 internal constant EVIDENCE_DAYS = "evidenceDays";
    bytes32 internal constant COMMISSION_MAX = "commissionMax";
    /// Most a commission may move at a time, once a day.
    bytes32 internal constant COMMISSION_CHANGE = "commissionChange";
    /// Wei paid out of the reserve per block.
    bytes32 internal constant EMISSION_PER_BLOCK = "emissionPerBlock";
    /// Share of the pot that goes by blocks produced.
    bytes32 internal constant PROPOSER_SHARE = "proposerShare";
    /// Share of the base fee that is burned.
    bytes32 internal constant BURN_SHARE = "burnShare";
    bytes32 internal constant DOUBLE_SIGN_SLASH = "doubleSignSlash";
    bytes32 internal constant DOWNTIME_SLASH = "downtimeSlash";
    /// Seconds of the first jail; it doubles up to `jailMax`.
    bytes32 internal constant JAIL_FIRST = "jailFirst";
    bytes32 internal constant JAIL_MAX = "jailMax";
    /// Seats per epoch that may go to validators without one, relative to the old set.
    bytes32 internal constant CHURN = "churn";
    /// Most power of one seat, relative to the set's.
    bytes32 internal constant POWER_CAP = "powerCap";
    /// Least base fee, wei.
    bytes32 internal constant BASE_FEE_FLOOR = "baseFeeFloor";
}
