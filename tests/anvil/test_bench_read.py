"""scripts/bench read, ours alone on few pairs: that it measures, not how fast it is."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.figures import Mode, Network
from benchmarks.peers.question import Question
from benchmarks.reading import measure
from benchmarks.workers import run_worker
from watcher.devnet.artifacts import Toolchain
from watcher.errors import SetupError

pytestmark = pytest.mark.anvil


async def test_ours_reads_what_the_chain_holds_in_one_request(toolchain: Toolchain) -> None:
    samples = await measure(toolchain, ["ours", "bare"], sizes=[100], rounds=1)
    kinds = Counter((one.name, one.network, one.mode) for one in samples)
    assert kinds == {
        (name, network, mode): 1
        for network in Network
        for name, mode in (
            *(("ours", mode) for mode in Mode),
            *(("bare", mode) for mode in (Mode.CHANGED, Mode.FEW)),
        )
    }
    for one in samples:
        assert 0 < one.cpu
        assert 0 < one.seconds
        if one.network is Network.SLOW and one.mode is not Mode.FIRST:
            assert one.requests == 1
            assert one.sent is not None
            assert one.received is not None
            assert one.sent < one.received


async def test_a_contestant_that_ends_is_told_with_what_it_printed() -> None:
    async with run_worker("nobody", Path(sys.executable)) as worker:
        with pytest.raises(SetupError, match=r"^the contestant nobody ended: .*KeyError: 'nobody'"):
            await worker.prepare(Question("", [], ""))
