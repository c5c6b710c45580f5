"""The multicall package of PyPI; its calls are made once, its batch for each block."""

from __future__ import annotations

from typing import Any

from multicall import Call, Multicall
from web3 import HTTPProvider, Web3

from benchmarks.peers.question import Called, Head, Question, distinct_calls, flat

SIGNATURES = {
    "getReserves": "getReserves()((uint112,uint112,uint32))",
    "balanceOf": "balanceOf(address)(uint256)",
    "totalSupply": "totalSupply()(uint256)",
    "kLast": "kLast()(uint256)",
    "feeTo": "feeTo()(address)",
}
"""The parentheses round getReserves' values make one tuple of them."""

GAS = 1_000_000_000
"""As much as we ask for: its own 50 million are too little for the 10,000 calls of its batches."""


class PypiMulticall:
    def __init__(self, question: Question) -> None:
        self._w3 = Web3(HTTPProvider(question.url))
        self._calls = [_call(i, one) for i, one in enumerate(distinct_calls(question))]

    def read(self, head: Head) -> dict[int, Any]:
        asked = Multicall(self._calls, block_id=head.number, gas_limit=GAS, _w3=self._w3)
        return asked()  # type: ignore[no-any-return]

    def facts(self, result: dict[int, Any]) -> list[int]:
        return flat([result[i] for i in range(len(self._calls))])


def _call(number: int, called: Called) -> Call:
    return Call(
        called.to,
        [SIGNATURES[called.name], *called.arguments],
        returns=[(number, None)],
    )
