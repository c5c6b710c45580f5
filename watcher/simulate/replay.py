"""A receipt run again: from its witness on an empty Anvil, by the chain's node, or on a fork."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from watcher.errors import InputError
from watcher.simulate.fork import empty, forked
from watcher.simulate.node import Node
from watcher.simulate.prove import FORK, SIMULATE, difference, held, pin_of
from watcher.simulate.receipt import Receipt
from watcher.simulate.run import Run, run
from watcher.simulate.witness import Witness

WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Replay:
    """`reason` says what is not as the receipt has it, "" where all is: balances, what each call
    returned, and which reverted."""

    run: Run
    reason: str

    @property
    def same(self) -> bool:
        return not self.reason


async def replay_offline(receipt: Receipt, binary: Path) -> Replay:
    """Without the chain. Raises InputError for a receipt that has no witness or no run."""
    _require_runs(receipt)
    if receipt.witness is None:
        raise InputError(
            "the receipt has no witness, since no Anvil was there when it was made: replay it with "
            "--engine simulate"
        )
    async with empty(receipt.block.chain_id, binary) as node:
        return await _again(receipt, node, engine=WITNESS, at="latest", witness=receipt.witness)


async def replay_on_node(receipt: Receipt, node: Node) -> Replay:
    """By the node of the chain, which must still have the block's state. Raises StaleBlock."""
    _require_runs(receipt)
    await pin_of(node, receipt.block)
    return await _again(receipt, node, engine=SIMULATE, at=hex(receipt.block.number))


async def replay_on_fork(receipt: Receipt, node: Node, binary: Path) -> Replay:
    """On an Anvil that reads from the node. Raises StaleBlock."""
    _require_runs(receipt)
    await pin_of(node, receipt.block)
    async with forked(node, receipt.block, binary) as fork:
        return await _again(receipt, fork.node, engine=FORK, at="latest")


def _require_runs(receipt: Receipt) -> None:
    if not receipt.runs:
        raise InputError(f"nothing was executed that could be replayed: {receipt.reason}")


async def _again(
    receipt: Receipt, node: Node, *, engine: str, at: str, witness: Witness | None = None
) -> Replay:
    """The plan, and the victim's trade alone where there is one."""
    found: list[Replay] = []
    for kept in (receipt.attacked, receipt.undisturbed):
        if kept.runs:
            first = kept.runs[0]
            done = await run(
                kept.script, node, engine=engine, pin=first.pin, at=at, witness=witness
            )
            found.append(_compared(first, done))
    return Replay(found[0].run, "; ".join(each.reason for each in found if each.reason))


def _compared(kept: Run, again: Run) -> Replay:
    other = difference(held(kept.changes), held(again.changes))
    if other is not None:
        return Replay(again, other)
    for number, (was, now) in enumerate(zip(kept.calls, again.calls, strict=True), start=1):
        if (was.data, bool(was.error)) != (now.data, bool(now.error)):
            return Replay(again, f"call {number} returned {now.data[:80]}, before {was.data[:80]}")
    return Replay(again, "")
