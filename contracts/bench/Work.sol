// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Token} from "./Token.sol";

/// Ten thousand hashes, each of the one before.
contract Hashes {
    bytes32 public last;

    function run(bytes32 seed) external {
        bytes32 word = seed;
        for (uint256 i = 0; i < 10_000; ++i) {
            word = keccak256(abi.encode(word, i));
        }
        last = word;
    }
}

/// Storage churn: each call fills a window of slots, changes the window of the call before and clears the one before
/// that, so that at a steady state as many slots appear as disappear.
contract Churn {
    mapping(uint256 => uint256) public slots;
    mapping(address => uint256) public calls;

    function run(uint256 count) external {
        uint256 call_ = ++calls[msg.sender];
        uint256 base = uint256(uint160(msg.sender)) << 64;
        for (uint256 i = 0; i < count; ++i) {
            slots[base + call_ * count + i] = call_ + i;
            if (call_ > 1) slots[base + (call_ - 1) * count + i] += 1;
            if (call_ > 2) slots[base + (call_ - 2) * count + i] = 0;
        }
    }
}

/// What the deployment workload creates: a token whose code differs from that of every other one by its immutables.
contract Deployed is Token {
    address public immutable owner;
    uint256 public immutable salt;

    error NotTheOwner(address caller);

    constructor(uint256 salt_, uint256 supply) {
        owner = msg.sender;
        salt = salt_;
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function burn(uint256 value) external {
        if (msg.sender != owner) revert NotTheOwner(msg.sender);
        balanceOf[msg.sender] -= value;
        totalSupply -= value;
        emit Transfer(msg.sender, address(0), value);
    }
}
