// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Pair, Router} from "../../bench/Pair.sol";
import {Token} from "../../bench/Token.sol";
import {Test} from "../Test.sol";

contract PairTest is Test {
    Token private a = new Token();
    Token private b = new Token();
    Token private c = new Token();
    Pair private ab = new Pair(a, b);
    Pair private bc = new Pair(b, c);
    Router private router = new Router();

    function setUp() public {
        fill(ab, 1_000_000 ether, 4_000_000 ether);
        fill(bc, 4_000_000 ether, 500_000 ether);
        a.mint(address(this), 1e30);
        b.mint(address(this), 1e30);
        a.approve(address(router), type(uint256).max);
        b.approve(address(router), type(uint256).max);
    }

    function fill(Pair pair, uint256 amount0, uint256 amount1) private {
        pair.token0().mint(address(pair), amount0);
        pair.token1().mint(address(pair), amount1);
        pair.sync();
    }

    function product(Pair pair) private view returns (uint256) {
        (uint112 reserve0, uint112 reserve1,) = pair.reserves();
        return uint256(reserve0) * reserve1;
    }

    function hops(bool forward) private view returns (Router.Hop[] memory path) {
        path = new Router.Hop[](1);
        path[0] = Router.Hop(ab, forward);
    }

    function testFuzz_productNeverFallsAndTheReceiverGetsTheQuote(uint256 amount, bool forward) external {
        amount = bound(amount, 1e6, 100_000 ether);
        uint256 before = product(ab);
        uint256 quoted = router.quote(amount, hops(forward));
        uint256 out = router.swapExact(amount, quoted, hops(forward), address(7), block.timestamp);
        assertEq(out, quoted);
        assertEq((forward ? b : a).balanceOf(address(7)), quoted);
        assertLt(before, product(ab) + 1);
    }

    function testFuzz_pathOfTwoPairsPaysTheLastToken(uint256 amount) external {
        amount = bound(amount, 1e9, 10_000 ether);
        Router.Hop[] memory path = new Router.Hop[](2);
        path[0] = Router.Hop(ab, true);
        path[1] = Router.Hop(bc, true);
        uint256 out = router.swapExact(amount, 1, path, address(8), block.timestamp);
        assertEq(c.balanceOf(address(8)), out);
        assertLt(out, amount / 2);
    }

    function test_unpaidSwapIsRefused() external {
        vm.expectRevert(Pair.NothingPaid.selector);
        ab.swap(1 ether, 0, address(this));
    }

    function test_underpaidSwapIsRefused() external {
        a.transfer(address(ab), 1 ether);
        vm.expectRevert();
        ab.swap(0, 4 ether, address(this));
    }

    function test_priceIsAccumulatedOncePerSecond() external {
        uint256 before = ab.cumulative0();
        vm.warp(block.timestamp + 10);
        ab.sync();
        assertEq(ab.cumulative0() - before, 10 * (4 << 112));
        ab.sync();
        assertEq(ab.cumulative0() - before, 10 * (4 << 112));
    }

    function test_tooLittleAndTooLateAreRefused() external {
        vm.expectRevert();
        router.swapExact(1 ether, 4 ether, hops(true), address(9), block.timestamp);
        vm.expectRevert(Router.TooLate.selector);
        router.swapExact(1 ether, 1, hops(true), address(9), block.timestamp - 1);
    }
}
