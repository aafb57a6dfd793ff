// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IParams, IRewardPool, IStakeHub, IValidatorSet} from "./Interfaces.sol";
import {MAX_SEATS, PARAMS, REWARD_POOL, STAKE_HUB, System} from "./System.sol";
import {CandidateView, Counters, EpochView, Jail, Reward, Seat} from "./Types.sol";

/// The validator sets of the chain and its epochs: 0x…1000.
///
/// Every node computes the plan of an epoch's end from `epochView` and the block's last transaction brings it to
/// `commitEpoch`. A plan has three sections; each runs in a frame of its own, so that one that fails changes nothing and
/// holds up neither the others nor the chain.
///
/// Also answers the views of BTTC's `BorValidatorSet`: a span is an epoch, and every seat is validator and producer.
contract ValidatorSet is System, IValidatorSet {
    /// Validator of BTTC's `getValidatorBySigner`.
    struct Validator {
        uint256 id;
        uint256 power;
        address signer;
    }

    /// One slot, then the hash, then one slot per seat.
    struct StoredSet {
        uint64 setId;
        uint64 totalPower;
        uint32 count;
        bytes32 hash;
        Seat[50] seats;
    }

    /// One slot.
    struct EpochStart {
        uint64 epoch;
        uint64 number;
        uint64 time;
        uint64 setId;
    }

    /// @custom:storage-location erc7201:bttd.storage.ValidatorSet
    struct ValidatorSetStorage {
        uint64 epoch;
        /// Counts successful elections; genesis is 0.
        uint64 setId;
        uint32 epochLength;
        uint32 sprint;
        /// By `_setKey`: genesis for ever, then the last `RING` sets.
        mapping(uint256 => StoredSet) sets;
        EpochStart[128] starts;
        /// Proposer priorities at the start of the current set, four a slot, by seat.
        uint256[13] priorities;
    }

    bytes32 private constant VALIDATOR_SET_STORAGE = 0xde55bf3d27abce12128aff94993ff3e3e639604c2dbac2b3a427ea064a793900;
    bytes32 private constant SET_DOMAIN = keccak256("BTTD_VALIDATOR_SET_V1");
    uint256 private constant RING = 128;

    uint256 private constant PAY_GAS = 7_000_000;
    uint256 private constant JAIL_GAS = 3_500_000;
    uint256 private constant SEATS_GAS = 3_500_000;

    uint8 private constant PAY = 1;
    uint8 private constant JAIL = 2;
    uint8 private constant SEATS = 3;

    uint8 private constant NOBODY_ELIGIBLE = 1;
    uint8 private constant SEATS_FAILED = 2;
    uint8 private constant NO_PLAN = 3;

    event EpochCommitted(uint64 indexed epoch, uint64 start, uint64 end, uint64 totalPower, bytes32 setHash);
    event NewSpan(uint256 indexed id, uint256 indexed startBlock, uint256 indexed endBlock);
    /// The old set goes on. 1: nobody is eligible, 2: the section failed, 3: there was no plan.
    event ElectionSkipped(uint64 indexed epoch, uint8 reason);
    /// 1 pay, 2 jail, 3 seats; `error` is the first four bytes of the revert data, 0 if there are fewer.
    event SectionFailed(uint64 indexed epoch, uint8 section, bytes4 error);

    error WrongEpoch(uint64 epoch, uint64 expected);
    /// The set is older than the ring, or not elected yet.
    error UnknownEpoch(uint64 epoch);
    error WrongSeatCount(uint256 count);
    error SeatsNotAscending(uint256 index);
    error WrongPower();
    error WrongEpochLength();
    /// Only BTTC's protocol called it.
    error CommitSpanDisabled();

    // --- genesis -----------------------------------------------------------------------------------------------------

    /// `epochLength` in blocks, a multiple of `sprint`; `time` is the genesis block's.
    function initialize(uint32 length, uint32 sprint, uint64 time, Seat[] calldata seats_, int64[] calldata priorities_)
        external
        onlyGenesis
    {
        if (sprint == 0 || length < 4 || length % sprint != 0) revert WrongEpochLength();
        ValidatorSetStorage storage s = _storage();
        s.epochLength = length;
        s.sprint = sprint;
        s.starts[0] = EpochStart(0, 0, time, 0);
        _writeSet(s, 0, seats_, priorities_);
    }

    // --- the epoch transaction ---------------------------------------------------------------------------------------

    /// Ends the running epoch in its last block and starts `epoch`. Never reverts for the right epoch. An empty section
    /// is skipped. The gas of the three frames is fixed, so the outcome does not depend on what is left.
    function commitEpoch(uint64 epoch, bytes calldata pay, bytes calldata jail, bytes calldata seats_)
        external
        onlySystemTransaction
    {
        ValidatorSetStorage storage s = _storage();
        uint64 expected = s.epoch + 1;
        uint64 length = s.epochLength;
        if (epoch != expected || block.number + 1 != uint256(epoch) * length) revert WrongEpoch(epoch, expected);

        if (pay.length != 0) _section(epoch, PAY, PAY_GAS, abi.encodeCall(this.sectionPay, (pay)));
        if (jail.length != 0) _section(epoch, JAIL, JAIL_GAS, abi.encodeCall(this.sectionJail, (jail)));
        if (seats_.length == 0) {
            emit ElectionSkipped(epoch, pay.length == 0 && jail.length == 0 ? NO_PLAN : NOBODY_ELIGIBLE);
        } else if (!_section(epoch, SEATS, SEATS_GAS, abi.encodeCall(this.sectionSeats, (seats_)))) {
            emit ElectionSkipped(epoch, SEATS_FAILED);
        }

        uint64 setId = s.setId;
        uint64 start = epoch * length;
        uint64 end = start + length - 1;
        s.epoch = epoch;
        s.starts[epoch % RING] = EpochStart(epoch, start, uint64(block.timestamp), setId);
        StoredSet storage set = s.sets[_setKey(setId)];
        emit EpochCommitted(epoch, start, end, set.totalPower, set.hash);
        emit NewSpan(epoch, start, end);
    }

    /// Section 1: `abi.encode(Reward[], uint256 emission)`. On failure fees and emission stay for the next epoch.
    function sectionPay(bytes calldata data) external only(address(this)) {
        (Reward[] memory rewards, uint256 emission) = abi.decode(data, (Reward[], uint256));
        IRewardPool(REWARD_POOL).pay(_storage().epoch, rewards, emission);
    }

    /// Section 2: `abi.encode(Jail[], uint32[] kept)`. Closes the windows that were full, but for those in `kept`, whose
    /// jail was not pronounced. On failure all windows stay and the next epoch judges them.
    function sectionJail(bytes calldata data) external only(address(this)) {
        (Jail[] memory jails, uint32[] memory kept) = abi.decode(data, (Jail[], uint32[]));
        uint64 epoch = _storage().epoch;
        if (jails.length != 0) {
            uint64 began = _storage().starts[epoch % RING].time;
            IStakeHub(STAKE_HUB).jail(jails, began / IStakeHub(STAKE_HUB).dayLength());
        }
        IRewardPool(REWARD_POOL).closeWindows(epoch, kept);
    }

    /// Section 3: `abi.encode(Seat[], int64[] priorities)`. On failure the old set and its priorities go on.
    function sectionSeats(bytes calldata data) external only(address(this)) {
        (Seat[] memory seats_, int64[] memory priorities_) = abi.decode(data, (Seat[], int64[]));
        IStakeHub(STAKE_HUB).checkSeats(seats_);
        ValidatorSetStorage storage s = _storage();
        uint64 setId = s.setId + 1;
        _writeSet(s, setId, seats_, priorities_);
        s.setId = setId;
    }

    /// The one read before a plan. `seats` and `priorities` are those of the running epoch.
    function epochView() external view returns (EpochView memory v) {
        v.epoch = _storage().epoch;
        v.seats = currentSeats();
        v.priorities = priorities();
        uint32[] memory ids = new uint32[](v.seats.length);
        for (uint256 i = 0; i < ids.length; i++) {
            ids[i] = v.seats[i].id;
        }
        v.candidates = IStakeHub(STAKE_HUB).candidateViews(ids);
        ids = new uint32[](v.candidates.length);
        for (uint256 i = 0; i < ids.length; i++) {
            ids[i] = v.candidates[i].id;
        }
        Counters[] memory counters = IRewardPool(REWARD_POOL).counters(ids);
        for (uint256 i = 0; i < ids.length; i++) {
            CandidateView memory candidate = v.candidates[i];
            candidate.produced = counters[i].produced;
            candidate.missed = counters[i].missed;
            candidate.winProduced = counters[i].winProduced;
            candidate.winMissed = counters[i].winMissed;
        }
        v.fees = IRewardPool(REWARD_POOL).feesPending();
        v.reserve = IRewardPool(REWARD_POOL).reserve();
        (v.names, v.values) = IParams(PARAMS).all();
    }

    // --- sets and epochs ---------------------------------------------------------------------------------------------

    /// The epoch of the next block.
    function currentEpoch() external view returns (uint64) {
        return _storage().epoch;
    }

    function epochLength() external view returns (uint64) {
        return _storage().epochLength;
    }

    /// Seats of an epoch, from 127 epochs ago to the newest elected.
    function seats(uint64 epoch) external view returns (Seat[] memory) {
        return _seats(_setOf(epoch));
    }

    /// `extraData` of the block before the epoch, as long as that epoch's set is known.
    function setHash(uint64 epoch) external view returns (bytes32) {
        return _setOf(epoch).hash;
    }

    /// First block, time of the block before it (for epoch 0: of genesis), and the set of an epoch of the ring.
    function epochStart(uint64 epoch) external view returns (uint64 number, uint64 time, uint64 setId) {
        EpochStart storage start = _start(epoch);
        return (start.number, start.time, start.setId);
    }

    function currentSeats() public view returns (Seat[] memory) {
        return _seats(_current());
    }

    function currentSeatCount() external view returns (uint256) {
        return _current().count;
    }

    /// Priorities with which the current set began, by seat.
    function priorities() public view returns (int64[] memory list) {
        ValidatorSetStorage storage s = _storage();
        list = new int64[](_current().count);
        uint256 word;
        for (uint256 i = 0; i < list.length; i++) {
            if (i % 4 == 0) word = s.priorities[i / 4];
            list[i] = int64(uint64(word >> (64 * (i % 4))));
        }
    }

    /// Id behind a signer's seat in an epoch of the ring; 0 without a seat.
    function seatOf(uint64 epoch, address signer) external view returns (uint32) {
        (bool found, Seat memory seat) = _find(_setOf(epoch), signer);
        return found ? seat.id : 0;
    }

    // --- BTTC's views ------------------------------------------------------------------------------------------------

    function SPRINT() external view returns (uint256) {
        return _storage().sprint;
    }

    function FIRST_END_BLOCK() external view returns (uint256) {
        return _storage().epochLength - 1;
    }

    function currentSprint() external view returns (uint256) {
        return block.number / _storage().sprint;
    }

    function currentSpanNumber() public view returns (uint256) {
        return getSpanByBlock(block.number);
    }

    function getSpanByBlock(uint256 number) public view returns (uint256) {
        return number / _storage().epochLength;
    }

    /// Zeros for a span that is not elected yet, as BTTC answers for one that is not committed.
    function getSpan(uint256 span) public view returns (uint256 number, uint256 startBlock, uint256 endBlock) {
        ValidatorSetStorage storage s = _storage();
        if (span > s.epoch) return (0, 0, 0);
        return (span, span * s.epochLength, (span + 1) * s.epochLength - 1);
    }

    function spans(uint256 span) external view returns (uint256 number, uint256 startBlock, uint256 endBlock) {
        return getSpan(span);
    }

    function getCurrentSpan() external view returns (uint256 number, uint256 startBlock, uint256 endBlock) {
        return getSpan(currentSpanNumber());
    }

    /// Arithmetic: the next span's blocks are known before its set is.
    function getNextSpan() external view returns (uint256 number, uint256 startBlock, uint256 endBlock) {
        number = currentSpanNumber() + 1;
        uint256 length = _storage().epochLength;
        return (number, number * length, (number + 1) * length - 1);
    }

    /// Signers and powers of the span that holds block `number`.
    function getBorValidators(uint256 number) public view returns (address[] memory, uint256[] memory) {
        return _split(_setOf(_toEpoch(getSpanByBlock(number))));
    }

    function getValidators() external view returns (address[] memory, uint256[] memory) {
        return getBorValidators(block.number);
    }

    function getInitialValidators() external view returns (address[] memory, uint256[] memory) {
        return _split(_storage().sets[_setKey(0)]);
    }

    function isValidator(uint256 span, address signer) public view returns (bool found) {
        (found,) = _lookUp(span, signer);
    }

    function isProducer(uint256 span, address signer) external view returns (bool) {
        return isValidator(span, signer);
    }

    function isCurrentValidator(address signer) public view returns (bool) {
        return isValidator(currentSpanNumber(), signer);
    }

    function isCurrentProducer(address signer) external view returns (bool) {
        return isCurrentValidator(signer);
    }

    function getValidatorBySigner(uint256 span, address signer) external view returns (Validator memory result) {
        (bool found, Seat memory seat) = _lookUp(span, signer);
        if (found) result = Validator(seat.id, seat.power, seat.signer);
    }

    function getValidatorsTotalStakeBySpan(uint256 span) public view returns (uint256) {
        return _known(span) ? _setOf(uint64(span)).totalPower : 0;
    }

    function getProducersTotalStakeBySpan(uint256 span) external view returns (uint256) {
        return getValidatorsTotalStakeBySpan(span);
    }

    function commitSpan(uint256, uint256, uint256, bytes calldata, bytes calldata) external pure {
        revert CommitSpanDisabled();
    }

    // --- internals ---------------------------------------------------------------------------------------------------

    /// Runs a section with fixed gas and copies at most four bytes of an error.
    function _section(uint64 epoch, uint8 section, uint256 gas_, bytes memory call_) private returns (bool done) {
        bytes4 error_;
        assembly ("memory-safe") {
            mstore(0, 0)
            done := call(gas_, address(), 0, add(call_, 32), mload(call_), 0, 4)
            error_ := mload(0)
        }
        if (!done) emit SectionFailed(epoch, section, error_);
    }

    function _writeSet(ValidatorSetStorage storage s, uint64 setId, Seat[] memory seats_, int64[] memory priorities_)
        private
    {
        uint256 count = seats_.length;
        if (count == 0 || count > MAX_SEATS || priorities_.length != count) revert WrongSeatCount(count);
        StoredSet storage set = s.sets[_setKey(setId)];
        address[] memory signers = new address[](count);
        uint64[] memory powers = new uint64[](count);
        uint256 total;
        uint160 previous;
        for (uint256 i = 0; i < count; i++) {
            Seat memory seat = seats_[i];
            if (uint160(seat.signer) <= previous) revert SeatsNotAscending(i);
            previous = uint160(seat.signer);
            if (seat.power == 0) revert WrongPower();
            total += seat.power;
            set.seats[i] = seat;
            (signers[i], powers[i]) = (seat.signer, seat.power);
        }
        // the consensus engine multiplies the total by 3
        if (total * 3 > type(uint64).max) revert WrongPower();
        (set.setId, set.totalPower, set.count) = (setId, uint64(total), uint32(count));
        set.hash = keccak256(abi.encode(SET_DOMAIN, block.chainid, signers, powers));
        uint256 word;
        for (uint256 i = 0; i < count; i++) {
            word |= uint256(uint64(priorities_[i])) << (64 * (i % 4));
            if (i % 4 == 3 || i == count - 1) {
                s.priorities[i / 4] = word;
                word = 0;
            }
        }
    }

    function _setKey(uint64 setId) private pure returns (uint256) {
        return setId == 0 ? 0 : 1 + (setId - 1) % RING;
    }

    function _current() private view returns (StoredSet storage) {
        ValidatorSetStorage storage s = _storage();
        return s.sets[_setKey(s.setId)];
    }

    function _start(uint64 epoch) private view returns (EpochStart storage start) {
        start = _storage().starts[epoch % RING];
        if (start.epoch != epoch) revert UnknownEpoch(epoch);
    }

    function _setOf(uint64 epoch) private view returns (StoredSet storage) {
        return _storage().sets[_setKey(_start(epoch).setId)];
    }

    function _seats(StoredSet storage set) private view returns (Seat[] memory list) {
        list = new Seat[](set.count);
        for (uint256 i = 0; i < list.length; i++) {
            list[i] = set.seats[i];
        }
    }

    function _split(StoredSet storage set) private view returns (address[] memory signers, uint256[] memory powers) {
        Seat[] memory list = _seats(set);
        signers = new address[](list.length);
        powers = new uint256[](list.length);
        for (uint256 i = 0; i < list.length; i++) {
            (signers[i], powers[i]) = (list[i].signer, list[i].power);
        }
    }

    function _find(StoredSet storage set, address signer) private view returns (bool, Seat memory seat) {
        uint256 low = 0;
        uint256 high = set.count;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            seat = set.seats[middle];
            if (seat.signer == signer) return (true, seat);
            if (seat.signer < signer) low = middle + 1;
            else high = middle;
        }
        return (false, Seat(0, 0, address(0)));
    }

    function _known(uint256 span) private view returns (bool) {
        uint256 epoch = _storage().epoch;
        return span <= epoch && span + RING > epoch;
    }

    function _lookUp(uint256 span, address signer) private view returns (bool, Seat memory) {
        if (!_known(span)) return (false, Seat(0, 0, address(0)));
        return _find(_setOf(uint64(span)), signer);
    }

    function _toEpoch(uint256 span) private view returns (uint64) {
        return span > _storage().epoch ? _storage().epoch : uint64(span);
    }

    function _storage() private pure returns (ValidatorSetStorage storage s) {
        assembly ("memory-safe") {
            s.slot := VALIDATOR_SET_STORAGE
        }
    }
}
