// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ParamNames} from "../../src/ParamNames.sol";
import {Params} from "../../src/Params.sol";
import {TIMELOCK} from "../../src/System.sol";
import {Chain} from "./Chain.sol";

contract ParamsTest is Chain {
    bytes32 private constant NAME = ParamNames.BURN_SHARE;
    bytes32 private constant FORK = "fork:alpha";

    function setUp() public {
        // powers 1, 2, 3, 3 million: more than 6 of 9 million are needed
        uint256[] memory stakes = new uint256[](4);
        (stakes[0], stakes[1], stakes[2], stakes[3]) = (1e6 ether, 2e6 ether, 3e6 ether, 3e6 ether);
        genesis(stakes);
    }

    function signal(uint32 id, bytes32 name, uint256 value) private {
        vm.prank(ownerOf(id));
        params.signal(id, name, value);
    }

    function test_moreThanTwoThirdsOfThePowerChangeAParameterAfterTheNotice() public {
        signal(3, NAME, 2_000);
        signal(4, NAME, 2_000);
        (uint256 power, uint256 total) = params.support(NAME, 2_000);
        assertEq(power, 6e6);
        assertEq(total, 9e6);
        vm.expectRevert(abi.encodeWithSelector(Params.NoMajority.selector, 6e6, 9e6));
        params.lockIn(NAME, 2_000);
        signal(1, NAME, 2_000);
        params.lockIn(NAME, 2_000);
        (uint256 value, uint64 epoch) = params.queued(NAME);
        assertEq(value, 2_000);
        assertEq(epoch, 0 + 1 + 2);
        for (uint256 i = 0; i < 3; i++) {
            assertEq(params.get(NAME), 1_000);
            finishEpoch();
        }
        assertEq(params.get(NAME), 2_000);
        (value, epoch) = params.queued(NAME);
        assertEq(value + epoch, 0);
    }

    function test_aSecondLockInDoesNotRestartTheNotice() public {
        majority(NAME, 2_000);
        params.lockIn(NAME, 2_000);
        finishEpoch();
        vm.expectRevert(Params.NothingToChange.selector);
        params.lockIn(NAME, 2_000);
        // another value replaces it and starts its own notice
        majority(NAME, 1_500);
        params.lockIn(NAME, 1_500);
        (uint256 value, uint64 epoch) = params.queued(NAME);
        assertEq(value, 1_500);
        assertEq(epoch, 4);
        finishEpochs(2);
        assertEq(params.get(NAME), 1_000);
        finishEpoch();
        assertEq(params.get(NAME), 1_500);
        vm.expectRevert(Params.NothingToChange.selector);
        params.lockIn(NAME, 1_500);
    }

    function test_theValueInForceCancelsWhatIsQueued() public {
        majority(NAME, 2_000);
        params.lockIn(NAME, 2_000);
        majority(NAME, 1_000);
        params.lockIn(NAME, 1_000);
        finishEpochs(5);
        assertEq(params.get(NAME), 1_000);
    }

    function majority(bytes32 name, uint256 value) private {
        signal(2, name, value);
        signal(3, name, value);
        signal(4, name, value);
    }

    function test_onlyAgentsSignalAndMayTakeItBack() public {
        vm.expectRevert(Params.NotAgent.selector);
        params.signal(1, NAME, 2_000);
        vm.expectRevert(Params.NotAgent.selector);
        params.unsignal(1, NAME);
        signal(4, NAME, 2_000);
        vm.startPrank(ownerOf(4));
        params.unsignal(4, NAME);
        vm.expectRevert(Params.NothingToChange.selector);
        params.unsignal(4, NAME);
        (uint256 power,) = params.support(NAME, 2_000);
        assertEq(power, 0);
    }

    function test_onlySeatsCount() public {
        create(5, 9e6 ether, 0);
        signal(5, NAME, 2_000);
        (uint256 power, uint256 total) = params.support(NAME, 2_000);
        assertEq(power, 0);
        assertEq(total, 9e6);
        finishEpoch();
        (power, total) = params.support(NAME, 2_000);
        assertEq(power, 9e6);
        assertEq(total, 18e6);
    }

    function test_valuesStayInTheirBounds() public {
        vm.startPrank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(Params.OutOfBounds.selector, 5_001, 0, 5_000));
        params.signal(1, NAME, 5_001);
        vm.expectRevert(abi.encodeWithSelector(Params.OutOfBounds.selector, 3, 4, 50));
        params.signal(1, ParamNames.SEATS, 3);
        vm.expectRevert(abi.encodeWithSelector(Params.UnknownParam.selector, bytes32("nonsense")));
        params.signal(1, "nonsense", 1);
        vm.expectRevert(abi.encodeWithSelector(Params.UnknownParam.selector, bytes32("nonsense")));
        params.get("nonsense");
        (uint256 min, uint256 max) = params.bounds(ParamNames.SEATS);
        assertEq(min * 100 + max, 450);
    }

    function test_parametersThatLimitEachOtherAreCheckedTogether() public {
        vm.startPrank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.UNBONDING_DAYS, 7));
        params.signal(1, ParamNames.EVIDENCE_DAYS, 7);
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.SEATS, 21));
        params.signal(1, ParamNames.MIN_ACTIVE, 22);
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.JAIL_FIRST, 60));
        params.signal(1, ParamNames.JAIL_MAX, 59);
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.JAIL_MAX, 600));
        params.signal(1, ParamNames.JAIL_FIRST, 601);
        vm.stopPrank();
        // also against what is queued: unbonding 10 waits, so evidence days stay below 7
        majority(ParamNames.UNBONDING_DAYS, 10);
        params.lockIn(ParamNames.UNBONDING_DAYS, 10);
        vm.prank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.UNBONDING_DAYS, 7));
        params.signal(1, ParamNames.EVIDENCE_DAYS, 8);
        finishEpochs(3);
        majority(ParamNames.EVIDENCE_DAYS, 9);
        params.lockIn(ParamNames.EVIDENCE_DAYS, 9);
        // and back is closed as long as the evidence window needs it
        vm.prank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(Params.Conflicts.selector, ParamNames.EVIDENCE_DAYS, 9));
        params.signal(1, ParamNames.UNBONDING_DAYS, 9);
    }

    function test_nobodySetsWithoutAGovernor() public {
        vm.expectRevert(Params.NotGovernor.selector);
        params.set(NAME, 2_000);
        assertEq(TIMELOCK.code.length, 0);
        // and what a later governor decides keeps bounds and notice
        vm.startPrank(TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(Params.OutOfBounds.selector, 5_001, 0, 5_000));
        params.set(NAME, 5_001);
        vm.expectRevert(abi.encodeWithSelector(Params.UnknownParam.selector, FORK));
        params.set(FORK, 1_000);
        params.set(NAME, 2_000);
        (, uint64 epoch) = params.queued(NAME);
        assertEq(epoch, 3);
    }

    function test_aForkIsLockedOnceAtOrAfterItsHeight() public {
        majority(FORK, 100);
        params.lockIn(FORK, 100);
        assertEq(params.forkEpoch(FORK), 13); // first epoch that starts at or after block 100
        vm.prank(ownerOf(1));
        vm.expectRevert(Params.NothingToChange.selector);
        params.signal(1, FORK, 101);
        vm.expectRevert(Params.NothingToChange.selector);
        params.lockIn(FORK, 100);
        majority("fork:beta", 10);
        params.lockIn("fork:beta", 10);
        assertEq(params.forkEpoch("fork:beta"), 3); // not before the notice
        (bytes32[] memory names, uint64[] memory epochs) = params.forks();
        assertEq(names.length, 2);
        assertEq(names[1], "fork:beta");
        assertEq(epochs[0], 13);
        assertEq(params.forkEpoch("fork:gamma"), 0);
    }

    function test_forkNamesAndHeightsAreChecked() public {
        vm.startPrank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(Params.UnknownParam.selector, bytes32("fork:")));
        params.signal(1, "fork:", 100);
        vm.expectRevert(
            abi.encodeWithSelector(Params.OutOfBounds.selector, block.number, block.number + 1, type(uint48).max)
        );
        params.signal(1, FORK, block.number);
        vm.expectRevert();
        params.signal(1, FORK, uint256(type(uint48).max) + 1);
    }

    function test_aMajorityByCountAloneDecidesNothing() public {
        signal(1, NAME, 2_000);
        signal(2, NAME, 2_000);
        signal(3, NAME, 2_000);
        vm.expectRevert(abi.encodeWithSelector(Params.NoMajority.selector, 6e6, 9e6));
        params.lockIn(NAME, 2_000);
    }

    function testFuzz_aValueSwitchesAtItsEpochAndNowhereElse(uint16 value) public {
        value = uint16(bound(value, 0, 5_000));
        if (value == 1_000) value = 999;
        majority(NAME, value);
        params.lockIn(NAME, value);
        for (uint256 number = block.number; number < 5 * L; number++) {
            vm.roll(number);
            assertEq(params.get(NAME), number / L < 3 ? 1_000 : value);
        }
    }
}
