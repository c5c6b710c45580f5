// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// Runs a program of static calls and packs their answers; what a program and an answer look like
/// is described in docs/lens.md, and written and read by watcher/chain/lens_program.py and
/// lens_answer.py.
///
/// Memory: the slots of one target, then the program, then the answer. Call data is patched and sent
/// where it lies in the program, so nothing is copied but the answers.
abstract contract LensMachine {
    /// Where the caller of `_run` has put the program: after 0x80 and 64 slots of a word.
    uint256 internal constant PROGRAM = 0x880;

    /// Runs the program in memory from PROGRAM to `end`; the answer is `length` bytes at `end`.
    function _run(uint256 end) internal view returns (uint256 length) {
        assembly {
            function slot(index) -> value {
                value := mload(add(0x80, shl(5, index)))
            }

            // One target's values: an index into the address table, or so many bytes in place.
            function load(widths, count, row) -> next {
                next := row
                for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                    let width := byte(0, mload(add(widths, i)))
                    let value := mload(next)
                    switch width
                    case 0 {
                        value := shr(96, mload(add(0x882, mul(20, shr(240, value)))))
                        next := add(next, 2)
                    }
                    default {
                        value := shr(sub(256, shl(3, width)), value)
                        next := add(next, width)
                    }
                    mstore(add(0x80, shl(5, i)), value)
                }
            }

            // Whether the gas that is left gives the call all of its cap (EIP-150 keeps a 64th),
            // and then pays for its answer's memory, and for the end.
            function affords(gas_cap, return_cap, out) -> yes {
                let words := add(shr(5, return_cap), 2)
                let memory_gas := mul(words, add(7, shr(8, add(shr(5, out), words))))
                yes := gt(gas(), add(add(gas_cap, div(gas_cap, 63)), add(memory_gas, 8000)))
            }

            // The form for everything but whole words: a flag, the full length, the bytes kept.
            function announce(ok, size, return_cap, out) -> kept, at {
                mstore8(out, or(0x80, ok))
                mstore(add(out, 1), shl(224, size))
                kept := size
                if gt(size, return_cap) { kept := return_cap }
                at := add(out, 5)
            }

            function read_code(target, return_cap, out) -> next {
                let kept, at := announce(1, extcodesize(target), return_cap, out)
                extcodecopy(target, at, 0, kept)
                next := add(at, kept)
            }

            // The call at `head`, its data at `data`; `next` is 0 where the gas does not suffice.
            function ask(head, data, out) -> next {
                let return_cap := and(shr(184, head), 0xffffff)
                let gas_cap := and(shr(208, head), 0xffffffff)
                if iszero(affords(gas_cap, return_cap, out)) { leave }
                let target := slot(byte(1, head))
                switch byte(0, head)
                case 0 {
                    let ok := staticcall(gas_cap, target, data, and(shr(168, head), 0xffff), 0, 0)
                    let size := returndatasize()
                    // whole words, fewer than 128, and no more than the cap
                    if and(ok, iszero(or(and(size, not(0xfe0)), gt(size, return_cap)))) {
                        mstore8(out, shr(5, size))
                        returndatacopy(add(out, 1), 0, size)
                        next := add(add(out, 1), size)
                        leave
                    }
                    let kept, at := announce(ok, size, return_cap, out)
                    returndatacopy(at, 0, kept)
                    next := add(at, kept)
                }
                case 1 { next := read_code(target, return_cap, out) }
                default {
                    mstore8(out, 1)
                    mstore(add(out, 1), balance(target))
                    next := add(out, 33)
                }
            }

            // All calls of the target whose values are in the slots.
            function ask_all(templates, calls, out, count) -> next, total, more {
                next := out
                total := count
                let at := templates
                for { let left := calls } left { left := sub(left, 1) } {
                    let head := mload(at)
                    let data := add(at, add(12, mul(3, byte(11, head))))
                    for { let patch := add(at, 12) } lt(patch, data) { patch := add(patch, 3) } {
                        let where := mload(patch)
                        mstore(add(data, and(shr(232, where), 0xffff)), slot(byte(0, where)))
                    }
                    let after := ask(head, data, next)
                    if iszero(after) { leave }
                    next := after
                    total := add(total, 1)
                    at := add(data, and(shr(168, head), 0xffff))
                }
                more := 1
            }

            function run_shape(at, out, count) -> following, next, total, more {
                next := out
                total := count
                more := 1
                let head := mload(at)
                let widths := add(at, 6)
                let templates := add(widths, byte(1, head))
                following := add(templates, and(shr(208, head), 0xffff))
                for { let left := and(shr(224, head), 0xffff) } left { left := sub(left, 1) } {
                    following := load(widths, byte(1, head), following)
                    next, total, more := ask_all(templates, byte(0, head), next, total)
                    if iszero(more) { leave }
                }
            }

            let out := add(end, 52)
            let count := 0
            let at := add(0x882, mul(20, shr(240, mload(0x880))))
            for { let more := 1 } and(more, lt(at, end)) {} {
                at, out, count, more := run_shape(at, out, count)
            }
            mstore(end, or(shl(224, count), or(shl(160, number()), shl(96, timestamp()))))
            mstore(add(end, 20), blockhash(sub(number(), 1)))
            length := sub(out, end)
        }
    }
}
