// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IPayer, RangePool, RangeRouter} from "../../bench/RangePool.sol";
import {TickPrice} from "../../bench/TickPrice.sol";
import {Token} from "../../bench/Token.sol";
import {Test} from "../Test.sol";

/// The library behind a call, so that its reverts can be expected.
contract Ticks {
    function priceAt(int24 tick) external pure returns (uint160) {
        return TickPrice.priceAt(tick);
    }

    function tickAt(uint160 price) external pure returns (int24) {
        return TickPrice.tickAt(price);
    }
}

contract TickPriceTest is Test {
    Ticks private ticks = new Ticks();

    function test_knownPrices() external pure {
        assertEq(TickPrice.priceAt(0), 1 << 96);
        assertEq(TickPrice.priceAt(-887_272), TickPrice.MIN);
        // 1.0001^(6931.81 / 2) is the root of two: two ticks around the price 2
        assertLt(TickPrice.priceAt(6931), 112045541949572279837463876454);
        assertLt(112045541949572279837463876454, TickPrice.priceAt(6932));
        assertClose(TickPrice.priceAt(887_272), TickPrice.MAX, TickPrice.MAX / 1e12);
    }

    function testFuzz_tickOfThePriceAtATickIsThatTick(uint256 seed) external pure {
        int24 tick = int24(int256(bound(seed, 0, 2 * 887_271))) - 887_271;
        assertEq(uint24(TickPrice.tickAt(TickPrice.priceAt(tick))), uint24(tick));
        assertEq(uint24(TickPrice.tickAt(TickPrice.priceAt(tick) - 1)), uint24(tick - 1));
    }

    function testFuzz_priceLiesBetweenItsTickAndTheNext(uint256 seed) external pure {
        uint160 price = uint160(bound(seed, TickPrice.MIN, TickPrice.MAX - 1) >> (seed % 100));
        if (price < TickPrice.MIN) price = TickPrice.MIN;
        int24 tick = TickPrice.tickAt(price);
        assertLt(TickPrice.priceAt(tick), uint256(price) + 1);
        if (tick < TickPrice.MAX_TICK) assertLt(price, TickPrice.priceAt(tick + 1));
    }

    function test_outOfRangeIsRefused() external {
        vm.expectRevert(abi.encodeWithSelector(TickPrice.TickOutOfRange.selector, int24(887_273)));
        ticks.priceAt(887_273);
        vm.expectRevert(abi.encodeWithSelector(TickPrice.PriceOutOfRange.selector, uint256(TickPrice.MIN - 1)));
        ticks.tickAt(TickPrice.MIN - 1);
    }
}

contract RangePoolTest is Test, IPayer {
    Token private a = new Token();
    Token private b = new Token();
    RangePool private pool = new RangePool(a, b, uint160(1 << 96));
    RangeRouter private router = new RangeRouter();
    uint256 private constant SUPPLY = 1e36;

    function setUp() public {
        a.mint(address(this), SUPPLY);
        b.mint(address(this), SUPPLY);
    }

    function pay(Token token, address, uint256 amount) external {
        token.transfer(msg.sender, amount);
    }

    function provide(int24 lower, int24 upper, uint128 amount) private {
        pool.mint(this, lower, upper, amount);
    }

    function swap(bool zeroForOne, uint256 amount) private returns (uint256 in_, uint256 out) {
        return pool.swap(this, address(this), zeroForOne, amount, zeroForOne ? TickPrice.MIN : TickPrice.MAX - 1);
    }

    /// In one wide range the pool is a constant product of L^2 (virtual reserves L, L at price 1).
    function testFuzz_wideRangeFollowsTheConstantProduct(uint256 amount, bool zeroForOne) external {
        uint128 depth = 1e24;
        provide(-887_220, 887_220, depth);
        amount = bound(amount, 1e9, 1e24);
        (uint256 in_, uint256 out) = swap(zeroForOne, amount);
        assertEq(in_, amount);
        uint256 kept = amount - amount * 3 / 1000;
        assertClose(out, depth - uint256(depth) * depth / (depth + kept), out / 1e6 + 2);
    }

    /// Random swaps over ranges that overlap; then every provider leaves: the pool can pay all, and keeps dust only.
    function testFuzz_poolIsNeverShort(uint256 seed) external {
        provide(-887_220, 887_220, 1e22);
        provide(-600, 600, 5e23);
        provide(-120, 60, 2e24);
        provide(180, 1200, 3e23);
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            swap(seed & 1 == 0, bound(seed >> 8, 1, 3e22));
            (uint160 price, int24 tick,) = pool.current();
            assertLt(TickPrice.priceAt(tick), uint256(price) + 1);
            assertLt(price, uint256(TickPrice.priceAt(tick + 1)) + 1);
        }
        pool.burn(-887_220, 887_220, 1e22);
        pool.burn(-600, 600, 5e23);
        pool.burn(-120, 60, 2e24);
        pool.burn(180, 1200, 3e23);
        assertEq(pool.liquidity(), 0);
        assertLt(a.balanceOf(address(pool)), 100);
        assertLt(b.balanceOf(address(pool)), 100);
        assertEq(a.balanceOf(address(this)) + a.balanceOf(address(pool)), SUPPLY);
    }

    function test_crossingATickChangesTheLiquidity() external {
        provide(-6000, 6000, 1e22);
        provide(-60, 60, 9e22);
        assertEq(pool.liquidity(), 1e23);
        swap(true, 1e21);
        assertEq(pool.liquidity(), 1e22);
        (, int24 tick,) = pool.current();
        assertLt(uint256(int256(tick) + 6000), 6000 - 60);
        swap(false, 1e21);
        assertEq(pool.liquidity(), 1e23);
    }

    function test_aSwapEndsWhereTheLiquidityEnds() external {
        provide(-60, 60, 1e20);
        (uint256 in_,) = swap(true, 1e30);
        assertLt(in_, 1e18);
        (uint160 price,,) = pool.current();
        assertEq(price, TickPrice.MIN);
    }

    function test_feesGoToTheProvidersInRange() external {
        provide(-60, 60, 1e23);
        provide(600, 660, 1e23);
        swap(true, 1e19);
        (uint256 out0,) = pool.burn(600, 660, 0);
        assertEq(out0, 0);
        (out0,) = pool.burn(-60, 60, 0);
        assertClose(out0, 3e16, 10);
    }

    function test_anUnpaidSwapIsRefused() external {
        provide(-60, 60, 1e23);
        Free free = new Free();
        vm.expectRevert(RangePool.NotPaid.selector);
        pool.swap(free, address(this), true, 1e18, TickPrice.MIN);
    }

    function test_theRouterPaysFromTheOriginAlone() external {
        provide(-600, 600, 1e23);
        a.transfer(tx.origin, 1e19);
        vm.startPrank(tx.origin);
        a.approve(address(router), 1e19);
        uint256 out = router.swap(pool, true, 1e18, 9e17);
        vm.stopPrank();
        assertEq(b.balanceOf(tx.origin), out);
        vm.expectRevert(abi.encodeWithSelector(RangeRouter.NotTheOrigin.selector, address(5)));
        router.pay(a, address(5), 1);
    }
}

contract Free is IPayer {
    function pay(Token, address, uint256) external {}
}
