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

            // One call of a walk, its first two words to `to`: 0 there is no gas for it, 1 it failed
            // or answered less than `least` bytes, 2 it answered.
            function look(account, gas_cap, data, size, to, least) -> state {
                if lt(gas(), add(mload(0x20), add(gas_cap, div(gas_cap, 63)))) { leave }
                let ok := staticcall(gas_cap, account, data, size, to, 64)
                state := add(1, and(ok, iszero(lt(returndatasize(), least))))
            }

            // The number of the lowest bit that is set.
            function lowest(word) -> bit {
                word := and(word, sub(0, word))
                bit := shl(7, lt(0xffffffffffffffffffffffffffffffff, word))
                bit := or(bit, shl(6, lt(0xffffffffffffffff, shr(bit, word))))
                bit := or(bit, shl(5, lt(0xffffffff, shr(bit, word))))
                bit := or(bit, shl(4, lt(0xffff, shr(bit, word))))
                bit := or(bit, shl(3, lt(0xff, shr(bit, word))))
                bit := or(bit, shl(2, lt(0xf, shr(bit, word))))
                bit := or(bit, shl(1, lt(0x3, shr(bit, word))))
                bit := or(bit, lt(1, shr(bit, word)))
            }

            // Which words are to be walked: as asked, or so many around the current tick's.
            function span(account, gas_cap, data, scratch) -> state, first, last {
                first := mload(add(data, 4))
                last := mload(add(data, 36))
                state := 2
                let size := byte(0, mload(data))
                if iszero(size) { leave }
                state := look(account, gas_cap, add(data, 132), size, scratch, 64)
                if lt(state, 2) { leave }
                let tick := mload(add(scratch, 32))
                let spacing := mload(add(data, 100))
                // sdiv truncates, a negative tick's multiple is the one below
                let word := sar(8, sub(sdiv(tick, spacing), slt(smod(tick, spacing), 0)))
                let reach := mload(add(data, 68))
                if sgt(sub(word, reach), first) { first := sub(word, reach) }
                if slt(add(word, reach), last) { last := add(word, reach) }
                if or(sub(signextend(2, tick), tick), sgt(first, last)) { state := 1 }
            }

            // The ticks of one word of the bitmap, as `look`; 3 where there is no room for one.
            function walk_word(account, gas_cap, data, place, out, edge) -> state, next {
                next := out
                let size := byte(1, mload(data))
                let field := add(add(data, 132), and(add(byte(0, mload(data)), 31), not(31)))
                mstore(add(field, size), place)
                state := look(account, gas_cap, field, add(size, 32), add(out, 64), 32)
                if lt(state, 2) { leave }
                field := add(field, and(add(size, 63), not(31)))
                size := byte(2, mload(data))
                for { let word := mload(add(out, 64)) } word { word := and(word, sub(word, 1)) } {
                    if iszero(lt(next, edge)) {
                        state := 3
                        leave
                    }
                    let tick := mul(add(shl(8, place), lowest(word)), mload(add(data, 100)))
                    mstore(add(field, size), tick)
                    state := look(account, gas_cap, field, add(size, 32), add(next, 64), 64)
                    if lt(state, 2) { leave }
                    next := keep_tick(tick, next)
                    if iszero(next) {
                        state := 1
                        leave
                    }
                }
            }

            // Tick, net and gross liquidity, which were answered at out + 64; 0 where they are no
            // int128 and uint128.
            function keep_tick(tick, out) -> next {
                let gross := mload(add(out, 64))
                let net := mload(add(out, 96))
                if or(shr(128, gross), sub(signextend(15, net), net)) { leave }
                mstore(out, shl(232, tick))
                mstore(add(out, 3), shl(128, net))
                mstore(add(out, 19), shl(128, gross))
                next := add(out, 35)
            }

            // All ticks that one call asks for. `short`: 1 there was no gas for a single word, 2 not
            // for all of them.
            function walk(head, data, out) -> next, short {
                let account := mload(shr(240, head))
                let gas_cap := and(shr(168, head), 0xffffffff)
                let state, at, last := span(account, gas_cap, data, add(out, 64))
                let first := at
                next := add(out, 11)
                for {} and(eq(state, 2), iszero(sgt(at, last))) {} {
                    let edge := add(out, add(5, and(shr(144, head), 0xffffff)))
                    let after
                    state, after := walk_word(account, gas_cap, data, at, next, edge)
                    if gt(state, 1) { next := after }
                    if eq(state, 2) { at := add(at, 1) }
                }
                if iszero(state) { short := add(1, sgt(at, first)) }
                if or(eq(state, 1), eq(short, 1)) {
                    mstore(out, shl(248, 0x80))
                    next := add(out, mul(5, iszero(short)))
                    leave
                }
                // a word of which not all is kept makes the answer longer than its cap
                let size := add(sub(sub(next, out), 5), mul(35, eq(state, 3)))
                let words := or(shl(32, and(first, 0xffff)), shl(16, and(at, 0xffff)))
                words := shl(168, or(words, and(last, 0xffff)))
                let rest := shr(88, shl(88, mload(out)))
                mstore(out, or(or(shl(248, 0x81), shl(216, size)), or(words, rest)))
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
                        if eq(byte(2, head), 3) {
                            next, size := walk(head, data, next)
                            if iszero(size) { continue }
                            mstore(0, add(mload(0), sub(add(byte(3, head), size), 1)))
                            mstore(0x60, 1)
                            leave
                        }
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
