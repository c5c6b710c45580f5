"""Nodes of one chain that all say the truth until a test bends one."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.faulty_node import (
    FaultyNode,
    make_chain,
)
from tests.support.linked import Linked
from watcher.chain.health import State
from watcher.errors import ReadError
from watcher.state import Answer, Call, Static, to_address

POOLS = [to_address(f"0x{0xB0B0 + row:040x}") for row in range(6)]
CALLS: list[Call] = [Static(pool, b"\x09\x02\xf1\xac") for pool in POOLS]
CHAIN = make_chain(30)
READY, LAGGING, COOLING, OUTVOTED, DISABLED = State


def word(number: int) -> str:
    return f"0x{number:064x}"


def honest(length: int = 10) -> FaultyNode:
    """A node of the one chain, at which each pool holds its row and a hundred."""
    calls = {pool.lower(): word(100 + row) for row, pool in enumerate(POOLS)}
    return FaultyNode(blocks=CHAIN[:length], calls=calls)


def honest_nodes(count: int, length: int = 10) -> list[FaultyNode]:
    return [honest(length) for _ in range(count)]


def numbers(answers: Sequence[Answer | ReadError]) -> list[int | None]:
    return [int.from_bytes(a.data) if isinstance(a, Answer) else None for a in answers]


def is_ready(chain: Linked) -> bool:
    return chain.links.ready


ROUNDING = 1e-9
TRUE = [100, 101, 102, 103, 104, 105]


def advance(nodes: Sequence[FaultyNode], length: int) -> None:
    for node in nodes:
        node.blocks = CHAIN[:length]
