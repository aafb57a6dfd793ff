// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Slashing} from "../../src/Slashing.sol";
import {StakeHub} from "../../src/StakeHub.sol";
import {REWARD_POOL, STAKE_HUB, VALIDATOR_SET} from "../../src/System.sol";
import {EpochView, Jail, Status} from "../../src/Types.sol";
import {Chain} from "./Chain.sol";

/// Random operators, delegators and epochs. Remembers what it paid in and got out.
contract Handler is Chain {
    uint32 internal constant MAX_VALIDATORS = 10;
    uint256 internal constant USERS = 6;

    uint256 public deposited;
    uint256 public paidOut;
    uint256 public slashed;
    uint256 public feesIn;
    uint256 public funded = RESERVE;
    uint256 public donated;
    uint256 public accrued;
    uint32 public created;
    uint256[] public exitDays;
    mapping(address => uint256) public userIn;
    mapping(address => uint256) public userOut;
    mapping(uint32 => uint256) public lastAcc;
    mapping(uint32 => bool) public wasTombstoned;
    /// Signers per validator, in the order of their registration.
    mapping(address => uint32) public firstId;
    address[] public signers;
    uint256 private nextKey = 100;

    constructor() {
        uint256[] memory stakes = new uint256[](5);
        for (uint256 i = 0; i < 5; i++) {
            stakes[i] = (i + 2) * 1e6 ether;
            deposited += stakes[i];
            userIn[ownerOf(i + 1)] = stakes[i];
            register(signerOf(i + 1), uint32(i + 1));
        }
        genesis(stakes);
        created = 5;
    }

    function register(address signer, uint32 id) private {
        firstId[signer] = id;
        signers.push(signer);
    }

    function userOf(uint256 seed) public pure returns (address) {
        return address(uint160(0x05E4 + (seed % USERS)));
    }

    function everybody(uint256 i) public pure returns (address) {
        return i < USERS ? userOf(i) : ownerOf(i - USERS + 1);
    }

    function people() public pure returns (uint256) {
        return USERS + MAX_VALIDATORS;
    }

    function signerCount() external view returns (uint256) {
        return signers.length;
    }

    function dayCount() external view returns (uint256) {
        return exitDays.length;
    }

    function validatorOf(uint256 seed) private view returns (uint32) {
        return uint32(1 + seed % created);
    }

    // --- delegators --------------------------------------------------------------------------------------------------

    function delegateSome(uint256 who, uint256 which, uint256 amount) external {
        uint32 id = validatorOf(which);
        address user = everybody(who % people());
        amount = bound(amount, 1 ether, 3e6 ether);
        if (hub.isTombstoned(id)) return;
        (uint256 shares,) = (hub.validator(id).shares, 0);
        delegate(id, user, amount);
        assertLe(amount, hub.validator(id).shares - shares);
        deposited += amount;
        userIn[user] += amount;
    }

    function undelegateSome(uint256 who, uint256 which, uint256 part) external {
        uint32 id = validatorOf(which);
        address user = everybody(who % people());
        uint256 shares = sharesOf(id, user) * bound(part, 1, 100) / 100;
        if (shares == 0) return;
        vm.prank(user);
        try hub.undelegate(id, shares) {
            noteDay();
        } catch (bytes memory error) {
            allow(error, StakeHub.BelowMinSelfStake.selector, StakeHub.ZeroAmount.selector);
        }
    }

    function noteDay() private {
        uint256 now_ = today();
        if (exitDays.length == 0 || exitDays[exitDays.length - 1] != now_) exitDays.push(now_);
    }

    function allow(bytes memory error, bytes4 one, bytes4 other) private pure {
        bytes4 selector = bytes4(error);
        assertTrue(selector == one || selector == other, "unexpected revert");
    }

    function withdrawSome(uint256 who, uint256 which, uint256 seed) external {
        uint32 id = validatorOf(which);
        address user = everybody(who % people());
        (uint256[] memory days_,) = hub.unbonding(id, user);
        if (days_.length == 0) return;
        uint256 day_ = days_[seed % days_.length];
        uint256 before = user.balance;
        vm.prank(user);
        try hub.withdraw(id, onlyDay(day_), user) {
            assertLe(day_ + 7, today());
            paidOut += user.balance - before;
            userOut[user] += user.balance - before;
        } catch (bytes memory error) {
            allow(error, StakeHub.NotMature.selector, StakeHub.ZeroAmount.selector);
        }
    }

    function claimSome(uint256 who, uint256 which, bool restakes) external {
        uint32 id = validatorOf(which);
        address user = everybody(who % people());
        uint256 due = hub.pendingRewards(id, user);
        if (due == 0) return;
        uint256 before = user.balance;
        if (restakes) {
            if (hub.isTombstoned(id)) return;
            vm.prank(user);
            hub.restake(only(id));
            deposited += due;
            userIn[user] += due;
        } else {
            assertEq(claim(id, user), due);
        }
        accrued += due;
        assertEq(hub.pendingRewards(id, user), 0);
        assertEq(user.balance - before, restakes ? 0 : due);
    }

    // --- operators ---------------------------------------------------------------------------------------------------

    function createSome(uint256 amount, uint16 rate) external {
        if (created == MAX_VALIDATORS) return;
        amount = bound(amount, 1e6 ether, 9e6 ether);
        uint32 id = create(created + 1, amount, rate % 3_001);
        created = id;
        deposited += amount;
        userIn[ownerOf(id)] += amount;
        register(signerOf(id), id);
    }

    function rotate(uint256 which) external {
        uint32 id = validatorOf(which);
        address owner_ = hub.validator(id).owner;
        if (hub.isTombstoned(id) || signers.length > 40) return;
        (bytes memory publicKey, bytes memory proof) = proofOf(key(nextKey), owner_, hub.validator(id).rewardTo);
        vm.prank(owner_);
        hub.rotateKey(id, publicKey, proof);
        register(signerOf(nextKey++), id);
    }

    function stepDownOrUp(uint256 which) external {
        uint32 id = validatorOf(which);
        StakeHub.ValidatorView memory v = hub.validator(id);
        uint8 status = v.standing.status;
        vm.startPrank(v.owner);
        if (status == Status.ACTIVE && hub.candidateViews(new uint32[](0)).length > 2) {
            hub.deactivate(id);
        } else if (status == Status.INACTIVE || status == Status.LEAVING) {
            try hub.activate(id) {}
            catch (bytes memory error) {
                allow(error, StakeHub.BelowMinSelfStake.selector, StakeHub.StillJailed.selector);
            }
        } else if (status == Status.JAILED) {
            try hub.unjail(id) {
                assertEq(candidateOf(set.epochView(), id).winMissed, 0);
            } catch (bytes memory error) {
                allow(error, StakeHub.BelowMinSelfStake.selector, StakeHub.StillJailed.selector);
            }
        }
        vm.stopPrank();
    }

    function handOver(uint256 which, uint256 to) external {
        uint32 id = validatorOf(which);
        address old = hub.validator(id).owner;
        address next = everybody(to % people());
        if (old == next) return;
        uint256 shares = sharesOf(id, old) + sharesOf(id, next);
        uint256 dueOld = hub.pendingRewards(id, old);
        uint256 dueNext = hub.pendingRewards(id, next);
        uint256 worth = stakeOf(id, old);
        vm.prank(old);
        hub.transferOwnership(id, next);
        vm.prank(next);
        hub.acceptOwnership(id);
        assertEq(sharesOf(id, next), shares);
        assertEq(hub.pendingRewards(id, old), dueOld);
        assertEq(hub.pendingRewards(id, next), dueNext);
        // the stake itself changed hands
        userIn[next] += worth;
        userIn[old] += 1;
    }

    function commission(uint256 which, uint16 rate) external {
        uint32 id = validatorOf(which);
        vm.prank(hub.validator(id).owner);
        try hub.queueCommission(id, rate % 3_500) {}
        catch (bytes memory error) {
            allow(error, StakeHub.CommissionOutOfRange.selector, StakeHub.CommissionChangeTooLarge.selector);
        }
    }

    function claimCommissionOf(uint256 which) external {
        uint32 id = validatorOf(which);
        StakeHub.ValidatorView memory v = hub.validator(id);
        if (v.commissionDue == 0) return;
        vm.prank(v.owner);
        hub.claimCommission(id);
        accrued += v.commissionDue;
    }

    // --- the protocol ------------------------------------------------------------------------------------------------

    function reportBlock(uint256 producer, uint256 absent, uint256 fees) external {
        fees = bound(fees, 0, 1e6 ether);
        feesIn += fees;
        if (block.number == lastBlock()) return;
        endBlock(validatorOf(producer), repeated(validatorOf(absent), absent % 9), fees);
    }

    /// `broken`: bit i makes section i of the plan fail.
    function endEpoch(uint256 broken, uint256 jailed) external {
        vm.roll(lastBlock());
        EpochView memory v = set.epochView();
        bytes memory jail = NO_JAIL;
        uint32 id = validatorOf(jailed);
        if (jailed % 4 == 0 && hub.validator(id).standing.status == Status.ACTIVE && v.seats.length > 2) {
            Jail[] memory jails = new Jail[](1);
            jails[0] = Jail(id, uint64(block.timestamp + 60), uint16(jailed % 100));
            jail = abi.encode(jails, new uint32[](0));
        }
        uint256 before = STAKE_HUB.balance + REWARD_POOL.balance;
        commit(
            broken & 1 == 1 ? bytes(hex"01") : payOf(v),
            broken & 2 == 2 ? bytes(hex"01") : jail,
            broken & 4 == 4 ? bytes(hex"01") : seatsOf(v)
        );
        slashed += before - STAKE_HUB.balance - REWARD_POOL.balance;
        nextBlock();
        for (uint32 i = 1; i <= created; i++) {
            uint256 acc = hub.validator(i).rewardPerShare;
            assertLe(lastAcc[i], acc);
            lastAcc[i] = acc;
        }
    }

    function endWell(uint256) external {
        finishEpoch();
    }

    function pass(uint256 days_) external {
        passDays(days_ % 4);
    }

    function punish(uint256 which, uint256 height, bool forged) external {
        uint32 id = validatorOf(which);
        if (id % 3 != 0 || signers.length == 0) return; // leave most of them alive
        height = bound(height, 1, block.number);
        uint256 before = STAKE_HUB.balance;
        uint256 bonded = hub.validator(id).standing.stake;
        vm.prank(address(0xEE));
        if (forged) {
            try slashing.submitSeatless(seatless(id, uint64(height))) {} catch {}
        } else {
            try slashing.submitDoubleSign(doubleSign(id, uint64(height))) {} catch {}
        }
        uint256 taken = before - STAKE_HUB.balance;
        slashed += taken;
        if (taken == 0) return;
        assertTrue(!wasTombstoned[id], "twice");
        wasTombstoned[id] = true;
        assertEq(bonded - hub.validator(id).standing.stake, (bonded * 500 + 9_999) / 10_000);
    }

    function fundOrDonate(uint256 amount, bool forced) external {
        amount = bound(amount, 1, 1e6 ether);
        if (forced) {
            donated += amount;
            vm.deal(STAKE_HUB, STAKE_HUB.balance + amount);
        } else {
            funded += amount;
            vm.deal(address(this), amount);
            pool.fund{value: amount}();
        }
    }
}

/// forge-config: default.invariant.runs = 8
/// forge-config: nightly.invariant.runs = 256
/// forge-config: nightly.invariant.depth = 500
contract InvariantsTest is Chain {
    Handler private handler;
    uint256 private validators;

    function setUp() public {
        handler = new Handler();
        (L, day, blockSeconds) = (profile().epochLength, profile().dayLength, profile().blockSeconds);
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    /// One campaign for all of them: forge runs one per invariant function.
    function invariant_moneySharesSetsAndKeys() public view {
        balancesCoverWhatIsOwed();
        totalsAreSums();
        moneyIsConserved();
        tombstonesAndKeysAreForEver();
        setsAndCommissionsAreInBounds();
    }

    /// At the end of a run: it reads every day of everybody.
    function afterInvariant() public view {
        exitsAreSums();
    }

    /// I1: every wei that is owed is there, and nothing but donations besides.
    function balancesCoverWhatIsOwed() private view {
        StakeHub.Totals memory t = hub.totals();
        uint256 owed = uint256(t.bonded) + t.unbonding + t.rewards + t.commission;
        assertEq(STAKE_HUB.balance, owed + handler.donated());
        assertEq(REWARD_POOL.balance, pool.feesPending() + pool.reserve());
    }

    /// I2 and I3: totals are sums of their parts; what can be claimed is there, up to rounding.
    function totalsAreSums() private view {
        StakeHub.Totals memory t = hub.totals();
        uint256 bonded;
        uint256 claimable;
        uint256 commission;
        for (uint32 id = 1; id <= handler.created(); id++) {
            StakeHub.ValidatorView memory v = hub.validator(id);
            bonded += v.standing.stake;
            commission += v.commissionDue;
            assertLe(v.standing.stake, v.shares);
            uint256 shares;
            uint256 pending;
            for (uint256 i = 0; i < handler.people(); i++) {
                (uint256 active, uint256 waits,) = hub.position(id, handler.everybody(i));
                shares += active + waits;
                pending += waits;
                claimable += hub.pendingRewards(id, handler.everybody(i));
            }
            assertEq(shares, v.shares);
            assertEq(pending, v.pendingShares);
        }
        assertEq(bonded, t.bonded);
        assertEq(commission, t.commission);
        assertLe(claimable, t.rewards);
        // a wei per position and change of the index at most
        assertLe(t.rewards - claimable, 1e9);
    }

    function exitsAreSums() private view {
        uint256 unbonding;
        for (uint32 id = 1; id <= handler.created(); id++) {
            for (uint256 i = 0; i < handler.people(); i++) {
                (, uint256[] memory amounts) = hub.unbonding(id, handler.everybody(i));
                for (uint256 j = 0; j < amounts.length; j++) {
                    unbonding += amounts[j];
                }
            }
        }
        assertLe(unbonding, hub.totals().unbonding);
        assertLe(hub.totals().unbonding - unbonding, 1e6);
    }

    /// I4 and I12: nothing comes out that did not go in.
    function moneyIsConserved() private view {
        uint256 left = STAKE_HUB.balance + REWARD_POOL.balance - handler.donated();
        uint256 restaked = handler.deposited();
        uint256 in_ = restaked + pool.reserve(); // what remains of the reserve was funded
        assertLe(left, in_ + handler.feesIn() + handler.funded());
        for (uint256 i = 0; i < handler.people(); i++) {
            address user = handler.everybody(i);
            assertLe(handler.userOut(user), handler.userIn(user));
        }
        assertLe(
            uint256(hub.totals().rewards) + hub.totals().commission + handler.accrued() + pool.feesPending() + pool.reserve(),
            handler.feesIn() + handler.funded()
        );
    }

    /// I8: tombstoned for ever, and keys never change hands.
    function tombstonesAndKeysAreForEver() private view {
        for (uint32 id = 1; id <= handler.created(); id++) {
            if (handler.wasTombstoned(id)) assertEq(hub.validator(id).standing.status, Status.TOMBSTONED);
        }
        for (uint256 i = 0; i < handler.signerCount(); i++) {
            address signer = handler.signers(i);
            assertEq(hub.idOfSigner(signer), handler.firstId(signer));
        }
    }

    /// I7 and I10: the set's total is its sum; commissions stay in their bounds.
    function setsAndCommissionsAreInBounds() private view {
        uint256 sum;
        for (uint256 i = 0; i < set.currentSeats().length; i++) {
            sum += set.currentSeats()[i].power;
        }
        assertEq(set.getValidatorsTotalStakeBySpan(set.currentEpoch()), sum);
        assertLt(0, set.currentSeatCount());
        for (uint32 id = 1; id <= handler.created(); id++) {
            assertLe(hub.validator(id).commission.rate, 3_000);
        }
    }
}
