"""Ours, as the service reads: its chain client with all policies, its observer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from benchmarks.peers.question import Head, Question
from tests.support.many_pairs import target_of
from watcher.chain.client import open_chain
from watcher.service.observe import Observer
from watcher.state import Address, Block, ConstantProduct, Observation, Target, Token

CHAIN_ID = 11_155_111
"""Sepolia's: PyPI multicall works only on chains that it knows, and on Ethereum web3-ethereum-defi
refuses a block before Multicall3 was deployed there."""


class Ours:
    """The first `read` is a first reading: calls are made and planned, ways are probed."""

    def __init__(self, question: Question) -> None:
        self._targets = targets_of(question)
        self._observer: Observer | None = None
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()  # until the process ends
        self._runner.run(self._connect(question.url))

    async def _connect(self, url: str) -> None:
        self._chain = await self._open.enter_async_context(open_chain(CHAIN_ID, url))

    def read(self, head: Head) -> dict[str, Observation]:
        # In the one loop, as the service does. Runner.run sets and takes back a signal handler each
        # time, which writes out the finished task, all observations included: 2 ms for 1,000.
        return self._runner.get_loop().run_until_complete(self._read(block_of(head)))

    async def _read(self, block: Block) -> dict[str, Observation]:
        if self._observer is None:
            self._observer = Observer(self._chain.reader, self._targets)
        return await self._observer.observe(block)

    def facts(self, result: dict[str, Observation]) -> list[int]:
        return facts_of(_state(result[target.id]) for target in self._targets)


def targets_of(question: Question) -> list[Target]:
    return [
        target_of(Address(pair), (_token(token0), _token(token1)), chain_id=CHAIN_ID)
        for pair, token0, token1 in question.pairs
    ]


def block_of(head: Head) -> Block:
    return Block(CHAIN_ID, head.number, head.hash, head.parent_hash, head.timestamp)


def facts_of(states: Iterable[ConstantProduct]) -> list[int]:
    """What `benchmarks.peers.question.flat` makes of the peers' answers."""
    facts: list[int] = []
    share = 0
    for state in states:
        facts += [state.reserve0, state.reserve1, state.balance0, state.balance1]
        facts += [state.total_supply, state.k_last]
        share = state.protocol_share_numerator
    return [*facts, int(share != 0)]


def _token(address: str) -> Token:
    return Token(Address(address), 18, "")


def _state(observation: Observation) -> ConstantProduct:
    state = observation.state
    if not isinstance(state, ConstantProduct):
        raise AssertionError(f"a pair was not read: {observation.detail}")
    return state
