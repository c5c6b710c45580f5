// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CallLens} from "../src/CallLens.sol";
import {Lens} from "../src/Lens.sol";
import {Adder, Bomb, GasEater, GasLeft, Invalid, Returns, Reverter, Writer} from "./Hostile.sol";
import {Programs} from "./Programs.sol";

contract LensTest is Programs {
    address private lens;
    address private adder;

    function setUp() public {
        lens = address(new Lens());
        adder = address(new Adder());
        vm.roll(1000);
        vm.warp(1_700_000_000);
    }

    /// The answer of both lenses, which must be one.
    function run(bytes memory program) private returns (bytes memory answer) {
        bool ok;
        (ok, answer) = lens.staticcall(program);
        require(ok, "the lens reverted");
        bytes memory creation =
            abi.encodePacked(type(CallLens).creationCode, program, uint32(program.length));
        address created;
        assembly {
            created := create(0, add(creation, 32), mload(creation))
        }
        require(created == address(0), "the creation did not revert");
        bytes memory other;
        assembly {
            other := mload(0x40)
            mstore(0x40, add(other, add(32, returndatasize())))
            mstore(other, returndatasize())
            returndatacopy(add(other, 32), 0, returndatasize())
        }
        same(other, answer);
    }

    function runOne(address to, uint32 gasCap, uint24 returnCap) private returns (bytes memory) {
        return run(withoutTable(single(to, gasCap, returnCap, hex"01020304")));
    }

    function answered(bytes memory answer) private view returns (bytes memory) {
        return bytes.concat(header(1), answer);
    }

    function test_no_calls_answer_the_header() public {
        same(run(withoutTable("")), header(0));
    }

    function test_a_word() public {
        bytes memory data = abi.encodePacked(bytes4(0x01020304), uint256(30), uint256(12));
        same(run(withoutTable(single(adder, GAS_CAP, 64, data))), answered(word(42)));
    }

    function test_slots_are_patched_into_data_and_address() public {
        // slot 0: the address table; 1: one byte in place; 2: a whole word in place
        address other = address(new Adder());
        bytes memory data = bytes.concat(bytes4(0), ABI_WORD, ABI_WORD);
        bytes memory calls = bytes.concat(
            template(0, 0, 0, GAS_CAP, 64, bytes.concat(patch(1, 4), patch(2, 36)), data),
            template(1, 0, 0, GAS_CAP, 64, patch(2, 4), data)
        );
        bytes memory rows = abi.encodePacked(
            uint16(1), uint8(5), uint256(100), uint16(0), uint8(255), type(uint256).max - 1000
        );
        bytes memory program =
            abi.encodePacked(uint16(2), other, adder, shape(2, hex"000120", 2, 138, calls, rows));
        uint256 big = type(uint256).max - 1000;
        same(
            run(program), bytes.concat(header(4), word(105), word(100), word(big + 255), word(big))
        );
    }

    function test_shapes_follow_each_other() public {
        bytes memory one = single(adder, GAS_CAP, 64, abi.encodePacked(bytes4(0), uint256(1), uint256(2)));
        bytes memory two = single(adder, GAS_CAP, 64, abi.encodePacked(bytes4(0), uint256(3), uint256(4)));
        same(run(withoutTable(bytes.concat(one, two))), bytes.concat(header(2), word(3), word(7)));
    }

    function test_code_and_balance() public {
        bytes memory code = hex"600760005260206000f3";
        vm.etch(address(0xC0DE), code);
        vm.deal(address(0xC0DE), 3 ether);
        bytes memory calls = bytes.concat(
            template(0, 1, 0, 0, 64, "", ""),
            template(1, 1, 0, 0, 2, "", ""),
            template(2, 2, 0, 0, 32, "", "")
        );
        bytes memory rows = abi.encodePacked(address(0xC0DE), address(0xE0A));
        bytes memory expected = bytes.concat(
            bytes.concat(header(6), long(true, 10, code), long(true, 10, hex"6007"), word(3 ether)),
            bytes.concat(long(true, 0, ""), long(true, 0, ""), word(0))
        );
        same(run(withoutTable(shape(3, hex"14", 2, 113, calls, rows))), expected);
    }

    function test_an_account_without_code_answers_no_bytes() public {
        same(runOne(address(0xE0A), GAS_CAP, 64), answered(hex"00"));
    }

    function test_odd_lengths_and_the_return_cap() public {
        address five = address(new Returns(5));
        same(runOne(five, GAS_CAP, 64), answered(long(true, 5, hex"1111111111")));
        same(runOne(five, GAS_CAP, 3), answered(long(true, 5, hex"111111")));
        address ninety = address(new Returns(96));
        bytes memory thirty = hex"111111111111111111111111111111111111111111111111111111111111";
        same(runOne(ninety, GAS_CAP, 30), answered(long(true, 96, thirty)));
        same(runOne(ninety, GAS_CAP, 0), answered(long(true, 96, "")));
    }

    function test_127_words_are_short_and_128_are_not() public {
        bytes memory most = runOne(address(new Returns(127 * 32)), GAS_CAP, 8192);
        same(most.length, 52 + 1 + 127 * 32);
        same(uint8(most[52]), 127);
        bytes memory more = runOne(address(new Returns(128 * 32)), GAS_CAP, 8192);
        same(more.length, 52 + 5 + 128 * 32);
        same(uint8(more[52]), 0x81);
    }

    function test_a_revert_keeps_its_data() public {
        bytes memory data = abi.encodeWithSelector(Reverter.Refused.selector, 7);
        same(runOne(address(new Reverter()), GAS_CAP, 64), answered(long(false, 36, data)));
    }

    function test_nothing_is_written() public {
        same(runOne(address(new Writer()), GAS_CAP, 64), answered(long(false, 0, "")));
    }

    function test_poison_costs_only_itself() public {
        address[5] memory poison = [
            address(new GasEater()),
            address(new Invalid()),
            address(new Bomb(false, 1 << 40)),
            address(new Bomb(false, 300_000)),
            address(new Bomb(true, 300_000))
        ];
        bytes memory shapes;
        bytes memory expected = header(10);
        bytes memory adding = abi.encodePacked(bytes4(0), uint256(1), uint256(2));
        for (uint256 i; i < poison.length; ++i) {
            shapes = bytes.concat(
                shapes, single(poison[i], GAS_CAP, 2, ""), single(adder, GAS_CAP, 64, adding)
            );
            bytes memory answer = i < 3 ? long(false, 0, "") : long(i == 3, 300_000, hex"0000");
            expected = bytes.concat(expected, answer, word(3));
        }
        uint256 before = gasleft();
        (bool ok, bytes memory found) = lens.staticcall(withoutTable(shapes));
        atMost(before - gasleft(), 5 * (uint256(GAS_CAP) + 3_000) + 30_000);
        require(ok, "the lens reverted");
        same(found, expected);
    }

    function test_a_call_gets_its_gas_cap_or_is_not_made() public {
        // a 64th of so large a cap is far more than what else is kept back
        uint32 gasCap = 10_000_000;
        bytes memory one = single(address(new GasLeft()), gasCap, 64, "");
        bytes memory program = withoutTable(one);
        bool made;
        bool refused;
        for (uint256 limit = gasCap; limit < gasCap + 300_000; limit += 2_503) {
            (bool ok, bytes memory found) = lens.staticcall{gas: limit}(program);
            require(ok, "the lens ran out of gas");
            if (found.length == 52) {
                same(found, header(0));
                refused = true;
                continue;
            }
            uint256 left;
            assembly {
                left := mload(add(found, 85))
            }
            // what GasLeft itself spends before it looks
            require(left > gasCap - 200 && left < gasCap, "not its gas cap");
            made = true;
        }
        require(made && refused, "too few limits");
    }

    function test_a_row_that_gas_cuts_short_is_counted_call_by_call() public {
        bytes memory calls;
        for (uint8 i; i < 4; ++i) {
            calls = bytes.concat(calls, template(i, 0, 0, 300_000, 64, "", abi.encodePacked(i)));
        }
        bytes memory rows = abi.encodePacked(address(new GasEater()), address(new GasEater()));
        bytes memory program = withoutTable(shape(4, hex"14", 2, 276, calls, rows));
        bytes memory failed = long(false, 0, "");
        bytes memory answers;
        for (uint32 count; count <= 8; ++count) {
            (bool ok, bytes memory found) = lens.staticcall{gas: 310_000 * uint256(count) + 60_000}(program);
            require(ok, "the lens ran out of gas");
            same(found, bytes.concat(header(count), answers));
            answers = bytes.concat(answers, failed);
        }
    }

    function test_gas_runs_out_before_memory_does() public {
        // 60,000 bytes of code kept from each of 200 accounts: memory costs more than the reads
        vm.etch(address(0xC0DE), new bytes(60_000));
        bytes memory rows = repeated(abi.encodePacked(address(0xC0DE)), 200);
        bytes memory program =
            withoutTable(shape(1, hex"14", 200, 65_541, template(0, 1, 0, 0, 65_536, "", ""), rows));
        uint256 most;
        for (uint256 limit = 60_000; limit < 40_000_000; limit += 1_970_001) {
            uint256 count = counted(program, limit);
            require(count >= most && count < 200, "not what the gas allows");
            most = count;
        }
        require(most > 50, "it could have gone on");
    }

    /// The largest rows that there can be: 64 slots, 60 patches.
    function test_gas_runs_out_before_the_largest_row_is_read() public view {
        bytes memory widths = hex"14";
        bytes memory row = abi.encodePacked(adder);
        bytes memory patches;
        bytes memory data = bytes.concat(bytes4(0), ABI_WORD);
        for (uint8 i = 1; i < 64; ++i) {
            widths = bytes.concat(widths, hex"01");
            row = bytes.concat(row, bytes1(i));
            if (i <= 60) patches = bytes.concat(patches, patch(i, 4));
        }
        bytes memory one = template(0, 0, 0, 100, 64, patches, data);
        bytes memory program = withoutTable(shape(1, widths, 50, 69, one, repeated(row, 50)));
        uint256 most;
        for (uint256 limit = 60_000; limit < 600_000; limit += 503) {
            uint256 count = counted(program, limit);
            require(count >= most, "not what the gas allows");
            most = count;
        }
        require(most > 20, "it could have gone on");
    }

    /// Beside the call itself, for one of a pair's calls: an address and one patch.
    function test_overhead_of_a_call() public view {
        bytes memory data = bytes.concat(bytes4(0), ABI_WORD, ABI_WORD);
        bytes memory calls = template(0, 0, 0, GAS_CAP, 64, patch(0, 4), data);
        bytes memory row = abi.encodePacked(adder);
        uint256 of_one = gasOf(shape(1, hex"14", 1_000, 69, calls, repeated(row, 1_000)));
        bytes memory six = bytes.concat(calls, calls, calls, calls, calls, calls);
        uint256 of_six = gasOf(shape(6, hex"14", 1_000, 414, six, repeated(row, 1_000)));
        // the account is warm (100), the adder takes 69, and each answer a little memory
        atMost((of_six - of_one) / 5_000, 100 + 69 + 500);
    }

    function gasOf(bytes memory shapes) private view returns (uint256) {
        bytes memory program = withoutTable(shapes);
        address where = lens;
        bool ok;
        uint256 before = gasleft();
        assembly {
            ok := staticcall(gas(), where, add(program, 32), mload(program), 0, 0)
        }
        uint256 spent = before - gasleft();
        require(ok, "the lens reverted");
        return spent;
    }

    /// How many calls the lens answers with so much gas.
    function counted(bytes memory program, uint256 limit) private view returns (uint256 count) {
        address where = lens;
        bool ok;
        assembly {
            ok := staticcall(limit, where, add(program, 32), mload(program), 0, 4)
            count := shr(224, mload(0))
        }
        require(ok, "the lens ran out of gas");
    }

    function repeated(bytes memory row, uint256 times) private pure returns (bytes memory rows) {
        rows = new bytes(row.length * times);
        for (uint256 i; i < rows.length; ++i) {
            rows[i] = row[i % row.length];
        }
    }
}
