// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BttToken} from "../../src/BttToken.sol";
import {ParamNames} from "../../src/ParamNames.sol";
import {Params} from "../../src/Params.sol";
import {RewardPool} from "../../src/RewardPool.sol";
import {Slashing} from "../../src/Slashing.sol";
import {StakeHub} from "../../src/StakeHub.sol";
import {BTT_TOKEN, PARAMS, PROTOCOL, REWARD_POOL, SLASHING, STAKE_HUB, VALIDATOR_SET} from "../../src/System.sol";
import {CandidateView, EpochView, Jail, Reward, Seat, Status} from "../../src/Types.sol";
import {ValidatorSet} from "../../src/ValidatorSet.sol";
import {Test, Vm} from "../Test.sol";

/// A chain of blocks over the real system contracts at their addresses: genesis, block ends and epoch ends as the node
/// makes them, with a plan that seats every eligible candidate by its stake.
abstract contract Chain is Test {
    ValidatorSet internal constant set = ValidatorSet(VALIDATOR_SET);
    StakeHub internal constant hub = StakeHub(STAKE_HUB);
    RewardPool internal constant pool = RewardPool(REWARD_POOL);
    Slashing internal constant slashing = Slashing(payable(SLASHING));
    Params internal constant params = Params(PARAMS);
    BttToken internal constant btt = BttToken(BTT_TOKEN);

    address internal constant PROPOSER = address(0xB10C);
    uint256 internal constant GENESIS_TIME = 1_800_000_000;
    uint256 internal constant RESERVE = 1e12 ether;
    uint256 internal constant PREFUNDED = 1e13 ether;
    uint256 internal constant CHAIN_ID = 199337;
    uint256 private constant FIRST_KEY = 0xA11CE;

    bytes internal constant NO_JAIL = hex"0000000000000000000000000000000000000000000000000000000000000040"
        hex"0000000000000000000000000000000000000000000000000000000000000060"
        hex"0000000000000000000000000000000000000000000000000000000000000000"
        hex"0000000000000000000000000000000000000000000000000000000000000000";

    struct Profile {
        uint32 epochLength;
        uint32 dayLength;
        uint32 noticeEpochs;
        uint32 maxMaintenance;
        uint32 blockSeconds;
    }

    uint32 internal L;
    uint32 internal day;
    uint256 internal blockSeconds;

    // --- profiles ----------------------------------------------------------------------------------------------------

    function profile() internal pure virtual returns (Profile memory) {
        return Profile({epochLength: 8, dayLength: 60, noticeEpochs: 2, maxMaintenance: 3, blockSeconds: 1});
    }

    function parameters() internal pure virtual returns (Params.Initial[] memory list) {
        list = new Params.Initial[](19);
        list[0] = Params.Initial(ParamNames.MIN_SELF_STAKE, 1e6 ether, 1e5 ether, 1e13 ether);
        list[1] = Params.Initial(ParamNames.MIN_DELEGATION, 1 ether, 1 ether, 1e6 ether);
        list[2] = Params.Initial(ParamNames.SEATS, 21, 4, 50);
        list[3] = Params.Initial(ParamNames.MIN_ACTIVE, 4, 1, 50);
        list[4] = Params.Initial(ParamNames.MAX_CANDIDATES, 127, 4, 127);
        list[5] = Params.Initial(ParamNames.UNBONDING_DAYS, 7, 7, 28);
        list[6] = Params.Initial(ParamNames.EVIDENCE_DAYS, 6, 6, 27);
        list[7] = Params.Initial(ParamNames.COMMISSION_MAX, 3_000, 0, 5_000);
        list[8] = Params.Initial(ParamNames.COMMISSION_CHANGE, 500, 0, 5_000);
        list[9] = Params.Initial(ParamNames.EMISSION_PER_BLOCK, 1_000 ether, 0, 2_000 ether);
        list[10] = Params.Initial(ParamNames.PROPOSER_SHARE, 1_000, 0, 2_500);
        list[11] = Params.Initial(ParamNames.BURN_SHARE, 1_000, 0, 5_000);
        list[12] = Params.Initial(ParamNames.DOUBLE_SIGN_SLASH, 500, 100, 2_000);
        list[13] = Params.Initial(ParamNames.DOWNTIME_SLASH, 1, 0, 100);
        list[14] = Params.Initial(ParamNames.JAIL_FIRST, 60, 1, 604_800);
        list[15] = Params.Initial(ParamNames.JAIL_MAX, 600, 1, 604_800);
        list[16] = Params.Initial(ParamNames.CHURN, 3_334, 1_000, 10_000);
        list[17] = Params.Initial(ParamNames.POWER_CAP, 10_000, 1_000, 10_000);
        list[18] = Params.Initial(ParamNames.BASE_FEE_FLOOR, 1 gwei, 1 gwei, 1e15);
    }

    // --- genesis -----------------------------------------------------------------------------------------------------

    function placeCode() internal {
        vm.etch(VALIDATOR_SET, vm.getDeployedCode("ValidatorSet.sol:ValidatorSet"));
        vm.etch(STAKE_HUB, vm.getDeployedCode("StakeHub.sol:StakeHub"));
        vm.etch(REWARD_POOL, vm.getDeployedCode("RewardPool.sol:RewardPool"));
        vm.etch(SLASHING, vm.getDeployedCode("Slashing.sol:Slashing"));
        vm.etch(PARAMS, vm.getDeployedCode("Params.sol:Params"));
        vm.etch(BTT_TOKEN, vm.getDeployedCode("BttToken.sol:BttToken"));
    }

    /// Validators 1 to `count`, each with `stake`, owner `ownerOf(id)` and key `key(id)`.
    function genesis(uint256 count, uint256 stake) internal {
        uint256[] memory stakes = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            stakes[i] = stake;
        }
        genesis(stakes);
    }

    function genesis(uint256[] memory stakes) internal {
        Profile memory p = profile();
        (L, day, blockSeconds) = (p.epochLength, p.dayLength, p.blockSeconds);
        placeCode();
        vm.chainId(CHAIN_ID);
        vm.roll(0);
        vm.warp(GENESIS_TIME);
        vm.coinbase(PROPOSER);
        vm.startPrank(PROTOCOL);
        params.initialize(L, p.noticeEpochs, parameters());
        hub.initialize(StakeHub.Config(L, day, p.noticeEpochs, p.maxMaintenance));
        pool.initialize(L, uint32(blockSeconds * 1000), uint128(RESERVE));
        slashing.initialize(L);
        btt.initialize(0xcd8690dc, 0x7777777777777777777777777777777777777777, ROOT_TOKEN, PREFUNDED);
        vm.stopPrank();
        vm.deal(REWARD_POOL, RESERVE);
        vm.deal(BTT_TOKEN, btt.totalSupply() - PREFUNDED);
        for (uint256 i = 0; i < stakes.length; i++) {
            create(i + 1, stakes[i], 1_000);
        }
        (Seat[] memory seats, int64[] memory priorities) = elected(hub.candidateViews(new uint32[](0)), 50);
        vm.prank(PROTOCOL);
        set.initialize(L, L, uint64(GENESIS_TIME), seats, priorities);
        nextBlock();
    }

    address internal constant ROOT_TOKEN = 0x1111111111111111111111111111111111111111;

    function key(uint256 id) internal pure returns (uint256) {
        return FIRST_KEY + id;
    }

    function signerOf(uint256 id) internal pure returns (address) {
        return vm.addr(key(id));
    }

    function ownerOf(uint256 id) internal pure returns (address) {
        return address(uint160(0x0E0000 + id));
    }

    /// The registration of a key by an owner, with the nonce it has now.
    function proofOf(uint256 key_, address owner_, address rewardTo)
        internal
        returns (bytes memory publicKey, bytes memory keyProof)
    {
        Vm.Wallet memory wallet = vm.createWallet(key_);
        publicKey = abi.encode(wallet.publicKeyX, wallet.publicKeyY);
        keyProof = signed(key_, hub.keyProofDigest(owner_, rewardTo));
    }

    function signed(uint256 key_, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key_, digest);
        return abi.encodePacked(r, s, v);
    }

    function words(string memory moniker) internal pure returns (StakeHub.Description memory d) {
        d.moniker = moniker;
    }

    /// Creates a validator with owner `ownerOf(n)` and key `key(n)`; its id is the next one.
    function create(uint256 n, uint256 stake, uint16 rate) internal returns (uint32 id) {
        address owner_ = ownerOf(n);
        (bytes memory publicKey, bytes memory keyProof) = proofOf(key(n), owner_, owner_);
        vm.deal(owner_, owner_.balance + stake);
        vm.prank(owner_);
        id = hub.createValidator{value: stake}(
            publicKey, keyProof, owner_, StakeHub.Commission(rate, 3_000, 500), words("validator")
        );
    }

    // --- blocks ------------------------------------------------------------------------------------------------------

    function nextBlock() internal {
        vm.roll(block.number + 1);
        vm.warp(block.timestamp + blockSeconds);
    }

    function asProposer() internal {
        vm.txGasPrice(0);
        vm.prank(PROPOSER, PROPOSER);
    }

    /// The end of a block: its fees arrive, then the report on the block before it.
    function endBlock(uint32 producer, uint32[] memory missed, uint256 fees) internal {
        vm.deal(REWARD_POOL, REWARD_POOL.balance + fees);
        vm.prank(PROTOCOL);
        pool.onBlock(producer, missed, fees);
        nextBlock();
    }

    /// Jumps to the end of the running epoch and commits the default plan.
    function finishEpoch() internal {
        vm.roll(lastBlock());
        commitDefault();
        nextBlock();
    }

    function finishEpochs(uint256 count) internal {
        for (uint256 i = 0; i < count; i++) {
            finishEpoch();
        }
    }

    function lastBlock() internal view returns (uint256) {
        return uint256(set.currentEpoch() + 1) * L - 1;
    }

    function commitDefault() internal {
        EpochView memory v = set.epochView();
        commit(payOf(v), NO_JAIL, seatsOf(v));
    }

    function commit(bytes memory pay, bytes memory jail, bytes memory seats) internal {
        uint64 epoch = set.currentEpoch() + 1;
        asProposer();
        set.commitEpoch{gas: 15_800_000}(epoch, pay, jail, seats);
    }

    /// Divides the pot by power among seats that may earn.
    function payOf(EpochView memory v) internal view returns (bytes memory) {
        uint256 emission = params.get(ParamNames.EMISSION_PER_BLOCK) * L;
        if (emission > v.reserve) emission = v.reserve;
        uint256 total;
        for (uint256 i = 0; i < v.seats.length; i++) {
            total += v.seats[i].power;
        }
        Reward[] memory rewards = new Reward[](v.seats.length);
        uint256 count;
        for (uint256 i = 0; i < v.seats.length; i++) {
            CandidateView memory c = candidateOf(v, v.seats[i].id);
            if (!c.hasActiveShares || (c.status != Status.ACTIVE && c.status != Status.LEAVING)) continue;
            uint256 amount = (v.fees + emission) * v.seats[i].power / total;
            if (amount != 0) rewards[count++] = Reward(c.id, uint128(amount));
        }
        assembly ("memory-safe") {
            mstore(rewards, count)
        }
        return abi.encode(rewards, emission);
    }

    function seatsOf(EpochView memory v) internal view returns (bytes memory) {
        (Seat[] memory seats, int64[] memory priorities) = elected(v.candidates, params.get(ParamNames.SEATS));
        return seats.length == 0 ? bytes("") : abi.encode(seats, priorities);
    }

    function candidateOf(EpochView memory v, uint32 id) internal pure returns (CandidateView memory) {
        for (uint256 i = 0; i < v.candidates.length; i++) {
            if (v.candidates[i].id == id) return v.candidates[i];
        }
        revert("no such candidate in the view");
    }

    /// The strongest eligible ones, ascending by signer.
    function elected(CandidateView[] memory candidates, uint256 most)
        internal
        view
        returns (Seat[] memory seats, int64[] memory priorities)
    {
        uint256 least = params.get(ParamNames.MIN_SELF_STAKE);
        seats = new Seat[](candidates.length);
        uint256 count;
        for (uint256 i = 0; i < candidates.length; i++) {
            CandidateView memory c = candidates[i];
            if (c.status != Status.ACTIVE || c.selfStake < least) continue;
            seats[count++] = Seat(c.id, uint64(c.stake / 1 ether), c.signer);
        }
        assembly ("memory-safe") {
            mstore(seats, count)
        }
        sort(seats, true);
        if (count > most) {
            assembly ("memory-safe") {
                mstore(seats, most)
            }
        }
        sort(seats, false);
        priorities = new int64[](seats.length);
    }

    function sort(Seat[] memory seats, bool byPower) internal pure {
        for (uint256 i = 1; i < seats.length; i++) {
            for (uint256 j = i; j > 0; j--) {
                (Seat memory left, Seat memory right) = (seats[j - 1], seats[j]);
                bool ordered = byPower
                    ? left.power > right.power || (left.power == right.power && left.id < right.id)
                    : left.signer < right.signer;
                if (ordered) break;
                (seats[j - 1], seats[j]) = (right, left);
            }
        }
    }

    // --- people ------------------------------------------------------------------------------------------------------

    function delegate(uint32 id, address user, uint256 amount) internal {
        vm.deal(user, user.balance + amount);
        vm.prank(user);
        hub.delegate{value: amount}(id, 0);
    }

    function only(uint32 id) internal pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = id;
    }

    function onlyDay(uint256 day_) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = day_;
    }

    function repeated(uint32 id, uint256 count) internal pure returns (uint32[] memory list) {
        list = new uint32[](count);
        for (uint256 i = 0; i < count; i++) {
            list[i] = id;
        }
    }

    function today() internal view returns (uint256) {
        return block.timestamp / day;
    }

    function passDays(uint256 count) internal {
        vm.warp(block.timestamp + count * day);
    }

    function claim(uint32 id, address user) internal returns (uint256) {
        uint256 before = user.balance;
        vm.prank(user);
        hub.claim(only(id), user);
        return user.balance - before;
    }

    function sharesOf(uint32 id, address user) internal view returns (uint256) {
        (uint256 active, uint256 pending,) = hub.position(id, user);
        return active + pending;
    }

    function stakeOf(uint32 id, address user) internal view returns (uint256 stake) {
        (,, stake) = hub.position(id, user);
    }

    function undelegateAll(uint32 id, address user) internal {
        uint256 shares = sharesOf(id, user);
        vm.prank(user);
        hub.undelegate(id, shares);
    }

    function withdraw(uint32 id, address user, uint256 day_) internal returns (uint256) {
        uint256 before = user.balance;
        vm.prank(user);
        hub.withdraw(id, onlyDay(day_), user);
        return user.balance - before;
    }

    /// Two precommits of validator `n`'s first key.
    function doubleSign(uint256 n, uint64 height) internal view returns (Slashing.Evidence memory e) {
        e.kind = 2;
        e.height = height;
        (e.hashA, e.hashB) = (bytes32(uint256(1)), bytes32(uint256(2)));
        e.sigA = signed(key(n), slashing.digestOf(2, height, 0, e.hashA, 0));
        e.sigB = signed(key(n), slashing.digestOf(2, height, 0, e.hashB, 0));
    }

    function seatless(uint256 n, uint64 height) internal view returns (Slashing.SeatlessVote memory vote) {
        vote.height = height;
        vote.blockHash = bytes32(uint256(7));
        vote.sig = signed(key(n), slashing.digestOf(2, height, 0, vote.blockHash, 0));
    }
}
