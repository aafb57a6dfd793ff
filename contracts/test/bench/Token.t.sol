// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Token} from "../../bench/Token.sol";
import {Test} from "../Test.sol";

contract TokenTest is Test {
    Token private token = new Token();

    function testFuzz_transferKeepsTheSum(uint128 minted, uint256 value) external {
        value = bound(value, 0, minted);
        token.mint(address(this), minted);
        token.transfer(address(1), value);
        assertEq(token.balanceOf(address(this)), minted - value);
        assertEq(token.balanceOf(address(1)), value);
    }

    function testFuzz_transferFromSpendsTheAllowance(uint128 allowed, uint256 value) external {
        value = bound(value, 0, allowed);
        token.mint(address(this), allowed);
        token.approve(address(2), allowed);
        vm.prank(address(2));
        token.transferFrom(address(this), address(3), value);
        assertEq(token.allowance(address(this), address(2)), allowed - value);
        assertEq(token.balanceOf(address(3)), value);
    }

    function test_moreThanTheBalanceIsRefused() external {
        token.mint(address(this), 5);
        vm.expectRevert(abi.encodeWithSelector(Token.InsufficientBalance.selector, address(this), 5, 6));
        token.transfer(address(1), 6);
    }

    /// The benchmark writes balances into the state without a transaction.
    function testFuzz_balancesLieInSlotZero(address who, uint128 value) external {
        vm.store(address(token), keccak256(abi.encode(who, uint256(0))), bytes32(uint256(value)));
        assertEq(token.balanceOf(who), value);
    }
}
