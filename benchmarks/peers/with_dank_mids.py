"""dank_mids: contract calls that are gathered, which it collects into multicalls by itself."""

from __future__ import annotations

import asyncio
import os
from typing import Any

os.environ["DANKMIDS_USE_FULL_REQUEST"] = "1"  # else it leaves out "jsonrpc", which Anvil wants
os.environ["DANKMIDS_REQUESTS_PER_SECOND"] = "100000"  # its limit is for public nodes

from dank_mids.helpers import setup_dank_w3_from_sync
from web3 import HTTPProvider, Web3

from benchmarks.peers.question import Head, Question, flat
from benchmarks.peers.with_web3 import functions


class DankMids:
    def __init__(self, question: Question) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._prepare(question))

    async def _prepare(self, question: Question) -> None:
        w3 = setup_dank_w3_from_sync(Web3(HTTPProvider(question.url)))
        self._functions = functions(w3, question)

    def read(self, head: Head) -> list[Any]:
        return self._runner.run(self._read(head))

    async def _read(self, head: Head) -> list[Any]:
        return await asyncio.gather(
            *(one.call(block_identifier=head.number) for one in self._functions)
        )

    def facts(self, result: list[Any]) -> list[int]:
        return flat(result)
