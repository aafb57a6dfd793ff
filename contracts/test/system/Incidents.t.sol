// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Slashing} from "../../src/Slashing.sol";
import {StakeHub} from "../../src/StakeHub.sol";
import {PROTOCOL, REWARD_POOL, SLASHING, STAKE_HUB, System, VALIDATOR_SET} from "../../src/System.sol";
import {EpochView, Jail, Reward, Seat, Status} from "../../src/Types.sol";
import {ValidatorSet} from "../../src/ValidatorSet.sol";
import {Vm} from "../Test.sol";
import {Chain} from "./Chain.sol";

/// What went wrong elsewhere, and must not here. Each test names its incident.
contract IncidentsTest is Chain {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    address private constant REPORTER = address(0xEE);
    uint256 private constant STAKE = 2e6 ether;

    function setUp() public {
        genesis(5, STAKE);
    }

    /// ChainSecurity on Polygon (High): rewards were paid out of the balance that held the stake.
    function test_chainSecurity_anEmptyRewardPoolNeverTouchesStake() public {
        vm.prank(VALIDATOR_SET);
        pool.pay(0, new Reward[](0), RESERVE);
        finishEpoch(); // pays what was carried
        for (uint256 i = 0; i < 3; i++) {
            finishEpoch();
            assertLe(hub.totals().bonded + hub.totals().rewards + hub.totals().commission, STAKE_HUB.balance);
        }
        assertEq(pool.reserve(), 0);
        // a plan that pays more than there is fails alone
        vm.roll(lastBlock());
        Reward[] memory rewards = new Reward[](1);
        rewards[0] = Reward(1, 1 ether);
        commit(abi.encode(rewards, uint256(0)), NO_JAIL, "");
        assertLe(5 * STAKE, STAKE_HUB.balance);
        assertEq(hub.totals().bonded, 5 * STAKE);
    }

    /// ChainSecurity on Polygon: 241 MATIC went to validators that had unstaked. BTTC forked before the fix.
    function test_chainSecurity_whoHasLeftEarnsNothing() public {
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        vm.roll(lastBlock());
        // fallback: the old set stays, with the one that left in it
        commit("", NO_JAIL, "");
        nextBlock();
        assertEq(set.seatOf(1, signerOf(1)), 1);
        finishEpoch();
        assertEq(hub.pendingRewards(1, ownerOf(1)), 0);
        assertLt(0, hub.pendingRewards(2, ownerOf(2)));
        undelegateAll(1, ownerOf(1));
        refuseCredit(1);
        report(2, uint64(block.number));
        refuseCredit(2);
    }

    function refuseCredit(uint32 id) private {
        Reward[] memory rewards = new Reward[](1);
        rewards[0] = Reward(id, 1);
        vm.deal(REWARD_POOL, 1);
        vm.prank(REWARD_POOL);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.NoActiveShares.selector, id));
        hub.creditRewards{value: 1}(rewards);
    }

    /// Polygon's `forceUnstake` could run twice on one validator and lower the total twice.
    function test_polygon_leavingTwiceReverts() public {
        vm.startPrank(ownerOf(1));
        hub.deactivate(1);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.WrongStatus.selector, Status.INACTIVE));
        hub.deactivate(1);
        vm.stopPrank();
        report(2, uint64(block.number));
        uint256 bonded = hub.totals().bonded;
        vm.prank(SLASHING);
        vm.expectRevert(StakeHub.IsTombstoned.selector);
        hub.slash(2, 0, 500, 2, 1);
        assertEq(hub.totals().bonded, bonded);
    }

    /// Immunefi 2022, Polygon: the total power sank below the sum of its parts, and with it the quorum.
    function test_immunefi_theTotalIsTheSumAfterEveryCall() public {
        delegate(1, ALICE, 1000 ether);
        requireSums(1);
        report(1, uint64(block.number));
        requireSums(1);
        undelegateAll(1, ALICE);
        requireSums(1);
        vm.prank(ownerOf(2));
        hub.deactivate(2);
        finishEpoch();
        requireSums(2);
        Seat[] memory seats = set.currentSeats();
        uint256 sum;
        for (uint256 i = 0; i < seats.length; i++) {
            sum += seats[i].power;
        }
        assertEq(set.getValidatorsTotalStakeBySpan(1), sum);
    }

    function requireSums(uint256) private view {
        uint256 sum;
        for (uint32 id = 1; id <= 5; id++) {
            sum += hub.validator(id).standing.stake;
        }
        assertEq(hub.totals().bonded, sum);
    }

    /// Polygon bb-67543 (2026): a receiver of shares with an empty position claimed the rewards since the pool began.
    function test_bb67543_aReceiverOfSharesGetsNoHistory() public {
        finishEpochs(4);
        vm.prank(ownerOf(1));
        hub.transferOwnership(1, BOB);
        vm.prank(BOB);
        hub.acceptOwnership(1);
        vm.prank(BOB);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.claim(only(1), BOB);
        delegate(2, ALICE, 1000 ether);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.claim(only(2), ALICE);
    }

    /// BTTC's `unstakeClaim` zeroed the signer first and then used it as a key.
    function test_bttc_theSignerOfWhoLeftStillMapsToIt() public {
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        finishEpoch();
        undelegateAll(1, ownerOf(1));
        passDays(8);
        withdraw(1, ownerOf(1), today() - 8);
        assertEq(hub.idOfSigner(signerOf(1)), 1);
        assertEq(hub.validator(1).standing.signer, signerOf(1));
    }

    /// BSC zeroed a counter before the event that reported it.
    function test_bsc_eventsCarryTheValueFromBeforeTheReset() public {
        finishEpochs(2);
        uint256 due = hub.pendingRewards(1, ownerOf(1));
        vm.recordLogs();
        vm.startPrank(ownerOf(1));
        hub.claim(only(1), ALICE);
        hub.claimCommission(1);
        vm.stopPrank();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (, uint256 claimed) = abi.decode(logs[0].data, (address, uint256));
        assertEq(claimed, due);
        (, uint256 commission) = abi.decode(logs[1].data, (address, uint256));
        assertClose(commission * 9, due, 9);
    }

    /// BSC's election read the parent block's state and missed what the last block did.
    function test_bsc_aDelegationInTheLastBlockCounts() public {
        vm.roll(lastBlock());
        delegate(3, ALICE, 1e6 ether);
        commitDefault();
        assertEq(set.getValidatorBySigner(1, signerOf(3)).power, 3e6);
        nextBlock();
        finishEpoch();
        assertLt(0, hub.pendingRewards(3, ALICE));
    }

    /// Gravity: who was unjailed was jailed again for the same window.
    function test_gravity_unjailRestartsTheWindow() public {
        endBlock(0, repeated(1, 30), 0);
        vm.roll(lastBlock());
        EpochView memory v = set.epochView();
        Jail[] memory jails = new Jail[](1);
        jails[0] = Jail(1, uint64(block.timestamp + 60), 1);
        // even if the section kept the window
        commit("", abi.encode(jails, only(1)), seatsOf(v));
        nextBlock();
        assertEq(candidateOf(set.epochView(), 1).winMissed, 30);
        vm.warp(block.timestamp + 60);
        vm.prank(ownerOf(1));
        hub.unjail(1);
        assertEq(candidateOf(set.epochView(), 1).winMissed, 0);
        assertEq(candidateOf(set.epochView(), 1).missed, 0);
    }

    /// The first depositor of a pool made the second one's shares round to nothing, by a donation.
    function test_firstDepositor_oneWeiAndADonationShiftNothing() public {
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        finishEpoch();
        undelegateAll(1, ownerOf(1));
        assertEq(hub.validator(1).shares, 0);
        delegate(1, ALICE, 1 ether);
        vm.prank(ALICE);
        hub.undelegate(1, 1 ether - 1);
        assertEq(hub.validator(1).shares, 1);
        vm.deal(STAKE_HUB, STAKE_HUB.balance + 1e9 ether); // by selfdestruct
        delegate(1, BOB, 1000 ether);
        assertEq(sharesOf(1, BOB), 1000 ether);
        assertEq(stakeOf(1, BOB), 1000 ether);
        assertEq(stakeOf(1, ALICE), 1);
    }

    /// The same fault by a user's transaction and by the sidecar of one block: punished once, and the block is valid.
    function test_sameFaultTwiceInABlockIsPunishedOnce() public {
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        report(1, uint64(block.number));
        uint256 stake = hub.validator(1).standing.stake;
        asProposer();
        slashing.slashDoubleSign{gas: 960_000}(e);
        assertEq(hub.validator(1).standing.stake, stake);
    }

    /// Stake that was withdrawn after its unbonding time is out of reach.
    function test_withdrawnStakeIsOutOfReach() public {
        delegate(1, ALICE, 1000 ether);
        finishEpoch();
        uint256 day_ = today();
        undelegateAll(1, ALICE);
        passDays(7);
        withdraw(1, ALICE, day_);
        Slashing.SeatlessVote memory vote = seatless(1, uint64(block.number + 9));
        vm.prank(REPORTER);
        slashing.submitSeatless(vote);
        assertEq(ALICE.balance, 1000 ether);
        assertEq(hub.totals().unbonding, 0);
    }

    /// A proposer's account that an EIP-7702 authorisation delegated, called back from inside a system transaction.
    function test_aProposerWithCodeOpensNoEntry() public {
        vm.etch(PROPOSER, abi.encodePacked(hex"ef0100", address(0xC0DE)));
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        slashing.slashDoubleSign(e);
        vm.roll(lastBlock());
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        set.commitEpoch(1, "", "", "");
    }

    // --- planted bugs ------------------------------------------------------------------------------------------------

    /// Every contract that a section calls burns all the gas it is given: the epoch changes, and after the mend all is paid.
    function test_sectionsThatBurnAllTheirGasStopNothing() public {
        endBlock(1, new uint32[](0), 5 ether);
        bytes memory hubCode = STAKE_HUB.code;
        bytes memory poolCode = REWARD_POOL.code;
        EpochView memory v = set.epochView();
        bytes memory pay = payOf(v);
        bytes memory seats = seatsOf(v);
        Jail[] memory jails = new Jail[](1);
        jails[0] = Jail(1, 1, 1);
        vm.etch(STAKE_HUB, hex"5b600056"); // loops
        vm.etch(REWARD_POOL, hex"5b600056");
        for (uint256 i = 0; i < 3; i++) {
            vm.roll(lastBlock());
            commit(pay, abi.encode(jails, new uint32[](0)), seats);
            nextBlock();
        }
        assertEq(set.currentEpoch(), 3);
        vm.etch(STAKE_HUB, hubCode);
        vm.etch(REWARD_POOL, poolCode);
        finishEpoch();
        assertClose(pool.feesPending(), 0, 5);
        assertLt(0, hub.pendingRewards(1, ownerOf(1)));
        (,, uint64 setId) = set.epochStart(4);
        assertEq(setId, 1);
    }

    /// An error of a megabyte is not copied.
    function test_aHugeErrorStopsNothing() public {
        EpochView memory v = set.epochView();
        bytes memory pay = payOf(v);
        vm.etch(REWARD_POOL, hex"630010000080fd"); // revert(0, 1 MiB): the size is left on the stack twice
        vm.roll(lastBlock());
        commit(pay, "", "");
        assertEq(set.currentEpoch(), 1);
    }

    function report(uint256 n, uint64 height) private {
        Slashing.Evidence memory e = doubleSign(n, height);
        vm.prank(REPORTER);
        slashing.submitDoubleSign(e);
    }
}

/// Attempts to take what is not one's own.
contract AttacksTest is Chain {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    uint256 private constant STAKE = 2e6 ether;

    function setUp() public {
        genesis(5, STAKE);
    }

    function test_claimingAgainFromTheReceiverIsRefused() public {
        Reentrant thief = new Reentrant();
        delegate(1, address(thief), 1000 ether);
        delegate(1, ALICE, 1000 ether);
        finishEpochs(3);
        uint256 due = hub.pendingRewards(1, address(thief));
        thief.arm(abi.encodeCall(hub.claim, (only(1), address(thief))));
        thief.go(abi.encodeCall(hub.claim, (only(1), address(thief))));
        assertEq(address(thief).balance, due);
        assertTrue(!thief.succeeded(), "entered again");
    }

    function test_everyPayingEntryIsClosedToItsReceiver() public {
        Reentrant thief = new Reentrant();
        delegate(1, address(thief), 1000 ether);
        uint256 day_ = today();
        thief.go(abi.encodeCall(hub.undelegate, (1, 500 ether)));
        passDays(7);
        thief.arm(abi.encodeCall(hub.undelegate, (1, 500 ether)));
        thief.go(abi.encodeCall(hub.withdraw, (1, onlyDay(day_), address(thief))));
        assertTrue(!thief.succeeded(), "undelegate inside withdraw");
        assertEq(address(thief).balance, 500 ether);
        assertEq(sharesOf(1, address(thief)), 500 ether);
        finishEpoch();
        // a reporter that files the next evidence out of its reward's transfer
        Slashing.Evidence memory first = doubleSign(1, uint64(block.number));
        Slashing.SeatlessVote memory second = seatless(2, uint64(block.number + 1));
        thief.retarget(address(slashing));
        thief.arm(abi.encodeCall(slashing.submitSeatless, (second)));
        thief.go(abi.encodeCall(slashing.submitDoubleSign, (first)));
        assertTrue(!thief.succeeded(), "evidence inside evidence");
        assertEq(hub.validator(2).standing.status, Status.ACTIVE);
    }

    function test_aReceiverThatRefusesHarmsOnlyItself() public {
        Reentrant thief = new Reentrant();
        delegate(1, address(thief), 1000 ether);
        finishEpochs(2);
        thief.refuse(true);
        vm.expectRevert(StakeHub.TransferFailed.selector);
        thief.go(abi.encodeCall(hub.claim, (only(1), address(thief))));
        // to somebody else it works
        thief.go(abi.encodeCall(hub.claim, (only(1), BOB)));
        assertLt(0, BOB.balance);
    }

    /// A delegation right before the epoch's end gets nothing of that epoch, and leaving right after gets nothing more.
    function test_snipingAnEpochsRewardsEarnsNothing() public {
        finishEpoch();
        vm.roll(lastBlock());
        delegate(1, ALICE, 1e9 ether);
        commitDefault();
        nextBlock();
        assertEq(hub.pendingRewards(1, ALICE), 0);
        undelegateAll(1, ALICE);
        finishEpoch();
        assertEq(hub.pendingRewards(1, ALICE), 0);
    }

    /// Whoever undelegates after the fault, and before its evidence, loses as who stays, to the wei.
    function testFuzz_nobodyEscapesASlashByUnbonding(uint96 a, uint96 b, uint8 wait, bool claimsFirst) public {
        uint256 alice = uint256(a) + 1 ether;
        uint256 bob = uint256(b) + 1 ether;
        delegate(1, ALICE, alice);
        delegate(1, BOB, bob);
        finishEpoch();
        uint64 height = uint64(block.number);
        uint256 day_ = today() + wait % 5;
        vm.warp(day_ * day + 30);
        if (claimsFirst) {
            finishEpoch();
            claim(1, ALICE);
        }
        uint256 exit = today();
        undelegateAll(1, ALICE);
        Slashing.Evidence memory e = doubleSign(1, height);
        vm.prank(address(0xEE));
        slashing.submitDoubleSign(e);
        passDays(7);
        uint256 before = ALICE.balance;
        withdraw(1, ALICE, exit);
        uint256 left = ALICE.balance - before;
        assertClose(left, alice * 95 / 100, 2);
        assertClose(stakeOf(1, BOB) * alice / bob, left, alice / bob + 2);
    }

    /// A bucket that a slash emptied (1 wei) takes the next exit of its day at its worth.
    function test_anEmptiedBucketIsNoTrap() public {
        delegate(1, ALICE, 1 ether);
        delegate(1, BOB, 1000 ether);
        finishEpoch();
        uint64 height = uint64(block.number);
        vm.prank(ALICE);
        hub.undelegate(1, 1);
        Slashing.Evidence memory e = doubleSign(1, height);
        vm.prank(address(0xEE));
        slashing.submitDoubleSign(e);
        uint256 exit = today();
        undelegateAll(1, BOB);
        passDays(7);
        assertClose(withdraw(1, BOB, exit), 950 ether, 2);
    }

    function test_nobodyRegistersAnothersKey() public {
        // the victim's proof, seen in the pool, for the attacker's own validator
        (bytes memory publicKey, bytes memory proof) = proofOf(key(9), ALICE, ALICE);
        vm.deal(BOB, 1e6 ether);
        vm.prank(BOB);
        vm.expectRevert(StakeHub.BadKeyProof.selector);
        hub.createValidator{value: 1e6 ether}(
            publicKey, proof, ALICE, StakeHub.Commission(0, 0, 0), words("squatter")
        );
        vm.prank(ownerOf(1));
        vm.expectRevert(StakeHub.BadKeyProof.selector);
        hub.rotateKey(1, publicKey, proof);
    }

    /// All BTT that exists on one validator: powers, products and the set's total fit.
    function test_thePowerOfTheWholeSupplyFits() public {
        delegate(1, ALICE, btt.totalSupply() - 5 * STAKE);
        finishEpochs(2);
        assertEq(set.getValidatorBySigner(1, signerOf(1)).power, 9.9e14 - 4 * 2e6);
        assertLe(set.getValidatorsTotalStakeBySpan(1) * 3, type(uint64).max);
        assertLt(0, hub.pendingRewards(1, ALICE));
        undelegateAll(1, ALICE);
        assertEq(hub.totals().bonded, 5 * STAKE);
    }

    function test_amountsAboveEverySupplyOverflowNothing() public {
        vm.deal(ALICE, type(uint128).max);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.AmountTooLarge.selector);
        hub.delegate{value: uint256(type(uint112).max)}(1, 0);
    }

    /// Shares of next to no worth take no more stake: a new delegator could not buy them fairly.
    function test_aWipedPoolTakesNoStake() public {
        // a hundred slashes of 20 %: no chain comes here, a bug could
        for (uint256 i = 0; i < 100; i++) {
            Jail[] memory jails = new Jail[](1);
            jails[0] = Jail(1, 1, 2_000);
            vm.prank(VALIDATOR_SET);
            hub.jail(jails, uint64(today()));
        }
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.PoolWiped.selector);
        hub.delegate{value: 1 ether}(1, 0);
    }
}

/// Calls a contract, and once more out of the payment it receives.
contract Reentrant {
    bytes private again;
    address private target = STAKE_HUB;
    bool private refuses;
    bool public succeeded;

    function arm(bytes calldata data) external {
        again = data;
    }

    function retarget(address to) external {
        target = to;
    }

    function refuse(bool yes) external {
        refuses = yes;
    }

    function go(bytes calldata data) external {
        (bool done, bytes memory error) = target.call(data);
        if (!done) {
            assembly {
                revert(add(error, 32), mload(error))
            }
        }
    }

    receive() external payable {
        if (refuses) revert();
        if (again.length == 0) return;
        (bool done,) = target.call(again);
        succeeded = succeeded || done;
    }
}
