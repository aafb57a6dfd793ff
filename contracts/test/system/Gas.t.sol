// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ParamNames} from "../../src/ParamNames.sol";
import {Params} from "../../src/Params.sol";
import {Slashing} from "../../src/Slashing.sol";
import {
    BTT_TOKEN, PARAMS, PROTOCOL, REWARD_POOL, SLASHING, STAKE_HUB, VALIDATOR_SET
} from "../../src/System.sol";
import {CandidateView, EpochView, Jail, Reward, Seat} from "../../src/Types.sol";
import {Chain} from "./Chain.sol";

/// What transactions cost: intrinsic gas, cold accounts and slots, refunds taken off. `recorded` is the committed snapshot;
/// more than 2 % above it fails, and so does anything above `target`.
abstract contract Measured is Chain {
    error Costs(string what, uint256 gas, uint256 recorded, uint256 target);

    function profile() internal pure override returns (Profile memory) {
        return Profile({epochLength: 6400, dayLength: 86_400, noticeEpochs: 95, maxMaintenance: 13, blockSeconds: 1});
    }

    function parameters() internal pure override returns (Params.Initial[] memory list) {
        list = super.parameters();
        list[2] = Params.Initial(ParamNames.SEATS, 50, 4, 50);
    }

    function coolAll() internal {
        vm.cool(VALIDATOR_SET);
        vm.cool(STAKE_HUB);
        vm.cool(REWARD_POOL);
        vm.cool(SLASHING);
        vm.cool(PARAMS);
        vm.cool(BTT_TOKEN);
    }

    /// Gas of a transaction from `sender`, or of the bare call.
    function gasOf(address sender, address target, uint256 value, bytes memory data, bool transaction)
        internal
        returns (uint256 gas)
    {
        coolAll();
        vm.txGasPrice(0);
        vm.prank(sender, sender);
        (bool done, bytes memory error) = target.call{value: value, gas: 16_000_000}(data);
        if (!done) {
            assembly {
                revert(add(error, 32), mload(error))
            }
        }
        gas = vm.lastCallGas().gasTotalUsed;
        if (!transaction) return gas;
        gas += 21_000;
        for (uint256 i = 0; i < data.length; i++) {
            gas += data[i] == 0 ? 4 : 16;
        }
        // EIP-3529: refunds give back a fifth at most
        uint256 refund = uint256(int256(vm.lastCallGas().gasRefunded));
        gas -= refund > gas / 5 ? gas / 5 : refund;
    }

    function check(string memory what, uint256 gas, uint256 recorded, uint256 target) internal pure {
        if (gas * 100 > recorded * 102 || gas * 102 < recorded * 100 || gas > target) {
            revert Costs(what, gas, recorded, target);
        }
    }
}

contract UserGasTest is Measured {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    function setUp() public {
        genesis(50, 1e8 ether);
        finishEpoch();
        delegate(1, BOB, 100 ether);
        finishEpochs(2);
        vm.deal(ALICE, 1e6 ether);
        vm.deal(address(0xCAFE), 1); // payments go to accounts that exist
        vm.deal(ownerOf(1), 1);
    }

    function as_(address sender, uint256 value, bytes memory data) private returns (uint256) {
        return gasOf(sender, STAKE_HUB, value, data, true);
    }

    function test_delegate() public {
        bytes memory call_ = abi.encodeCall(hub.delegate, (1, 1));
        check("delegate first", as_(ALICE, 100 ether, call_), 98_482, 110_000);
        check("delegate same epoch", as_(ALICE, 100 ether, call_), 59_272, 75_000);
        finishEpochs(3);
        check("delegate again", as_(ALICE, 100 ether, call_), 64_750, 75_000);
    }

    function test_undelegateAndWithdraw() public {
        delegate(1, ALICE, 100 ether);
        finishEpochs(2);
        uint256 day_ = today();
        check("undelegate", as_(ALICE, 0, abi.encodeCall(hub.undelegate, (1, 50 ether))), 108_520, 170_000);
        check("undelegate same day", as_(BOB, 0, abi.encodeCall(hub.undelegate, (1, 50 ether))), 91_611, 170_000);
        passDays(8);
        uint256[] memory days_ = onlyDay(day_);
        check("withdraw", as_(ALICE, 0, abi.encodeCall(hub.withdraw, (1, days_, address(0xCAFE)))), 52_865, 65_000);
    }

    function test_claimAndRestake() public {
        bytes memory call_ = abi.encodeCall(hub.claim, (only(1), address(0xCAFE)));
        check("claim", as_(BOB, 0, call_), 60_727, 65_000);
        finishEpoch();
        check("restake", as_(BOB, 0, abi.encodeCall(hub.restake, (only(1)))), 69_105, 110_000);
        check("claimCommission", as_(ownerOf(1), 0, abi.encodeCall(hub.claimCommission, (1))), 48_178, 65_000);
    }

    function test_createValidator() public {
        (bytes memory publicKey, bytes memory proof) = proofOf(key(90), ALICE, ALICE);
        bytes memory call_ = abi.encodeWithSelector(
            hub.createValidator.selector, publicKey, proof, ALICE, uint16(100), uint16(1000), uint16(100), words("x")
        );
        check("createValidator", as_(ALICE, 1e6 ether, call_), 499_919, 600_000);
    }

    function test_evidenceAtFiftySeats() public {
        for (uint256 i = 0; i < 6; i++) {
            vm.prank(BOB);
            hub.undelegate(1, 1 ether);
            passDays(1);
        }
        bytes memory call_ = abi.encodeCall(slashing.submitDoubleSign, (doubleSign(1, 2 * L)));
        vm.warp(block.timestamp - 1 days);
        check("submitDoubleSign", gasOf(ALICE, SLASHING, 0, call_, true), 220_268, 450_000);
        // the same with the longest exits: today - 7 … today
        call_ = abi.encodeCall(slashing.submitSeatless, (seatless(2, uint64(block.number + 9))));
        check("submitSeatless", gasOf(ALICE, SLASHING, 0, call_, true), 131_111, 450_000);
        call_ = abi.encodeCall(slashing.slashDoubleSign, (doubleSign(3, 2 * L)));
        check("slashDoubleSign", gasOf(PROPOSER, SLASHING, 0, call_, true), 161_279, 450_000);
    }

    function test_onBlock() public {
        bytes memory call_ = abi.encodeCall(pool.onBlock, (1, new uint32[](0), 1 ether));
        check("onBlock", gasOf(PROTOCOL, REWARD_POOL, 0, call_, false), 32_192, 40_000);
        check("onBlock again", gasOf(PROTOCOL, REWARD_POOL, 0, call_, false), 14_710, 40_000);
        uint32[] memory missed = new uint32[](49);
        for (uint32 i = 0; i < 49; i++) {
            missed[i] = i + 2;
        }
        finishEpoch();
        call_ = abi.encodeCall(pool.onBlock, (1, missed, 1 ether));
        check("onBlock, 49 missed", gasOf(PROTOCOL, REWARD_POOL, 0, call_, false), 1_206_141, 30_000_000);
    }

    function test_lockInAtFiftySeats() public {
        for (uint32 id = 1; id <= 50; id++) {
            vm.prank(ownerOf(id));
            params.signal(id, ParamNames.BURN_SHARE, 2_000);
        }
        bytes memory call_ = abi.encodeCall(params.lockIn, (ParamNames.BURN_SHARE, 2_000));
        check("lockIn", gasOf(ALICE, PARAMS, 0, call_, true), 346_067, 400_000);
    }

    function test_withdrawToTron() public {
        vm.prank(ALICE);
        btt.withdraw{value: 1 ether}(1 ether);
        bytes memory call_ = abi.encodeCall(btt.withdrawTo, (ALICE, 1 ether));
        check("withdrawTo", gasOf(ALICE, BTT_TOKEN, 1 ether, call_, true), 96_167, 120_000);
    }
}

contract EpochGasTest is Measured {
    uint256 private constant FRAME_PAY = 7_000_000;
    uint256 private constant FRAME = 3_500_000;

    function commitGas() private returns (uint256) {
        vm.roll(lastBlock());
        EpochView memory v = set.epochView();
        return commitGas(payOf(v), NO_JAIL, seatsOf(v));
    }

    function commitGas(bytes memory pay, bytes memory jail, bytes memory seats) private returns (uint256 gas) {
        bytes memory call_ = abi.encodeCall(set.commitEpoch, (set.currentEpoch() + 1, pay, jail, seats));
        gas = gasOf(PROPOSER, VALIDATOR_SET, 0, call_, true);
        (,, uint64 setId) = set.epochStart(set.currentEpoch());
        assertEq(setId, set.currentEpoch()); // no section failed
        nextBlock();
    }

    function test_steadyAt27Seats() public {
        genesis(27, 1e8 ether);
        finishEpochs(130);
        check("commitEpoch, 27 seats", commitGas(), 698_283, 700_000);
    }

    function test_steadyAt50Seats() public {
        genesis(50, 1e8 ether);
        finishEpochs(130);
        check("commitEpoch, 50 seats", commitGas(), 1_211_450, 1_300_000);
    }

    /// 127 candidates, 50 seats all new, every credit and ring slot for the first time, every pool with a pending delegation,
    /// 16 jails with exits of every day that counts, 50 windows kept.
    function test_theWorstStateFitsTheFrames() public {
        genesis(127, 1e8 ether);
        for (uint32 id = 1; id <= 127; id++) {
            delegate(id, address(uint160(0xD000 + id)), 1e7 ether + id);
        }
        uint32[] memory kept = new uint32[](50);
        for (uint32 i = 0; i < 50; i++) {
            kept[i] = i + 1;
            endBlock(0, repeated(i + 1, 25), 0);
        }
        for (uint256 d = 0; d < 8; d++) {
            for (uint32 id = 1; id <= 16; id++) {
                vm.prank(ownerOf(id));
                hub.undelegate(id, 1 ether);
            }
            if (d < 7) passDays(1);
        }
        vm.roll(lastBlock());
        EpochView memory v = set.epochView();
        Jail[] memory jails = new Jail[](16);
        for (uint32 i = 0; i < 16; i++) {
            jails[i] = Jail(i + 1, uint64(block.timestamp + 3600), 1);
        }
        (Seat[] memory seats,) = elected(v.candidates, 50);
        int64[] memory priorities = new int64[](50);
        for (uint256 i = 0; i < 50; i++) {
            priorities[i] = type(int64).min + int64(uint64(i));
        }
        bytes memory pay = payOf(v);
        bytes memory jail = abi.encode(jails, kept);
        bytes memory elect = abi.encode(seats, priorities);
        bytes memory call_ = abi.encodeCall(set.sectionPay, (pay));
        check("section pay, worst", sectionGas(call_), 2_684_733, FRAME_PAY * 6 / 10);
        call_ = abi.encodeCall(set.sectionJail, (jail));
        check("section jail, worst", sectionGas(call_), 1_554_051, FRAME * 6 / 10);
        call_ = abi.encodeCall(set.sectionSeats, (elect));
        check("section seats, worst", sectionGas(call_), 1_810_839, FRAME * 6 / 10);
        check("commitEpoch, worst", commitGas(pay, jail, elect), 6_090_268, 9_000_000);
    }

    /// Of the section alone, in the state before it.
    function sectionGas(bytes memory call_) private returns (uint256 gas) {
        uint256 state = vm.snapshotState();
        gas = gasOf(VALIDATOR_SET, VALIDATOR_SET, 0, call_, false);
        vm.revertToState(state);
    }

    /// I15.
    function test_delegatorsCostAnEpochNothing() public {
        genesis(27, 1e8 ether);
        finishEpochs(130);
        uint256 state = vm.snapshotState();
        delegate(1, address(0xD1), 100 ether);
        finishEpoch();
        uint256 one = commitGas();
        vm.revertToState(state);
        for (uint256 i = 0; i < 2_000; i++) {
            delegate(1, address(uint160(0xD0000 + i)), 1 ether);
        }
        finishEpoch();
        assertClose(commitGas(), one, one / 1000);
    }

    function test_theViewOfAnEpochFitsItsGas() public {
        genesis(127, 1e8 ether);
        // 50 seats that are no candidates any more, and their places taken
        for (uint32 id = 1; id <= 50; id++) {
            vm.prank(ownerOf(id));
            hub.deactivate(id);
            create(200 + id, 1e8 ether, 0);
        }
        bytes memory call_ = abi.encodeCall(set.epochView, ());
        assertLe(set.epochView().candidates.length, 177);
        check("epochView, worst", gasOf(PROTOCOL, VALIDATOR_SET, 0, call_, false), 4_819_606, 15_000_000);
    }
}
