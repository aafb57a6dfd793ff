// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

address constant VALIDATOR_SET = 0x0000000000000000000000000000000000001000;
address constant INBOX = 0x0000000000000000000000000000000000001001;
address constant REWARD_POOL = 0x0000000000000000000000000000000000001002;
address constant SLASHING = 0x0000000000000000000000000000000000001003;
address constant PARAMS = 0x0000000000000000000000000000000000001007;
address constant BTT_TOKEN = 0x0000000000000000000000000000000000001010;
address constant STAKE_HUB = 0x0000000000000000000000000000000000002002;
// Where a governor's delayed decisions will come from; no code and no key is there before a fork puts some.
address constant TIMELOCK = 0x0000000000000000000000000000000000002006;
// What is sent here counts as burned.
address constant BURNED = 0x000000000000000000000000000000000000dEaD;
// Sender of the protocol's calls that leave no log, and of `initialize` in the genesis builder.
address constant PROTOCOL = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

uint256 constant BASIS_POINTS = 10_000;
// The most seats that any parameter can ask for.
uint256 constant MAX_SEATS = 50;

/// What all system contracts share: who may call their system entries, and one initialisation at genesis.
abstract contract System {
    /// @custom:storage-location erc7201:bttd.storage.System
    struct SystemStorage {
        bool initialized;
    }

    bytes32 private constant SYSTEM_STORAGE = 0x6051db605efc890347b0d18b6cd5cc02bad75296fd53d3c9213629f8cc631600;

    /// The caller is not who this entry is for.
    error NotSystem();
    /// Genesis is over.
    error AlreadyInitialized();

    /// A system transaction: sent by the block's proposer at gas price 0. The code check closes the one way in for
    /// others: a proposer's account delegated by EIP-7702 and called back from inside a system transaction.
    modifier onlySystemTransaction() {
        if (msg.sender != block.coinbase || tx.gasprice != 0 || msg.sender.code.length != 0) revert NotSystem();
        _;
    }

    /// Another system contract, this contract itself, or the protocol's log-less call.
    modifier only(address caller) {
        if (msg.sender != caller) revert NotSystem();
        _;
    }

    /// Once, by the genesis builder, before any block exists.
    modifier onlyGenesis() {
        SystemStorage storage s = _system();
        if (s.initialized || block.number != 0) revert AlreadyInitialized();
        if (msg.sender != PROTOCOL) revert NotSystem();
        s.initialized = true;
        _;
    }

    function _system() private pure returns (SystemStorage storage s) {
        assembly ("memory-safe") {
            s.slot := SYSTEM_STORAGE
        }
    }
}
