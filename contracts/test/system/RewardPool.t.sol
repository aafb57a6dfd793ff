// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RewardPool} from "../../src/RewardPool.sol";
import {REWARD_POOL, STAKE_HUB, System, VALIDATOR_SET} from "../../src/System.sol";
import {CandidateView, Reward} from "../../src/Types.sol";
import {Chain} from "./Chain.sol";

contract RewardPoolTest is Chain {
    function setUp() public {
        genesis(4, 2e6 ether);
    }

    function test_reportsCountForTheEpochOfTheNextBlock() public {
        uint32[] memory missed = new uint32[](2);
        (missed[0], missed[1]) = (2, 3);
        endBlock(1, missed, 0);
        assertEq(pool.produced(1), 1);
        assertEq(pool.missed(2), 1);
        assertEq(pool.missed(3), 1);
        assertEq(pool.missed(1), 0);
        vm.roll(L - 1);
        commitDefault();
        endBlock(1, missed, 0); // the last block of epoch 0 reports into epoch 1
        assertEq(pool.produced(1), 1);
        CandidateView memory c = candidateOf(set.epochView(), 1);
        assertEq(c.produced, 1);
        assertEq(c.winProduced, 2);
    }

    function test_nobodyIsNobody() public {
        endBlock(0, new uint32[](1), 3 ether);
        assertEq(pool.produced(0), 0);
        assertEq(pool.missed(0), 0);
        assertEq(pool.feesPending(), 3 ether);
    }

    function test_onlyTheProtocolReports() public {
        vm.expectRevert(System.NotSystem.selector);
        pool.onBlock(1, new uint32[](0), 1);
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        pool.onBlock(1, new uint32[](0), 1);
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        pool.pay(0, new Reward[](0), 0);
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        pool.closeWindows(0, new uint32[](0));
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        pool.clearWindow(1);
    }

    function test_aWindowRunsOverEpochsUntilItIsFull() public {
        endBlock(0, repeated(2, 12), 0);
        finishEpoch();
        assertEq(window(2), 12);
        endBlock(2, repeated(2, 7), 0);
        assertEq(window(2), 20);
        finishEpoch();
        // full at an epoch's end: judged, then a new one
        assertEq(window(2), 0);
        endBlock(0, repeated(2, 1), 0);
        assertEq(window(2), 1);
    }

    function test_aKeptWindowStands() public {
        endBlock(0, repeated(2, 25), 0);
        endBlock(0, repeated(3, 25), 0);
        vm.roll(lastBlock());
        vm.prank(VALIDATOR_SET);
        pool.closeWindows(0, only(2));
        assertEq(window(2), 25);
        nextBlock();
        assertEq(window(2), 25);
        assertEq(window(3), 0);
        assertEq(pool.missed(2), 0);
    }

    function test_whoHasNoSeatForLongStartsWithAJudgedWindow() public {
        endBlock(0, repeated(2, 30), 0);
        finishEpochs(5);
        endBlock(2, new uint32[](0), 0);
        assertEq(window(2), 1);
    }

    function test_clearWindowKeepsTheEpochsCounters() public {
        endBlock(2, repeated(2, 5), 0);
        vm.prank(STAKE_HUB);
        pool.clearWindow(2);
        assertEq(window(2), 0);
        assertEq(pool.missed(2), 5);
        assertEq(pool.produced(2), 1);
    }

    function test_payTakesFeesAndEmissionAndCarriesTheRest() public {
        endBlock(1, new uint32[](0), 100 ether);
        Reward[] memory rewards = new Reward[](2);
        (rewards[0], rewards[1]) = (Reward(1, 70 ether), Reward(2, 20 ether));
        vm.prank(VALIDATOR_SET);
        pool.pay(0, rewards, 50 ether);
        assertEq(pool.feesPending(), 60 ether);
        assertEq(pool.reserve(), RESERVE - 50 ether);
        assertEq(STAKE_HUB.balance, 4 * 2e6 ether + 90 ether);
        assertEq(REWARD_POOL.balance, pool.feesPending() + pool.reserve());
    }

    function test_payIsBoundedByPotAndReserve() public {
        Reward[] memory rewards = new Reward[](1);
        rewards[0] = Reward(1, 51 ether);
        vm.startPrank(VALIDATOR_SET);
        vm.expectRevert(abi.encodeWithSelector(RewardPool.RewardsAbovePot.selector, 51 ether, 50 ether));
        pool.pay(0, rewards, 50 ether);
        vm.expectRevert(abi.encodeWithSelector(RewardPool.EmissionAboveReserve.selector, RESERVE + 1, RESERVE));
        pool.pay(0, rewards, RESERVE + 1);
    }

    function test_anybodyFunds() public {
        vm.deal(address(this), 5 ether);
        pool.fund{value: 5 ether}();
        assertEq(pool.reserve(), RESERVE + 5 ether);
        vm.expectRevert(RewardPool.ZeroAmount.selector);
        pool.fund();
        (bool sent,) = REWARD_POOL.call{value: 0}("");
        assertTrue(!sent, "no plain payments");
    }

    function test_theRunwayIsInSeconds() public view {
        assertEq(pool.runway(), RESERVE / 1_000 ether);
    }

    function test_anEmptyReservePaysFeesOnly() public {
        vm.prank(VALIDATOR_SET);
        pool.pay(0, new Reward[](0), RESERVE);
        assertEq(pool.reserve(), 0);
        assertEq(pool.runway(), 0);
        uint256 fees = pool.feesPending();
        finishEpoch();
        assertClose(pool.feesPending(), 0, 4);
        assertEq(hub.totals().rewards + hub.totals().commission, fees - pool.feesPending());
    }

    function window(uint32 id) private view returns (uint256) {
        CandidateView memory c = candidateOf(set.epochView(), id);
        return uint256(c.winProduced) + c.winMissed;
    }
}
