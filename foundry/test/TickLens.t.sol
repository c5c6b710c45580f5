// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Lens} from "../src/Lens.sol";
import {GasEater} from "./Hostile.sol";
import {Programs} from "./Programs.sol";
import {OnlyBitmaps, TickPool} from "./TickPool.sol";

contract TickLensTest is Programs {
    uint32 private constant TICK_GAS = 60_000;
    address private lens;
    TickPool private pool;

    function setUp() public {
        lens = address(new Lens());
        pool = new TickPool(10);
        vm.roll(1000);
        vm.warp(1_700_000_000);
    }

    /// What one call for ticks is given; a piece of call data is one word, an argument another.
    function asked(int256 first, int256 last, int256 reach) private pure returns (bytes memory) {
        bytes memory words = abi.encode(first, last, reach, int256(10));
        bytes memory around = reach == 0 ? bytes("") : padded(TickPool.slot0.selector, 28);
        return bytes.concat(
            bytes4(reach == 0 ? bytes1(0) : bytes1(uint8(4))) | 0x00040400,
            words,
            around,
            padded(bytes4(keccak256("tickBitmap(int16)")), 60),
            padded(bytes4(keccak256("ticks(int24)")), 60)
        );
    }

    function padded(bytes4 selector, uint256 zeros) private pure returns (bytes memory) {
        return bytes.concat(selector, new bytes(zeros));
    }

    function program(address to, bytes memory data, uint24 most) private pure returns (bytes memory) {
        uint24 cap = 6 + 35 * most;
        bytes memory call = template(0, 3, 0, TICK_GAS, cap, "", data);
        return withoutTable(shape(1, hex"14", 1, 5 + cap, call, abi.encodePacked(to)));
    }

    function run(address to, bytes memory data, uint24 most) private view returns (bytes memory) {
        (bool ok, bytes memory answer) = lens.staticcall(program(to, data, most));
        require(ok, "the lens reverted");
        return answer;
    }

    function walked(int16 first, int16 reached, int16 last, bytes memory rows)
        private
        view
        returns (bytes memory)
    {
        bytes memory data = abi.encodePacked(first, reached, last, rows);
        return bytes.concat(header(1), long(true, uint32(data.length), data));
    }

    function row(int24 tick, int128 net, uint128 gross) private pure returns (bytes memory) {
        return abi.encodePacked(tick, net, gross);
    }

    function someTicks() private returns (bytes memory rows) {
        pool.set(-7680, 5, 5);
        pool.set(-10, type(uint128).max, type(int128).min);
        pool.set(0, 7, -7);
        pool.set(10, 1, type(int128).max);
        pool.set(1270, 2, 0);
        pool.set(1280, 3, -1);
        pool.set(2550, 4, 1);
        pool.set(2560, 6, 2);
        rows = bytes.concat(
            row(-7680, 5, 5),
            row(-10, type(int128).min, type(uint128).max),
            row(0, -7, 7),
            row(10, type(int128).max, 1),
            row(1270, 0, 2)
        );
        rows = bytes.concat(rows, row(1280, -1, 3), row(2550, 1, 4), row(2560, 2, 6));
    }

    function test_all_ticks_of_some_words() public {
        bytes memory rows = someTicks();
        same(run(address(pool), asked(-3, 1, 0), 8), walked(-3, 2, 1, rows));
        same(run(address(pool), asked(-2, -2, 0), 8), walked(-2, -1, -2, ""));
    }

    function test_every_bit_of_a_word() public {
        bytes memory rows;
        for (int24 i; i < 256; ++i) {
            pool.set(2560 * 5 + 10 * i, uint24(i) + 1, i - 100);
            rows = bytes.concat(rows, row(2560 * 5 + 10 * i, i - 100, uint24(i) + 1));
        }
        same(run(address(pool), asked(5, 5, 0), 256), walked(5, 6, 5, rows));
    }

    function test_words_around_the_current_tick() public {
        someTicks();
        bytes memory low = bytes.concat(row(-7680, 5, 5), row(-10, type(int128).min, type(uint128).max));
        pool.moveTo(-2561); // the word below the one of -2560
        same(run(address(pool), asked(-20, 30, 1), 8), walked(-3, 0, -1, low));
        pool.moveTo(-2560);
        same(run(address(pool), asked(-20, -1, 1), 8), walked(-2, 0, -1, row(-10, type(int128).min, type(uint128).max)));
        pool.moveTo(0);
        same(run(address(pool), asked(1, 30, 1), 8), walked(1, 2, 1, row(2560, 2, 6)));
        same(run(address(pool), asked(2, 30, 1), 8), bytes.concat(header(1), long(false, 0, "")));
        pool.moveTo(1 << 24); // no int24
        same(run(address(pool), asked(-20, 30_000, 1), 8), bytes.concat(header(1), long(false, 0, "")));
    }

    function test_what_is_no_tick_fails() public {
        bytes memory failed = bytes.concat(header(1), long(false, 0, ""));
        same(run(address(0xE0A), asked(0, 1, 0), 8), failed);
        same(run(address(new OnlyBitmaps()), asked(0, 1, 0), 8), failed);
        pool.set(10, 1 << 128, 1);
        same(run(address(pool), asked(0, 1, 0), 8), failed);
        pool.set(10, 1, int256(1) << 127);
        same(run(address(pool), asked(0, 1, 0), 8), failed);
        pool.set(10, 1, -(int256(1) << 127) - 1);
        same(run(address(pool), asked(0, 1, 0), 8), failed);
        pool.set(10, 1, -(int256(1) << 127));
        same(run(address(pool), asked(0, 1, 0), 8), walked(0, 2, 1, row(10, type(int128).min, 1)));
    }

    function test_more_ticks_than_are_kept() public {
        someTicks();
        bytes memory two = bytes.concat(row(0, -7, 7), row(10, type(int128).max, 1));
        bytes memory data = abi.encodePacked(int16(0), int16(0), int16(1), two);
        bytes memory cut = bytes.concat(bytes1(0x81), bytes4(uint32(6 + 3 * 35)), data);
        same(run(address(pool), asked(0, 1, 0), 2), bytes.concat(header(1), cut));
    }

    function test_poison_costs_one_gas_cap() public {
        address eater = address(new GasEater());
        uint256 before = gasleft();
        same(run(eater, asked(-100, 100, 0), 8), bytes.concat(header(1), long(false, 0, "")));
        atMost(before - gasleft(), TICK_GAS + 40_000);
    }

    /// Whatever the gas, words are whole, and walking on gives the rest.
    function test_where_gas_runs_short_a_walk_can_go_on() public {
        bytes memory rows = someTicks();
        uint256 stops;
        int16 before = type(int16).min;
        for (uint256 limit = 70_000; limit < 300_000; limit += 1_009) {
            (bool ok, bytes memory found) =
                lens.staticcall{gas: limit}(program(address(pool), asked(-40, 40, 0), 8));
            require(ok, "the lens ran out of gas");
            if (found.length == 52) {
                same(found, header(0));
                require(before == type(int16).min, "less with more gas");
                continue;
            }
            int16 reached;
            assembly {
                reached := sar(240, mload(add(found, 91)))
            }
            require(reached >= before && reached > -40, "less with more gas");
            if (reached > before) ++stops;
            before = reached;
            bytes memory some = partOf(found, 63);
            same(found, walked(-40, reached, 40, some));
            if (reached > 40) continue;
            bytes memory more = run(address(pool), asked(reached, 40, 0), 8);
            same(bytes.concat(some, partOf(more, 63)), rows);
        }
        require(stops > 10, "too few limits");
    }

    function partOf(bytes memory all, uint256 from) private pure returns (bytes memory part) {
        part = new bytes(all.length - from);
        for (uint256 i; i < part.length; ++i) {
            part[i] = all[from + i];
        }
    }

    /// What follows in a row is asked where it lies, and what a row leaves behind does no harm.
    function test_rows_and_templates_beside_a_walk() public {
        someTicks();
        uint24 cap = 6 + 35 * 8;
        bytes memory calls = bytes.concat(
            template(0, 3, 0, TICK_GAS, cap, patch(1, 4), asked(0, 1, 0)),
            template(1, 2, 0, 0, 32, "", ""),
            template(2, 3, 0, TICK_GAS, cap, "", asked(-9, 9, 1))
        );
        bytes memory rows = abi.encodePacked(address(pool), uint8(0), address(pool), uint8(0));
        bytes memory all = withoutTable(shape(3, hex"1401", 2, 2 * (5 + cap) + 37, calls, rows));
        (bool ok, bytes memory found) = lens.staticcall(all);
        require(ok, "the lens reverted");
        bytes memory first = partOf(run(address(pool), asked(0, 1, 0), 8), 52);
        bytes memory around = partOf(run(address(pool), asked(-9, 9, 1), 8), 52);
        bytes memory once = bytes.concat(first, word(0), around);
        same(found, bytes.concat(header(6), once, once));
        bool cut;
        for (uint256 limit = 70_000; limit < 500_000; limit += 2_003) {
            (ok, found) = lens.staticcall{gas: limit}(all);
            uint32 count;
            assembly {
                count := shr(224, mload(add(found, 32)))
            }
            // a walk that was cut is the last that is counted
            if (count == 4 && found.length != 52 + once.length + first.length) cut = true;
            require(ok && count <= 6, "the lens ran out of gas");
        }
        require(cut, "too few limits");
    }
}
