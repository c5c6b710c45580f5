// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// Runs a program of static calls and packs their answers; what a program and an answer look like
/// is described in docs/lens.md, and written and read by watcher/chain/lens_program.py and
/// lens_answer.py.
///
/// Memory: four words of scratch (0x00 the calls answered, 0x20 the gas kept back, 0x60 whether gas
/// has run short), the slots of one row, then the program, then the answer. Call data is patched
/// and sent where it lies in the program, so nothing is copied but the answers.
abstract contract LensMachine {
    /// Where the caller of `_run` has put the program: after 64 slots of a word from 0x80 on.
    uint256 internal constant PROGRAM = 0x880;

    /// Runs the program in memory from PROGRAM to `end`; the answer is `length` bytes at `end`.
    function _run(uint256 end) internal view returns (uint256 length) {
        assembly {
            // One row's values into the slots: an index into the address table, or so many
            // bytes in place.
            function load(widths, edge, row) -> next {
                next := row
                for { let to := 0x80 } lt(widths, edge) { to := add(to, 32) } {
                    let width := byte(0, mload(widths))
                    widths := add(widths, 1)
                    let value := mload(next)
                    if iszero(width) {
                        mstore(to, shr(96, mload(add(0x882, mul(20, shr(240, value))))))
                        next := add(next, 2)
                        continue
                    }
                    mstore(to, shr(sub(256, shl(3, width)), value))
                    next := add(next, width)
                }
            }

            // The form for everything but whole words: a flag, the full length, the bytes kept.
            function announce(ok, size, return_cap, out) -> kept, at {
                mstore8(out, or(0x80, ok))
                mstore(add(out, 1), shl(224, size))
                kept := size
                if gt(size, return_cap) { kept := return_cap }
                at := add(out, 5)
            }

            function keep(ok, return_cap, out) -> next {
                let kept, at := announce(ok, returndatasize(), return_cap, out)
                returndatacopy(at, 0, kept)
                next := add(at, kept)
            }

            function read_account(kind, account, return_cap, out) -> next {
                if eq(kind, 1) {
                    let kept, at := announce(1, extcodesize(account), return_cap, out)
                    extcodecopy(account, at, 0, kept)
                    next := add(at, kept)
                    leave
                }
                mstore8(out, 1)
                mstore(add(out, 1), balance(account))
                next := add(out, 33)
            }

            // The calls of the row whose values are in the slots, one template after the other.
            function ask(at, edge, out) -> next {
                next := out
                for {} lt(at, edge) {} {
                    let head := mload(at)
                    let data := add(at, byte(4, head))
                    for { let patch := add(at, 14) } lt(patch, data) { patch := add(patch, 4) } {
                        let where := mload(patch)
                        mstore(add(data, and(shr(224, where), 0xffff)), mload(shr(240, where)))
                    }
                    // All of its gas cap or no call at all: EIP-150 keeps a 64th back.
                    let gas_cap := and(shr(168, head), 0xffffffff)
                    if lt(gas(), add(mload(0x20), add(gas_cap, div(gas_cap, 63)))) {
                        mstore(0, add(mload(0), byte(3, head)))
                        mstore(0x60, 1)
                        leave
                    }
                    let size := and(shr(200, head), 0xffff)
                    at := add(data, size)
                    let return_cap := and(shr(144, head), 0xffffff)
                    if byte(2, head) {
                        next := read_account(byte(2, head), mload(shr(240, head)), return_cap, next)
                        continue
                    }
                    let ok := staticcall(gas_cap, mload(shr(240, head)), data, size, 0, 0)
                    size := returndatasize()
                    // not whole words, 128 words or more, over the cap, or failed
                    if or(or(and(size, not(0xfe0)), gt(size, return_cap)), iszero(ok)) {
                        next := keep(ok, return_cap, next)
                        continue
                    }
                    mstore8(next, shr(5, size))
                    next := add(next, 1)
                    returndatacopy(next, 0, size)
                    next := add(next, size)
                }
            }

            // Gas for the memory of `room` more bytes of answers (3 a word, 3 to copy it, and its
            // share of the square), and 24,000 for one cold account, for the largest row and its
            // patches, which are read before gas is looked at again, and for the end.
            function kept_back(room, out) -> amount {
                let words := add(shr(5, room), 2)
                amount := add(24000, mul(words, add(7, shr(8, add(shr(5, out), words)))))
            }

            function run_shape(at, out) -> following, next {
                next := out
                let head := mload(at)
                let widths := add(at, 10)
                let templates := add(widths, byte(1, head))
                let edge := add(templates, and(shr(208, head), 0xffff))
                following := edge
                for { let left := and(shr(224, head), 0xffff) } left { left := sub(left, 1) } {
                    following := load(widths, templates, following)
                    mstore(0x20, kept_back(and(shr(176, head), 0xffffffff), next))
                    next := ask(templates, edge, next)
                    if mload(0x60) { leave }
                    mstore(0, add(mload(0), byte(0, head)))
                }
            }

            mstore(0, 0)
            mstore(0x60, 0)
            let out := add(end, 52)
            let at := add(0x882, mul(20, shr(240, mload(0x880))))
            for {} lt(at, end) {} {
                at, out := run_shape(at, out)
                if mload(0x60) { break }
            }
            mstore(end, or(shl(224, mload(0)), or(shl(160, number()), shl(96, timestamp()))))
            mstore(add(end, 20), blockhash(sub(number(), 1)))
            length := sub(out, end)
        }
    }
}
