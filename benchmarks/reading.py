"""Rounds of reading: everyone reads the same block, one after the other, in turn first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import OURS, python_of
from benchmarks.figures import Mode, Network, Sample
from benchmarks.ours import CHAIN_ID, facts_of
from benchmarks.peers.question import Head, Question
from benchmarks.peers.worker import digest
from benchmarks.workers import Worker, run_worker
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.many_pairs import FACTORY, Pair, make_pairs, trade
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.errors import SetupError

DELAY = 0.04
"""Seconds that the proxy holds each request back."""

FEW = 40
"""One pair in so many changes: 2.5%."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Who takes part, in which set of packages. `most` pairs; the slowest read `once`, and not
    through the proxy, where each of their calls would wait."""

    name: str
    packages: str
    most: int = 1_000_000
    once: bool = False


ENTRANTS = (
    Entrant(name="ours", packages=OURS),
    Entrant(name="bare", packages=OURS),
    Entrant(name="raw_aggregate3", packages=OURS),
    Entrant(name="raw_batch", packages=OURS),
    Entrant(name="multicall", packages="web3"),
    Entrant(name="dank_mids", packages="web3"),
    Entrant(name="ethereum_defi", packages="ethereum_defi"),
    Entrant(name="batch_requests", packages="web3", most=1_000),
    Entrant(name="contract_calls", packages="web3", most=1_000, once=True),
)
STEADY = ("ours", "bare")
"""Who reads the blocks again in which little changed: only ours takes advantage of that."""


@dataclass(slots=True)
class _Course:
    """One Anvil with its pairs, as they are now."""

    anvil: Anvil
    pairs: list[Pair]
    network: Network
    proxy: FaultyProxy
    url: str

    @property
    def question(self) -> Question:
        targets = [pair.target for pair in self.pairs]
        addresses = [(one.address, *(token.address for token in one.tokens)) for one in targets]
        return Question(self.url, [(a, b, c) for a, b, c in addresses], FACTORY)

    def change(self, which: Sequence[int]) -> tuple[Head, str]:
        """A block with other reserves of these pairs, and the digest of what it holds."""
        self.pairs = trade(self.anvil.url, self.pairs, which)
        found = self.anvil.rpc("eth_getBlockByNumber", "latest", False)
        head = Head(
            number=int(found["number"], 16),
            hash=found["hash"],
            parent_hash=found["parentHash"],
            timestamp=int(found["timestamp"], 16),
        )
        return head, digest(facts_of(pair.state for pair in self.pairs))


async def measure(
    toolchain: Toolchain, names: Sequence[str], *, sizes: Sequence[int], rounds: int
) -> list[Sample]:
    """Samples of all rounds; each was checked against what was written into the chain.

    Raises SetupError where a contestant fails or reads something else.
    """
    entrants = [one for one in ENTRANTS if one.name in names]
    pythons = {one.packages: python_of(one.packages) for one in entrants}
    samples: list[Sample] = []
    for size in sizes:
        options = AnvilOptions(automine=False, chain_id=CHAIN_ID)
        with run_anvil(toolchain.anvil, options) as anvil:
            pairs = make_pairs(anvil.url, toolchain.artifacts, size, chain_id=CHAIN_ID)
            for network in Network:
                async with faulty_proxy(anvil.url) as (proxy, host):
                    slow = network is Network.SLOW
                    proxy.delay = DELAY if slow else 0.0
                    url = f"http://{host}" if slow else anvil.url
                    course = _Course(anvil, pairs, network, proxy, url)
                    samples += await _all_rounds(course, entrants, pythons, rounds)
                    pairs = course.pairs
    return samples


async def _all_rounds(
    course: _Course, entrants: Sequence[Entrant], pythons: dict[str, Path], rounds: int
) -> list[Sample]:
    slow = course.network is Network.SLOW
    size = len(course.pairs)
    taking = [one for one in entrants if size <= one.most and not (slow and one.once)]
    samples: list[Sample] = []
    async with AsyncExitStack() as stack:
        workers: dict[str, Worker] = {}
        for one in taking:
            worker = run_worker(one.name, pythons[one.packages])
            workers[one.name] = await stack.enter_async_context(worker)
            await workers[one.name].prepare(course.question)
        for number in range(-1, rounds):  # the first round warms up and is not counted
            found: list[Sample] = []
            head, expected = course.change(range(size))
            for one in _in_turn(taking, number):
                if not one.once or number == 0:
                    mode = Mode.FIRST if number < 0 else Mode.CHANGED
                    found.append(await _sample(course, workers[one.name], mode, head, expected))
            head, expected = course.change(range(0, size, FEW))
            for again in [workers[name] for name in STEADY if name in workers]:
                found += [await _sample(course, again, Mode.FEW, head, expected)]
            if "ours" in workers and number >= 0:
                found.append(await _first(course, pythons[OURS], head, expected))
            samples += found if number >= 0 else []
    return samples


async def _first(course: _Course, python: Path, head: Head, expected: str) -> Sample:
    """The first reading of a process that has imported all and is connected."""
    async with run_worker("ours", python) as worker:
        await worker.prepare(course.question)
        return await _sample(course, worker, Mode.FIRST, head, expected)


async def _sample(course: _Course, worker: Worker, mode: Mode, head: Head, expected: str) -> Sample:
    proxy = course.proxy
    proxy.requests = proxy.bytes_in = proxy.bytes_out = 0
    measured = await worker.read(head)
    if measured.digest != expected:
        raise SetupError(f"the contestant {worker.name} read other values than the chain holds.")
    counted = course.network is Network.SLOW
    return Sample(
        name=worker.name,
        pairs=len(course.pairs),
        network=course.network,
        mode=mode,
        seconds=measured.seconds,
        cpu=measured.cpu,
        requests=proxy.requests if counted else None,
        sent=proxy.bytes_in if counted else None,
        received=proxy.bytes_out if counted else None,
    )


def _in_turn(entrants: Sequence[Entrant], number: int) -> Iterator[Entrant]:
    for i in range(len(entrants)):
        yield entrants[(i + number) % len(entrants)]
