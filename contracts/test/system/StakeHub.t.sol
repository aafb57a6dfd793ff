// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ParamNames} from "../../src/ParamNames.sol";
import {StakeHub} from "../../src/StakeHub.sol";
import {PROTOCOL, STAKE_HUB, System} from "../../src/System.sol";
import {EpochView, Jail, Reward, Status} from "../../src/Types.sol";
import {Chain} from "./Chain.sol";

contract StakeHubTest is Chain {
    address private constant ALICE = address(0xA11);
    address private constant BOB = address(0xB0B);
    uint256 private constant STAKE = 2e6 ether;

    function setUp() public {
        genesis(5, STAKE);
    }

    // --- registration ------------------------------------------------------------------------------------------------

    function test_aNewValidatorIsACandidateAtOnceAndSeatedAtTheNextEpoch() public {
        uint32 id = create(6, 3e6 ether, 700);
        assertEq(id, 6);
        assertEq(hub.idOfSigner(signerOf(6)), 6);
        StakeHub.ValidatorView memory v = hub.validator(6);
        assertEq(v.owner, ownerOf(6));
        assertEq(v.agent, ownerOf(6));
        assertEq(v.rewardTo, ownerOf(6));
        assertEq(v.standing.stake, 3e6 ether);
        assertEq(v.standing.selfStake, 3e6 ether);
        assertEq(v.pendingShares, 3e6 ether);
        assertEq(v.standing.status, Status.ACTIVE);
        assertEq(v.commission.rate, 700);
        assertEq(bytes(hub.description(6).moniker), "validator");
        finishEpoch();
        assertEq(set.seatOf(1, signerOf(6)), 6);
        assertEq(hub.validator(6).pendingShares, 0);
        assertEq(hub.validators(4, 10).length, 2);
        assertEq(hub.validators(9, 10).length, 0);
    }

    function test_theKeyProofDigestIsTheGoldenVector() public view {
        // owner 0x22…, rewardTo 0x33…, nonce 0
        address owner = 0x2222222222222222222222222222222222222222;
        address rewardTo = 0x3333333333333333333333333333333333333333;
        assertEq(
            hub.keyProofDigest(owner, rewardTo), 0x8f884eb64fecc7484dbf66cbed73e2cf4a3cfd4cd4d8d116e4a894ed76c475a8
        );
    }

    function test_aKeyProofBindsOwnerRewardAddressAndNonce() public {
        (bytes memory publicKey, bytes memory proof) = proofOf(key(9), ALICE, ALICE);
        vm.deal(BOB, 9e6 ether);
        vm.deal(ALICE, 9e6 ether);
        vm.startPrank(BOB);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, proof, ALICE);
        vm.startPrank(ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, proof, BOB);
        refuseCreate(StakeHub.BadKeyProof.selector, abi.encodePacked(publicKey, hex"00"), proof, ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, new bytes(64), proof, ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, new bytes(65), ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, new bytes(64), ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, highS(proof), ALICE);
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, proof, address(0));
        createAs(publicKey, proof, ALICE);
        assertEq(hub.keyNonce(ALICE), 1);
        // the nonce moved on, and the key is taken for ever
        refuseCreate(StakeHub.BadKeyProof.selector, publicKey, proof, ALICE);
        (publicKey, proof) = proofOf(key(9), ALICE, ALICE);
        refuseCreate(StakeHub.KeyUsed.selector, publicKey, proof, ALICE);
    }

    function test_creatingChecksStakeAndCommission() public {
        (bytes memory publicKey, bytes memory proof) = proofOf(key(9), ALICE, ALICE);
        vm.deal(ALICE, 9e6 ether);
        uint16[3][4] memory bad = [[uint16(3001), 3000, 500], [0, 3001, 500], [0, 3000, 501], [0, 10_001, 0]];
        for (uint256 i = 0; i < bad.length; i++) {
            vm.prank(ALICE);
            vm.expectRevert(StakeHub.CommissionOutOfRange.selector);
            hub.createValidator{value: 1e6 ether}(
                publicKey, proof, ALICE, StakeHub.Commission(bad[i][0], bad[i][1], bad[i][2]), words("")
            );
        }
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.BelowMinSelfStake.selector, 1e6 ether - 1, 1e6 ether));
        hub.createValidator{value: 1e6 ether - 1}(
            publicKey, proof, ALICE, StakeHub.Commission(0, 3000, 500), words("")
        );
        vm.prank(ALICE);
        vm.expectRevert();
        hub.createValidator{value: 1e6 ether}(
            publicKey, proof, ALICE, StakeHub.Commission(0, 3000, 500), words(string(new bytes(3000)))
        );
    }

    function createAs(bytes memory publicKey, bytes memory proof, address rewardTo) private {
        hub.createValidator{value: 1e6 ether}(
            publicKey, proof, rewardTo, StakeHub.Commission(0, 3000, 500), words("")
        );
    }

    function refuseCreate(bytes4 error, bytes memory publicKey, bytes memory proof, address rewardTo) private {
        (bool done, bytes memory data) = STAKE_HUB.call{value: 1e6 ether}(
            abi.encodeCall(
                hub.createValidator, (publicKey, proof, rewardTo, StakeHub.Commission(0, 3000, 500), words(""))
            )
        );
        assertTrue(!done, "accepted");
        assertEq(bytes32(bytes4(data)), bytes32(error));
    }

    /// The other valid signature of the same digest, which we do not take.
    function highS(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        uint8 v = uint8(signature[64]) == 27 ? 28 : 27;
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        return abi.encodePacked(r, order - uint256(s), v);
    }

    function test_rolesAreSeparate() public {
        address agent = address(0xA6);
        vm.startPrank(agent);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.setAgent(1, agent);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.setRewardAddress(1, agent);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.transferOwnership(1, agent);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.deactivate(1);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.activate(1);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.rotateKey(1, "", "");
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.acceptOwnership(1);
        vm.expectRevert(StakeHub.NotAgent.selector);
        hub.editDescription(1, words("x"));
        vm.expectRevert(StakeHub.NotAgent.selector);
        hub.queueCommission(1, 0);
        vm.expectRevert(StakeHub.NotAgent.selector);
        hub.unjail(1);
        vm.expectRevert(StakeHub.NotAgent.selector);
        hub.setMaintenance(1, 5, 1);
        vm.expectRevert(StakeHub.NotAgent.selector);
        hub.claimCommission(1);
        vm.stopPrank();
        vm.prank(ownerOf(1));
        hub.setAgent(1, agent);
        vm.startPrank(agent);
        hub.editDescription(1, words("edited"));
        hub.queueCommission(1, 900);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.deactivate(1);
        assertEq(bytes(hub.description(1).moniker), "edited");
        assertEq(hub.agentOf(1), agent);
    }

    function test_unknownValidatorsAreRefused() public {
        bytes memory error = abi.encodeWithSelector(StakeHub.UnknownValidator.selector, 99);
        vm.deal(ALICE, 10 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(error);
        hub.delegate{value: 1 ether}(99, 0);
        vm.expectRevert(error);
        hub.undelegate(99, 1);
        vm.expectRevert(error);
        hub.claim(only(99), ALICE);
        vm.expectRevert(error);
        hub.restake(only(99));
        vm.expectRevert(error);
        hub.validator(99);
        vm.expectRevert(error);
        hub.agentOf(99);
    }

    function test_onlySystemContractsUseSystemEntries() public {
        vm.startPrank(PROTOCOL);
        vm.expectRevert(System.NotSystem.selector);
        hub.creditRewards(new Reward[](0));
        vm.expectRevert(System.NotSystem.selector);
        hub.jail(new Jail[](0), 0);
        vm.expectRevert(System.NotSystem.selector);
        hub.slash(1, 0, 500, 1, 0);
    }

    // --- shares ------------------------------------------------------------------------------------------------------

    function test_delegationsEarnFromTheNextEpoch() public {
        delegate(1, ALICE, STAKE);
        assertEq(hub.pendingRewards(1, ALICE), 0);
        finishEpoch();
        assertEq(hub.pendingRewards(1, ALICE), 0);
        uint256 owners = hub.pendingRewards(1, ownerOf(1));
        assertLt(0, owners);
        finishEpoch();
        // both hold the same stake from now on
        assertEq(hub.pendingRewards(1, ownerOf(1)) - owners, hub.pendingRewards(1, ALICE));
        assertLt(0, hub.pendingRewards(1, ALICE));
    }

    function test_pendingDelegationsCountForTheElectionAtOnce() public {
        delegate(1, ALICE, 5e6 ether);
        finishEpoch();
        assertEq(set.getValidatorBySigner(1, signerOf(1)).power, 7e6);
    }

    function test_claimPaysOnceAndAnywhere() public {
        delegate(1, ALICE, STAKE);
        finishEpochs(3);
        uint256 due = hub.pendingRewards(1, ALICE);
        vm.prank(ALICE);
        hub.claim(only(1), BOB);
        assertEq(BOB.balance, due);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.claim(only(1), BOB);
        finishEpoch();
        uint32[] memory twice = new uint32[](2);
        (twice[0], twice[1]) = (1, 1);
        due = hub.pendingRewards(1, ALICE);
        vm.prank(ALICE);
        hub.claim(twice, ALICE);
        assertEq(ALICE.balance, due);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.ZeroAddress.selector);
        hub.claim(only(1), address(0));
    }

    function test_restakeTurnsRewardsIntoStake() public {
        delegate(1, ALICE, STAKE);
        finishEpochs(2);
        uint256 due = hub.pendingRewards(1, ALICE);
        vm.prank(ALICE);
        hub.restake(only(1));
        assertEq(stakeOf(1, ALICE), STAKE + due);
        assertEq(hub.pendingRewards(1, ALICE), 0);
        assertEq(hub.totals().bonded, 5 * STAKE + STAKE + due);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.restake(only(1));
    }

    function test_exitsWaitTheUnbondingTimeAndMergePerDay() public {
        delegate(1, ALICE, 100 ether);
        delegate(1, BOB, 100 ether);
        uint256 day_ = today();
        vm.startPrank(ALICE);
        hub.undelegate(1, 30 ether);
        hub.undelegate(1, 20 ether);
        vm.stopPrank();
        vm.prank(BOB);
        hub.undelegate(1, 100 ether);
        (uint256[] memory days_, uint256[] memory amounts) = hub.unbonding(1, ALICE);
        assertEq(days_.length, 1);
        assertEq(days_[0], day_);
        assertEq(amounts[0], 50 ether);
        vm.warp((day_ + 7) * day - 1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.NotMature.selector, day_, (day_ + 7) * day));
        hub.withdraw(1, onlyDay(day_), ALICE);
        vm.warp((day_ + 7) * day);
        assertEq(withdraw(1, ALICE, day_), 50 ether);
        assertEq(withdraw(1, BOB, day_), 100 ether);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.withdraw(1, onlyDay(day_), ALICE);
        assertEq(hub.totals().unbonding, 0);
    }

    function test_aFutureDayIsNotMature() public {
        uint256 day_ = today() + 1;
        vm.expectRevert(abi.encodeWithSelector(StakeHub.NotMature.selector, day_, (day_ + 7) * day));
        hub.withdraw(1, onlyDay(day_), ALICE);
    }

    function test_pendingSharesLeaveFirst() public {
        delegate(1, ALICE, 100 ether);
        finishEpoch();
        delegate(1, ALICE, 40 ether);
        vm.prank(ALICE);
        hub.undelegate(1, 60 ether);
        (uint256 active, uint256 pending,) = hub.position(1, ALICE);
        assertEq(active, 80 ether);
        assertEq(pending, 0);
        assertEq(hub.validator(1).pendingShares, 0);
    }

    function test_smallAndTooLargeAmountsAreRefused() public {
        vm.deal(ALICE, 10 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.BelowMinDelegation.selector, 1 ether - 1, 1 ether));
        hub.delegate{value: 1 ether - 1}(1, 0);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.SlippageShares.selector, 1 ether, 1 ether + 1));
        hub.delegate{value: 1 ether}(1, 1 ether + 1);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.undelegate(1, 0);
        hub.delegate{value: 2 ether}(1, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.InsufficientShares.selector, 2 ether, 2 ether + 1));
        hub.undelegate(1, 2 ether + 1);
    }

    function test_commissionGoesToTheRewardAddress() public {
        finishEpoch();
        StakeHub.ValidatorView memory v = hub.validator(1);
        assertEq(v.commissionDue * 9, hub.pendingRewards(1, ownerOf(1)));
        vm.prank(ownerOf(1));
        hub.setRewardAddress(1, BOB);
        vm.prank(BOB);
        hub.claimCommission(1);
        assertEq(BOB.balance, v.commissionDue);
        vm.prank(BOB);
        vm.expectRevert(StakeHub.ZeroAmount.selector);
        hub.claimCommission(1);
    }

    // --- commission --------------------------------------------------------------------------------------------------

    function test_aLowerCommissionActsNextEpochAHigherOneAfterTheNotice() public {
        vm.prank(ownerOf(1));
        hub.queueCommission(1, 600);
        assertEq(hub.validator(1).commission.rate, 1000);
        assertEq(hub.validator(1).queuedRate, 600);
        assertEq(hub.validator(1).queuedEpoch, 1);
        finishEpoch();
        // the epoch that ran was paid at the old rate
        assertEq(hub.validator(1).commissionDue * 9, hub.pendingRewards(1, ownerOf(1)));
        assertEq(hub.validator(1).commission.rate, 600);
        passDays(1);
        vm.prank(ownerOf(1));
        hub.queueCommission(1, 1100);
        assertEq(hub.validator(1).queuedEpoch, 1 + 1 + 2);
        finishEpochs(2);
        assertEq(hub.validator(1).commission.rate, 600);
        finishEpoch();
        assertEq(hub.validator(1).commission.rate, 1100);
        assertEq(hub.validator(1).queuedEpoch, 0);
    }

    function test_commissionMovesAreBounded() public {
        vm.startPrank(ownerOf(1));
        vm.expectRevert(StakeHub.CommissionOutOfRange.selector);
        hub.queueCommission(1, 3001);
        vm.expectRevert(StakeHub.CommissionChangeTooLarge.selector);
        hub.queueCommission(1, 1501);
        vm.expectRevert(StakeHub.CommissionChangeTooLarge.selector);
        hub.queueCommission(1, 499);
        hub.queueCommission(1, 500);
        vm.expectRevert(StakeHub.CommissionChangeTooLarge.selector);
        hub.queueCommission(1, 600);
        passDays(1);
        // one value waits: this one replaces 500, and counts from the rate in force
        hub.queueCommission(1, 1500);
        assertEq(hub.validator(1).queuedRate, 1500);
    }

    function testFuzz_commissionNeverLeavesItsBoundsNorActsEarly(uint256 seed) public {
        uint16 paid = 1000;
        for (uint256 i = 0; i < 12; i++) {
            uint16 rate = uint16(uint256(keccak256(abi.encode(seed, i))) % 3_500);
            vm.prank(ownerOf(1));
            try hub.queueCommission(1, rate) {
                assertLe(rate, 3000);
                assertLe(rate > paid ? rate - paid : paid - rate, 500);
            } catch {}
            assertEq(hub.validator(1).commission.rate, paid);
            uint256 due = hub.validator(1).commissionDue;
            uint256 rewards = hub.pendingRewards(1, ownerOf(1));
            finishEpoch();
            due = hub.validator(1).commissionDue - due;
            rewards = hub.pendingRewards(1, ownerOf(1)) - rewards;
            assertClose(due, (due + rewards) * paid / 10_000, 2);
            paid = hub.validator(1).commission.rate;
            passDays(1);
        }
    }

    // --- life --------------------------------------------------------------------------------------------------------

    function test_selfStakeLeavesOnlyWhenInactiveAndWithoutSeat() public {
        bytes memory error = abi.encodeWithSelector(StakeHub.BelowMinSelfStake.selector, 1e6 ether - 1, 1e6 ether);
        vm.startPrank(ownerOf(1));
        hub.undelegate(1, 1e6 ether);
        vm.expectRevert(error);
        hub.undelegate(1, 1);
        hub.deactivate(1);
        assertEq(hub.validator(1).standing.status, Status.LEAVING);
        vm.expectRevert(error);
        hub.undelegate(1, 1);
        vm.stopPrank();
        finishEpoch();
        assertEq(hub.validator(1).standing.status, Status.INACTIVE);
        undelegateAll(1, ownerOf(1));
        assertEq(hub.validator(1).standing.stake, 0);
        assertEq(hub.validator(1).shares, 0);
        // and comes back
        vm.prank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.BelowMinSelfStake.selector, 0, 1e6 ether));
        hub.activate(1);
        delegate(1, ownerOf(1), 1e6 ether);
        vm.prank(ownerOf(1));
        hub.activate(1);
        finishEpoch();
        assertEq(set.seatOf(2, signerOf(1)), 1);
    }

    function test_aKeyRotatesAtTheNextEpochAndStaysKnown() public {
        (bytes memory publicKey, bytes memory proof) = proofOf(key(50), ownerOf(1), ownerOf(1));
        vm.prank(ownerOf(1));
        hub.rotateKey(1, publicKey, proof);
        assertEq(set.seatOf(0, signerOf(1)), 1);
        finishEpoch();
        assertEq(set.seatOf(1, signerOf(1)), 0);
        assertEq(set.seatOf(1, signerOf(50)), 1);
        assertEq(hub.idOfSigner(signerOf(1)), 1);
        assertEq(hub.idOfSigner(signerOf(50)), 1);
        // back to the old one: never
        (publicKey, proof) = proofOf(key(1), ownerOf(1), ownerOf(1));
        vm.prank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.KeyUsed.selector, signerOf(1)));
        hub.rotateKey(1, publicKey, proof);
    }

    function test_ownershipMovesTheSelfStakeAndNoHistory() public {
        finishEpochs(2);
        uint256 earned = hub.pendingRewards(1, ownerOf(1));
        delegate(1, ownerOf(1), 3 ether);
        delegate(1, BOB, 5 ether);
        vm.prank(ownerOf(1));
        hub.transferOwnership(1, BOB);
        vm.prank(ALICE);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.acceptOwnership(1);
        vm.prank(BOB);
        hub.acceptOwnership(1);
        assertEq(sharesOf(1, BOB), STAKE + 8 ether);
        assertEq(sharesOf(1, ownerOf(1)), 0);
        assertEq(hub.pendingRewards(1, BOB), 0);
        assertEq(hub.pendingRewards(1, ownerOf(1)), earned);
        assertEq(hub.validator(1).standing.selfStake, STAKE + 8 ether);
        finishEpoch();
        assertEq(hub.pendingRewards(1, ownerOf(1)), earned);
        assertLt(0, hub.pendingRewards(1, BOB));
        vm.prank(BOB);
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.acceptOwnership(1);
    }

    function test_ownershipToOneselfChangesNothing() public {
        vm.startPrank(ownerOf(1));
        hub.transferOwnership(1, ownerOf(1));
        vm.expectRevert(StakeHub.NotOwner.selector);
        hub.acceptOwnership(1);
        assertEq(sharesOf(1, ownerOf(1)), STAKE);
    }

    function test_jailAndUnjail() public {
        endBlock(2, repeated(1, 20), 0);
        jail(1, 60, 1);
        uint64 until = uint64(block.timestamp - 1 + 60);
        assertEq(hub.validator(1).standing.status, Status.JAILED);
        assertEq(hub.validator(1).standing.jailedUntil, until);
        assertEq(hub.validator(1).standing.stake, STAKE - STAKE / 10_000);
        vm.startPrank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.StillJailed.selector, until));
        hub.unjail(1);
        vm.warp(until);
        hub.unjail(1);
        assertEq(hub.validator(1).standing.status, Status.ACTIVE);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.WrongStatus.selector, Status.ACTIVE));
        hub.unjail(1);
    }

    function test_jailsCountUntilTheyAreForgiven() public {
        for (uint8 i = 1; i <= 3; i++) {
            jail(1, 1, 0);
            assertEq(hub.validator(1).standing.jailCount, i);
        }
        passDays(8);
        jail(1, 1, 0);
        assertEq(hub.validator(1).standing.jailCount, 1);
    }

    function test_whoLeavesInTimeIsStillJailed() public {
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        jail(1, 600, 1);
        assertEq(hub.validator(1).standing.status, Status.INACTIVE);
        vm.startPrank(ownerOf(1));
        vm.expectRevert(
            abi.encodeWithSelector(StakeHub.StillJailed.selector, hub.validator(1).standing.jailedUntil)
        );
        hub.activate(1);
        vm.warp(hub.validator(1).standing.jailedUntil);
        hub.activate(1);
    }

    function test_aJailedValidatorMayLeave() public {
        jail(1, 600, 0);
        vm.prank(ownerOf(1));
        hub.deactivate(1);
        finishEpoch();
        undelegateAll(1, ownerOf(1));
        assertEq(hub.validator(1).standing.stake, 0);
    }

    /// Ends the running epoch with one jail in its plan.
    function jail(uint32 id, uint64 seconds_, uint16 bps) private {
        vm.roll(lastBlock());
        EpochView memory v = set.epochView();
        Jail[] memory jails = new Jail[](1);
        jails[0] = Jail(id, uint64(block.timestamp) + seconds_, bps);
        commit("", abi.encode(jails, new uint32[](0)), seatsOf(v));
        nextBlock();
    }

    function test_maintenanceIsAnnouncedShortAndRare() public {
        vm.startPrank(ownerOf(1));
        uint64[2][4] memory bad = [[uint64(1), 1], [uint64(2), 4], [uint64(0), 1], [type(uint64).max, 1]];
        for (uint256 i = 0; i < bad.length; i++) {
            vm.expectRevert(StakeHub.MaintenanceOutOfRange.selector);
            hub.setMaintenance(1, bad[i][0], bad[i][1]);
        }
        hub.setMaintenance(1, 2, 3);
        vm.stopPrank();
        vm.startPrank(ownerOf(2));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.MaintenanceFull.selector, 1));
        hub.setMaintenance(2, 4, 1);
        hub.setMaintenance(2, 5, 1);
        assertEq(hub.validator(1).standing.maintFrom, 2);
        assertEq(hub.validator(1).standing.maintTo, 5);
        hub.setMaintenance(2, 0, 0);
        assertEq(hub.validator(2).standing.maintTo, 0);
    }

    function test_atTheCapTheWeakestWithoutASeatGivesWay() public {
        // cap 127: 5 seated, 122 more; the set has 21 seats
        for (uint256 n = 6; n <= 127; n++) {
            create(n, 1e6 ether + n, 0);
        }
        (bytes memory publicKey, bytes memory proof) = proofOf(key(200), ownerOf(200), ownerOf(200));
        vm.deal(ownerOf(200), 9e6 ether);
        vm.startPrank(ownerOf(200));
        vm.expectRevert(StakeHub.CandidateCapReached.selector);
        hub.createValidator{value: 1e6 ether + 6}(
            publicKey, proof, ownerOf(200), StakeHub.Commission(0, 3000, 500), words("")
        );
        uint32 id = hub.createValidator{value: 1e6 ether + 7}(
            publicKey, proof, ownerOf(200), StakeHub.Commission(0, 3000, 500), words("")
        );
        vm.stopPrank();
        assertEq(id, 128);
        assertEq(hub.validator(6).standing.status, Status.INACTIVE);
        assertEq(hub.candidateViews(new uint32[](0)).length, 127);
        // the replaced one may leave at once, or come back with more
        undelegateAll(6, ownerOf(6));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.BelowMinSelfStake.selector, 0, 1e6 ether));
        vm.prank(ownerOf(6));
        hub.activate(6);
        delegate(6, ownerOf(6), 2e6 ether);
        vm.prank(ownerOf(6));
        hub.activate(6);
        // of two with the same stake the younger one goes
        assertEq(hub.validator(128).standing.status, Status.INACTIVE);
        assertEq(hub.validator(6).standing.status, Status.ACTIVE);
    }

    function test_seatedCandidatesAreNotReplaced() public {
        // all five have seats: with a cap of 5 nobody gives way, however rich the newcomer
        vm.mockCall(
            address(params),
            abi.encodeCall(params.valueAt, (ParamNames.MAX_CANDIDATES, 0)),
            abi.encode(uint256(5))
        );
        (bytes memory publicKey, bytes memory proof) = proofOf(key(200), ownerOf(200), ownerOf(200));
        vm.deal(ownerOf(200), 9e6 ether);
        vm.prank(ownerOf(200));
        vm.expectRevert(StakeHub.CandidateCapReached.selector);
        hub.createValidator{value: 9e6 ether}(
            publicKey, proof, ownerOf(200), StakeHub.Commission(0, 3000, 500), words("")
        );
    }

    // --- slashing ----------------------------------------------------------------------------------------------------

    function test_aSlashTakesFromStakeAndExitsOfItsDayAlike() public {
        delegate(1, ALICE, 1000 ether);
        delegate(1, BOB, 1000 ether);
        finishEpoch();
        passDays(2);
        uint256 earlier = today();
        vm.prank(ALICE);
        hub.undelegate(1, 500 ether);
        passDays(1);
        finishEpoch(); // the fault's epoch begins today
        uint256 faulted = today();
        uint64 height = uint64(block.number);
        passDays(1);
        vm.prank(BOB);
        hub.undelegate(1, 1000 ether);
        uint256 later = today();
        report(1, height);
        assertEq(stakeOf(1, ALICE), 475 ether);
        passDays(7);
        assertEq(withdraw(1, ALICE, earlier), 500 ether);
        assertEq(withdraw(1, BOB, later), 950 ether);
        assertLt(earlier, faulted);
        assertEq(hub.validator(1).standing.status, Status.TOMBSTONED);
    }

    function report(uint256 n, uint64 height) private {
        address reporter = address(0xEE);
        vm.startPrank(reporter);
        slashing.submitDoubleSign(doubleSign(n, height));
        vm.stopPrank();
    }

    function test_theTombstonedAreClosed() public {
        delegate(1, ALICE, 1000 ether);
        finishEpochs(2);
        report(1, uint64(block.number));
        vm.deal(ALICE, 10 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(StakeHub.IsTombstoned.selector);
        hub.delegate{value: 1 ether}(1, 0);
        vm.expectRevert(StakeHub.IsTombstoned.selector);
        hub.restake(only(1));
        vm.stopPrank();
        vm.startPrank(ownerOf(1));
        vm.expectRevert(abi.encodeWithSelector(StakeHub.WrongStatus.selector, Status.TOMBSTONED));
        hub.unjail(1);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.WrongStatus.selector, Status.TOMBSTONED));
        hub.activate(1);
        vm.expectRevert(abi.encodeWithSelector(StakeHub.WrongStatus.selector, Status.TOMBSTONED));
        hub.deactivate(1);
        vm.expectRevert(StakeHub.IsTombstoned.selector);
        hub.rotateKey(1, "", "");
        vm.stopPrank();
        // what was earned and what is left can leave
        assertLt(0, claim(1, ALICE));
        undelegateAll(1, ALICE);
        finishEpoch();
        undelegateAll(1, ownerOf(1));
        assertEq(hub.validator(1).shares, 0);
    }
}
