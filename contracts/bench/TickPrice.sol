// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// Ticks and prices: the price at tick t is 1.0001^t, kept as its square root with 96 fractional bits (Q96).
library TickPrice {
    int24 internal constant MAX_TICK = 887_272;
    /// Square root prices at -MAX_TICK and MAX_TICK.
    uint160 internal constant MIN = 4_295_128_739;
    uint160 internal constant MAX = 1461446703485210103244672773810124308346321380903;

    error TickOutOfRange(int24 tick);
    error PriceOutOfRange(uint256 price);

    /// sqrt(1.0001)^tick in Q96, rounded up. A product of the powers sqrt(1.0001)^-(2^i) whose bit is set in |tick|.
    function priceAt(int24 tick) internal pure returns (uint160) {
        if (tick > MAX_TICK || tick < -MAX_TICK) revert TickOutOfRange(tick);
        uint256 bits = tick < 0 ? uint256(-int256(tick)) : uint256(int256(tick));
        uint256 r = 1 << 128;
        unchecked {
            if (bits & 0x1 != 0) r = 0xfffcb933bd6fad37aa2d162d1a594001;
            if (bits & 0x2 != 0) r = (r * 0xfff97272373d413259a46990580e213a) >> 128;
            if (bits & 0x4 != 0) r = (r * 0xfff2e50f5f656932ef12357cf3c7fdcc) >> 128;
            if (bits & 0x8 != 0) r = (r * 0xffe5caca7e10e4e61c3624eaa0941cd0) >> 128;
            if (bits & 0x10 != 0) r = (r * 0xffcb9843d60f6159c9db58835c926644) >> 128;
            if (bits & 0x20 != 0) r = (r * 0xff973b41fa98c081472e6896dfb254c0) >> 128;
            if (bits & 0x40 != 0) r = (r * 0xff2ea16466c96a3843ec78b326b52861) >> 128;
            if (bits & 0x80 != 0) r = (r * 0xfe5dee046a99a2a811c461f1969c3053) >> 128;
            if (bits & 0x100 != 0) r = (r * 0xfcbe86c7900a88aedcffc83b479aa3a4) >> 128;
            if (bits & 0x200 != 0) r = (r * 0xf987a7253ac413176f2b074cf7815e54) >> 128;
            if (bits & 0x400 != 0) r = (r * 0xf3392b0822b70005940c7a398e4b70f3) >> 128;
            if (bits & 0x800 != 0) r = (r * 0xe7159475a2c29b7443b29c7fa6e889d9) >> 128;
            if (bits & 0x1000 != 0) r = (r * 0xd097f3bdfd2022b8845ad8f792aa5825) >> 128;
            if (bits & 0x2000 != 0) r = (r * 0xa9f746462d870fdf8a65dc1f90e061e5) >> 128;
            if (bits & 0x4000 != 0) r = (r * 0x70d869a156d2a1b890bb3df62baf32f7) >> 128;
            if (bits & 0x8000 != 0) r = (r * 0x31be135f97d08fd981231505542fcfa6) >> 128;
            if (bits & 0x10000 != 0) r = (r * 0x09aa508b5b7a84e1c677de54f3e99bc9) >> 128;
            if (bits & 0x20000 != 0) r = (r * 0x005d6af8dedb81196699c329225ee604) >> 128;
            if (bits & 0x40000 != 0) r = (r * 0x00002216e584f5fa1ea926041bedfe98) >> 128;
            if (bits & 0x80000 != 0) r = (r * 0x00000000048a170391f7dc42444e8fa2) >> 128;
            if (tick > 0) r = type(uint256).max / r;
            return uint160((r + 0xffffffff) >> 32);
        }
    }

    /// The greatest tick whose price is not above the given one. The binary logarithm, 18 fractional bits by repeated
    /// squaring, gives a tick that is off by one at most; the exact prices decide.
    function tickAt(uint160 price) internal pure returns (int24) {
        if (price < MIN || price >= MAX) revert PriceOutOfRange(price);
        unchecked {
            uint256 top = Math.log2(price);
            uint256 mantissa = top >= 127 ? uint256(price) >> (top - 127) : uint256(price) << (127 - top);
            int256 log = (int256(top) - 96) << 18;
            for (uint256 bit = 1 << 17; bit != 0; bit >>= 1) {
                mantissa = (mantissa * mantissa) >> 127;
                if (mantissa >= 1 << 128) {
                    mantissa >>= 1;
                    log |= int256(bit);
                }
            }
            // 1 / log2(sqrt(1.0001)), 32 fractional bits
            int24 tick = int24((log * 59_543_866_431_248) >> 50);
            if (tick < -MAX_TICK) tick = -MAX_TICK;
            if (priceAt(tick) > price) return tick - 1;
            if (tick < MAX_TICK && priceAt(tick + 1) <= price) return tick + 1;
            return tick;
        }
    }
}
