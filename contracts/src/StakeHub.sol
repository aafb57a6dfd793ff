// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IParams, IRewardPool, ISlashing, IStakeHub, IValidatorSet} from "./Interfaces.sol";
import {ParamNames} from "./ParamNames.sol";
import {Signatures} from "./Signatures.sol";
import {BASIS_POINTS, PARAMS, REWARD_POOL, SLASHING, STAKE_HUB, System, VALIDATOR_SET} from "./System.sol";
import {CandidateView, Jail, Reason, Reward, Seat, Status} from "./Types.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// Validators, their pools of stake, delegations, exits and what they earned: 0x…2002.
///
/// A pool's shares are worth `stake / shares`, a rate that starts at 1 and falls by slashes only; rewards go beside it, by
/// an index per share. New shares are pending until the next epoch: they count for elections at once and for rewards from
/// that epoch on. Every function settles a position before it changes its shares. Payments are pulled, come last and
/// forward all gas.
contract StakeHub is System, IStakeHub, ReentrancyGuardTransient {
    struct Commission {
        uint16 rate;
        uint16 maxRate;
        uint16 maxChange;
    }

    struct Description {
        string moniker;
        string identity;
        string website;
        string contact;
        string details;
    }

    /// Three slots that the epoch's end touches, then four for people.
    struct Validator {
        // slot 0
        uint112 stake;
        uint8 status;
        uint8 jailCount;
        /// Place in the list of candidates + 1; 0 = not in it.
        uint8 place;
        uint16 rate;
        uint16 queuedRate;
        /// `queuedRate` counts from here on; 0 = nothing is queued.
        uint32 queuedEpoch;
        /// For an inactive one: from which epoch on.
        uint32 inactiveFrom;
        // slot 1
        uint112 shares;
        /// Of `shares`: those that earn from `pendEpoch` on.
        uint112 pendShares;
        uint32 pendEpoch;
        // slot 2
        /// Reward per share times `SCALE`. With the least self stake earning, 144 bits last for ten million epochs that each
        /// pay the whole supply.
        uint144 acc;
        uint112 commissionDue;
        // slot 3
        address signer;
        uint64 jailedUntil;
        /// Day of the last commission change.
        uint32 commissionDay;
        // slot 4
        address owner;
        uint32 maintFrom;
        uint32 maintTo;
        uint16 maxRate;
        uint16 maxChange;
        // slots 5, 6, 7
        address agent;
        address rewardTo;
        address pendingOwner;
    }

    /// Two slots.
    struct Position {
        uint112 shares;
        uint112 pendShares;
        uint32 pendEpoch;
        uint144 accPaid;
        uint112 due;
    }

    /// Exits of one validator and day; shares fall in worth by slashes, as the pool's do.
    struct Bucket {
        uint128 amount;
        uint128 shares;
    }

    struct Totals {
        uint128 bonded;
        uint128 unbonding;
        uint128 rewards;
        uint128 commission;
    }

    struct ValidatorView {
        CandidateView standing;
        address owner;
        address pendingOwner;
        address agent;
        address rewardTo;
        uint256 shares;
        /// Of `shares`: those that earn from the next epoch on.
        uint256 pendingShares;
        /// Times 1e27.
        uint256 rewardPerShare;
        uint256 commissionDue;
        Commission commission;
        /// Waits for `queuedEpoch`; (0, 0) if nothing is queued.
        uint16 queuedRate;
        uint64 queuedEpoch;
    }

    struct Config {
        uint32 epochLength;
        /// Seconds; 86,400, on a devnet 60.
        uint32 dayLength;
        /// Whole epochs that a higher commission waits, beside the running one.
        uint32 noticeEpochs;
        /// Longest maintenance in epochs; 0 = none on this chain.
        uint32 maxMaintenance;
    }

    /// @custom:storage-location erc7201:bttd.storage.StakeHub
    struct StakeHubStorage {
        Config config;
        uint32 validatorCount;
        Totals totals;
        uint32[] candidates;
        mapping(uint32 => Validator) validators;
        mapping(uint32 => mapping(address => Position)) positions;
        mapping(uint32 => mapping(uint256 => Bucket)) buckets;
        mapping(uint32 => mapping(address => mapping(uint256 => uint256))) bucketShares;
        /// `acc` at an epoch's start, only if shares became active then.
        mapping(uint32 => mapping(uint256 => uint256)) accAt;
        /// Every key ever registered; never given up.
        mapping(address => uint32) idOfSigner;
        mapping(address => uint256) keyNonce;
        mapping(uint32 => bytes) descriptions;
    }

    bytes32 private constant STAKE_HUB_STORAGE = 0x5af8d7cee0a150776d71e31c3e89589de03cb1d75868386fe8ce7c9316a0ef00;
    bytes32 private constant KEY_DOMAIN = keccak256("BTTD_VALIDATOR_KEY_V1");
    uint256 private constant SCALE = 1e27;
    /// A pool whose shares fell below this part of their worth takes no more stake.
    uint256 private constant WIPED = 1e9;
    uint256 private constant MAX_DESCRIPTION = 2_048;
    /// Days without a jail after which the next one is a first one again.
    uint256 private constant FORGIVE_DAYS = 7;
    /// Days that `unbonding` looks back.
    uint256 private constant EXITS_SHOWN = 512;

    event ValidatorCreated(uint32 indexed id, address indexed owner, address indexed signer, address rewardTo);
    event DescriptionChanged(uint32 indexed id);
    event AgentChanged(uint32 indexed id, address agent);
    event RewardAddressChanged(uint32 indexed id, address rewardTo);
    event OwnershipOffered(uint32 indexed id, address owner, address next);
    event OwnershipTransferred(uint32 indexed id, address old, address owner);
    event KeyRotated(uint32 indexed id, address old, address signer, uint64 epoch);
    event CommissionQueued(uint32 indexed id, uint16 from, uint16 to, uint64 when);
    event CommissionClaimed(uint32 indexed id, address to, uint256 amount);
    event Activated(uint32 indexed id);
    event Deactivated(uint32 indexed id, uint64 epoch);
    event MaintenanceSet(uint32 indexed id, uint64 from, uint64 to);
    event Delegated(uint32 indexed id, address indexed user, uint256 amount, uint256 shares, uint64 activeEpoch);
    event Undelegated(uint32 indexed id, address indexed user, uint256 shares, uint256 amount, uint64 day);
    event Withdrawn(uint32 indexed id, address indexed user, address to, uint256 amount);
    event RewardsClaimed(address indexed user, address to, uint256 amount);
    event Restaked(uint32 indexed id, address indexed user, uint256 amount);
    event Jailed(uint32 indexed id, uint64 until, uint8 reason);
    event Unjailed(uint32 indexed id);
    event Tombstoned(uint32 indexed id);
    event Slashed(uint32 indexed id, uint8 reason, uint16 bps, uint256 active, uint256 unbonding, uint64 height);

    error NotOwner();
    error NotAgent();
    error UnknownValidator(uint32 id);
    error BadKeyProof();
    error KeyUsed(address signer);
    error BelowMinSelfStake(uint256 have, uint256 need);
    error BelowMinDelegation(uint256 have, uint256 need);
    error CandidateCapReached();
    error CommissionOutOfRange();
    error CommissionChangeTooLarge();
    error InsufficientShares(uint256 have, uint256 want);
    error SlippageShares(uint256 got, uint256 min);
    error NotMature(uint256 day, uint256 readyAt);
    error StillJailed(uint64 until);
    error IsTombstoned();
    error PoolWiped();
    error ZeroAmount();
    error ZeroAddress();
    error TransferFailed();
    error WrongStatus(uint8 status);
    error DescriptionTooLong(uint256 bytes_);
    error MaintenanceOutOfRange();
    error MaintenanceFull(uint256 others);
    error UnknownSeat(uint256 index);
    error NoActiveShares(uint32 id);
    error AmountTooLarge();

    // --- genesis -----------------------------------------------------------------------------------------------------

    /// The builder then creates validators and delegates as their owners would, in block 0, where shares are active at once.
    function initialize(Config calldata config) external onlyGenesis {
        _storage().config = config;
    }

    // --- validators --------------------------------------------------------------------------------------------------

    /// Registers a key and stakes what comes with the call. `keyProof` is the key's signature over owner and reward address
    /// (`keyProofDigest`), so that nobody can register another's key.
    function createValidator(
        bytes calldata publicKey,
        bytes calldata keyProof,
        address rewardTo,
        Commission calldata commission,
        Description calldata about
    ) external payable nonReentrant returns (uint32 id) {
        StakeHubStorage storage s = _storage();
        address signer = _checkKey(s, publicKey, keyProof, msg.sender, rewardTo);
        id = _register(s, msg.sender, signer, rewardTo, commission, about);
        uint64 epoch = _epoch(s);
        uint256 least = _param(ParamNames.MIN_SELF_STAKE, epoch);
        if (msg.value < least) revert BelowMinSelfStake(msg.value, least);
        if (
            commission.maxRate > _param(ParamNames.COMMISSION_MAX, epoch)
                || commission.maxChange > _param(ParamNames.COMMISSION_CHANGE, epoch)
        ) revert CommissionOutOfRange();
        _stake(s, id, msg.sender, msg.value, epoch);
        _addCandidate(s, id);
    }

    function editDescription(uint32 id, Description calldata about) external {
        StakeHubStorage storage s = _storage();
        _requireAgent(s, id);
        _describe(s, id, about);
    }

    function setAgent(uint32 id, address agent) external {
        _owned(_storage(), id).agent = agent;
        emit AgentChanged(id, agent);
    }

    function setRewardAddress(uint32 id, address rewardTo) external {
        if (rewardTo == address(0)) revert ZeroAddress();
        _owned(_storage(), id).rewardTo = rewardTo;
        emit RewardAddressChanged(id, rewardTo);
    }

    function transferOwnership(uint32 id, address next) external {
        _owned(_storage(), id).pendingOwner = next;
        emit OwnershipOffered(id, msg.sender, next);
    }

    /// Takes over the validator with its whole self stake; rewards up to now stay the old owner's.
    function acceptOwnership(uint32 id) external nonReentrant {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        address old = v.owner;
        if (msg.sender != v.pendingOwner || msg.sender == old) revert NotOwner();
        uint64 epoch = _epoch(s);
        Position storage from = _settle(s, v, id, old, epoch);
        Position storage to = _settle(s, v, id, msg.sender, epoch);
        // after settling, what is pending on either side waits for the same epoch
        (to.shares, to.pendShares) = (to.shares + from.shares, to.pendShares + from.pendShares);
        if (from.pendShares != 0) to.pendEpoch = from.pendEpoch;
        (from.shares, from.pendShares) = (0, 0);
        (v.owner, v.pendingOwner) = (msg.sender, address(0));
        emit OwnershipTransferred(id, old, msg.sender);
    }

    /// A lower rate acts from the next epoch, a higher one after the notice. One value waits at a time, one change a day.
    function queueCommission(uint32 id, uint16 rate) external {
        StakeHubStorage storage s = _storage();
        Validator storage v = _requireAgent(s, id);
        uint64 epoch = _epoch(s);
        if (rate > v.maxRate || rate > _param(ParamNames.COMMISSION_MAX, epoch)) revert CommissionOutOfRange();
        uint16 current = _rateAt(v, epoch);
        uint256 change = rate > current ? rate - current : current - rate;
        uint32 today = uint32(_today(s));
        if (change > v.maxChange || change > _param(ParamNames.COMMISSION_CHANGE, epoch) || v.commissionDay == today) {
            revert CommissionChangeTooLarge();
        }
        uint64 when = epoch + 1 + (rate > current ? s.config.noticeEpochs : 0);
        (v.rate, v.queuedRate, v.queuedEpoch, v.commissionDay) = (current, rate, uint32(when), today);
        emit CommissionQueued(id, current, rate, when);
    }

    /// The new key acts with the next seat; the old one stays slashable and is never given to anybody again.
    function rotateKey(uint32 id, bytes calldata publicKey, bytes calldata keyProof) external {
        StakeHubStorage storage s = _storage();
        Validator storage v = _owned(s, id);
        if (v.status == Status.TOMBSTONED) revert IsTombstoned();
        address signer = _checkKey(s, publicKey, keyProof, msg.sender, v.rewardTo);
        s.idOfSigner[signer] = id;
        emit KeyRotated(id, v.signer, signer, _epoch(s) + 1);
        v.signer = signer;
    }

    /// Leaves the elections; a seat is kept to the end of the epoch. After that the self stake may go, too.
    function deactivate(uint32 id) external {
        StakeHubStorage storage s = _storage();
        Validator storage v = _owned(s, id);
        if (v.status != Status.ACTIVE && v.status != Status.JAILED) revert WrongStatus(v.status);
        _deactivate(s, id, v, _epoch(s) + 1);
    }

    function activate(uint32 id) external nonReentrant {
        StakeHubStorage storage s = _storage();
        Validator storage v = _owned(s, id);
        if (v.status != Status.INACTIVE) revert WrongStatus(v.status);
        _comeBack(s, id, v);
        _addCandidate(s, id);
        emit Activated(id);
    }

    function unjail(uint32 id) external nonReentrant {
        StakeHubStorage storage s = _storage();
        Validator storage v = _requireAgent(s, id);
        if (v.status != Status.JAILED) revert WrongStatus(v.status);
        _comeBack(s, id, v);
        emit Unjailed(id);
    }

    /// No seat in `fromEpoch` and the `epochs - 1` after it, without a fault; 0 epochs cancels. At least one whole epoch
    /// lies between, and not more than a tenth of the set is away at a time, first come, first served.
    function setMaintenance(uint32 id, uint64 fromEpoch, uint64 epochs) external {
        StakeHubStorage storage s = _storage();
        Validator storage v = _requireAgent(s, id);
        uint64 to;
        if (epochs == 0) {
            fromEpoch = 0;
        } else {
            if (epochs > s.config.maxMaintenance || fromEpoch < _epoch(s) + 2 || fromEpoch > type(uint32).max - epochs) {
                revert MaintenanceOutOfRange();
            }
            to = fromEpoch + epochs;
            uint256 others;
            for (uint256 i = 0; i < s.candidates.length; i++) {
                Validator storage other = s.validators[s.candidates[i]];
                if (s.candidates[i] != id && other.maintFrom < to && fromEpoch < other.maintTo) others++;
            }
            uint256 allowed = IValidatorSet(VALIDATOR_SET).currentSeatCount() / 10;
            if (others >= (allowed == 0 ? 1 : allowed)) revert MaintenanceFull(others);
        }
        (v.maintFrom, v.maintTo) = (uint32(fromEpoch), uint32(to));
        emit MaintenanceSet(id, fromEpoch, to);
    }

    /// Pays the commission earned so far to the reward address.
    function claimCommission(uint32 id) external nonReentrant {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        if (msg.sender != v.owner && msg.sender != v.agent && msg.sender != v.rewardTo) revert NotAgent();
        uint256 amount = v.commissionDue;
        if (amount == 0) revert ZeroAmount();
        v.commissionDue = 0;
        s.totals.commission -= uint128(amount);
        emit CommissionClaimed(id, v.rewardTo, amount);
        _pay(v.rewardTo, amount);
    }

    // --- delegators --------------------------------------------------------------------------------------------------

    /// Stakes what comes with the call; reverts below `minShares`.
    function delegate(uint32 id, uint256 minShares) external payable nonReentrant {
        StakeHubStorage storage s = _storage();
        _known(s, id);
        uint64 epoch = _epoch(s);
        uint256 least = _param(ParamNames.MIN_DELEGATION, epoch);
        if (msg.value < least) revert BelowMinDelegation(msg.value, least);
        uint256 shares = _stake(s, id, msg.sender, msg.value, epoch);
        if (shares < minShares) revert SlippageShares(shares, minShares);
    }

    /// Takes shares out of the pool, those still pending first; `withdraw` pays them after the unbonding time.
    function undelegate(uint32 id, uint256 shares) external nonReentrant {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        uint64 epoch = _epoch(s);
        Position storage p = _settle(s, v, id, msg.sender, epoch);
        uint256 amount = _removeShares(v, p, shares);
        if (msg.sender == v.owner) _requireSelfStake(id, v, p, epoch);
        uint256 day = _today(s);
        Bucket storage bucket = s.buckets[id][day];
        (uint256 held, uint256 all) = (bucket.amount, bucket.shares);
        uint256 minted = all == 0 ? amount : amount * all / (held == 0 ? 1 : held);
        // amounts are bounded by the supply; a bucket's rate falls by few slashes, so its shares stay near them
        (bucket.amount, bucket.shares) = (uint128(held + amount), _toUint128(all + minted));
        s.bucketShares[id][msg.sender][day] += minted;
        (s.totals.bonded, s.totals.unbonding) =
            (s.totals.bonded - uint128(amount), s.totals.unbonding + uint128(amount));
        emit Undelegated(id, msg.sender, shares, amount, uint64(day));
    }

    /// Pays the sender's exits of these days.
    function withdraw(uint32 id, uint256[] calldata days_, address to) external nonReentrant {
        StakeHubStorage storage s = _storage();
        if (to == address(0)) revert ZeroAddress();
        uint256 wait = _param(ParamNames.UNBONDING_DAYS, _epoch(s));
        uint256 today = _today(s);
        uint256 amount;
        for (uint256 i = 0; i < days_.length; i++) {
            uint256 day = days_[i];
            if (day > today || day + wait > today) revert NotMature(day, (day + wait) * s.config.dayLength);
            uint256 shares = s.bucketShares[id][msg.sender][day];
            if (shares == 0) continue;
            Bucket storage bucket = s.buckets[id][day];
            uint256 part = shares * bucket.amount / bucket.shares;
            (bucket.amount, bucket.shares) = (bucket.amount - uint128(part), bucket.shares - uint128(shares));
            s.bucketShares[id][msg.sender][day] = 0;
            amount += part;
        }
        if (amount == 0) revert ZeroAmount();
        s.totals.unbonding -= uint128(amount);
        emit Withdrawn(id, msg.sender, to, amount);
        _pay(to, amount);
    }

    /// Pays the sender's rewards at these validators.
    function claim(uint32[] calldata ids, address to) external nonReentrant {
        StakeHubStorage storage s = _storage();
        if (to == address(0)) revert ZeroAddress();
        uint64 epoch = _epoch(s);
        uint256 amount;
        for (uint256 i = 0; i < ids.length; i++) {
            amount += _collect(s, ids[i], epoch);
        }
        if (amount == 0) revert ZeroAmount();
        s.totals.rewards -= uint128(amount);
        emit RewardsClaimed(msg.sender, to, amount);
        _pay(to, amount);
    }

    /// Delegates the sender's rewards at these validators to the same ones.
    function restake(uint32[] calldata ids) external nonReentrant {
        StakeHubStorage storage s = _storage();
        uint64 epoch = _epoch(s);
        uint256 amount;
        for (uint256 i = 0; i < ids.length; i++) {
            uint256 due = _collect(s, ids[i], epoch);
            if (due == 0) continue;
            amount += due;
            emit Restaked(ids[i], msg.sender, due);
            _stake(s, ids[i], msg.sender, due, epoch);
        }
        if (amount == 0) revert ZeroAmount();
        s.totals.rewards -= uint128(amount);
    }

    // --- other system contracts --------------------------------------------------------------------------------------

    /// Credits what an epoch earned: commission to the validator, the rest to the shares that were active in it.
    function creditRewards(Reward[] calldata rewards) external payable only(REWARD_POOL) nonReentrant {
        StakeHubStorage storage s = _storage();
        uint64 epoch = _epoch(s);
        uint256 most = _param(ParamNames.COMMISSION_MAX, epoch);
        uint256 commission;
        uint256 sum;
        for (uint256 i = 0; i < rewards.length; i++) {
            commission += _credit(s, rewards[i].id, rewards[i].amount, epoch, most);
            sum += rewards[i].amount;
        }
        if (sum != msg.value) revert ZeroAmount();
        s.totals.rewards += uint128(sum - commission);
        s.totals.commission += uint128(commission);
    }

    /// Downtime, at an epoch's end. Exits count from `firstDay` on. Skips who is tombstoned.
    function jail(Jail[] calldata jails, uint64 firstDay) external only(VALIDATOR_SET) nonReentrant {
        StakeHubStorage storage s = _storage();
        uint256 taken;
        for (uint256 i = 0; i < jails.length; i++) {
            Validator storage v = s.validators[jails[i].id];
            if (v.status == Status.NONE || v.status == Status.TOMBSTONED) continue;
            bool forgiven = block.timestamp > v.jailedUntil + FORGIVE_DAYS * s.config.dayLength;
            if (forgiven) v.jailCount = 1;
            else if (v.jailCount != type(uint8).max) v.jailCount++;
            v.jailedUntil = jails[i].until;
            // an inactive one stays so, and cannot be activated before
            if (v.status == Status.ACTIVE) v.status = Status.JAILED;
            emit Jailed(jails[i].id, jails[i].until, Reason.DOWNTIME);
            if (jails[i].slashBps == 0) continue;
            taken += _slash(s, jails[i].id, v, firstDay, jails[i].slashBps, Reason.DOWNTIME, uint64(block.number));
        }
        if (taken != 0) ISlashing(SLASHING).distribute{value: taken}();
    }

    /// A proved fault: takes `bps` of the stake and of the exits since `firstDay`, and removes the validator for ever.
    function slash(uint32 id, uint64 firstDay, uint16 bps, uint8 reason, uint64 height)
        external
        only(SLASHING)
        nonReentrant
        returns (uint256 taken)
    {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        if (v.status == Status.TOMBSTONED) revert IsTombstoned();
        if (v.place != 0) _removeCandidate(s, v);
        v.status = Status.TOMBSTONED;
        emit Tombstoned(id);
        taken = _slash(s, id, v, firstDay, bps, reason, height);
        _pay(SLASHING, taken);
    }

    /// Reverts unless every seat is held by the key's validator and none is tombstoned.
    function checkSeats(Seat[] calldata seats) external view {
        StakeHubStorage storage s = _storage();
        for (uint256 i = 0; i < seats.length; i++) {
            uint32 id = seats[i].id;
            if (id == 0 || s.idOfSigner[seats[i].signer] != id || s.validators[id].status == Status.TOMBSTONED) {
                revert UnknownSeat(i);
            }
        }
    }

    // --- views -------------------------------------------------------------------------------------------------------

    /// Candidates, then those of `seated` that are none. The counters are left 0.
    function candidateViews(uint32[] calldata seated) external view returns (CandidateView[] memory list) {
        StakeHubStorage storage s = _storage();
        uint256 count = s.candidates.length;
        list = new CandidateView[](count + seated.length);
        for (uint256 i = 0; i < count; i++) {
            list[i] = _candidate(s, s.candidates[i]);
        }
        for (uint256 i = 0; i < seated.length; i++) {
            if (s.validators[seated[i]].place == 0) list[count++] = _candidate(s, seated[i]);
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    /// The counters in `standing` are left 0: they are the reward pool's.
    function validator(uint32 id) public view returns (ValidatorView memory w) {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        uint64 epoch = _epoch(s);
        w.standing = _candidate(s, id);
        (w.owner, w.pendingOwner, w.agent, w.rewardTo) = (v.owner, v.pendingOwner, v.agent, v.rewardTo);
        w.shares = v.shares;
        if (v.pendEpoch > epoch) w.pendingShares = v.pendShares;
        w.rewardPerShare = v.acc;
        w.commissionDue = v.commissionDue;
        w.commission = Commission(_rateAt(v, epoch), v.maxRate, v.maxChange);
        if (v.queuedEpoch > epoch) (w.queuedRate, w.queuedEpoch) = (v.queuedRate, v.queuedEpoch);
    }

    function description(uint32 id) external view returns (Description memory) {
        // stored as it is returned
        bytes memory encoded = _storage().descriptions[id];
        assembly ("memory-safe") {
            return(add(encoded, 32), mload(encoded))
        }
    }

    /// Validators with the ids `offset + 1` to `offset + limit`, as far as they exist.
    function validators(uint256 offset, uint256 limit) external view returns (ValidatorView[] memory list) {
        uint256 count = _storage().validatorCount;
        uint256 end = offset + limit < count ? offset + limit : count;
        list = new ValidatorView[](end > offset ? end - offset : 0);
        for (uint256 i = 0; i < list.length; i++) {
            list[i] = validator(uint32(offset + i + 1));
        }
    }

    /// Of every key ever registered; 0 = unknown.
    function idOfSigner(address signer) external view returns (uint32) {
        return _storage().idOfSigner[signer];
    }

    function agentOf(uint32 id) external view returns (address) {
        return _known(_storage(), id).agent;
    }

    function isTombstoned(uint32 id) external view returns (bool) {
        return _storage().validators[id].status == Status.TOMBSTONED;
    }

    function dayLength() external view returns (uint64) {
        return _storage().config.dayLength;
    }

    /// Shares that earn, shares that earn from the next epoch on, and what all of them are worth in wei.
    function position(uint32 id, address user) external view returns (uint256 active, uint256 pending, uint256 stake) {
        StakeHubStorage storage s = _storage();
        Validator storage v = _known(s, id);
        Position storage p = s.positions[id][user];
        (active, pending,) = _accrued(s, v, p, id, _epoch(s));
        stake = _worth(v, p);
    }

    function pendingRewards(uint32 id, address user) external view returns (uint256 due) {
        StakeHubStorage storage s = _storage();
        (,, due) = _accrued(s, s.validators[id], s.positions[id][user], id, _epoch(s));
    }

    /// The user's exits of the last 512 days that are not withdrawn: days and their present amounts.
    function unbonding(uint32 id, address user) external view returns (uint256[] memory days_, uint256[] memory amounts) {
        StakeHubStorage storage s = _storage();
        uint256 today = _today(s);
        uint256 day = today < EXITS_SHOWN ? 0 : today - EXITS_SHOWN + 1;
        days_ = new uint256[](EXITS_SHOWN);
        amounts = new uint256[](EXITS_SHOWN);
        uint256 count;
        for (; day <= today; day++) {
            uint256 shares = s.bucketShares[id][user][day];
            if (shares == 0) continue;
            Bucket storage bucket = s.buckets[id][day];
            (days_[count], amounts[count]) = (day, shares * bucket.amount / bucket.shares);
            count++;
        }
        assembly ("memory-safe") {
            mstore(days_, count)
            mstore(amounts, count)
        }
    }

    /// Wei bonded, unbonding, and owed as rewards (with rounding dust) and as commission.
    function totals() external view returns (Totals memory) {
        return _storage().totals;
    }

    /// What a key signs to be registered by this owner.
    function keyProofDigest(address owner, address rewardTo) public view returns (bytes32) {
        uint256 nonce = _storage().keyNonce[owner];
        return keccak256(abi.encode(KEY_DOMAIN, block.chainid, STAKE_HUB, owner, rewardTo, nonce));
    }

    function keyNonce(address owner) external view returns (uint256) {
        return _storage().keyNonce[owner];
    }

    // --- shares and rewards ------------------------------------------------------------------------------------------

    /// What a position holds and is owed as of `epoch`.
    function _accrued(StakeHubStorage storage s, Validator storage v, Position storage p, uint32 id, uint64 epoch)
        private
        view
        returns (uint256 shares, uint256 pending, uint256 due)
    {
        (shares, pending, due) = (p.shares, p.pendShares, p.due);
        (uint256 acc, uint256 paid) = (v.acc, p.accPaid);
        if (shares != 0) due += shares * (acc - paid) / SCALE;
        if (pending != 0 && p.pendEpoch <= epoch) {
            // no record: nothing was credited between the delegation and the first epoch it counts in
            uint256 base = s.accAt[id][p.pendEpoch];
            if (base == 0) base = paid;
            due += pending * (acc - base) / SCALE;
            (shares, pending) = (shares + pending, 0);
        }
    }

    /// Brings a position up to date; first in every function that changes or pays one.
    function _settle(StakeHubStorage storage s, Validator storage v, uint32 id, address user, uint64 epoch)
        private
        returns (Position storage p)
    {
        p = s.positions[id][user];
        (uint256 shares, uint256 pending, uint256 due) = _accrued(s, v, p, id, epoch);
        (p.shares, p.pendShares) = (uint112(shares), uint112(pending));
        (p.accPaid, p.due) = (v.acc, _toUint112(due));
    }

    function _stake(StakeHubStorage storage s, uint32 id, address user, uint256 amount, uint64 epoch)
        private
        returns (uint256 shares)
    {
        Validator storage v = s.validators[id];
        if (v.status == Status.TOMBSTONED) revert IsTombstoned();
        (uint256 stake, uint256 all) = (v.stake, v.shares);
        if (all == 0) {
            shares = amount;
        } else {
            if (stake * WIPED < all) revert PoolWiped();
            shares = amount * all / stake;
        }
        Position storage p = _settle(s, v, id, user, epoch);
        v.stake = _toUint112(stake + amount);
        v.shares = _toUint112(all + shares);
        if (block.number == 0) {
            p.shares += uint112(shares);
        } else {
            uint256 pending = v.pendEpoch > epoch ? v.pendShares : 0;
            (v.pendShares, v.pendEpoch) = (uint112(pending + shares), uint32(epoch + 1));
            (p.pendShares, p.pendEpoch) = (uint112(p.pendShares + shares), uint32(epoch + 1));
        }
        s.totals.bonded += uint128(amount);
        emit Delegated(id, user, amount, shares, epoch + 1);
    }

    /// Takes shares from a settled position and its pool; returns their worth.
    function _removeShares(Validator storage v, Position storage p, uint256 shares) private returns (uint256 amount) {
        (uint256 active, uint256 pending) = (p.shares, p.pendShares);
        if (shares > active + pending) revert InsufficientShares(active + pending, shares);
        (uint256 stake, uint256 all) = (v.stake, v.shares);
        if (shares != 0) amount = shares * stake / all;
        if (amount == 0) revert ZeroAmount();
        uint256 fromPending = shares < pending ? shares : pending;
        p.shares = uint112(active + fromPending - shares);
        p.pendShares = uint112(pending - fromPending);
        v.stake = uint112(stake - amount);
        v.shares = uint112(all - shares);
        // a settled position's pending shares are the pool's of the same epoch
        v.pendShares -= uint112(fromPending);
    }

    /// The owner's stake goes below the floor only outside of elections and without a seat.
    function _requireSelfStake(uint32 id, Validator storage v, Position storage p, uint64 epoch) private view {
        uint256 least = _param(ParamNames.MIN_SELF_STAKE, epoch);
        uint256 own = _worth(v, p);
        if (own < least && (v.place != 0 || _hasSeat(id))) revert BelowMinSelfStake(own, least);
    }

    function _hasSeat(uint32 id) private view returns (bool) {
        Seat[] memory seats = IValidatorSet(VALIDATOR_SET).currentSeats();
        for (uint256 i = 0; i < seats.length; i++) {
            if (seats[i].id == id) return true;
        }
        return false;
    }

    function _worth(Validator storage v, Position storage p) private view returns (uint256) {
        uint256 all = v.shares;
        return all == 0 ? 0 : (uint256(p.shares) + p.pendShares) * v.stake / all;
    }

    /// Settles the sender's position and takes what it is owed.
    function _collect(StakeHubStorage storage s, uint32 id, uint64 epoch) private returns (uint256 due) {
        Position storage p = _settle(s, _known(s, id), id, msg.sender, epoch);
        due = p.due;
        p.due = 0;
    }

    function _credit(StakeHubStorage storage s, uint32 id, uint256 amount, uint64 epoch, uint256 most)
        private
        returns (uint256 commission)
    {
        Validator storage v = s.validators[id];
        uint256 pending = v.pendEpoch > epoch ? v.pendShares : 0;
        uint256 active = v.shares - pending;
        if (active == 0 || v.status == Status.TOMBSTONED) revert NoActiveShares(id);
        uint256 rate = _rateAt(v, epoch);
        commission = amount * (rate < most ? rate : most) / BASIS_POINTS;
        uint256 acc = v.acc + (amount - commission) * SCALE / active;
        if (acc > type(uint144).max) revert AmountTooLarge();
        (v.acc, v.commissionDue) = (uint144(acc), _toUint112(v.commissionDue + commission));
        if (pending != 0) s.accAt[id][epoch + 1] = acc;
    }

    function _slash(
        StakeHubStorage storage s,
        uint32 id,
        Validator storage v,
        uint256 firstDay,
        uint16 bps,
        uint8 reason,
        uint64 height
    ) private returns (uint256) {
        uint256 active = _part(v.stake, bps);
        v.stake -= uint112(active);
        uint256 today = _today(s);
        uint256 wait = _param(ParamNames.UNBONDING_DAYS, _epoch(s));
        // what is older was free to go
        if (firstDay + wait < today) firstDay = today - wait;
        uint256 exits;
        for (uint256 day = firstDay; day <= today; day++) {
            Bucket storage bucket = s.buckets[id][day];
            uint256 amount = bucket.amount;
            if (amount == 0) continue;
            uint256 part = _part(amount, bps);
            bucket.amount = uint128(amount - part);
            exits += part;
        }
        s.totals.bonded -= uint128(active);
        s.totals.unbonding -= uint128(exits);
        emit Slashed(id, reason, bps, active, exits, height);
        return active + exits;
    }

    function _part(uint256 amount, uint256 bps) private pure returns (uint256) {
        return (amount * bps + BASIS_POINTS - 1) / BASIS_POINTS;
    }

    // --- registration and life ---------------------------------------------------------------------------------------

    function _checkKey(
        StakeHubStorage storage s,
        bytes calldata publicKey,
        bytes calldata keyProof,
        address owner,
        address rewardTo
    ) private returns (address signer) {
        signer = Signatures.recover(keyProofDigest(owner, rewardTo), keyProof);
        if (signer == address(0) || publicKey.length != 64 || signer != address(uint160(uint256(keccak256(publicKey))))) {
            revert BadKeyProof();
        }
        if (s.idOfSigner[signer] != 0) revert KeyUsed(signer);
        s.keyNonce[owner]++;
    }

    function _register(
        StakeHubStorage storage s,
        address owner,
        address signer,
        address rewardTo,
        Commission calldata commission,
        Description calldata about
    ) private returns (uint32 id) {
        if (rewardTo == address(0)) revert ZeroAddress();
        if (commission.rate > commission.maxRate || commission.maxRate > BASIS_POINTS) revert CommissionOutOfRange();
        id = ++s.validatorCount;
        Validator storage v = s.validators[id];
        v.status = Status.ACTIVE;
        (v.rate, v.maxRate, v.maxChange) = (commission.rate, commission.maxRate, commission.maxChange);
        (v.owner, v.agent, v.signer, v.rewardTo) = (owner, owner, signer, rewardTo);
        s.idOfSigner[signer] = id;
        emit ValidatorCreated(id, owner, signer, rewardTo);
        _describe(s, id, about);
    }

    function _describe(StakeHubStorage storage s, uint32 id, Description calldata about) private {
        bytes memory encoded = abi.encode(about);
        if (encoded.length > MAX_DESCRIPTION) revert DescriptionTooLong(encoded.length);
        s.descriptions[id] = encoded;
        emit DescriptionChanged(id);
    }

    /// At the end of a jail, or before standing for election again.
    function _comeBack(StakeHubStorage storage s, uint32 id, Validator storage v) private {
        if (block.timestamp < v.jailedUntil) revert StillJailed(v.jailedUntil);
        uint256 least = _param(ParamNames.MIN_SELF_STAKE, _epoch(s));
        uint256 own = _worth(v, s.positions[id][v.owner]);
        if (own < least) revert BelowMinSelfStake(own, least);
        v.status = Status.ACTIVE;
        IRewardPool(REWARD_POOL).clearWindow(id);
    }

    function _deactivate(StakeHubStorage storage s, uint32 id, Validator storage v, uint64 epoch) private {
        _removeCandidate(s, v);
        (v.status, v.inactiveFrom) = (Status.INACTIVE, uint32(epoch));
        emit Deactivated(id, epoch);
    }

    /// At the cap the newcomer takes the place of the weakest candidate without a seat, if it has more stake.
    function _addCandidate(StakeHubStorage storage s, uint32 id) private {
        uint256 count = s.candidates.length;
        if (count >= _param(ParamNames.MAX_CANDIDATES, _epoch(s))) {
            uint32 weakest = _weakestWithoutSeat(s);
            if (weakest == 0 || s.validators[weakest].stake >= s.validators[id].stake) revert CandidateCapReached();
            _deactivate(s, weakest, s.validators[weakest], _epoch(s));
        }
        s.candidates.push(id);
        s.validators[id].place = uint8(s.candidates.length);
    }

    function _removeCandidate(StakeHubStorage storage s, Validator storage v) private {
        uint256 place = v.place;
        uint32 last = s.candidates[s.candidates.length - 1];
        s.candidates[place - 1] = last;
        s.validators[last].place = uint8(place);
        v.place = 0;
        s.candidates.pop();
    }

    /// Least stake, of equals the youngest; 0 if every candidate has a seat.
    function _weakestWithoutSeat(StakeHubStorage storage s) private view returns (uint32 weakest) {
        Seat[] memory seats = IValidatorSet(VALIDATOR_SET).currentSeats();
        uint256 seated;
        for (uint256 i = 0; i < seats.length; i++) {
            seated |= 1 << s.validators[seats[i].id].place;
        }
        uint256 least = type(uint256).max;
        for (uint256 i = 0; i < s.candidates.length; i++) {
            uint32 id = s.candidates[i];
            uint256 stake = s.validators[id].stake;
            if ((seated >> (i + 1)) & 1 == 0 && (stake < least || stake == least && id > weakest)) {
                (least, weakest) = (stake, id);
            }
        }
    }

    function _candidate(StakeHubStorage storage s, uint32 id) private view returns (CandidateView memory c) {
        Validator storage v = s.validators[id];
        uint64 epoch = _epoch(s);
        c.id = id;
        c.signer = v.signer;
        c.stake = v.stake;
        c.selfStake = uint128(_worth(v, s.positions[id][v.owner]));
        c.hasActiveShares = v.shares > (v.pendEpoch > epoch ? v.pendShares : 0);
        c.status = _statusAt(v, epoch);
        c.jailCount = v.jailCount;
        c.jailedUntil = v.jailedUntil;
        c.maintFrom = v.maintFrom;
        c.maintTo = v.maintTo;
    }

    function _statusAt(Validator storage v, uint64 epoch) private view returns (uint8) {
        return v.status == Status.INACTIVE && v.inactiveFrom > epoch ? Status.LEAVING : v.status;
    }

    function _rateAt(Validator storage v, uint64 epoch) private view returns (uint16) {
        return v.queuedEpoch != 0 && v.queuedEpoch <= epoch ? v.queuedRate : v.rate;
    }

    // --- small -------------------------------------------------------------------------------------------------------

    function _known(StakeHubStorage storage s, uint32 id) private view returns (Validator storage v) {
        v = s.validators[id];
        if (v.status == Status.NONE) revert UnknownValidator(id);
    }

    function _owned(StakeHubStorage storage s, uint32 id) private view returns (Validator storage v) {
        v = _known(s, id);
        if (msg.sender != v.owner) revert NotOwner();
    }

    /// The agent, or the owner in its place.
    function _requireAgent(StakeHubStorage storage s, uint32 id) private view returns (Validator storage v) {
        v = _known(s, id);
        if (msg.sender != v.agent && msg.sender != v.owner) revert NotAgent();
    }

    function _param(bytes32 name, uint64 epoch) private view returns (uint256) {
        return IParams(PARAMS).valueAt(name, epoch);
    }

    function _epoch(StakeHubStorage storage s) private view returns (uint64) {
        return uint64(block.number / s.config.epochLength);
    }

    function _today(StakeHubStorage storage s) private view returns (uint256) {
        return block.timestamp / s.config.dayLength;
    }

    function _pay(address to, uint256 amount) private {
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert TransferFailed();
    }

    function _toUint112(uint256 value) private pure returns (uint112) {
        if (value > type(uint112).max) revert AmountTooLarge();
        return uint112(value);
    }

    function _toUint128(uint256 value) private pure returns (uint128) {
        if (value > type(uint128).max) revert AmountTooLarge();
        return uint128(value);
    }

    function _storage() private pure returns (StakeHubStorage storage s) {
        assembly ("memory-safe") {
            s.slot := STAKE_HUB_STORAGE
        }
    }
}
