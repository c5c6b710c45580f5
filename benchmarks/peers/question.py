"""What every contestant is asked: the same facts of the same pairs. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

SELECTORS = {
    "getReserves": "0902f1ac",
    "balanceOf": "70a08231",
    "totalSupply": "18160ddd",
    "kLast": "7464fc3d",
    "feeTo": "017e7e58",
}
CALLS_A_PAIR = 5
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"

ABI: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": name,
        "stateMutability": "view",
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": kind} for kind in outputs],
    }
    for name, inputs, outputs in (
        ("getReserves", (), ("uint112", "uint112", "uint32")),
        ("balanceOf", ("address",), ("uint256",)),
        ("totalSupply", (), ("uint256",)),
        ("kLast", (), ("uint256",)),
        ("feeTo", (), ("address",)),
    )
]


@dataclass(frozen=True)
class Question:
    """Where to ask, and of which (pair, token0, token1); addresses have checksums."""

    url: str
    pairs: list[tuple[str, str, str]]
    factory: str


@dataclass(frozen=True)
class Head:
    """The block to read at, which is the newest."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int


class Called(NamedTuple):
    """One view, by name, and its arguments."""

    to: str
    name: str
    arguments: tuple[str, ...] = ()


class Contestant(Protocol):
    def read(self, head: Head) -> Any:
        """From a block to decoded values: what is timed."""
        ...

    def facts(self, result: Any) -> list[int]:
        """The same in the form of `flat`: not timed."""
        ...


def distinct_calls(question: Question) -> list[Called]:
    """Five calls for each pair and then one to the factory: what our adapter asks, but once what
    is the same for all."""
    found = []
    for pair, token0, token1 in question.pairs:
        found += [
            Called(pair, "getReserves"),
            Called(token0, "balanceOf", (pair,)),
            Called(token1, "balanceOf", (pair,)),
            Called(pair, "totalSupply"),
            Called(pair, "kLast"),
        ]
    return [*found, Called(question.factory, "feeTo")]


def flat(answers: Sequence[Any]) -> list[int]:
    """Six integers for each pair, and 1 at the end where the factory takes a fee; `answers` are
    values in the order of `distinct_calls`, those of getReserves as a sequence."""
    facts = []
    for at in range(0, len(answers) - 1, CALLS_A_PAIR):
        reserves, *others = answers[at : at + CALLS_A_PAIR]
        facts += [*reserves[:2], *others]
    fee_to = answers[-1] or 0
    return [*facts, int((int(fee_to, 16) if isinstance(fee_to, str) else fee_to) != 0)]
