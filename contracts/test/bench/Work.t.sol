// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Raytracer} from "../../bench/Raytracer.sol";
import {Churn, Deployed, Hashes} from "../../bench/Work.sol";
import {Test} from "../Test.sol";

contract WorkTest is Test {
    Raytracer private tracer = new Raytracer();
    Hashes private hashes = new Hashes();
    Churn private churn = new Churn();

    /// Row 2 of the picture shows the sky, row 39 the blue ball before the light floor.
    function test_thePictureShowsTheScene() external view {
        uint256 sky = tracer.pixel(1, 64, 32, 2, 1);
        assertEq(sky & 0xff, 0xff);
        assertLt(sky >> 16, sky >> 8 & 0xff);
        uint256 blue = tracer.pixel(1, 64, 34, 39, 16);
        assertLt(blue >> 16, (blue & 0xff) / 2);
    }

    function testFuzz_everyPixelIsThreeBytes(uint64 seed, uint256 column, uint256 row) external view {
        assertLt(tracer.pixel(seed, 64, bound(column, 0, 63), bound(row, 0, 63), 2), 1 << 24);
    }

    function test_samePixelTwiceGivesTheSameColour() external {
        tracer.run(5, 64, 20, 40, 3);
        assertEq(tracer.last(), tracer.pixel(5, 64, 20, 40, 3));
    }

    function test_tenThousandHashes() external {
        bytes32 word = bytes32(uint256(9));
        for (uint256 i = 0; i < 10_000; ++i) word = keccak256(abi.encodePacked(word, i));
        hashes.run(bytes32(uint256(9)));
        assertEq(hashes.last(), word);
    }

    function test_churnKeepsTwoWindowsOfSlots() external {
        for (uint256 i = 0; i < 5; ++i) churn.run(10);
        uint256 base = uint256(uint160(address(this))) << 64;
        for (uint256 i = 0; i < 10; ++i) {
            assertEq(churn.slots(base + 30 + i), 0);
            assertEq(churn.slots(base + 40 + i), 4 + i + 1);
            assertEq(churn.slots(base + 50 + i), 5 + i);
        }
    }

    function test_deployedCodeDiffersByItsSalt() external {
        Deployed one = new Deployed(1, 100);
        Deployed two = new Deployed(2, 100);
        assertEq(one.balanceOf(address(this)), 100);
        require(address(one).codehash != address(two).codehash);
        one.burn(40);
        assertEq(one.totalSupply(), 60);
        vm.prank(address(3));
        vm.expectRevert(abi.encodeWithSelector(Deployed.NotTheOwner.selector, address(3)));
        one.burn(1);
    }
}
