// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// As much of a pool as a walk over its ticks asks for.
contract TickPool {
    struct Info {
        uint256 gross;
        int256 net;
    }

    int256 public immutable spacing;
    int256 private tick;
    mapping(int16 => uint256) public tickBitmap;
    mapping(int24 => Info) public ticks;

    constructor(int256 spacing_) {
        spacing = spacing_;
    }

    function slot0() external view returns (uint256, int256) {
        return (1, tick);
    }

    function moveTo(int256 tick_) external {
        tick = tick_;
    }

    function set(int24 where, uint256 gross, int256 net) external {
        int256 place = int256(where) / spacing;
        require(place * spacing == where, "not a multiple of the spacing");
        tickBitmap[int16(place >> 8)] |= 1 << uint256(place & 255);
        ticks[where] = Info(gross, net);
    }
}

/// Bitmaps like a pool's, but no ticks.
contract OnlyBitmaps {
    function tickBitmap(int16) external pure returns (uint256) {
        return 1;
    }

    function ticks(int24) external pure returns (uint256) {
        return 1;
    }
}
