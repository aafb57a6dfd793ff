// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Token} from "./Token.sol";

/// A constant-product exchange of two tokens, fee 0.3 %, without liquidity shares: whoever sends tokens and calls sync
/// gives them to the pool. Both reserves and the time of the last change share one storage slot.
contract Pair {
    Token public immutable token0;
    Token public immutable token1;

    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private changed;
    /// Sum over the seconds of the price, Q112: a time-weighted mean price is the difference of two readings.
    uint256 public cumulative0;
    uint256 public cumulative1;
    uint256 private entered;

    event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
    event Sync(uint112 reserve0, uint112 reserve1);

    error Reentered();
    error NothingAsked();
    error MoreThanTheReserve();
    error NothingPaid();
    error ProductFell(uint256 before, uint256 now_);
    error ReserveOverflow();

    constructor(Token first, Token second) {
        token0 = first;
        token1 = second;
    }

    function reserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, changed);
    }

    function sync() external {
        settle(token0.balanceOf(address(this)), token1.balanceOf(address(this)), reserve0, reserve1);
    }

    /// Sends out what is asked for, then demands that what came in before the call keeps the product.
    function swap(uint256 out0, uint256 out1, address to) external {
        if (entered == 2) revert Reentered();
        entered = 2;
        if (out0 == 0 && out1 == 0) revert NothingAsked();
        (uint112 old0, uint112 old1) = (reserve0, reserve1);
        if (out0 >= old0 || out1 >= old1) revert MoreThanTheReserve();
        if (out0 > 0) token0.transfer(to, out0);
        if (out1 > 0) token1.transfer(to, out1);
        uint256 new0 = token0.balanceOf(address(this));
        uint256 new1 = token1.balanceOf(address(this));
        uint256 in0 = received(new0, old0, out0);
        uint256 in1 = received(new1, old1, out1);
        if (in0 == 0 && in1 == 0) revert NothingPaid();
        uint256 product = (new0 * 1000 - in0 * 3) * (new1 * 1000 - in1 * 3);
        uint256 floor = uint256(old0) * old1 * 1_000_000;
        if (product < floor) revert ProductFell(floor, product);
        settle(new0, new1, old0, old1);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
        entered = 1;
    }

    function received(uint256 balance, uint256 before, uint256 sent) private pure returns (uint256) {
        uint256 kept = before - sent;
        return balance > kept ? balance - kept : 0;
    }

    function settle(uint256 new0, uint256 new1, uint112 old0, uint112 old1) private {
        if (new0 > type(uint112).max || new1 > type(uint112).max) revert ReserveOverflow();
        uint32 time = uint32(block.timestamp);
        unchecked {
            uint32 passed = time - changed;
            if (passed > 0 && old0 > 0 && old1 > 0) {
                cumulative0 += ((uint256(old1) << 112) / old0) * passed;
                cumulative1 += ((uint256(old0) << 112) / old1) * passed;
            }
        }
        reserve0 = uint112(new0);
        reserve1 = uint112(new1);
        changed = time;
        emit Sync(uint112(new0), uint112(new1));
    }
}

/// Swaps an exact amount along a path of pairs for whoever approved it.
contract Router {
    error TooLate();
    error TooLittle(uint256 out, uint256 least);

    /// A pair of the path, and whether its first token is the one paid in.
    struct Hop {
        Pair pair;
        bool zeroForOne;
    }

    function swapExact(uint256 amount, uint256 least, Hop[] calldata path, address to, uint256 deadline)
        external
        returns (uint256 out)
    {
        if (block.timestamp > deadline) revert TooLate();
        Hop calldata first = path[0];
        Token paid = first.zeroForOne ? first.pair.token0() : first.pair.token1();
        out = quote(amount, path);
        if (out < least) revert TooLittle(out, least);
        paid.transferFrom(msg.sender, address(first.pair), amount);
        for (uint256 i = 0; i < path.length; ++i) {
            address next = i + 1 < path.length ? address(path[i + 1].pair) : to;
            amount = quoteHop(amount, path[i]);
            (uint256 out0, uint256 out1) = path[i].zeroForOne ? (uint256(0), amount) : (amount, uint256(0));
            path[i].pair.swap(out0, out1, next);
        }
    }

    /// What the path gives for the amount at the reserves of now.
    function quote(uint256 amount, Hop[] calldata path) public view returns (uint256) {
        for (uint256 i = 0; i < path.length; ++i) {
            amount = quoteHop(amount, path[i]);
        }
        return amount;
    }

    function quoteHop(uint256 amount, Hop calldata hop) private view returns (uint256) {
        (uint256 reserveIn, uint256 reserveOut,) = hop.pair.reserves();
        if (!hop.zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 kept = amount * 997;
        return Math.mulDiv(kept, reserveOut, reserveIn * 1000 + kept);
    }
}
