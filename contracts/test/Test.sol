// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// The cheat codes of forge that the tests use; add what a test needs.
interface Vm {
    struct Wallet {
        address addr;
        uint256 publicKeyX;
        uint256 publicKeyY;
        uint256 privateKey;
    }

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function deal(address who, uint256 balance) external;
    function etch(address who, bytes calldata code) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function coinbase(address who) external;
    function txGasPrice(uint256 price) external;
    function load(address who, bytes32 slot) external view returns (bytes32);
    function store(address who, bytes32 slot, bytes32 value) external;
    function assume(bool condition) external pure;
    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
    function getDeployedCode(string calldata artifact) external view returns (bytes memory);
    function chainId(uint256 id) external;
    function addr(uint256 key) external pure returns (address);
    function createWallet(uint256 key) external returns (Wallet memory);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function lastCallGas() external view returns (Gas memory);
    function cool(address who) external;
    function mockCall(address callee, bytes calldata data, bytes calldata returned) external;
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
    function clearMockedCalls() external;
    function toString(uint256 value) external pure returns (string memory);
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
}

/// Base of a test contract: forge runs its public test*, testFuzz* and invariant* functions.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(uint256 left, uint256 right);
    error NotLess(uint256 left, uint256 right);
    error NotClose(uint256 left, uint256 right, uint256 allowed);

    function assertEq(uint256 left, uint256 right) internal pure {
        if (left != right) revert NotEqual(left, right);
    }

    function assertEq(address left, address right) internal pure {
        if (left != right) revert NotEqual(uint160(left), uint160(right));
    }

    function assertEq(bytes32 left, bytes32 right) internal pure {
        if (left != right) revert NotEqual(uint256(left), uint256(right));
    }

    function assertEq(bytes memory left, bytes memory right) internal pure {
        assertEq(keccak256(left), keccak256(right));
    }

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, what);
    }

    function assertLe(uint256 left, uint256 right) internal pure {
        if (left > right) revert NotLess(left, right + 1);
    }

    function assertLt(uint256 left, uint256 right) internal pure {
        if (left >= right) revert NotLess(left, right);
    }

    /// |left - right| <= allowed
    function assertClose(uint256 left, uint256 right, uint256 allowed) internal pure {
        uint256 distance = left > right ? left - right : right - left;
        if (distance > allowed) revert NotClose(left, right, allowed);
    }

    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }
}
