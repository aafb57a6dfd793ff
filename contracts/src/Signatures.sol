// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// Signatures of validator keys: 65 bytes r, s, v with v 27 or 28 and s in the lower half of the order.
library Signatures {
    /// Half of secp256k1's order.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// The signer; 0 if the signature is not of that form or recovers nobody.
    function recover(bytes32 digest, bytes memory signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return address(0);
        return ecrecover(digest, v, r, s);
    }
}
