"""Multicall3's encoding beside eth_abi's, and what is no answer of it."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.multicall import MULTICALL3, decode, encode
from watcher.chain.ways import NoReading
from watcher.state import Balance, Static, to_address

RESULTS = st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=8)
ADDRESSES = st.integers(0, 2**160 - 1).map(lambda number: to_address(f"0x{number:040x}"))
OWN = 3


@given(st.lists(st.builds(Static, ADDRESSES, st.binary(max_size=80)), max_size=8))
def test_calls_are_encoded_as_solidity_reads_them(calls: list[Static]) -> None:
    data = encode(calls)
    assert data[:4].hex() == "82ad56cb"  # aggregate3's selector, as block explorers show it
    (asked,) = abi_decode(["(address,bool,bytes)[]"], data[4:])
    assert [(to_address(to), one) for to, _, one in asked[:-OWN]] == [
        (call.to, call.data) for call in calls
    ]
    assert all(may_fail for _, may_fail, _ in asked)
    assert abi_encode(["(address,bool,bytes)[]"], [asked]) == data[4:]


@given(ADDRESSES)
def test_a_balance_is_asked_of_multicall3_itself(address: str) -> None:
    (asked,) = abi_decode(["(address,bool,bytes)[]"], encode([Balance(to_address(address))])[4:])
    to, _, data = asked[0]
    assert to_address(to) == MULTICALL3
    assert data.hex() == "4d2301cc" + "00" * 12 + address[2:].lower()


@given(RESULTS)
def test_results_are_decoded_as_they_were_encoded(results: list[tuple[bool, bytes]]) -> None:
    assert decode(abi_encode(["(bool,bytes)[]"], [results]), len(results)) == results


@given(RESULTS, st.data())
def test_a_damaged_answer_is_refused_or_differs_only_in_what_was_answered(
    results: list[tuple[bool, bytes]], data: st.DataObject
) -> None:
    """Never a result out of a truncated, longer or re-encoded answer."""
    whole = abi_encode(["(bool,bytes)[]"], [results])
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0", whole + whole[-32:]):
        with pytest.raises(NoReading):
            decode(wrong, len(results))
    for count in (len(results) + 1, len(results) - 1):
        with pytest.raises(NoReading):
            decode(whole, count if count >= 0 else 1)
    changed = bytearray(whole)
    changed[cut] ^= data.draw(st.integers(1, 255))
    try:
        found = decode(bytes(changed), len(results))
    except NoReading:
        return
    assert cut >= 64 + 32 * len(results)  # where the list and its results begin is never free
    # a flag, bytes, or the length of bytes whose padding allows it
    assert len(found) == len(results)
    assert sum(now != before for now, before in zip(found, results, strict=True)) <= 1
