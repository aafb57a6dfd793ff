// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {CandidateView, Counters, Jail, Reward, Seat} from "./Types.sol";

/// The calls between system contracts.
interface IValidatorSet {
    function currentSeats() external view returns (Seat[] memory);
    function currentSeatCount() external view returns (uint256);
    function seatOf(uint64 epoch, address signer) external view returns (uint32 id);
    function epochStart(uint64 epoch) external view returns (uint64 number, uint64 time, uint64 setId);
    function epochLength() external view returns (uint64);
}

interface IStakeHub {
    function candidateViews(uint32[] calldata seated) external view returns (CandidateView[] memory);
    function checkSeats(Seat[] calldata seats) external view;
    function creditRewards(Reward[] calldata rewards) external payable;
    function jail(Jail[] calldata jails, uint64 firstDay) external;
    function slash(uint32 id, uint64 firstDay, uint16 bps, uint8 reason, uint64 height) external returns (uint256 taken);
    function idOfSigner(address signer) external view returns (uint32);
    function agentOf(uint32 id) external view returns (address);
    function isTombstoned(uint32 id) external view returns (bool);
    function dayLength() external view returns (uint64);
}

interface IRewardPool {
    function pay(uint64 epoch, Reward[] calldata rewards, uint256 emission) external;
    function closeWindows(uint64 epoch, uint32[] calldata kept) external;
    function clearWindow(uint32 id) external;
    function counters(uint32[] calldata ids) external view returns (Counters[] memory);
    function feesPending() external view returns (uint256);
    function reserve() external view returns (uint256);
}

interface ISlashing {
    function distribute() external payable;
}

interface IParams {
    function valueAt(bytes32 name, uint64 epoch) external view returns (uint256);
    function all() external view returns (bytes32[] memory names, uint256[] memory values);
}
