// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IParams, ISlashing, IStakeHub, IValidatorSet} from "./Interfaces.sol";
import {ParamNames} from "./ParamNames.sol";
import {Signatures} from "./Signatures.sol";
import {BASIS_POINTS, BURNED, PARAMS, STAKE_HUB, System, VALIDATOR_SET} from "./System.sol";
import {Reason} from "./Types.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// Checks evidence and divides what it takes: 0x…1003.
///
/// Two faults are punished, both with the whole stake of the validator that is bonded or unbonding since the fault: two
/// signatures of one key for one step of consensus, and a precommit for a height in which a key had no seat.
contract Slashing is System, ISlashing, ReentrancyGuardTransient {
    /// Two signatures for one (kind, height, round); `hashA < hashB`, nil is 0. `validRound` counts for kind 3 alone.
    struct Evidence {
        /// 1 prevote, 2 precommit, 3 proposal.
        uint8 kind;
        uint64 height;
        uint32 round;
        bytes32 hashA;
        uint32 validRoundA;
        bytes sigA;
        bytes32 hashB;
        uint32 validRoundB;
        bytes sigB;
    }

    /// A precommit by a validator's key that had no seat at its height.
    struct SeatlessVote {
        uint64 height;
        uint32 round;
        bytes32 blockHash;
        bytes sig;
    }

    /// @custom:storage-location erc7201:bttd.storage.Slashing
    struct SlashingStorage {
        /// Wei, locked until a governor's timelock exists.
        uint128 treasury;
        uint32 epochLength;
        /// Double signers punished on `day`.
        uint64 day;
        uint32 punishedToday;
    }

    bytes32 private constant SLASHING_STORAGE = 0xc711ef914f4938f00c8fde42e32ced2662bd4418e5d8b7422fa2f1b5f790e500;
    bytes32 private constant VOTE_DOMAIN = keccak256("BTTD_VOTE_V1");

    uint256 private constant REPORTER_SHARE = 500;
    uint256 private constant REPORTER_MAX = 1e9 ether;
    uint256 private constant TREASURY_SHARE = 4_500;
    uint8 private constant PRECOMMIT = 2;
    uint8 private constant PROPOSAL = 3;
    /// Gas of a double sign out of a block's sidecar.
    uint256 private constant EVIDENCE_GAS = 800_000;

    /// `kind` 1 to 3 as in `Evidence`, 4 = seatless precommit.
    event EvidenceAccepted(uint32 indexed id, uint8 kind, uint64 height, address reporter, uint256 reward);
    event EvidenceRefused(uint8 kind, uint64 height, bytes4 error);
    event Distributed(uint256 taken, uint256 reward, uint256 treasury, uint256 burned);

    error UnknownKind(uint8 kind);
    error NotConflicting();
    error NotOrdered();
    error BadSignature();
    error SignersDiffer(address signerA, address signerB);
    error UnknownKey(address signer);
    error NoSeat(address signer);
    error HasSeat(address signer);
    error TooOld(uint64 height);
    error TooNew(uint64 height);
    error AlreadyPunished(uint32 id);
    error SlashCapReached(uint64 day);
    error TransferFailed();

    function initialize(uint32 length) external onlyGenesis {
        _storage().epochLength = length;
    }

    // --- entries -----------------------------------------------------------------------------------------------------

    /// An item of a block's sidecar. Never reverts for the proposer: what is refused is told by `EvidenceRefused`.
    function slashDoubleSign(Evidence calldata evidence) external onlySystemTransaction {
        try this.applyDoubleSign{gas: EVIDENCE_GAS}(evidence) {}
        catch (bytes memory reason) {
            emit EvidenceRefused(evidence.kind, evidence.height, bytes4(reason));
        }
    }

    /// The frame of `slashDoubleSign`.
    function applyDoubleSign(Evidence calldata evidence) external only(address(this)) {
        _punish(evidence, address(0));
    }

    /// Anybody; pays the reporter.
    function submitDoubleSign(Evidence calldata evidence) external nonReentrant {
        _pay(msg.sender, _punish(evidence, msg.sender));
    }

    /// Anybody; pays the reporter. An honest node never signs such a vote, whoever forges a header for the lockbox must.
    function submitSeatless(SeatlessVote calldata vote) external nonReentrant {
        if (vote.blockHash == 0) revert BadSignature();
        bytes32 digest = _voteDigest(PRECOMMIT, vote.height, vote.round, vote.blockHash);
        address signer = Signatures.recover(digest, vote.sig);
        if (signer == address(0)) revert BadSignature();
        uint32 id = IStakeHub(STAKE_HUB).idOfSigner(signer);
        if (id == 0) revert UnknownKey(signer);
        if (IStakeHub(STAKE_HUB).isTombstoned(id)) revert AlreadyPunished(id);
        uint64 epoch = _epoch();
        // a height that does not exist yet cannot be precommitted honestly, seat or not
        if (vote.height <= block.number) {
            uint64 voted = vote.height / _storage().epochLength;
            _requireInWindow(voted, epoch, vote.height);
            if (IValidatorSet(VALIDATOR_SET).seatOf(voted, signer) != 0) revert HasSeat(signer);
        }
        uint64 unbonding = uint64(_param(ParamNames.UNBONDING_DAYS, epoch));
        uint64 today = _today();
        uint64 firstDay = today > unbonding ? today - unbonding : 0;
        _pay(msg.sender, _take(id, Reason.SEATLESS, firstDay, vote.height, epoch, msg.sender));
    }

    /// What the stake hub takes for downtime; nobody reported it.
    function distribute() external payable only(STAKE_HUB) {
        _divide(msg.value, address(0));
    }

    /// What the stake hub takes for evidence; divided right after.
    receive() external payable only(STAKE_HUB) {}

    // --- views -------------------------------------------------------------------------------------------------------

    function treasury() external view returns (uint256) {
        return _storage().treasury;
    }

    /// What the signer of a vote or proposal signs; `validRound` counts for kind 3 alone.
    function digestOf(uint8 kind, uint64 height, uint32 round, bytes32 blockHash, uint32 validRound)
        public
        view
        returns (bytes32)
    {
        return kind == PROPOSAL
            ? keccak256(abi.encode(VOTE_DOMAIN, block.chainid, kind, height, round, blockHash, validRound))
            : _voteDigest(kind, height, round, blockHash);
    }

    // --- internals ---------------------------------------------------------------------------------------------------

    /// Returns the reporter's reward, which is not paid yet.
    function _punish(Evidence calldata e, address reporter) private returns (uint256) {
        if (e.kind == 0 || e.kind > PROPOSAL) revert UnknownKind(e.kind);
        if (e.hashA == e.hashB) revert NotConflicting();
        if (e.hashA > e.hashB) revert NotOrdered();
        address signer = _signer(e);
        if (e.height > block.number) revert TooNew(e.height);
        uint64 epoch = _epoch();
        uint64 voted = e.height / _storage().epochLength;
        uint64 began = _requireInWindow(voted, epoch, e.height);
        uint32 id = IValidatorSet(VALIDATOR_SET).seatOf(voted, signer);
        if (id == 0) revert NoSeat(signer);
        if (IStakeHub(STAKE_HUB).isTombstoned(id)) revert AlreadyPunished(id);
        _countAgainstCap();
        return _take(id, e.kind, began / IStakeHub(STAKE_HUB).dayLength(), e.height, epoch, reporter);
    }

    function _signer(Evidence calldata e) private view returns (address signer) {
        if (e.kind != PROPOSAL && (e.validRoundA != 0 || e.validRoundB != 0)) revert BadSignature();
        signer = Signatures.recover(digestOf(e.kind, e.height, e.round, e.hashA, e.validRoundA), e.sigA);
        address other = Signatures.recover(digestOf(e.kind, e.height, e.round, e.hashB, e.validRoundB), e.sigB);
        if (signer == address(0) || other == address(0)) revert BadSignature();
        if (signer != other) revert SignersDiffer(signer, other);
    }

    /// When the epoch of the fault began, as the infraction's time; reverts if that is too long ago.
    function _requireInWindow(uint64 voted, uint64 epoch, uint64 height) private view returns (uint64 began) {
        if (voted + 128 <= epoch) revert TooOld(height);
        (, began,) = IValidatorSet(VALIDATOR_SET).epochStart(voted);
        uint256 window = _param(ParamNames.EVIDENCE_DAYS, epoch) * IStakeHub(STAKE_HUB).dayLength();
        if (block.timestamp > began + window) revert TooOld(height);
    }

    /// At most max(1, (n - 1) / 3) double signers a day: delays what may be a bug's doing, forgives nothing.
    function _countAgainstCap() private {
        SlashingStorage storage s = _storage();
        uint64 today = _today();
        uint32 punished = s.day == today ? s.punishedToday : 0;
        uint256 cap = (IValidatorSet(VALIDATOR_SET).currentSeatCount() - 1) / 3;
        if (punished >= (cap == 0 ? 1 : cap)) revert SlashCapReached(today);
        (s.day, s.punishedToday) = (today, punished + 1);
    }

    function _take(uint32 id, uint8 kind, uint64 firstDay, uint64 height, uint64 epoch, address reporter)
        private
        returns (uint256 reward)
    {
        uint16 bps = uint16(_param(ParamNames.DOUBLE_SIGN_SLASH, epoch));
        uint256 taken = IStakeHub(STAKE_HUB).slash(id, firstDay, bps, kind, height);
        reward = _divide(taken, reporter);
        emit EvidenceAccepted(id, kind, height, reporter, reward);
    }

    /// 5 % for a reporter, 45 % to the treasury, the rest burned.
    function _divide(uint256 taken, address reporter) private returns (uint256 reward) {
        if (reporter != address(0)) {
            reward = taken * REPORTER_SHARE / BASIS_POINTS;
            if (reward > REPORTER_MAX) reward = REPORTER_MAX;
        }
        uint256 kept = taken * TREASURY_SHARE / BASIS_POINTS;
        uint256 burned = taken - reward - kept;
        _storage().treasury += uint128(kept);
        emit Distributed(taken, reward, kept, burned);
        if (burned != 0) _pay(BURNED, burned);
    }

    function _pay(address to, uint256 amount) private {
        if (amount == 0) return;
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert TransferFailed();
    }

    function _voteDigest(uint8 kind, uint64 height, uint32 round, bytes32 blockHash) private view returns (bytes32) {
        return keccak256(abi.encode(VOTE_DOMAIN, block.chainid, kind, height, round, blockHash));
    }

    function _param(bytes32 name, uint64 epoch) private view returns (uint256) {
        return IParams(PARAMS).valueAt(name, epoch);
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp) / IStakeHub(STAKE_HUB).dayLength();
    }

    function _epoch() private view returns (uint64) {
        return uint64(block.number / _storage().epochLength);
    }

    function _storage() private pure returns (SlashingStorage storage s) {
        assembly ("memory-safe") {
            s.slot := SLASHING_STORAGE
        }
    }
}
