"""A node in memory that runs lenses, or loses them, and chokes where it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.support import lens
from tests.support.faulty_node import FaultyNode, Json, error
from watcher.chain.lens_code import creation_data, deployed_code
from watcher.chain.multicall import MULTICALL3
from watcher.chain.ways import PLACE, Way
from watcher.state import (
    Address,
    Answer,
    Balance,
    Block,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Slot,
    Static,
    Ticks,
    to_address,
)

CREATION = bytes.fromhex(creation_data(b"")[2:-8])
OFFCHAIN_LOOKUP = keccak(text="OffchainLookup(address,string[],bytes,bytes4,bytes)")[:4] + encode(
    ["address", "string[]", "bytes", "bytes4", "bytes"],
    ["0x" + "11" * 20, ["http://169.254.169.254/{sender}/{data}"], b"", b"1234", b""],
)
RATE_LIMIT = error(-32005, "limit exceeded")


def place(number: int) -> Address:
    return to_address(f"0x{0xC0_0000 + number:040x}")


def ask(number: int) -> Static:
    """A call as all targets are asked it, at an address of its own."""
    return Static(place(number), b"ask!", gas_cap=100_000, return_cap=64)


@dataclass
class LensNode(FaultyNode):
    """Every address answers a word of its own. `poison` fails whole requests that touch it, and
    `fails_alone` also alone; `reverting` reverts, `looking_up` asks for a
    URL to be fetched. `most_rows` and `gas_rows` are how many calls a
    request may have, and for how many the gas is enough. `sees` is the block that is read in place
    of the one that is asked for, `sees_times` times."""

    ways: set[Way] = field(default_factory=lambda: set(Way))
    poison: set[str] = field(default_factory=set)
    fails_alone: bool = False
    reverting: set[str] = field(default_factory=set)
    looking_up: set[str] = field(default_factory=set)
    most_rows: int = 10**9
    gas_rows: int = 10**9
    most_gas: int = 10**12
    sees: Block | None = None
    sees_times: int = 10**9
    whole: Json = None  # what every request for many calls is answered with
    asked_rows: list[int] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)

    def _value(self, method: str, params: Sequence[Json]) -> Json:
        if method != "eth_call" or method in self.overrides:
            return super()._value(method, params)
        missing = self._at(params[1])
        if missing is not None:
            return missing
        message, data = params[0], bytes.fromhex(params[0].get("data", "0x")[2:])
        gas = int(message["gas"], 16)
        if len(params) > 2:
            return self._placed(data, params, gas)
        if "to" not in message:
            return self._created(data, params[1], gas)
        if message["to"] == MULTICALL3:
            return self._multicall(data, params[1])
        self.alone.append(message["to"])
        if self.fails_alone and message["to"] in self.poison:
            return error(-32603, "internal error")
        ok, answered = self.contract(message["to"], data)
        return _hex(answered) if ok else error(3, "execution reverted", _hex(answered))

    def contract(self, to: str, data: bytes) -> tuple[bool, bytes]:
        if to in self.looking_up:
            return False, OFFCHAIN_LOOKUP
        return to not in self.reverting, keccak(to.encode() + data)

    def expected(self, call: Call) -> Answer:
        """What any way must give."""
        match call:
            case Static(to, data, _, cap):
                ok, answered = self.contract(to, data)
                return Answer(ok, answered[:cap], len(answered))
            case Balance() | Slot():
                return Answer(True, (7).to_bytes(32, "big"), 32)
            case Code():
                return Answer(True, b"\xfe", 1)
            case Ticks() | BlockTime() | BlockNumber():
                raise AssertionError("nothing of this node's")

    def _placed(self, data: bytes, params: Sequence[Json], gas: int) -> Json:
        if Way.OVERRIDE not in self.ways:
            return error(-32602, "too many arguments, want at most 2")
        if gas > self.most_gas:
            return error(-32000, "gas limit too high")
        if params[2][PLACE]["code"] != deployed_code():
            return _hex((gas - 21_000).to_bytes(32, "big"))
        return self._run(data, params[1])

    def _created(self, data: bytes, at: Json, gas: int) -> Json:
        if Way.CREATION not in self.ways:
            return error(-32000, "contract creation is not supported")
        if not data.startswith(CREATION):
            return error(3, "execution reverted", _hex((gas - 53_000).to_bytes(32, "big")))
        ran = self._run(data[len(CREATION) : -4], at)
        return error(3, "execution reverted", ran) if isinstance(ran, str) else ran

    def _run(self, program: bytes, at: Json) -> Json:
        calls = list(lens.calls_of(program))
        trouble = self._trouble(calls)
        if trouble is not None:
            return trouble
        seen = self._seen(at)
        packed = lens.response(program, answer=self.expected, stop_after=self.gas_rows)
        start = lens.header(
            min(len(calls), self.gas_rows), number=seen.number, timestamp=seen.timestamp
        )
        return _hex(start[:20] + bytes.fromhex(seen.parent_hash[2:]) + packed[52:])

    def _multicall(self, data: bytes, at: Json) -> Json:
        if Way.MULTICALL not in self.ways:
            return "0x"
        (asked,) = decode(["(address,bool,bytes)[]"], data[4:])
        seen = self._seen(at)
        own = [
            seen.number.to_bytes(32, "big"),
            seen.timestamp.to_bytes(32, "big"),
            bytes.fromhex(seen.parent_hash[2:]),
        ]
        calls = [Static(to_address(to), call) for to, _, call in asked[:-3]]
        trouble = self._trouble(calls) if calls else None
        if trouble is not None:
            return trouble
        results = [self._inside(call) for call in calls] + [(True, word) for word in own]
        return _hex(encode(["(bool,bytes)[]"], [results]))

    def _inside(self, call: Static) -> tuple[bool, bytes]:
        if call.to == MULTICALL3:
            return True, (7).to_bytes(32, "big")
        return self.contract(call.to, call.data)

    def _trouble(self, calls: Sequence[Call]) -> Json:
        self.asked_rows.append(len(calls))
        if self.whole is not None:
            return self.whole
        if len(calls) > self.most_rows:
            return error(-32000, "execution timeout")
        if any(isinstance(call, Static) and call.to in self.poison for call in calls):
            return error(-32603, "internal error")
        return None

    def _seen(self, at: Json) -> Block:
        if self.sees is not None and self.sees_times > 0:
            self.sees_times -= 1
            return self.sees
        by_hash = {block.hash: block for block in self.blocks}
        return by_hash[at["blockHash"]] if isinstance(at, dict) else self.blocks[int(at, 16)]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
