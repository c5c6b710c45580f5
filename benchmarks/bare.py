"""What a careful person writes by hand for these very calls, over one kept connection: a JSON
batch, an aggregate3, and our lens's own request with its answer split into the calls' bytes."""

from __future__ import annotations

import http.client
import json
import struct
from itertools import chain
from urllib.parse import urlsplit

from benchmarks.ours import block_of, targets_of
from benchmarks.peers.question import (
    CALLS_A_PAIR,
    MULTICALL3,
    SELECTORS,
    Called,
    Head,
    Question,
    distinct_calls,
    flat,
)
from watcher.chain.abilities import GASES
from watcher.chain.lens_program import HEADER_SIZE, make_plan
from watcher.chain.pieces import Piece
from watcher.chain.questions import at_hash
from watcher.chain.ways import OverrideWay
from watcher.protocols import ADAPTERS

AGGREGATE3 = "82ad56cb"
GAS = GASES[0]
BATCH = 1_000
"""Requests in one JSON batch."""

WORD = 32
PAIR = struct.Struct("x96s" + "x32s" * (CALLS_A_PAIR - 1))
"""A pair's answers as the lens packs them: each behind a mark of one byte."""


class Connection:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def post(self, body: str) -> bytes:
        self._http.request("POST", "/", body.encode(), {"Content-Type": "application/json"})
        return self._http.getresponse().read()

    def result(self, params: str) -> bytes:
        """What one eth_call returned."""
        body = f'{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{params}}}'
        return bytes.fromhex(json.loads(self.post(body))["result"][2:])


class RawBatch:
    """Texts are made once but for the block; answers become integers."""

    def __init__(self, question: Question) -> None:
        self._connection = Connection(question.url)
        self._items = [
            f'{{"jsonrpc":"2.0","id":{i},"method":"eth_call",'
            f'"params":[{{"to":"{one.to}","data":"0x{_data(one)}"}},'
            for i, one in enumerate(distinct_calls(question))
        ]

    def read(self, head: Head) -> list[int | tuple[int, int]]:
        end = f'"{hex(head.number)}"]}}'
        values: list[int | tuple[int, int]] = []
        for at in range(0, len(self._items), BATCH):
            body = ",".join([one + end for one in self._items[at : at + BATCH]])
            answers = json.loads(self._connection.post(f"[{body}]"))
            answers.sort(key=lambda one: one["id"])
            values += [_value(one["result"]) for one in answers]
        return values

    def facts(self, result: list[int | tuple[int, int]]) -> list[int]:
        return flat(result)


class RawAggregate3:
    """The call data is made once; each answer lies where the calls' known lengths put it."""

    def __init__(self, question: Question) -> None:
        self._connection = Connection(question.url)
        calls = distinct_calls(question)
        self._pairs = len(question.pairs)
        items = [_aggregate3_item(one) for one in calls]
        offsets, at = [], WORD * len(items)
        for item in items:
            offsets.append(_word(at))
            at += len(item) // 2
        data = "".join([AGGREGATE3, _word(WORD), _word(len(items)), *offsets, *items])
        self._message = f'[{{"to":"{MULTICALL3}","data":"0x{data}","gas":"{hex(GAS)}"}}'
        # Each result: success, where its bytes are, their length; then the bytes.
        head, one = f"{3 * WORD}x", f"{WORD}s"
        self._pair = struct.Struct(f"{head}{one}{one}{WORD}x" + (head + one) * (CALLS_A_PAIR - 1))
        self._start = WORD * (2 + len(calls))

    def read(self, head: Head) -> list[int]:
        data = self._connection.result(f'{self._message},"{hex(head.number)}"]')
        stop = self._start + self._pairs * self._pair.size
        words = chain.from_iterable(self._pair.iter_unpack(data[self._start : stop]))
        return [int.from_bytes(word, "big") for word in words] + [int.from_bytes(data[-WORD:])]

    def facts(self, result: list[int]) -> list[int]:
        return [*result[:-1], int(result[-1] != 0)]


class BareLens:
    """The lens's request as our service sends it; the bytes are split and no more."""

    def __init__(self, question: Question) -> None:
        self._connection = Connection(question.url)
        targets = targets_of(question)
        calls = [call for target in targets for call in ADAPTERS[target.protocol].calls(target)]
        plan = make_plan(calls)
        one_by_one = sorted(dict.fromkeys(calls), key=lambda call: call == calls[CALLS_A_PAIR])
        if list(plan.calls) != one_by_one:  # the factory's call is the sixth of each, and one
            raise AssertionError("the lens's rows are not in the order of the pairs")
        self._way, self._piece = OverrideWay(), Piece(plan.program, plan.calls)
        self._data = self._way.data(self._piece)
        self._stop = HEADER_SIZE + len(targets) * PAIR.size

    def read(self, head: Head) -> list[tuple[bytes, ...]]:
        at = at_hash(block_of(head))
        asked = self._way.request(self._piece, self._data, at, gas=GAS)
        data = self._connection.result(asked.params)
        return [*PAIR.iter_unpack(data[HEADER_SIZE : self._stop]), (data[self._stop + 1 :],)]

    def facts(self, result: list[tuple[bytes, ...]]) -> list[int]:
        answers: list[int | tuple[int, int]] = []
        for reserves, *others in result[:-1]:
            answers.append((int.from_bytes(reserves[:32]), int.from_bytes(reserves[32:64])))
            answers += map(int.from_bytes, others)
        return flat([*answers, int.from_bytes(result[-1][0])])


def _data(called: Called) -> str:
    return SELECTORS[called.name] + "".join(_word(int(one, 16)) for one in called.arguments)


def _aggregate3_item(called: Called) -> str:
    data = _data(called)
    length = len(data) // 2
    padding = "00" * (-length % WORD)
    head = [int(called.to, 16), 1, 3 * WORD, length]
    return "".join(map(_word, head)) + data + padding


def _value(result: str) -> int | tuple[int, int]:
    if len(result) > 2 + 2 * WORD:
        return int(result[2:66], 16), int(result[66:130], 16)
    return int(result, 16)


def _word(number: int) -> str:
    return f"{number:064x}"
