// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickPrice} from "./TickPrice.sol";
import {Token} from "./Token.sol";

/// Whoever calls the pool pays what it asks for from within the call.
interface IPayer {
    function pay(Token token, address from, uint256 amount) external;
}

/// An exchange with concentrated liquidity: providers choose a range of ticks, a swap walks over the ranges and crosses
/// the ticks at which liquidity begins or ends. Fee 0.3 %. Exact input only, no price oracle, no protocol fee.
contract RangePool {
    int24 public constant SPACING = 60;
    uint256 private constant Q96 = 1 << 96;
    uint256 private constant FEE = 3000;
    uint256 private constant MILLION = 1_000_000;

    Token public immutable token0;
    Token public immutable token1;

    struct Now {
        uint160 price;
        int24 tick;
        bool locked;
    }

    struct Tick {
        uint128 gross;
        int128 net;
        /// Fees per unit of liquidity (Q128) earned on the side of this tick that the price is not on.
        uint256 outside0;
        uint256 outside1;
    }

    struct Position {
        uint128 liquidity;
        uint256 inside0;
        uint256 inside1;
        uint128 owed0;
        uint128 owed1;
    }

    Now public current;
    uint128 public liquidity;
    uint256 public fees0;
    uint256 public fees1;
    mapping(int24 => Tick) public ticks;
    mapping(int16 => uint256) public bitmap;
    mapping(bytes32 => Position) public positions;

    event Swap(address indexed sender, address indexed to, uint256 in_, uint256 out, uint160 price, uint128 liquidity, int24 tick);
    event Mint(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 amount, uint256 paid0, uint256 paid1);
    event Burn(address indexed owner, int24 indexed lower, int24 indexed upper, uint128 amount, uint256 owed0, uint256 owed1);

    error Locked();
    error BadRange(int24 lower, int24 upper);
    error BadLimit(uint160 limit);
    error NotPaid();

    modifier lock() {
        if (current.locked) revert Locked();
        current.locked = true;
        _;
        current.locked = false;
    }

    constructor(Token first, Token second, uint160 price) {
        token0 = first;
        token1 = second;
        current.price = price;
        current.tick = TickPrice.tickAt(price);
    }

    /// Adds liquidity to [lower, upper) for the sender, who pays through the payer's callback.
    function mint(IPayer payer, int24 lower, int24 upper, uint128 amount) external lock returns (uint256 paid0, uint256 paid1) {
        if (lower >= upper || lower % SPACING != 0 || upper % SPACING != 0) revert BadRange(lower, upper);
        change(lower, upper, int128(amount));
        (paid0, paid1) = amounts(lower, upper, amount, true);
        collect(payer, token0, paid0);
        collect(payer, token1, paid1);
        emit Mint(msg.sender, lower, upper, amount, paid0, paid1);
    }

    /// Removes liquidity of the sender and pays it out with the fees it earned.
    function burn(int24 lower, int24 upper, uint128 amount) external lock returns (uint256 out0, uint256 out1) {
        change(lower, upper, -int128(amount));
        (out0, out1) = amounts(lower, upper, amount, false);
        Position storage position = positions[keyOf(msg.sender, lower, upper)];
        out0 += position.owed0;
        out1 += position.owed1;
        (position.owed0, position.owed1) = (0, 0);
        if (out0 > 0) token0.transfer(msg.sender, out0);
        if (out1 > 0) token1.transfer(msg.sender, out1);
        emit Burn(msg.sender, lower, upper, amount, out0, out1);
    }

    struct Walk {
        uint160 price;
        int24 tick;
        uint128 liquidity;
        uint256 left;
        uint256 out;
        uint256 fees;
    }

    /// Swaps up to `amount` until the price reaches `limit`.
    function swap(IPayer payer, address to, bool zeroForOne, uint256 amount, uint160 limit)
        external
        lock
        returns (uint256 in_, uint256 out)
    {
        uint160 start = current.price;
        if (zeroForOne ? (limit >= start || limit < TickPrice.MIN) : (limit <= start || limit >= TickPrice.MAX)) {
            revert BadLimit(limit);
        }
        Walk memory walk = Walk(start, current.tick, liquidity, amount, 0, zeroForOne ? fees0 : fees1);
        while (walk.left > 0 && walk.price != limit) {
            advance(walk, zeroForOne, limit);
        }
        (current.price, current.tick) = (walk.price, walk.tick);
        if (liquidity != walk.liquidity) liquidity = walk.liquidity;
        if (zeroForOne) fees0 = walk.fees;
        else fees1 = walk.fees;
        (in_, out) = (amount - walk.left, walk.out);
        (Token paid, Token sent) = zeroForOne ? (token0, token1) : (token1, token0);
        if (out > 0) sent.transfer(to, out);
        collect(payer, paid, in_);
        emit Swap(msg.sender, to, in_, out, walk.price, walk.liquidity, walk.tick);
    }

    /// One step: to the next tick with liquidity (or the end of its bitmap word), to the limit, or until nothing is left.
    function advance(Walk memory walk, bool zeroForOne, uint160 limit) private {
        uint160 before = walk.price;
        (int24 next, bool set) = nextTick(walk.tick, zeroForOne);
        uint160 nextPrice = TickPrice.priceAt(next);
        uint160 target = zeroForOne == (nextPrice < limit) ? limit : nextPrice;
        pay(walk, zeroForOne, target);
        if (walk.price == nextPrice) {
            if (set) {
                int128 net = cross(next, zeroForOne, walk.fees);
                walk.liquidity = add(walk.liquidity, zeroForOne ? -net : net);
            }
            walk.tick = zeroForOne ? next - 1 : next;
        } else if (walk.price != before) {
            walk.tick = TickPrice.tickAt(walk.price);
        }
    }

    /// Moves the price towards the target as far as what is left pays for, and takes the fee.
    function pay(Walk memory walk, bool zeroForOne, uint160 target) private pure {
        uint160 from = walk.price;
        uint256 payable_ = Math.mulDiv(walk.left, MILLION - FEE, MILLION);
        uint256 whole = zeroForOne ? amount0(target, from, walk.liquidity, true) : amount1(from, target, walk.liquidity, true);
        bool reached = payable_ >= whole;
        walk.price = reached ? target : priceAfter(from, walk.liquidity, payable_, zeroForOne);
        uint256 in_ = whole;
        if (!reached) {
            in_ = zeroForOne ? amount0(walk.price, from, walk.liquidity, true) : amount1(from, walk.price, walk.liquidity, true);
        }
        walk.out += zeroForOne ? amount1(walk.price, from, walk.liquidity, false) : amount0(from, walk.price, walk.liquidity, false);
        uint256 fee = reached ? Math.mulDiv(in_, FEE, MILLION - FEE, Math.Rounding.Ceil) : walk.left - in_;
        walk.left -= in_ + fee;
        unchecked {
            if (walk.liquidity > 0) walk.fees += Math.mulDiv(fee, 1 << 128, walk.liquidity);
        }
    }

    /// The price after an input that does not reach the next tick; rounded against the swapper.
    function priceAfter(uint160 price, uint128 depth, uint256 in_, bool zeroForOne) private pure returns (uint160) {
        if (!zeroForOne) return uint160(price + Math.mulDiv(in_, Q96, depth));
        uint256 scaled = uint256(depth) << 96;
        return uint160(Math.mulDiv(scaled, price, scaled + in_ * price, Math.Rounding.Ceil));
    }

    function cross(int24 tick, bool zeroForOne, uint256 fees) private returns (int128) {
        Tick storage info = ticks[tick];
        unchecked {
            info.outside0 = (zeroForOne ? fees : fees0) - info.outside0;
            info.outside1 = (zeroForOne ? fees1 : fees) - info.outside1;
        }
        return info.net;
    }

    /// The next tick with liquidity in the same 256-tick word of the bitmap, or that word's last tick.
    function nextTick(int24 tick, bool down) private view returns (int24 next, bool set) {
        int24 index = tick / SPACING;
        if (tick < 0 && tick % SPACING != 0) --index;
        if (!down) ++index;
        uint256 position = uint8(uint24(index));
        uint256 word = bitmap[int16(index >> 8)];
        unchecked {
            uint256 masked = down ? word << (255 - position) : word >> position;
            set = masked != 0;
            uint256 steps = set ? (down ? 255 - Math.log2(masked) : Math.log2(masked & (0 - masked))) : (down ? position : 255 - position);
            next = (down ? index - int24(uint24(steps)) : index + int24(uint24(steps))) * SPACING;
        }
        if (next > TickPrice.MAX_TICK) next = TickPrice.MAX_TICK;
        if (next < -TickPrice.MAX_TICK) next = -TickPrice.MAX_TICK;
    }

    function change(int24 lower, int24 upper, int128 delta) private {
        changeTick(lower, delta, delta);
        changeTick(upper, delta, -delta);
        (uint256 inside0, uint256 inside1) = feesInside(lower, upper);
        Position storage position = positions[keyOf(msg.sender, lower, upper)];
        unchecked {
            position.owed0 += uint128(Math.mulDiv(inside0 - position.inside0, position.liquidity, 1 << 128));
            position.owed1 += uint128(Math.mulDiv(inside1 - position.inside1, position.liquidity, 1 << 128));
        }
        (position.inside0, position.inside1) = (inside0, inside1);
        position.liquidity = add(position.liquidity, delta);
        if (current.tick >= lower && current.tick < upper) liquidity = add(liquidity, delta);
    }

    /// By convention all fees so far were earned below a tick that appears at or below the price.
    function changeTick(int24 tick, int128 delta, int128 net) private {
        Tick storage info = ticks[tick];
        uint128 before = info.gross;
        info.gross = add(before, delta);
        info.net += net;
        if ((before == 0) == (info.gross == 0)) return;
        int24 index = tick / SPACING;
        bitmap[int16(index >> 8)] ^= 1 << uint8(uint24(index));
        if (before == 0) (info.outside0, info.outside1) = tick <= current.tick ? (fees0, fees1) : (uint256(0), uint256(0));
    }

    function feesInside(int24 lower, int24 upper) private view returns (uint256 inside0, uint256 inside1) {
        Tick storage low = ticks[lower];
        Tick storage high = ticks[upper];
        bool above = current.tick >= lower;
        bool below = current.tick < upper;
        unchecked {
            inside0 = fees0 - (above ? low.outside0 : fees0 - low.outside0) - (below ? high.outside0 : fees0 - high.outside0);
            inside1 = fees1 - (above ? low.outside1 : fees1 - low.outside1) - (below ? high.outside1 : fees1 - high.outside1);
        }
    }

    /// What liquidity in a range holds of both tokens at the price of now.
    function amounts(int24 lower, int24 upper, uint128 depth, bool up) private view returns (uint256 held0, uint256 held1) {
        uint160 low = TickPrice.priceAt(lower);
        uint160 high = TickPrice.priceAt(upper);
        uint160 price = current.price;
        if (price < high) held0 = amount0(price > low ? price : low, high, depth, up);
        if (price > low) held1 = amount1(low, price < high ? price : high, depth, up);
    }

    /// depth * (1 / low - 1 / high)
    function amount0(uint160 low, uint160 high, uint128 depth, bool up) private pure returns (uint256) {
        Math.Rounding rounding = up ? Math.Rounding.Ceil : Math.Rounding.Floor;
        uint256 first = Math.mulDiv(uint256(depth) << 96, high - low, high, rounding);
        return up ? Math.ceilDiv(first, low) : first / low;
    }

    /// depth * (high - low)
    function amount1(uint160 low, uint160 high, uint128 depth, bool up) private pure returns (uint256) {
        return Math.mulDiv(depth, high - low, Q96, up ? Math.Rounding.Ceil : Math.Rounding.Floor);
    }

    function collect(IPayer payer, Token token, uint256 amount) private {
        if (amount == 0) return;
        uint256 before = token.balanceOf(address(this));
        payer.pay(token, msg.sender == address(payer) ? tx.origin : msg.sender, amount);
        if (token.balanceOf(address(this)) < before + amount) revert NotPaid();
    }

    function add(uint128 value, int128 delta) private pure returns (uint128) {
        return delta < 0 ? value - uint128(-delta) : value + uint128(delta);
    }

    function keyOf(address owner, int24 lower, int24 upper) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(owner, lower, upper));
    }
}

/// The periphery of a pool: pays from whoever approved it and began the transaction.
contract RangeRouter is IPayer {
    error TooLittle(uint256 out, uint256 least);
    error NotTheOrigin(address from);

    function swap(RangePool pool, bool zeroForOne, uint256 amount, uint256 least) external returns (uint256 out) {
        uint160 limit = zeroForOne ? TickPrice.MIN : TickPrice.MAX - 1;
        (, out) = pool.swap(this, msg.sender, zeroForOne, amount, limit);
        if (out < least) revert TooLittle(out, least);
    }

    function pay(Token token, address from, uint256 amount) external {
        if (from != tx.origin) revert NotTheOrigin(from);
        token.transferFrom(from, msg.sender, amount);
    }
}
