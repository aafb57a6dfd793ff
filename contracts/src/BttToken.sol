// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BURNED, INBOX, System} from "./System.sol";

/// BTT as BTTC's tools see it, the vault of what is not on this chain, and the tree of outgoing messages: 0x…1010.
///
/// The whole supply exists from genesis; what this contract holds is not in circulation. A deposit releases from it, a
/// withdrawal returns to it and appends a leaf that the lockbox on TRON pays against a path to the header's
/// `withdrawalsRoot`. There is no allowance and no signed transfer.
contract BttToken is System {
    /// In slots 0 to 33, which the protocol knows: the header's `withdrawalsRoot` is read from slot 33.
    struct Tree {
        /// Left siblings of the next leaf's path, from the leaves up.
        bytes32[32] branch;
        uint64 count;
        bytes32 root;
    }

    /// @custom:storage-location erc7201:bttd.storage.BttToken
    struct BttTokenStorage {
        uint256 tronChainId;
        /// On TRON, without its 0x41.
        address lockbox;
        address rootToken;
        /// Wei outside the vault at genesis, which the lockbox holds before block 1.
        uint256 prefunded;
        /// Released minus withdrawn, wei; negative down to -prefunded.
        int256 netReleased;
    }

    bytes32 private constant BTT_TOKEN_STORAGE = 0xa7e09e99fbc8312de6a3089f16e9a32777be5b30b622be62072b1d659910e900;
    bytes32 private constant WITHDRAWAL_DOMAIN = keccak256("BTTD_WITHDRAWAL_V1");
    uint256 private constant DEPTH = 32;
    /// For a receiver of a deposit.
    uint256 private constant RELEASE_GAS = 100_000;

    uint256 public constant totalSupply = 990_000_000_000_000 ether;
    string public constant name = "BitTorrent Token";
    string public constant symbol = "BTT";
    uint8 public constant decimals = 18;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event LogTransfer(
        address indexed token,
        address indexed from,
        address indexed to,
        uint256 amount,
        uint256 input1,
        uint256 input2,
        uint256 output1,
        uint256 output2
    );
    event Deposit(address indexed token, address indexed from, uint256 amount, uint256 input1, uint256 output1);
    event Withdraw(address indexed token, address indexed from, uint256 amount, uint256 input1, uint256 output1);
    event WithdrawTo(address indexed to, address indexed none, uint256 amount);
    event Outgoing(uint64 indexed index, address token, address from, address to, uint256 amount, bytes32 leaf);

    error WrongValue(uint256 sent, uint256 amount);
    error ZeroAmount();
    error ZeroAddress();
    /// Not more can leave than the lockbox holds for this chain.
    error NotBacked(uint256 amount, uint256 available);
    error ToItself();
    error TreeFull();
    error TransferFailed();
    /// `transferWithSig` cost a sibling chain 801,601 coins.
    error Disabled();

    /// The builder leaves `totalSupply - prefunded_` wei here.
    function initialize(uint256 tronChainId, address lockbox, address rootToken, uint256 prefunded_)
        external
        onlyGenesis
    {
        BttTokenStorage storage s = _storage();
        (s.tronChainId, s.lockbox, s.rootToken, s.prefunded) = (tronChainId, lockbox, rootToken, prefunded_);
        bytes32 empty;
        for (uint256 i = 0; i < DEPTH; i++) {
            empty = _node(empty, empty);
        }
        _tree().root = empty;
    }

    // --- BTTC's token view -------------------------------------------------------------------------------------------

    function balanceOf(address account) public view returns (uint256) {
        return account.balance;
    }

    /// Wei outside the vault that are not burned.
    function currentSupply() external view returns (uint256) {
        return totalSupply - address(this).balance - BURNED.balance;
    }

    /// BTT on TRON, without its 0x41.
    function token() external view returns (address) {
        return _storage().rootToken;
    }

    /// Sends the coins that come with the call. As on BTTC a call without coins answers false; one with another amount
    /// reverts instead of keeping it.
    function transfer(address to, uint256 value) external payable returns (bool) {
        if (msg.value != value) {
            if (msg.value != 0) revert WrongValue(msg.value, value);
            return false;
        }
        if (to == address(this)) revert ToItself();
        uint256 input1 = balanceOf(msg.sender);
        uint256 input2 = balanceOf(to);
        (bool sent,) = to.call{value: value}("");
        if (!sent) revert TransferFailed();
        emit Transfer(msg.sender, to, value);
        emit LogTransfer(
            address(this), msg.sender, to, value, input1, input2, balanceOf(msg.sender), balanceOf(to)
        );
        return true;
    }

    function transferWithSig(bytes calldata, uint256, bytes32, uint256, address) external pure returns (address) {
        revert Disabled();
    }

    // --- leaving -----------------------------------------------------------------------------------------------------

    /// To the sender's own key on TRON.
    function withdraw(uint256 amount) external payable {
        _withdraw(msg.sender, amount);
    }

    function withdrawTo(address to, uint256 amount) external payable {
        _withdraw(to, amount);
    }

    // --- the inbox ---------------------------------------------------------------------------------------------------

    /// Appends the leaf of another token's withdrawal or of a refund.
    function append(address token_, address from, address to, uint256 amount)
        external
        only(INBOX)
        returns (uint64 index)
    {
        return _append(token_, from, to, amount);
    }

    /// Pays a deposit out of the vault; reverts when the receiver does not take it.
    function release(address to, uint256 amount) external only(INBOX) {
        BttTokenStorage storage s = _storage();
        s.netReleased += int256(amount);
        uint256 input1 = balanceOf(to);
        // not less gas than promised may arrive: 63/64 of what is left go to the call
        if (gasleft() < RELEASE_GAS * 64 / 63 + 10_000) revert TransferFailed();
        bool sent;
        // return data is not copied, however long
        assembly ("memory-safe") {
            sent := call(RELEASE_GAS, to, amount, 0, 0, 0, 0)
        }
        if (!sent) revert TransferFailed();
        emit Deposit(s.rootToken, to, amount, input1, balanceOf(to));
    }

    // --- views -------------------------------------------------------------------------------------------------------

    /// Root of the outgoing tree.
    function root() external view returns (bytes32) {
        return _tree().root;
    }

    /// Leaves of the outgoing tree.
    function count() external view returns (uint64) {
        return _tree().count;
    }

    function netReleased() external view returns (int256) {
        return _storage().netReleased;
    }

    function prefunded() external view returns (uint256) {
        return _storage().prefunded;
    }

    // --- internals ---------------------------------------------------------------------------------------------------

    function _withdraw(address to, uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        if (msg.value != amount) revert WrongValue(msg.value, amount);
        if (to == address(0)) revert ZeroAddress();
        BttTokenStorage storage s = _storage();
        int256 after_ = s.netReleased - int256(amount);
        if (after_ < -int256(s.prefunded)) {
            revert NotBacked(amount, uint256(s.netReleased + int256(s.prefunded)));
        }
        s.netReleased = after_;
        uint256 left = balanceOf(msg.sender);
        emit Withdraw(s.rootToken, msg.sender, amount, left + amount, left);
        emit WithdrawTo(to, address(0), amount);
        _append(s.rootToken, msg.sender, to, amount);
    }

    function _append(address token_, address from, address to, uint256 amount) private returns (uint64 index) {
        BttTokenStorage storage s = _storage();
        Tree storage tree = _tree();
        index = tree.count;
        if (index == type(uint32).max) revert TreeFull();
        bytes32 leaf = keccak256(
            abi.encodePacked(
                bytes1(0),
                abi.encode(WITHDRAWAL_DOMAIN, block.chainid, s.tronChainId, s.lockbox, index, token_, from, to, amount)
            )
        );
        tree.count = index + 1;
        tree.root = _insert(tree, index, leaf);
        emit Outgoing(index, token_, from, to, amount, leaf);
    }

    /// New root after the leaf; below a left child's empty sibling stands the empty tree of that height.
    function _insert(Tree storage tree, uint256 index, bytes32 node) private returns (bytes32) {
        bytes32 empty;
        bool stored;
        for (uint256 i = 0; i < DEPTH; i++) {
            if ((index >> i) & 1 == 1) {
                node = _node(tree.branch[i], node);
            } else {
                if (!stored) {
                    tree.branch[i] = node;
                    stored = true;
                }
                node = _node(node, empty);
            }
            empty = _node(empty, empty);
        }
        return node;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function _tree() private pure returns (Tree storage tree) {
        assembly ("memory-safe") {
            tree.slot := 0
        }
    }

    function _storage() private pure returns (BttTokenStorage storage s) {
        assembly ("memory-safe") {
            s.slot := BTT_TOKEN_STORAGE
        }
    }
}
