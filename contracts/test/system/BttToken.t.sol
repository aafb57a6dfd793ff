// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BttToken} from "../../src/BttToken.sol";
import {BTT_TOKEN, BURNED, INBOX, PROTOCOL, System} from "../../src/System.sol";
import {Vm} from "../Test.sol";
import {Chain} from "./Chain.sol";

contract BttTokenTest is Chain {
    address private constant A = 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa;
    address private constant B = 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB;

    function setUp() public {
        genesis(4, 2e6 ether);
        vm.deal(A, 100 ether);
        vm.deal(B, 100 ether);
    }

    function test_selectorsAndTopicsAreThoseOfBttc() public pure {
        assertEq(bytes32(BttToken.transfer.selector), bytes32(bytes4(0xa9059cbb)));
        assertEq(bytes32(BttToken.withdraw.selector), bytes32(bytes4(0x2e1a7d4d)));
        assertEq(bytes32(BttToken.withdrawTo.selector), bytes32(bytes4(0x205c2878)));
        assertEq(bytes32(BttToken.currentSupply.selector), bytes32(bytes4(0x771282f6)));
        assertEq(bytes32(bytes4(keccak256("totalSupply()"))), bytes32(bytes4(0x18160ddd)));
        assertEq(bytes32(BttToken.token.selector), bytes32(bytes4(0xfc0c546a)));
        assertEq(bytes32(BttToken.transferWithSig.selector), bytes32(bytes4(0x19d27d9c)));
        assertEq(BttToken.Transfer.selector, 0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef);
        assertEq(BttToken.LogTransfer.selector, 0xe6497e3ee548a3372136af2fcb0696db31fc6cf20260707645068bd3fe97f3c4);
        assertEq(BttToken.Deposit.selector, 0x4e2ca0515ed1aef1395f66b5303bb5d6f1bf9d61a353fa53f73f8ac9973fa9f6);
        assertEq(BttToken.Withdraw.selector, 0xebff2602b3f468259e1e99f613fed6691f3a6526effe6ef3e768ba7ae7a36c4f);
        assertEq(BttToken.WithdrawTo.selector, 0x67b714876402c93362735688659e2283b4a37fb21bab24bc759ca759ae851fd8);
    }

    function test_theTokenViewIsTheNativeBalance() public view {
        assertEq(bytes(btt.name()), "BitTorrent Token");
        assertEq(bytes(btt.symbol()), "BTT");
        assertEq(btt.decimals(), 18);
        assertEq(btt.balanceOf(A), 100 ether);
        assertEq(btt.totalSupply(), 9.9e32);
        assertEq(btt.currentSupply(), PREFUNDED);
        assertEq(btt.token(), ROOT_TOKEN);
    }

    function test_transferSendsTheCoinsThatComeWithIt() public {
        vm.recordLogs();
        vm.prank(A);
        assertTrue(btt.transfer{value: 3 ether}(B, 3 ether), "true");
        assertEq(B.balance, 103 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[1].topics[0], BttToken.LogTransfer.selector);
        assertEq(uint256(logs[1].topics[1]), 0x1010);
        assertEq(logs[1].data, abi.encode(3 ether, 97 ether, 100 ether, 97 ether, 103 ether));
    }

    function test_transferNeverKeepsCoins() public {
        vm.startPrank(A);
        assertTrue(!btt.transfer(B, 3 ether), "false without coins");
        vm.expectRevert(abi.encodeWithSelector(BttToken.WrongValue.selector, 2 ether, 3 ether));
        btt.transfer{value: 2 ether}(B, 3 ether);
        vm.expectRevert(BttToken.ToItself.selector);
        btt.transfer{value: 2 ether}(BTT_TOKEN, 2 ether);
        vm.expectRevert(BttToken.TransferFailed.selector);
        btt.transfer{value: 2 ether}(address(hub), 2 ether);
        (bool sent,) = BTT_TOKEN.call{value: 1}("");
        assertTrue(!sent, "plain payment");
        assertEq(A.balance, 100 ether);
    }

    function test_theTreeIsThatOfTheGoldenVectors() public {
        assertEq(btt.root(), 0x7c1d0e8a93ea9c09cc13b91ead8f72de66a33cb695c30934dc2d75bffac1248e);
        vm.recordLogs();
        vm.prank(A);
        btt.withdrawTo{value: 1 ether}(B, 1 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs[0].topics[0], BttToken.Withdraw.selector);
        assertEq(logs[0].data, abi.encode(1 ether, 100 ether, 99 ether));
        assertEq(logs[1].topics[0], BttToken.WithdrawTo.selector);
        assertEq(logs[2].topics[0], BttToken.Outgoing.selector);
        (,,,, bytes32 leaf) = abi.decode(logs[2].data, (address, address, address, uint256, bytes32));
        assertEq(leaf, 0xd7ad66c035df748ce2922f809c184b4e369575fa4960ca018ad7ca5351f7677c);
        vm.prank(A);
        btt.withdraw{value: 2 ether}(2 ether);
        assertEq(btt.root(), 0x18664fb07813b3a812662e24e527c002c4607de3321492279e1f253aeebeb6b8);
        vm.prank(INBOX);
        assertEq(btt.append(address(0), B, A, 5_000_000), 2);
        assertEq(btt.root(), 0xa4d765e67f0451822de137c513180455ab20da1aacd01bd23f1766e73d729d49);
        assertEq(btt.count(), 3);
        // the header's withdrawalsRoot is read from here
        assertEq(vm.load(BTT_TOKEN, bytes32(uint256(33))), btt.root());
        assertEq(uint256(vm.load(BTT_TOKEN, bytes32(uint256(32)))), 3);
        assertTrue(btt.netReleased() == -3 ether, "net released");
    }

    /// The incremental tree against one that is built whole, over eight levels and empty ones above.
    function testFuzz_theIncrementalTreeIsTheWholeTree(uint8 leaves) public {
        uint256 n = uint256(leaves) % 200;
        bytes32[] memory level = new bytes32[](256);
        vm.startPrank(INBOX);
        for (uint256 i = 0; i < n; i++) {
            vm.recordLogs();
            btt.append(A, A, B, i);
            (,,,, level[i]) =
                abi.decode(vm.getRecordedLogs()[0].data, (address, address, address, uint256, bytes32));
        }
        bytes32 empty;
        for (uint256 depth = 0; depth < 8; depth++) {
            for (uint256 i = 0; i < 128 >> depth; i++) {
                level[i] = node(level[2 * i], level[2 * i + 1]);
            }
            empty = node(empty, empty);
        }
        bytes32 root = level[0];
        for (uint256 depth = 8; depth < 32; depth++) {
            root = node(root, empty);
            empty = node(empty, empty);
        }
        assertEq(btt.root(), root);
    }

    function node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function test_withdrawalsAreCheckedAndBacked() public {
        vm.startPrank(A);
        vm.expectRevert(BttToken.ZeroAmount.selector);
        btt.withdraw(0);
        vm.expectRevert(abi.encodeWithSelector(BttToken.WrongValue.selector, 1 ether, 2 ether));
        btt.withdraw{value: 1 ether}(2 ether);
        vm.expectRevert(BttToken.ZeroAddress.selector);
        btt.withdrawTo{value: 1 ether}(address(0), 1 ether);
        vm.deal(A, PREFUNDED + 1 ether);
        btt.withdraw{value: PREFUNDED - 1 ether}(PREFUNDED - 1 ether);
        vm.expectRevert(abi.encodeWithSelector(BttToken.NotBacked.selector, 2 ether, 1 ether));
        btt.withdraw{value: 2 ether}(2 ether);
        btt.withdraw{value: 1 ether}(1 ether);
        vm.stopPrank();
        vm.prank(INBOX);
        btt.release(A, 5 ether);
        vm.startPrank(A);
        vm.expectRevert(abi.encodeWithSelector(BttToken.NotBacked.selector, 6 ether, 5 ether));
        btt.withdraw{value: 6 ether}(6 ether);
        btt.withdraw{value: 5 ether}(5 ether);
    }

    function test_onlyTheInboxReleasesAndAppends() public {
        vm.startPrank(A);
        vm.expectRevert(System.NotSystem.selector);
        btt.release(A, 1);
        vm.expectRevert(System.NotSystem.selector);
        btt.append(A, A, A, 1);
        vm.stopPrank();
        vm.roll(0);
        vm.prank(PROTOCOL);
        vm.expectRevert(System.AlreadyInitialized.selector);
        btt.initialize(1, A, A, 1);
        vm.expectRevert(BttToken.Disabled.selector);
        btt.transferWithSig("", 1, 0, 1, A);
    }

    function test_releasePaysWalletsThatAreContracts() public {
        Wallet wallet = new Wallet();
        vm.recordLogs();
        vm.prank(INBOX);
        btt.release(address(wallet), 7 ether);
        assertEq(address(wallet).balance, 7 ether);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs[0].topics[0], BttToken.Deposit.selector);
        assertEq(logs[0].data, abi.encode(7 ether, 0, 7 ether));
        assertTrue(btt.netReleased() == 7 ether, "net released");
        assertEq(btt.currentSupply(), PREFUNDED + 7 ether);
        Bomb bomb = new Bomb();
        vm.prank(INBOX);
        vm.expectRevert(BttToken.TransferFailed.selector);
        btt.release(address(bomb), 7 ether);
        assertTrue(btt.netReleased() == 7 ether, "undone");
    }

    function test_releaseNeedsGasEnoughForItsPromise() public {
        Wallet wallet = new Wallet();
        vm.prank(INBOX);
        vm.expectRevert(BttToken.TransferFailed.selector);
        btt.release{gas: 110_000}(address(wallet), 1 ether);
    }

    function test_burnedCoinsAreNotInCirculation() public {
        vm.prank(A);
        (bool sent,) = BURNED.call{value: 4 ether}("");
        assertTrue(sent, "burn");
        assertEq(btt.currentSupply(), PREFUNDED - 4 ether);
    }
}

contract Wallet {
    uint256 private received;

    receive() external payable {
        received += msg.value;
    }
}

/// Fails with a megabyte of data.
contract Bomb {
    receive() external payable {
        assembly {
            revert(0, 1000000)
        }
    }
}
