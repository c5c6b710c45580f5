// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Test} from "./Test.sol";

/// Programs written out by hand, and the parts of an answer; docs/lens.md shows the bytes.
abstract contract Programs is Test {
    uint32 internal constant GAS_CAP = 1_000_000;
    bytes internal constant ABI_WORD = hex"0000000000000000000000000000000000000000000000000000000000000000";

    /// The `position`-th call of its shape. A patch is a slot's place in memory and an offset.
    function template(
        uint8 position,
        uint8 kind,
        uint8 slot,
        uint32 gasCap,
        uint24 returnCap,
        bytes memory patches,
        bytes memory data
    ) internal pure returns (bytes memory) {
        uint16 place = 0x80 + 32 * uint16(slot);
        uint8 size = 14 + uint8(patches.length);
        return abi.encodePacked(
            place, kind, position, size, uint16(data.length), gasCap, returnCap, patches, data
        );
    }

    function patch(uint8 slot, uint16 offset) internal pure returns (bytes memory) {
        return abi.encodePacked(0x80 + 32 * uint16(slot), offset);
    }

    /// `room` is the length of one row's longest answers.
    function shape(
        uint8 calls,
        bytes memory widths,
        uint16 count,
        uint32 room,
        bytes memory templates,
        bytes memory rows
    ) internal pure returns (bytes memory) {
        uint8 slots = uint8(widths.length);
        return abi.encodePacked(
            calls, slots, count, uint16(templates.length), room, widths, templates, rows
        );
    }

    /// A shape of one row and one static call without patches.
    function single(address to, uint32 gasCap, uint24 returnCap, bytes memory data)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory call = template(0, 0, 0, gasCap, returnCap, "", data);
        return shape(1, hex"14", 1, 5 + returnCap, call, abi.encodePacked(to));
    }

    function withoutTable(bytes memory shapes) internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(0), shapes);
    }

    function header(uint32 count) internal view returns (bytes memory) {
        return abi.encodePacked(count, uint64(block.number), uint64(block.timestamp), blockhash(block.number - 1));
    }

    function word(uint256 value) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), value);
    }

    function long(bool ok, uint32 size, bytes memory kept) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(ok ? 0x81 : 0x80), size, kept);
    }
}
