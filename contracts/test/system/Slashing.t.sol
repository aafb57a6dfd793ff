// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Slashing} from "../../src/Slashing.sol";
import {BURNED, SLASHING, System} from "../../src/System.sol";
import {Status} from "../../src/Types.sol";
import {ValidatorSet} from "../../src/ValidatorSet.sol";
import {Vm} from "../Test.sol";
import {Chain} from "./Chain.sol";

contract SlashingTest is Chain {
    address private constant REPORTER = address(0xEE);
    uint256 private constant STAKE = 2e6 ether;

    function setUp() public {
        genesis(8, STAKE);
        finishEpoch();
    }

    function test_digestsAreTheGoldenVectors() public view {
        bytes32 hash = 0x1111111111111111111111111111111111111111111111111111111111111111;
        assertEq(slashing.digestOf(1, 1, 0, hash, 0), 0x21929fdeac4dec61cc4a10b4743772a7a14526c8196d129d05d6a1f5830c1c78);
        assertEq(slashing.digestOf(2, 1, 0, hash, 0), 0x5910a42b1b4791d87297808f9a7caca3868025ed4205253444cab4ff7f4980f5);
        assertEq(slashing.digestOf(2, 1, 0, 0, 0), 0x609bf2916ad33699dff63d65804f6b915fc83142124f58621c380a9e0102e5ae);
        assertEq(slashing.digestOf(3, 1, 0, hash, 0), 0x2b961d332a74ed268501b4121ec1fb44cbf78afb0db0502c6856b85019a3fab2);
    }

    // --- double signs ------------------------------------------------------------------------------------------------

    function test_aReportedDoubleSignIsPunishedAndDivided() public {
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        vm.prank(REPORTER);
        slashing.submitDoubleSign(e);
        uint256 taken = STAKE / 20;
        assertEq(hub.validator(1).standing.stake, STAKE - taken);
        assertEq(hub.validator(1).standing.status, Status.TOMBSTONED);
        assertEq(REPORTER.balance, taken / 20);
        assertEq(slashing.treasury(), taken * 45 / 100);
        assertEq(SLASHING.balance, slashing.treasury());
        assertEq(BURNED.balance, taken / 2);
    }

    function test_aReportersRewardHasALimit() public {
        // 5 % of the largest stake, of it 5 %, is more than 10^9 BTT
        delegate(1, address(0xD1), 9e11 ether);
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        vm.prank(REPORTER);
        slashing.submitDoubleSign(e);
        assertEq(REPORTER.balance, 1e9 ether);
    }

    function test_theSidecarsItemNeverReverts() public {
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        submitAsProposer(e, bytes4(0), 1);
        assertEq(hub.validator(1).standing.status, Status.TOMBSTONED);
        assertEq(slashing.treasury() + BURNED.balance, STAKE / 20);
        submitAsProposer(e, Slashing.AlreadyPunished.selector, 0);
        (e.hashA, e.hashB) = (e.hashB, e.hashA);
        submitAsProposer(e, Slashing.NotOrdered.selector, 0);
    }

    function submitAsProposer(Slashing.Evidence memory e, bytes4 refused, uint32 id) private {
        vm.recordLogs();
        asProposer();
        slashing.slashDoubleSign{gas: 960_000}(e);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        if (refused == 0) {
            assertEq(last.topics[0], Slashing.EvidenceAccepted.selector);
            assertEq(uint256(last.topics[1]), id);
        } else {
            assertEq(last.topics[0], Slashing.EvidenceRefused.selector);
            (uint8 kind, uint64 height, bytes4 error) = abi.decode(last.data, (uint8, uint64, bytes4));
            assertEq(kind, e.kind);
            assertEq(height, e.height);
            assertEq(bytes32(error), bytes32(refused));
        }
    }

    function test_onlyTheProposerBringsTheSidecarsItems() public {
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        vm.prank(REPORTER, REPORTER);
        vm.expectRevert(System.NotSystem.selector);
        slashing.slashDoubleSign(e);
        vm.etch(PROPOSER, hex"ef01000000000000000000000000000000000000000000");
        asProposer();
        vm.expectRevert(System.NotSystem.selector);
        slashing.slashDoubleSign(e);
        vm.prank(REPORTER);
        vm.expectRevert(System.NotSystem.selector);
        slashing.applyDoubleSign(e);
        vm.prank(REPORTER);
        vm.expectRevert(System.NotSystem.selector);
        slashing.distribute();
        vm.deal(REPORTER, 1 ether);
        vm.prank(REPORTER);
        (bool sent,) = SLASHING.call{value: 1}("");
        assertTrue(!sent, "nobody else pays in");
    }

    function test_everyKindIsPunishable() public {
        for (uint8 kind = 1; kind <= 3; kind++) {
            passDays(1);
            Slashing.Evidence memory e = evidence(kind, kind, uint64(block.number), 3);
            vm.prank(REPORTER);
            slashing.submitDoubleSign(e);
            assertEq(hub.validator(kind).standing.status, Status.TOMBSTONED);
        }
    }

    function evidence(uint8 kind, uint256 n, uint64 height, uint32 round)
        private
        view
        returns (Slashing.Evidence memory e)
    {
        (e.kind, e.height, e.round) = (kind, height, round);
        (e.hashA, e.hashB) = (0, bytes32(uint256(2))); // nil conflicts with a block
        if (kind == 3) (e.validRoundA, e.validRoundB) = (1, 2);
        e.sigA = signed(key(n), slashing.digestOf(kind, height, round, e.hashA, e.validRoundA));
        e.sigB = signed(key(n), slashing.digestOf(kind, height, round, e.hashB, e.validRoundB));
    }

    function test_forgedEvidenceIsRefused() public {
        uint64 height = uint64(block.number);
        Slashing.Evidence memory e = doubleSign(1, height);
        e.kind = 0;
        refuse(e, abi.encodeWithSelector(Slashing.UnknownKind.selector, 0));
        e.kind = 4;
        refuse(e, abi.encodeWithSelector(Slashing.UnknownKind.selector, 4));
        e = doubleSign(1, height);
        e.hashB = e.hashA;
        refuse(e, abi.encodeWithSelector(Slashing.NotConflicting.selector));
        e = doubleSign(1, height);
        (e.hashA, e.hashB) = (e.hashB, e.hashA);
        refuse(e, abi.encodeWithSelector(Slashing.NotOrdered.selector));
        e = doubleSign(1, height);
        e.sigB = new bytes(65);
        refuse(e, abi.encodeWithSelector(Slashing.BadSignature.selector));
        e = doubleSign(1, height);
        e.sigB = new bytes(64);
        refuse(e, abi.encodeWithSelector(Slashing.BadSignature.selector));
        e = doubleSign(1, height);
        e.sigB = doubleSign(2, height).sigB;
        refuse(e, abi.encodeWithSelector(Slashing.SignersDiffer.selector, signerOf(1), signerOf(2)));
        e = doubleSign(1, height);
        e.validRoundA = 1; // votes have none
        refuse(e, abi.encodeWithSelector(Slashing.BadSignature.selector));
        refuse(doubleSign(1, height + 1), abi.encodeWithSelector(Slashing.TooNew.selector, height + 1));
        refuse(doubleSign(99, height), abi.encodeWithSelector(Slashing.NoSeat.selector, signerOf(99)));
    }

    /// Every field is under the signatures: changing one finds another signer, or none.
    function testFuzz_anyChangedFieldIsRefused(uint256 field, uint256 bit) public {
        Slashing.Evidence memory e = evidence(3, 1, uint64(block.number), 5);
        field = field % 9;
        if (field == 0) e.kind = uint8(1 + bit % 2);
        else if (field == 1) e.height = e.height - 1 - uint64(bit % e.height);
        else if (field == 2) e.round ^= uint32(1 << bit % 32);
        else if (field == 3) e.hashA ^= bytes32(1 << bit % 256);
        else if (field == 4) e.hashB ^= bytes32(1 << bit % 256);
        else if (field == 5) e.validRoundA ^= uint32(1 << bit % 32);
        else if (field == 6) e.validRoundB ^= uint32(1 << bit % 32);
        else if (field == 7) e.sigA[bit % 65] ^= bytes1(uint8(1 << bit % 8));
        else e.sigB[bit % 65] ^= bytes1(uint8(1 << bit % 8));
        vm.prank(REPORTER);
        vm.expectRevert();
        slashing.submitDoubleSign(e);
    }

    function refuse(Slashing.Evidence memory e, bytes memory error) private {
        vm.prank(REPORTER);
        vm.expectRevert(error);
        slashing.submitDoubleSign(e);
    }

    function test_theSignatureOfAnotherChainIsRefused() public {
        vm.chainId(1);
        Slashing.Evidence memory e = doubleSign(1, uint64(block.number));
        vm.chainId(CHAIN_ID);
        vm.prank(REPORTER);
        vm.expectRevert();
        slashing.submitDoubleSign(e);
    }

    function test_theWindowEndsAfterEvidenceDays() public {
        uint64 height = uint64(block.number);
        (, uint64 began,) = set.epochStart(1);
        Slashing.Evidence memory e = doubleSign(1, height);
        vm.warp(began + 6 * day + 1);
        refuse(e, abi.encodeWithSelector(Slashing.TooOld.selector, height));
        vm.warp(began + 6 * day);
        vm.prank(REPORTER);
        slashing.submitDoubleSign(e);
    }

    function test_epochsOutsideTheRingAreTooOld() public {
        Slashing.Evidence memory e = doubleSign(1, L);
        blockSeconds = 0;
        finishEpochs(128);
        vm.roll(block.number + 1);
        refuse(e, abi.encodeWithSelector(Slashing.TooOld.selector, L));
    }

    function test_atMostAThirdIsPunishedADay() public {
        uint64 height = uint64(block.number);
        for (uint256 n = 1; n <= 2; n++) {
            Slashing.Evidence memory done = doubleSign(n, height);
            vm.prank(REPORTER);
            slashing.submitDoubleSign(done);
        }
        Slashing.Evidence memory e = doubleSign(3, height);
        refuse(e, abi.encodeWithSelector(Slashing.SlashCapReached.selector, today()));
        submitAsProposer(e, Slashing.SlashCapReached.selector, 0);
        // delayed, not forgiven
        passDays(1);
        submitAsProposer(e, bytes4(0), 3);
    }

    function test_aRotatedKeyIsPunishedForItsSeat() public {
        (bytes memory publicKey, bytes memory proof) = proofOf(key(60), ownerOf(1), ownerOf(1));
        vm.prank(ownerOf(1));
        hub.rotateKey(1, publicKey, proof);
        uint64 height = uint64(block.number);
        finishEpoch();
        Slashing.Evidence memory e = doubleSign(1, height);
        vm.prank(REPORTER);
        slashing.submitDoubleSign(e);
        assertEq(hub.validator(1).standing.status, Status.TOMBSTONED);
    }

    // --- seatless precommits -----------------------------------------------------------------------------------------

    function test_aSeatlessPrecommitTakesAllThatUnbonds() public {
        // leaves, then forges a header of a later height
        address user = address(0xD1);
        delegate(1, user, 1000 ether);
        vm.prank(user);
        hub.undelegate(1, 1000 ether);
        uint256 exit = today();
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        finishEpoch();
        undelegateAll(1, ownerOf(1));
        assertEq(hub.validator(1).standing.stake, 0);
        finishEpoch();
        passDays(5);
        Slashing.SeatlessVote memory vote = seatless(1, uint64(block.number));
        vm.prank(REPORTER);
        slashing.submitSeatless(vote);
        assertEq(REPORTER.balance, (STAKE + 1000 ether) / 20 / 20);
        passDays(7);
        assertEq(withdraw(1, user, exit), 950 ether);
        assertEq(withdraw(1, ownerOf(1), exit), STAKE * 95 / 100);
    }

    function test_aHeightAboveTheHeadNeedsNoLookAtSeats() public {
        Slashing.SeatlessVote memory vote = seatless(1, uint64(block.number + 1));
        vm.prank(REPORTER);
        slashing.submitSeatless(vote);
        assertEq(hub.validator(1).standing.status, Status.TOMBSTONED);
        refuseSeatless(vote, abi.encodeWithSelector(Slashing.AlreadyPunished.selector, 1));
    }

    function test_aNewcomersEarlyPrecommitIsSeatless() public {
        create(9, STAKE, 0);
        Slashing.SeatlessVote memory vote = seatless(9, uint64(block.number));
        vm.prank(REPORTER);
        slashing.submitSeatless(vote);
        assertEq(hub.validator(9).standing.status, Status.TOMBSTONED);
    }

    function test_seatedSignersAndStrangersAreNotSeatless() public {
        uint64 height = uint64(block.number);
        refuseSeatless(seatless(1, height), abi.encodeWithSelector(Slashing.HasSeat.selector, signerOf(1)));
        refuseSeatless(seatless(99, height), abi.encodeWithSelector(Slashing.UnknownKey.selector, signerOf(99)));
        Slashing.SeatlessVote memory vote = seatless(1, height + 1);
        vote.blockHash = 0;
        refuseSeatless(vote, abi.encodeWithSelector(Slashing.BadSignature.selector));
        vote = seatless(1, height + 1);
        vote.sig = new bytes(65);
        refuseSeatless(vote, abi.encodeWithSelector(Slashing.BadSignature.selector));
    }

    function test_aSeatlessPrecommitOutsideTheWindowIsTooOld() public {
        create(9, STAKE, 0);
        uint64 height = uint64(block.number);
        Slashing.SeatlessVote memory vote = seatless(9, height);
        passDays(7);
        refuseSeatless(vote, abi.encodeWithSelector(Slashing.TooOld.selector, height));
        vote = seatless(9, 1); // epoch 0
        blockSeconds = 0;
        finishEpochs(130);
        refuseSeatless(vote, abi.encodeWithSelector(Slashing.TooOld.selector, 1));
    }

    function test_theDailyCapDoesNotShieldSeatlessSigners() public {
        for (uint256 n = 1; n <= 5; n++) {
            Slashing.SeatlessVote memory vote = seatless(n, uint64(block.number + 5));
            vm.prank(REPORTER);
            slashing.submitSeatless(vote);
        }
        assertEq(hub.validator(5).standing.status, Status.TOMBSTONED);
    }

    function refuseSeatless(Slashing.SeatlessVote memory vote, bytes memory error) private {
        vm.prank(REPORTER);
        vm.expectRevert(error);
        slashing.submitSeatless(vote);
    }
}
