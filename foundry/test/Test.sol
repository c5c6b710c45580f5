// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface Vm {
    function etch(address where, bytes calldata code) external;
    function deal(address who, uint256 amount) external;
    function roll(uint256 number) external;
    function warp(uint256 timestamp) external;
}

/// What the tests need of forge: its cheat codes, and comparisons that tell what differed.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Different(bytes actual, bytes expected);
    error TooMuch(uint256 actual, uint256 most);

    function same(bytes memory actual, bytes memory expected) internal pure {
        if (keccak256(actual) != keccak256(expected)) revert Different(actual, expected);
    }

    function same(uint256 actual, uint256 expected) internal pure {
        if (actual != expected) revert Different(abi.encode(actual), abi.encode(expected));
    }

    function atMost(uint256 actual, uint256 most) internal pure {
        if (actual > most) revert TooMuch(actual, most);
    }
}
