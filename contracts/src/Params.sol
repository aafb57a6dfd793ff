// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IParams, IStakeHub, IValidatorSet} from "./Interfaces.sol";
import {ParamNames} from "./ParamNames.sol";
import {STAKE_HUB, System, TIMELOCK, VALIDATOR_SET} from "./System.sol";
import {Seat} from "./Types.sol";

/// Parameters with bounds, and forks, both decided by the seats' power: 0x…1007.
///
/// A validator's agent signals a value. When more than two thirds of the current seats' power signal one value, anybody
/// locks it in, and it acts from the first epoch that starts at least the notice later. Values switch by epoch number, so
/// nothing has to run; within an epoch they are constant. A name that begins `fork:` stands for a fork and its value for
/// the earliest height of it; a fork is locked in once for all.
contract Params is System, IParams {
    struct Initial {
        bytes32 name;
        uint112 value;
        uint112 min;
        uint112 max;
    }

    /// One slot; `queued` counts from `queuedEpoch` on, if that is not 0.
    struct Value {
        uint112 value;
        uint112 queued;
        uint32 queuedEpoch;
    }

    struct Bounds {
        uint112 min;
        uint112 max;
    }

    /// @custom:storage-location erc7201:bttd.storage.Params
    struct ParamsStorage {
        uint32 epochLength;
        /// Whole epochs between a decision and the first epoch it acts in: seven days, on a devnet 0.
        uint32 noticeEpochs;
        bytes32[] names;
        mapping(bytes32 => Value) values;
        mapping(bytes32 => Bounds) bounds;
        bytes32[] forks;
        mapping(bytes32 => uint64) forkEpochs;
        /// By validator and name, the value + 1; 0 = no signal.
        mapping(uint32 => mapping(bytes32 => uint256)) signals;
    }

    bytes32 private constant PARAMS_STORAGE = 0x583ed23bebd7168137ad8e2726875961dc096f8914ed9972cdfd11962c7c4800;

    event Signalled(uint32 indexed id, bytes32 indexed name, uint256 value);
    event Unsignalled(uint32 indexed id, bytes32 indexed name);
    event ParamQueued(bytes32 indexed name, uint256 old, uint256 value, uint64 epoch);
    event ForkLocked(bytes32 indexed name, uint64 epoch);

    error OutOfBounds(uint256 value, uint256 min, uint256 max);
    error UnknownParam(bytes32 name);
    error NotAgent();
    error NotGovernor();
    error NoMajority(uint256 power, uint256 total);
    error NothingToChange();
    /// Two parameters that limit each other: which, and the other's value.
    error Conflicts(bytes32 other, uint256 value);

    function initialize(uint32 length, uint32 noticeEpochs, Initial[] calldata list) external onlyGenesis {
        ParamsStorage storage s = _storage();
        (s.epochLength, s.noticeEpochs) = (length, noticeEpochs);
        bytes32[19] memory names = _expected();
        for (uint256 i = 0; i < names.length; i++) {
            Initial calldata p = list[i];
            if (p.name != names[i]) revert UnknownParam(p.name);
            if (p.value < p.min || p.value > p.max || p.max == 0) revert OutOfBounds(p.value, p.min, p.max);
            s.names.push(p.name);
            s.values[p.name].value = p.value;
            s.bounds[p.name] = Bounds(p.min, p.max);
        }
        for (uint256 i = 0; i < names.length; i++) {
            _checkPairs(s, names[i], list[i].value);
        }
    }

    // --- deciding ----------------------------------------------------------------------------------------------------

    /// The agent of `id` wants this value; replaces its earlier signal for the name.
    function signal(uint32 id, bytes32 name, uint256 value) external {
        _requireAgent(id);
        ParamsStorage storage s = _storage();
        _check(s, name, value);
        s.signals[id][name] = value + 1;
        emit Signalled(id, name, value);
    }

    function unsignal(uint32 id, bytes32 name) external {
        _requireAgent(id);
        ParamsStorage storage s = _storage();
        if (s.signals[id][name] == 0) revert NothingToChange();
        delete s.signals[id][name];
        emit Unsignalled(id, name);
    }

    /// Power of the current seats that signal the value, and of all of them.
    function support(bytes32 name, uint256 value) public view returns (uint256 power, uint256 total) {
        ParamsStorage storage s = _storage();
        Seat[] memory seats = IValidatorSet(VALIDATOR_SET).currentSeats();
        for (uint256 i = 0; i < seats.length; i++) {
            total += seats[i].power;
            if (s.signals[seats[i].id][name] == value + 1) power += seats[i].power;
        }
    }

    /// Anybody, once more than two thirds of the power signal it.
    function lockIn(bytes32 name, uint256 value) external {
        ParamsStorage storage s = _storage();
        _check(s, name, value);
        (uint256 power, uint256 total) = support(name, value);
        if (3 * power <= 2 * total) revert NoMajority(power, total);
        if (_isFork(name)) _lockFork(s, name, value);
        else _queue(s, name, value);
    }

    /// For the timelock of a governor, which no chain has before a fork.
    function set(bytes32 name, uint256 value) external {
        if (msg.sender != TIMELOCK) revert NotGovernor();
        ParamsStorage storage s = _storage();
        if (_isFork(name)) revert UnknownParam(name);
        _check(s, name, value);
        _queue(s, name, value);
    }

    // --- reading -----------------------------------------------------------------------------------------------------

    function get(bytes32 name) external view returns (uint256) {
        ParamsStorage storage s = _storage();
        _requireKnown(s, name);
        return _valueAt(s, name, _epoch(s));
    }

    /// For system contracts, which know the epoch and the name.
    function valueAt(bytes32 name, uint64 epoch) external view returns (uint256) {
        return _valueAt(_storage(), name, epoch);
    }

    /// Every parameter, in a fixed order, as of the running epoch.
    function all() external view returns (bytes32[] memory names, uint256[] memory values) {
        ParamsStorage storage s = _storage();
        names = s.names;
        values = new uint256[](names.length);
        uint64 epoch = _epoch(s);
        for (uint256 i = 0; i < names.length; i++) {
            values[i] = _valueAt(s, names[i], epoch);
        }
    }

    function bounds(bytes32 name) external view returns (uint256 min, uint256 max) {
        ParamsStorage storage s = _storage();
        _requireKnown(s, name);
        return (s.bounds[name].min, s.bounds[name].max);
    }

    /// What is decided and does not act yet; (0, 0) if nothing is.
    function queued(bytes32 name) external view returns (uint256 value, uint64 epoch) {
        ParamsStorage storage s = _storage();
        _requireKnown(s, name);
        Value storage v = s.values[name];
        return v.queuedEpoch > _epoch(s) ? (v.queued, v.queuedEpoch) : (0, 0);
    }

    /// Value + 1 that the validator signals; 0 without a signal.
    function signalOf(uint32 id, bytes32 name) external view returns (uint256) {
        return _storage().signals[id][name];
    }

    /// First epoch of a fork; 0 = not locked in.
    function forkEpoch(bytes32 name) external view returns (uint64) {
        return _storage().forkEpochs[name];
    }

    /// Every fork that is locked in.
    function forks() external view returns (bytes32[] memory names, uint64[] memory epochs) {
        ParamsStorage storage s = _storage();
        names = s.forks;
        epochs = new uint64[](names.length);
        for (uint256 i = 0; i < names.length; i++) {
            epochs[i] = s.forkEpochs[names[i]];
        }
    }

    // --- internals ---------------------------------------------------------------------------------------------------

    function _queue(ParamsStorage storage s, bytes32 name, uint256 value) private {
        Value storage v = s.values[name];
        uint64 epoch = _epoch(s);
        uint256 now_ = _valueAt(s, name, epoch);
        bool waits = v.queuedEpoch > epoch;
        // a second lock-in of the same value must not restart its notice
        if (value == (waits ? v.queued : now_)) revert NothingToChange();
        uint64 from = epoch + 1 + s.noticeEpochs;
        (v.value, v.queued, v.queuedEpoch) = (uint112(now_), uint112(value), uint32(from));
        emit ParamQueued(name, now_, value, from);
    }

    function _lockFork(ParamsStorage storage s, bytes32 name, uint256 height) private {
        uint64 length = s.epochLength;
        uint64 from = _epoch(s) + 1 + s.noticeEpochs;
        uint64 first = uint64((height + length - 1) / length);
        if (first > from) from = first;
        s.forks.push(name);
        s.forkEpochs[name] = from;
        emit ForkLocked(name, from);
    }

    function _check(ParamsStorage storage s, bytes32 name, uint256 value) private view {
        if (_isFork(name)) {
            if (s.forkEpochs[name] != 0) revert NothingToChange();
            if (value <= block.number || value > type(uint48).max) {
                revert OutOfBounds(value, block.number + 1, type(uint48).max);
            }
            return;
        }
        _requireKnown(s, name);
        Bounds storage b = s.bounds[name];
        if (value < b.min || value > b.max) revert OutOfBounds(value, b.min, b.max);
        _checkPairs(s, name, value);
    }

    /// Evidence must find its stake, a full set its minimum, a first jail its maximum: now and after what is queued.
    function _checkPairs(ParamsStorage storage s, bytes32 name, uint256 value) private view {
        if (name == ParamNames.UNBONDING_DAYS) _below(s, ParamNames.EVIDENCE_DAYS, value - 1, false);
        else if (name == ParamNames.EVIDENCE_DAYS) _below(s, ParamNames.UNBONDING_DAYS, value + 1, true);
        else if (name == ParamNames.SEATS) _below(s, ParamNames.MIN_ACTIVE, value, false);
        else if (name == ParamNames.MIN_ACTIVE) _below(s, ParamNames.SEATS, value, true);
        else if (name == ParamNames.JAIL_MAX) _below(s, ParamNames.JAIL_FIRST, value, false);
        else if (name == ParamNames.JAIL_FIRST) _below(s, ParamNames.JAIL_MAX, value, true);
    }

    /// `other` must be at least `limit` (or at most), both its value and the one in its queue.
    function _below(ParamsStorage storage s, bytes32 other, uint256 limit, bool atLeast) private view {
        uint64 epoch = _epoch(s);
        for (uint256 i = 0; i < 2; i++) {
            uint256 value = _valueAt(s, other, i == 0 ? epoch : type(uint64).max);
            if (atLeast ? value < limit : value > limit) revert Conflicts(other, value);
        }
    }

    function _valueAt(ParamsStorage storage s, bytes32 name, uint64 epoch) private view returns (uint256) {
        Value memory v = s.values[name];
        return v.queuedEpoch != 0 && v.queuedEpoch <= epoch ? v.queued : v.value;
    }

    function _requireKnown(ParamsStorage storage s, bytes32 name) private view {
        if (s.bounds[name].max == 0) revert UnknownParam(name);
    }

    function _requireAgent(uint32 id) private view {
        if (IStakeHub(STAKE_HUB).agentOf(id) != msg.sender) revert NotAgent();
    }

    function _isFork(bytes32 name) private pure returns (bool) {
        return bytes5(name) == "fork:" && name[5] != 0;
    }

    function _epoch(ParamsStorage storage s) private view returns (uint64) {
        return uint64(block.number / s.epochLength);
    }

    function _expected() private pure returns (bytes32[19] memory) {
        return [
            ParamNames.MIN_SELF_STAKE,
            ParamNames.MIN_DELEGATION,
            ParamNames.SEATS,
            ParamNames.MIN_ACTIVE,
            ParamNames.MAX_CANDIDATES,
            ParamNames.UNBONDING_DAYS,
            ParamNames.EVIDENCE_DAYS,
            ParamNames.COMMISSION_MAX,
            ParamNames.COMMISSION_CHANGE,
            ParamNames.EMISSION_PER_BLOCK,
            ParamNames.PROPOSER_SHARE,
            ParamNames.BURN_SHARE,
            ParamNames.DOUBLE_SIGN_SLASH,
            ParamNames.DOWNTIME_SLASH,
            ParamNames.JAIL_FIRST,
            ParamNames.JAIL_MAX,
            ParamNames.CHURN,
            ParamNames.POWER_CAP,
            ParamNames.BASE_FEE_FLOOR
        ];
    }

    function _storage() private pure returns (ParamsStorage storage s) {
        assembly ("memory-safe") {
            s.slot := PARAMS_STORAGE
        }
    }
}
