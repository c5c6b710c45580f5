"""The observer over a reader in memory: what changed is decoded, what is doubtful is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.support.many_pairs import FACTORY, target_of
from watcher.errors import ReadError, Unavailable
from watcher.service.observe import Observer
from watcher.state import (
    Address,
    Answer,
    Block,
    Call,
    Code,
    ConstantProduct,
    Observation,
    Static,
    Status,
    Token,
    to_address,
)

BLOCK = Block(31337, 1, "0x01", "0x00", 1)
TOKENS = tuple(Token(to_address(f"0x{at:040x}"), 18, f"T{at}") for at in (1, 2))
PAIRS = [target_of(to_address(f"0x{at:040x}"), (TOKENS[0], TOKENS[1])) for at in (0xA1, 0xA2, 0xA3)]
FIRST, SECOND, THIRD = (pair.id for pair in PAIRS)


class Chain:
    """What each pair holds, and which calls were made last."""

    def __init__(self) -> None:
        self.reserve: dict[Address, int] = {pair.address: 1_000 for pair in PAIRS}
        self.reverting: set[Address] = set()
        self.away: set[Address] = set()
        self.codes: list[Address] = []

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        self.codes = [call.address for call in calls if isinstance(call, Code)]
        return [self._answer(call) for call in calls]

    def _answer(self, call: Call) -> Answer | ReadError:
        if isinstance(call, Code):
            return Answer(ok=True, data=b"\1", length=1)
        assert isinstance(call, Static)
        if call.to in self.away:
            return Unavailable("away")
        if call.to in self.reverting:
            return Answer(ok=False, data=b"", length=0)
        words = [0 if call.to == FACTORY else self.reserve.get(call.to, 7)]
        words *= (call.return_cap // 32) - 1
        data = b"".join(word.to_bytes(32, "big") for word in words)
        return Answer(ok=True, data=data, length=len(data))


async def observed(chain: Chain, observer: Observer) -> dict[str, Observation]:
    found = await observer.observe(BLOCK)
    assert list(found) == [FIRST, SECOND, THIRD]
    return found


def reserve(observation: Observation) -> int:
    assert isinstance(observation.state, ConstantProduct)
    return observation.state.reserve0


async def test_only_what_changed_is_made_anew() -> None:
    chain = Chain()
    observer = Observer(chain, PAIRS)
    before = await observed(chain, observer)
    chain.reserve[PAIRS[1].address] = 2_000
    after = await observed(chain, observer)
    assert [reserve(one) for one in before.values()] == [1_000, 1_000, 1_000]
    assert [reserve(one) for one in after.values()] == [1_000, 2_000, 1_000]
    assert after[FIRST] is before[FIRST]
    assert after[THIRD] is before[THIRD]


async def test_what_the_caller_was_given_stays_as_it_was() -> None:
    chain = Chain()
    observer = Observer(chain, PAIRS)
    before = await observed(chain, observer)
    chain.reserve[PAIRS[0].address] = 5
    await observed(chain, observer)
    assert reserve(before[FIRST]) == 1_000


async def test_a_doubtful_target_is_looked_at_in_each_block_until_it_answers() -> None:
    chain = Chain()
    observer = Observer(chain, PAIRS)
    await observed(chain, observer)
    assert chain.codes == []
    chain.reverting.add(PAIRS[2].address)
    for _ in range(2):
        found = await observed(chain, observer)
        assert found[THIRD].status is Status.REVERTED
        assert chain.codes == [PAIRS[2].address]
    chain.reverting.clear()
    assert (await observed(chain, observer))[THIRD].status is Status.OK
    assert chain.codes == []


async def test_an_error_is_the_targets_alone_and_passes() -> None:
    chain = Chain()
    observer = Observer(chain, PAIRS)
    chain.away.add(PAIRS[0].address)
    found = await observed(chain, observer)
    assert [one.status for one in found.values()] == [Status.UNAVAILABLE, Status.OK, Status.OK]
    chain.away.clear()
    assert reserve((await observed(chain, observer))[FIRST]) == 1_000


class Slow(Chain):
    """Whether there is code is answered only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        answers = await super().read(block, calls)
        if self.codes and not self.let.is_set():
            self.asked.set()
            await self.let.wait()
        return answers


async def test_a_block_keeps_what_was_read_of_it_while_another_one_is_read() -> None:
    """As in filling a gap, where the next blocks are read meanwhile."""
    chain = Slow()
    observer = Observer(chain, PAIRS)
    chain.reverting.add(PAIRS[0].address)
    waiting = asyncio.create_task(observer.observe(BLOCK))
    await chain.asked.wait()
    chain.reverting.clear()
    chain.reserve[PAIRS[1].address] = 2_000
    later = await observer.observe(BLOCK)
    chain.let.set()
    first = await waiting
    assert (reserve(first[SECOND]), reserve(later[SECOND])) == (1_000, 2_000)
    assert (first[FIRST].status, later[FIRST].status) == (Status.REVERTED, Status.OK)
