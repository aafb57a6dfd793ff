// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IParams, IRewardPool, IStakeHub} from "./Interfaces.sol";
import {ParamNames} from "./ParamNames.sol";
import {PARAMS, PROTOCOL, STAKE_HUB, System, VALIDATOR_SET} from "./System.sol";
import {Counters, Reward} from "./Types.sol";

/// The money that pays validators, apart from all stake, and the counters that it is shared by: 0x…1002.
///
/// `feesPending` is this epoch's share of the base fees plus what earlier epochs left; `reserve` was funded and only the
/// emission takes from it. Nothing is minted.
contract RewardPool is System, IRewardPool {
    /// One slot per validator.
    struct Record {
        /// The epoch that `produced` and `missed` belong to; older ones count as 0.
        uint64 epoch;
        uint32 produced;
        uint32 missed;
        uint32 winProduced;
        uint32 winMissed;
    }

    /// @custom:storage-location erc7201:bttd.storage.RewardPool
    struct RewardPoolStorage {
        uint128 feesPending;
        uint128 reserve;
        uint32 epochLength;
        uint32 blockMillis;
        /// One more than the last epoch at whose end full windows were judged; 0 = none.
        uint64 judgedBefore;
        mapping(uint32 => Record) records;
    }

    bytes32 private constant REWARD_POOL_STORAGE = 0x464f1e1328f1b1f9d60cccf0a03b0c02fb8953518f8cf9582f676488ffc23d00;

    /// Slots after which a window is full and judged.
    uint256 public constant WINDOW = 20;

    event EpochRewarded(uint64 indexed epoch, uint256 fees, uint256 emission, uint256 paid, uint256 carried);
    event Funded(address indexed from, uint256 amount, uint256 reserve);

    error EmissionAboveReserve(uint256 emission, uint256 reserve);
    error RewardsAbovePot(uint256 rewards, uint256 pot);
    error ZeroAmount();

    /// The builder gives this contract `reserve_` wei.
    function initialize(uint32 length, uint32 blockMillis, uint128 reserve_) external onlyGenesis {
        RewardPoolStorage storage s = _storage();
        (s.epochLength, s.blockMillis, s.reserve) = (length, blockMillis, reserve_);
    }

    // --- the protocol's calls ----------------------------------------------------------------------------------------

    /// After each block: who built the block before it, who let a round pass in it, and this block's fees, which the
    /// protocol has added to the balance. Counts for the epoch of the next block; id 0 is nobody.
    function onBlock(uint32 producer, uint32[] calldata missed_, uint256 fees) external only(PROTOCOL) {
        RewardPoolStorage storage s = _storage();
        uint64 epoch = uint64((block.number + 1) / s.epochLength);
        if (producer != 0) _count(s, producer, epoch, true);
        for (uint256 i = 0; i < missed_.length; i++) {
            if (missed_[i] != 0) _count(s, missed_[i], epoch, false);
        }
        if (fees != 0) s.feesPending += uint128(fees);
    }

    /// Sends the rewards of `epoch` to the stake hub. What they leave of fees and emission is carried to the next epoch.
    function pay(uint64 epoch, Reward[] calldata rewards, uint256 emission) external only(VALIDATOR_SET) {
        RewardPoolStorage storage s = _storage();
        (uint256 fees, uint256 reserve_) = (s.feesPending, s.reserve);
        if (emission > reserve_) revert EmissionAboveReserve(emission, reserve_);
        uint256 paid;
        for (uint256 i = 0; i < rewards.length; i++) {
            paid += rewards[i].amount;
        }
        uint256 pot = fees + emission;
        if (paid > pot) revert RewardsAbovePot(paid, pot);
        (s.feesPending, s.reserve) = (uint128(pot - paid), uint128(reserve_ - emission));
        emit EpochRewarded(epoch, fees, emission, paid, pot - paid);
        if (rewards.length != 0) IStakeHub(STAKE_HUB).creditRewards{value: paid}(rewards);
    }

    /// Full windows as of the end of `epoch` count as judged and start again, but for those in `kept`.
    function closeWindows(uint64 epoch, uint32[] calldata kept) external only(VALIDATOR_SET) {
        RewardPoolStorage storage s = _storage();
        for (uint256 i = 0; i < kept.length; i++) {
            // carried into the next epoch before the line is drawn
            s.records[kept[i]] = _rolled(s, kept[i], epoch + 1);
        }
        s.judgedBefore = epoch + 1;
    }

    /// A validator that comes back starts with an empty window.
    function clearWindow(uint32 id) external only(STAKE_HUB) {
        RewardPoolStorage storage s = _storage();
        Record memory record = _rolled(s, id, _runningEpoch(s));
        (record.winProduced, record.winMissed) = (0, 0);
        s.records[id] = record;
    }

    // --- everybody ---------------------------------------------------------------------------------------------------

    /// Adds to the reserve that emission is paid from.
    function fund() external payable {
        if (msg.value == 0) revert ZeroAmount();
        RewardPoolStorage storage s = _storage();
        uint256 reserve_ = s.reserve + msg.value;
        s.reserve = uint128(reserve_);
        emit Funded(msg.sender, msg.value, reserve_);
    }

    /// Wei of base fees and of what earlier epochs did not pay.
    function feesPending() external view returns (uint256) {
        return _storage().feesPending;
    }

    function reserve() external view returns (uint256) {
        return _storage().reserve;
    }

    /// Seconds until the reserve is empty at the current emission and the target block time.
    function runway() external view returns (uint256) {
        RewardPoolStorage storage s = _storage();
        uint256 perBlock = IParams(PARAMS).valueAt(ParamNames.EMISSION_PER_BLOCK, _runningEpoch(s));
        return perBlock == 0 ? type(uint256).max : s.reserve / perBlock * s.blockMillis / 1000;
    }

    /// Blocks of the running epoch that a validator built.
    function produced(uint32 id) external view returns (uint256) {
        return _view(id).produced;
    }

    /// Rounds of the running epoch that a validator let pass.
    function missed(uint32 id) external view returns (uint256) {
        return _view(id).missed;
    }

    /// Counters as of the running epoch.
    function counters(uint32[] calldata ids) external view returns (Counters[] memory list) {
        list = new Counters[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            Record memory record = _view(ids[i]);
            list[i] = Counters(record.produced, record.missed, record.winProduced, record.winMissed);
        }
    }

    // --- internals ---------------------------------------------------------------------------------------------------

    function _count(RewardPoolStorage storage s, uint32 id, uint64 epoch, bool built) private {
        Record memory record = _rolled(s, id, epoch);
        if (built) {
            record.produced++;
            record.winProduced++;
        } else {
            record.missed++;
            record.winMissed++;
        }
        s.records[id] = record;
    }

    /// The record as of `epoch`. A window that was full when windows were last judged, and was not touched since, is over.
    function _rolled(RewardPoolStorage storage s, uint32 id, uint64 epoch) private view returns (Record memory record) {
        record = s.records[id];
        if (record.epoch >= epoch) return record;
        if (record.epoch < s.judgedBefore && uint256(record.winProduced) + record.winMissed >= WINDOW) {
            (record.winProduced, record.winMissed) = (0, 0);
        }
        (record.epoch, record.produced, record.missed) = (epoch, 0, 0);
    }

    function _view(uint32 id) private view returns (Record memory) {
        RewardPoolStorage storage s = _storage();
        return _rolled(s, id, _runningEpoch(s));
    }

    function _runningEpoch(RewardPoolStorage storage s) private view returns (uint64) {
        return uint64(block.number / s.epochLength);
    }

    function _storage() private pure returns (RewardPoolStorage storage s) {
        assembly ("memory-safe") {
            s.slot := REWARD_POOL_STORAGE
        }
    }
}
