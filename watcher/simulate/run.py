"""One script executed by one `eth_simulateV1`, and what came of it.

The block is the finding's own: number, time, base fee and coinbase are those of its header, so that
what contracts compute with time is what the state was read with. Where a node will not execute a
second block of one number, the next number and second are used; the run says which it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from abis import load_artifact
from watcher.errors import DecodeError
from watcher.protocols.erc20 import BALANCE_OF
from watcher.simulate.node import Node, Refused
from watcher.simulate.script import Change, Script, Watch
from watcher.simulate.witness import Witness, overrides, word
from watcher.state.token import Address, to_address

READER = to_address("0x000000000000000000000000000000000004eade")
"""Asks for balances."""

BLOCK_GAS = 10**9
OUT_OF_SEQUENCE = frozenset({-38020, -38021})
"""go-ethereum's errors for a number and a time that do not rise."""


@dataclass(frozen=True, slots=True)
class Pin:
    """The block that is simulated; `base_fee` in wei."""

    number: int
    timestamp: int
    base_fee: int
    coinbase: Address


@dataclass(frozen=True, slots=True)
class Called:
    """`data` is what a step returned, or its revert data; `error` is "" where it went through."""

    data: str
    gas: int
    error: str


@dataclass(frozen=True, slots=True)
class Run:
    """`engine` is who executed it, `client` that node's version. Changes are those that are not 0,
    in the order of the script's watches."""

    engine: str
    client: str
    pin: Pin
    calls: tuple[Called, ...]
    changes: tuple[Change, ...]

    @property
    def gas(self) -> int:
        """Of the steps, each taken for a transaction of its own."""
        return sum(each.gas for each in self.calls)

    @property
    def failed(self) -> int | None:
        """The first step that reverted."""
        return next((i for i, each in enumerate(self.calls) if each.error), None)


async def run(
    script: Script, node: Node, *, engine: str, pin: Pin, at: str, witness: Witness | None = None
) -> Run:
    """Execute a script on the state after block `at`, or on the witness alone.

    Raises Refused where the node does not have the method, DecodeError where its answer is none.
    """
    client = str(await node.ask("web3_clientVersion"))
    try:
        answer = await node.ask("eth_simulateV1", _payload(script, pin, witness), at)
    except Refused as error:
        if error.code not in OUT_OF_SEQUENCE:
            raise
        pin = replace(pin, number=pin.number + 1, timestamp=pin.timestamp + 1)
        answer = await node.ask("eth_simulateV1", _payload(script, pin, witness), at)
    return _outcome(script, answer, engine=engine, client=client, pin=pin)


def _payload(script: Script, pin: Pin, witness: Witness | None) -> dict[str, Any]:
    reads = [_read(watch) for watch in script.watches]
    steps = [
        {"from": step.sender, "to": step.to, "data": step.data, "value": hex(step.value)}
        for step in script.steps
    ]
    block = {
        "blockOverrides": {
            "number": hex(pin.number),
            "time": hex(pin.timestamp),
            "baseFeePerGas": hex(pin.base_fee),
            "feeRecipient": pin.coinbase,
            "gasLimit": hex(BLOCK_GAS),
        },
        "stateOverrides": _overrides(script, witness),
        "calls": [*reads, *steps, *reads],
    }
    return {"blockStateCalls": [block], "validation": False}


def _overrides(script: Script, witness: Witness | None) -> Mapping[Address, dict[str, Any]]:
    found: dict[Address, dict[str, Any]] = defaultdict(dict)
    if witness is not None:
        found.update(overrides(witness))
    for actor in script.actors:
        found[actor.address]["code"] = payer_code()
    kind = "stateDiff" if witness is None else "state"
    for grant in script.grants:
        slots = found[grant.contract].setdefault(kind, {})
        slots[word(grant.slot)] = word(grant.amount)
    return found


@cache
def payer_code() -> str:
    code: str = load_artifact("lens/Payer")["runtime_code"]
    return code


def _read(watch: Watch) -> dict[str, str]:
    call = BALANCE_OF.call(watch.token, watch.holder)
    return {"from": READER, "to": call.to, "data": "0x" + call.data.hex()}


def _outcome(script: Script, answer: object, *, engine: str, client: str, pin: Pin) -> Run:
    calls = _calls(answer, 2 * len(script.watches) + len(script.steps))
    watched = len(script.watches)
    before = [_balance(each) for each in calls[:watched]]
    after = [_balance(each) for each in calls[-watched:]]
    changes = zip(script.watches, before, after, strict=True)
    return Run(
        engine=engine,
        client=client,
        pin=pin,
        calls=tuple(_called(each) for each in calls[watched:-watched]),
        changes=tuple(
            Change(watch.holder, watch.token, now - then)
            for watch, then, now in changes
            if now != then
        ),
    )


def _calls(answer: object, count: int) -> list[dict[str, Any]]:
    block = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    calls = block.get("calls") if isinstance(block, dict) else None
    if isinstance(calls, list) and len(calls) == count:
        return calls
    raise DecodeError("eth_simulateV1 answered something that is not one block with all its calls")


def _called(call: dict[str, Any]) -> Called:
    ok = int(call["status"], 16) == 1
    error = "" if ok else str((call.get("error") or {}).get("message") or "reverted")[:200]
    return Called(data=call["returnData"], gas=int(call["gasUsed"], 16), error=error)


def _balance(call: dict[str, Any]) -> int:
    called = _called(call)
    if called.error or len(called.data) != 66:
        raise DecodeError(f"a token does not tell a balance: {called.error or called.data[:80]}")
    return int(called.data, 16)
