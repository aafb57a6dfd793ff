// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Slashing} from "../../src/Slashing.sol";
import {StakeHub} from "../../src/StakeHub.sol";
import {PROTOCOL, System, VALIDATOR_SET} from "../../src/System.sol";
import {CandidateView, EpochView, Jail, Reward, Seat, Status} from "../../src/Types.sol";
import {ValidatorSet} from "../../src/ValidatorSet.sol";
import {Vm} from "../Test.sol";
import {Chain} from "./Chain.sol";

contract ValidatorSetTest is Chain {
    function setUp() public {
        genesis(5, 2e6 ether);
    }

    function test_theSetHashIsTheGoldenVector() public {
        // keys 1 to 4, powers 10 times the key: consensus and the lockbox have the same vector
        Seat[] memory seats = new Seat[](4);
        for (uint256 i = 1; i <= 4; i++) {
            seats[i - 1] = Seat(uint32(i), uint64(10 * i), vm.addr(i));
        }
        sort(seats, false);
        forgetGenesis();
        vm.prank(PROTOCOL);
        set.initialize(8, 8, 1, seats, new int64[](4));
        assertEq(set.setHash(0), 0x7cb0f8c08d629ed824d8569fd4a95115e5557fde8235ae09247b45057fe66ad3);
    }

    function test_anEpochIsCommittedInItsLastBlock() public {
        vm.roll(L - 1);
        vm.recordLogs();
        commitDefault();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(set.currentEpoch(), 1);
        (uint64 number, uint64 time, uint64 setId) = set.epochStart(1);
        assertEq(number, L);
        assertEq(time, block.timestamp);
        assertEq(setId, 1);
        Vm.Log memory committed = logs[logs.length - 2];
        assertEq(committed.topics[0], ValidatorSet.EpochCommitted.selector);
        (uint64 start, uint64 end, uint64 total, bytes32 hash) =
            abi.decode(committed.data, (uint64, uint64, uint64, bytes32));
        assertEq(start, L);
        assertEq(end, 2 * L - 1);
        assertEq(total, 5 * 2e6);
        assertEq(hash, set.setHash(1));
        Vm.Log memory span = logs[logs.length - 1];
        assertEq(span.topics[0], 0xac9e8537ff98ccc9f53f34174714e4b56eee15cb11eafa9512d2914c60790c62);
        assertEq(uint256(span.topics[1]), 1);
        assertEq(uint256(span.topics[2]), L);
        assertEq(uint256(span.topics[3]), 2 * L - 1);
    }

    function test_aWrongEpochOrBlockIsRefused() public {
        refuseCommit(L - 2, 1, 1);
        refuseCommit(L, 1, 1);
        refuseCommit(L - 1, 2, 1);
        commitDefault();
        refuseCommit(L - 1, 1, 2);
        refuseCommit(L - 1, 2, 2);
    }

    function refuseCommit(uint256 number, uint64 epoch, uint64 expected) private {
        vm.roll(number);
        asProposer();
        vm.expectRevert(abi.encodeWithSelector(ValidatorSet.WrongEpoch.selector, epoch, expected));
        set.commitEpoch(epoch, "", "", "");
    }

    function test_onlyTheProposerAtGasPriceZeroCommits() public {
        vm.roll(L - 1);
        vm.prank(address(0xBAD), address(0xBAD));
        vm.expectRevert(System.NotSystem.selector);
        set.commitEpoch(1, "", "", "");
        vm.txGasPrice(1);
        vm.prank(PROPOSER, PROPOSER);
        vm.expectRevert(System.NotSystem.selector);
        set.commitEpoch(1, "", "", "");
        // EIP-7702: the proposer's account holds a delegation
        vm.etch(PROPOSER, abi.encodePacked(hex"ef0100", address(hub)));
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        set.commitEpoch(1, "", "", "");
    }

    function test_sectionsAreSelfCallsOnly() public {
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        set.sectionPay("");
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        set.sectionJail("");
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        set.sectionSeats("");
    }

    function test_genesisIsOnceAndTheBuilders() public {
        Seat[] memory seats = set.currentSeats();
        vm.roll(0);
        vm.prank(PROTOCOL);
        vm.expectRevert(System.AlreadyInitialized.selector);
        set.initialize(8, 8, 1, seats, new int64[](5));
        forgetGenesis();
        vm.expectRevert(System.NotSystem.selector);
        set.initialize(8, 8, 1, seats, new int64[](5));
        vm.roll(1);
        vm.prank(PROTOCOL);
        vm.expectRevert(System.AlreadyInitialized.selector);
        set.initialize(8, 8, 1, seats, new int64[](5));
        vm.roll(0);
        uint32[2][4] memory wrong = [[uint32(8), 0], [uint32(2), 2], [uint32(9), 4], [uint32(0), 1]];
        for (uint256 i = 0; i < wrong.length; i++) {
            vm.prank(PROTOCOL);
            vm.expectRevert(ValidatorSet.WrongEpochLength.selector);
            set.initialize(wrong[i][0], wrong[i][1], 1, seats, new int64[](5));
        }
    }

    // --- isolation ---------------------------------------------------------------------------------------------------

    function test_aFailingPaySectionLeavesTheOthers() public {
        endBlock(1, new uint32[](0), 7 ether);
        vm.roll(L - 1);
        EpochView memory v = set.epochView();
        Reward[] memory rewards = new Reward[](1);
        rewards[0] = Reward(99, 1 ether);
        Jail[] memory jails = new Jail[](1);
        jails[0] = Jail(5, uint64(block.timestamp + 60), 1);
        expectFailure(
            1,
            StakeHub.NoActiveShares.selector,
            abi.encode(rewards, uint256(0)),
            abi.encode(jails, new uint32[](0)),
            seatsOf(v)
        );
        assertEq(pool.feesPending(), 7 ether);
        assertEq(pool.reserve(), RESERVE);
        assertEq(hub.validator(5).standing.status, Status.JAILED);
        (,, uint64 setId) = set.epochStart(1);
        assertEq(setId, 1);
        nextBlock();
        finishEpoch();
        // made good: the fees of the first epoch are paid with the second's
        assertClose(hub.pendingRewards(1, ownerOf(1)), (7 ether + 8_000 ether) / 5 * 9 / 10, 1 ether);
    }

    function test_aFailingJailSectionLeavesTheOthers() public {
        endBlock(1, repeated(3, 20), 1 ether);
        vm.roll(L - 1);
        EpochView memory v = set.epochView();
        expectFailure(2, bytes4(0), payOf(v), hex"01", seatsOf(v));
        assertLt(0, hub.pendingRewards(1, ownerOf(1)));
        (,, uint64 setId) = set.epochStart(1);
        assertEq(setId, 1);
        nextBlock();
        // the window stands until an epoch's end judges it
        CandidateView memory c = candidateOf(set.epochView(), 3);
        assertEq(c.winMissed, 20);
        assertEq(c.missed, 0);
        finishEpoch();
        assertEq(candidateOf(set.epochView(), 3).winMissed, 0);
    }

    function test_aFailingSeatsSectionKeepsTheOldSet() public {
        Seat[] memory old = set.currentSeats();
        vm.roll(L - 1);
        EpochView memory v = set.epochView();
        (Seat[] memory seats,) = elected(v.candidates, 50);
        (seats[0], seats[1]) = (seats[1], seats[0]);
        vm.recordLogs();
        commit(payOf(v), NO_JAIL, abi.encode(seats, new int64[](5)));
        assertEq(skipReason(), 2);
        assertEq(abi.encode(set.seats(1)), abi.encode(old));
        assertEq(set.setHash(1), set.setHash(0));
        (,, uint64 setId) = set.epochStart(1);
        assertEq(setId, 0);
        assertEq(set.currentEpoch(), 1);
        assertLt(0, hub.pendingRewards(1, ownerOf(1)));
    }

    function test_everySectionMayFailForManyEpochs() public {
        Seat[] memory old = set.currentSeats();
        for (uint256 i = 0; i < 130; i++) {
            vm.roll(lastBlock());
            commit(hex"00", hex"00", hex"00");
            nextBlock();
        }
        assertEq(set.currentEpoch(), 130);
        assertEq(abi.encode(set.currentSeats()), abi.encode(old));
        finishEpoch();
        (,, uint64 setId) = set.epochStart(131);
        assertEq(setId, 1);
        assertLt(0, hub.pendingRewards(1, ownerOf(1)));
    }

    function test_aSkippedElectionTellsWhy() public {
        vm.roll(L - 1);
        vm.recordLogs();
        commit("", "", "");
        assertEq(skipReason(), 3);
        nextBlock();
        vm.roll(lastBlock());
        vm.recordLogs();
        commit("", NO_JAIL, "");
        assertEq(skipReason(), 1);
    }

    function test_anAbsurdLengthStaysInItsFrame() public {
        vm.roll(L - 1);
        // a list of absurd length: the decoder panics inside its frame
        expectFailure(1, 0x4e487b71, abi.encode(uint256(0x40), uint256(0), type(uint256).max), NO_JAIL, "");
        assertEq(set.currentEpoch(), 1);
    }

    function test_badSeatsAreRefused() public {
        vm.roll(L - 1);
        (Seat[] memory good, int64[] memory priorities) = elected(set.epochView().candidates, 50);
        refuse(ValidatorSet.WrongSeatCount.selector, new Seat[](0), new int64[](0));
        refuse(ValidatorSet.WrongSeatCount.selector, good, new int64[](4));
        Seat[] memory s = copy(good);
        s[0].power = 0;
        refuse(ValidatorSet.WrongPower.selector, s, priorities);
        s = copy(good);
        s[0].power = type(uint64).max / 3 + 1;
        refuse(ValidatorSet.WrongPower.selector, s, priorities);
        s = copy(good);
        s[1] = s[0];
        refuse(ValidatorSet.SeatsNotAscending.selector, s, priorities);
        s = copy(good);
        s[1].id = 77;
        refuse(StakeHub.UnknownSeat.selector, s, priorities);
        s[1].id = 0;
        refuse(StakeHub.UnknownSeat.selector, s, priorities);
        Seat[] memory many = new Seat[](51);
        for (uint256 i = 0; i < 51; i++) {
            many[i] = good[0];
        }
        refuse(ValidatorSet.WrongSeatCount.selector, many, new int64[](51));
    }

    function test_theTombstonedAreNeverSeated() public {
        vm.roll(L - 1);
        (Seat[] memory seats, int64[] memory priorities) = elected(set.epochView().candidates, 50);
        Slashing.Evidence memory evidence = doubleSign(2, 1);
        vm.prank(address(0xEE));
        slashing.submitDoubleSign(evidence);
        refuse(StakeHub.UnknownSeat.selector, seats, priorities);
    }

    // --- rings -------------------------------------------------------------------------------------------------------

    function test_theRingsKeep128EpochsAndGenesisForEver() public {
        (address[] memory initial,) = set.getInitialValidators();
        finishEpochs(140);
        assertEq(set.currentEpoch(), 140);
        assertEq(set.seats(13).length, 5);
        assertEq(set.seats(140).length, 5);
        refuseEpoch(12);
        refuseEpoch(141);
        refuseEpoch(0);
        (address[] memory still,) = set.getInitialValidators();
        assertEq(abi.encode(still), abi.encode(initial));
    }

    function refuseEpoch(uint64 epoch) private {
        vm.expectRevert(abi.encodeWithSelector(ValidatorSet.UnknownEpoch.selector, epoch));
        set.seats(epoch);
        vm.expectRevert(abi.encodeWithSelector(ValidatorSet.UnknownEpoch.selector, epoch));
        set.epochStart(epoch);
    }

    function test_prioritiesAreKeptBySeat() public {
        vm.roll(L - 1);
        (Seat[] memory seats, int64[] memory p) = elected(set.epochView().candidates, 50);
        (p[0], p[1], p[2], p[3], p[4]) = (type(int64).min, -1, 0, 1, type(int64).max);
        commit("", NO_JAIL, abi.encode(seats, p));
        assertEq(abi.encode(set.priorities()), abi.encode(p));
        nextBlock();
        vm.roll(lastBlock());
        commit("", NO_JAIL, "");
        // a skipped election starts from the stored ones again
        assertEq(abi.encode(set.priorities()), abi.encode(p));
    }

    function test_seatOfFindsEverySigner() public view {
        for (uint32 id = 1; id <= 5; id++) {
            assertEq(set.seatOf(0, signerOf(id)), id);
        }
        assertEq(set.seatOf(0, address(1)), 0);
        assertEq(set.seatOf(0, address(type(uint160).max)), 0);
    }

    // --- BTTC's views ------------------------------------------------------------------------------------------------

    function test_selectorsAreThoseOfBttc() public pure {
        assertEq(bytes32(ValidatorSet.getBorValidators.selector), bytes32(bytes4(0x0c35b1cb)));
        assertEq(bytes32(ValidatorSet.getValidators.selector), bytes32(bytes4(0xb7ab4db5)));
        assertEq(bytes32(ValidatorSet.getInitialValidators.selector), bytes32(bytes4(0x65b3a1e2)));
        assertEq(bytes32(ValidatorSet.getSpan.selector), bytes32(bytes4(0x047a6c5b)));
        assertEq(bytes32(ValidatorSet.getCurrentSpan.selector), bytes32(bytes4(0xaf26aa96)));
        assertEq(bytes32(ValidatorSet.getNextSpan.selector), bytes32(bytes4(0x60c8614d)));
        assertEq(bytes32(ValidatorSet.getSpanByBlock.selector), bytes32(bytes4(0xb71d7a69)));
        assertEq(bytes32(ValidatorSet.currentSpanNumber.selector), bytes32(bytes4(0x4dbc959f)));
        assertEq(bytes32(ValidatorSet.currentSprint.selector), bytes32(bytes4(0xe3b7c924)));
        assertEq(bytes32(ValidatorSet.isValidator.selector), bytes32(bytes4(0x23f2a73f)));
        assertEq(bytes32(ValidatorSet.isProducer.selector), bytes32(bytes4(0x1270b574)));
        assertEq(bytes32(ValidatorSet.isCurrentValidator.selector), bytes32(bytes4(0x55614fcc)));
        assertEq(bytes32(ValidatorSet.isCurrentProducer.selector), bytes32(bytes4(0x70ba5707)));
        assertEq(bytes32(ValidatorSet.getValidatorBySigner.selector), bytes32(bytes4(0x44d6528f)));
        assertEq(bytes32(ValidatorSet.getValidatorsTotalStakeBySpan.selector), bytes32(bytes4(0x2eddf352)));
        assertEq(bytes32(ValidatorSet.getProducersTotalStakeBySpan.selector), bytes32(bytes4(0x9d11b807)));
        assertEq(bytes32(ValidatorSet.SPRINT.selector), bytes32(bytes4(0x2bc06564)));
        assertEq(bytes32(ValidatorSet.commitSpan.selector), bytes32(bytes4(0x23c2a2b4)));
        assertEq(bytes32(ValidatorSet.spans.selector), bytes32(bytes4(0xf59cf565)));
        assertEq(bytes32(ValidatorSet.FIRST_END_BLOCK.selector), bytes32(bytes4(0x66332354)));
    }

    function test_spansAreEpochs() public {
        finishEpochs(2);
        (uint256 number, uint256 start, uint256 end) = set.getCurrentSpan();
        assertEq(abi.encode(number, start, end), abi.encode(2, 2 * L, 3 * L - 1));
        (number, start, end) = set.getNextSpan();
        assertEq(abi.encode(number, start, end), abi.encode(3, 3 * L, 4 * L - 1));
        (number, start, end) = set.getSpan(1);
        assertEq(abi.encode(number, start, end), abi.encode(1, L, 2 * L - 1));
        (number, start, end) = set.spans(0);
        assertEq(abi.encode(number, start, end), abi.encode(0, 0, set.FIRST_END_BLOCK()));
        (number, start, end) = set.getSpan(3);
        assertEq(abi.encode(number, start, end), abi.encode(0, 0, 0));
        assertEq(set.SPRINT(), L);
        assertEq(set.currentSprint(), 2);
    }

    function test_membersOfASpanAreItsSeats() public {
        finishEpochs(2);
        (address[] memory signers, uint256[] memory powers) = set.getBorValidators(L);
        assertEq(signers.length, 5);
        assertEq(powers[0], 2e6);
        (signers,) = set.getValidators();
        assertEq(signers.length, 5);
        assertEq(set.getValidatorsTotalStakeBySpan(1), 1e7);
        assertEq(set.getProducersTotalStakeBySpan(9), 0);
        assertTrue(set.isCurrentValidator(signerOf(1)) && set.isCurrentProducer(signerOf(1)), "current");
        assertTrue(!set.isValidator(1, address(1)) && set.isProducer(1, signerOf(2)), "span 1");
        assertTrue(!set.isValidator(1e18, signerOf(2)), "no such span");
        ValidatorSet.Validator memory v = set.getValidatorBySigner(2, signerOf(3));
        assertEq(abi.encode(v), abi.encode(3, 2e6, signerOf(3)));
        v = set.getValidatorBySigner(2, address(1));
        assertEq(abi.encode(v), abi.encode(0, 0, 0));
        vm.expectRevert(ValidatorSet.CommitSpanDisabled.selector);
        set.commitSpan(1, 2, 3, "", "");
    }

    function testFuzz_spanOfABlockIsArithmetic(uint256 number) public view {
        assertEq(set.getSpanByBlock(number), number / L);
    }

    // --- epochView ---------------------------------------------------------------------------------------------------

    function test_epochViewShowsSeatsThatAreNoCandidates() public {
        vm.prank(ownerOf(2));
        hub.deactivate(2);
        EpochView memory v = set.epochView();
        assertEq(v.candidates.length, 5);
        assertEq(candidateOf(v, 2).status, Status.LEAVING);
        finishEpoch();
        assertEq(set.epochView().candidates.length, 4);
        assertEq(set.currentSeatCount(), 4);
    }

    function test_epochViewIsWhole() public {
        uint32[] memory missed = new uint32[](2);
        (missed[0], missed[1]) = (2, 3);
        endBlock(1, missed, 5 ether);
        endBlock(1, new uint32[](0), 5 ether);
        delegate(1, address(0xD1), 10 ether);
        EpochView memory v = set.epochView();
        assertEq(v.epoch, 0);
        assertEq(v.fees, 10 ether);
        assertEq(v.reserve, RESERVE);
        assertEq(v.seats.length, 5);
        assertEq(v.priorities.length, 5);
        assertEq(v.names.length, 19);
        assertEq(v.values.length, 19);
        CandidateView memory first = candidateOf(v, 1);
        assertEq(first.produced, 2);
        assertEq(first.winProduced, 2);
        assertEq(first.signer, signerOf(1));
        assertEq(candidateOf(v, 2).missed, 1);
        assertEq(first.stake, 2e6 ether + 10 ether);
        assertEq(first.selfStake, 2e6 ether);
        assertTrue(first.hasActiveShares, "active");
        create(6, 1e6 ether, 0);
        assertTrue(!candidateOf(set.epochView(), 6).hasActiveShares, "pending only");
    }

    // --- helpers -----------------------------------------------------------------------------------------------------

    function forgetGenesis() private {
        vm.store(VALIDATOR_SET, 0x6051db605efc890347b0d18b6cd5cc02bad75296fd53d3c9213629f8cc631600, 0);
        vm.roll(0);
    }

    function expectFailure(uint8 section, bytes4 error, bytes memory pay, bytes memory jail, bytes memory seats)
        private
    {
        vm.recordLogs();
        commit(pay, jail, seats);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != ValidatorSet.SectionFailed.selector) continue;
            found++;
            (uint8 which, bytes4 what) = abi.decode(logs[i].data, (uint8, bytes4));
            assertEq(which, section);
            assertEq(bytes32(what), bytes32(error));
        }
        assertEq(found, 1);
    }

    /// 0 = the election was not skipped.
    function skipReason() private returns (uint256) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == ValidatorSet.ElectionSkipped.selector) return abi.decode(logs[i].data, (uint8));
        }
        return 0;
    }

    function copy(Seat[] memory seats) private pure returns (Seat[] memory) {
        return abi.decode(abi.encode(seats), (Seat[]));
    }

    function refuse(bytes4 error, Seat[] memory seats, int64[] memory priorities) private {
        vm.prank(VALIDATOR_SET);
        (bool done, bytes memory data) =
            VALIDATOR_SET.call(abi.encodeCall(set.sectionSeats, (abi.encode(seats, priorities))));
        assertTrue(!done, "accepted");
        assertEq(bytes32(bytes4(data)), bytes32(error));
    }
}
