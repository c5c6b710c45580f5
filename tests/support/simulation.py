"""Real contracts executed in a state of the test's choosing, without a transaction.

One `eth_simulateV1` sets storage and runs calls one after another, each on what those before it
left; a call that reverts leaves nothing. The chain itself stays as it was. Storage layouts are what
the compilers made of these very contracts, and every test reads the state that it set back through
the contract's own getters.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from watcher.chain.client import open_chain
from watcher.devnet.calldata import call_data
from watcher.devnet.local_chain import LocalChain
from watcher.protocols import Entry
from watcher.service.identify import identify
from watcher.state import Address, Answer, Call, Static, Target, to_address

Storage = Mapping[tuple[Address, int], int]
"""Values by contract and slot."""

SENDER = to_address("0x00000000000000000000000000000000005e4de5")
"""Who acts; nobody has its key and nothing is deployed there."""

RECEIVER = to_address("0x00000000000000000000000000000000004ece14")
GAS = 2_000_000
_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")


@dataclass(frozen=True, slots=True)
class Step:
    """A call by `sender`."""

    to: Address
    data: str
    sender: Address = SENDER


@dataclass(frozen=True, slots=True)
class Result:
    """What a step gave; `reason` is the text of a revert that has one."""

    ok: bool
    data: bytes

    def integers(self) -> tuple[int, ...]:
        """The words of an answer."""
        assert self.ok, self.reason
        return tuple(int.from_bytes(self.data[at : at + 32]) for at in range(0, len(self.data), 32))

    @property
    def integer(self) -> int:
        (value,) = self.integers()
        return value

    @property
    def reason(self) -> str:
        if self.data[:4] == _ERROR:
            (text,) = decode(["string"], self.data[4:])
            return str(text)
        if self.data[:4] == _PANIC:
            return f"Panic({int.from_bytes(self.data[4:])})"
        return "0x" + self.data.hex()


def step(to: Address, signature: str, *args: Any, sender: Address = SENDER) -> Step:
    """`step(pair, "mint(address)", receiver)`."""
    return Step(to, call_data(signature, *args), sender)


def getters(calls: Sequence[Call]) -> list[Step]:
    """An adapter's calls as steps."""
    return [Step(call.to, "0x" + call.data.hex()) for call in calls if isinstance(call, Static)]


def answers(results: Sequence[Result]) -> list[Answer]:
    """What an adapter decodes."""
    return [Answer(each.ok, each.data, len(each.data)) for each in results]


def simulate(
    chain: LocalChain,
    storage: Storage,
    steps: Sequence[Step],
    *,
    time: int | None = None,
    number: int | None = None,
) -> list[Result]:
    """Run the steps at the chain's head, after setting the storage; `time` and `number` are their
    block's, which is later than the head."""
    changes: dict[Address, dict[str, str]] = defaultdict(dict)
    for (contract, slot), value in storage.items():
        changes[contract][_word(slot)] = _word(value)
    block: dict[str, Any] = {
        "stateOverrides": {contract: {"stateDiff": diff} for contract, diff in changes.items()},
        "calls": [
            {"from": each.sender, "to": each.to, "data": each.data, "gas": hex(GAS)}
            for each in steps
        ],
    }
    told = {"time": time, "number": number}
    if overrides := {name: hex(value) for name, value in told.items() if value is not None}:
        block["blockOverrides"] = overrides
    (simulated,) = chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    return [
        Result(int(each["status"], 16) == 1, bytes.fromhex(each["returnData"][2:]))
        for each in simulated["calls"]
    ]


def entry_of(mapping_slot: int, key: Address) -> int:
    """The slot of `mapping[key]` in Solidity's layout."""
    return int.from_bytes(keccak(_bytes(key) + mapping_slot.to_bytes(32, "big")))


def identified(chain: LocalChain, entries: Sequence[Entry]) -> list[Target]:
    """The targets as the chain confirms them to our own reader; none may be refused."""

    async def ask() -> list[Target]:
        async with open_chain(chain.chain_id, chain.url) as client:
            found = await identify(client.reader, await client.headers.head(), entries)
        assert not [each.refusal for each in found if each.target is None]
        return [each.target for each in found if each.target is not None]

    return asyncio.run(ask())


def _bytes(address: Address) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _word(value: int) -> str:
    return f"0x{value:064x}"
