"""Recognising a contract by asking it, with every adapter at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.chain.reader import Reader
from watcher.config.values import ChainConfig
from watcher.errors import ReadError
from watcher.protocols import ADAPTERS, Entry, Trial
from watcher.protocols import sighting as sightings
from watcher.protocols.sighting import Sight, Sighting
from watcher.service.identify import Identified, identify
from watcher.service.prepare import connect
from watcher.state.block import Block
from watcher.state.call import Answer, Call, Code, Static
from watcher.state.kinds import State
from watcher.state.target import Target
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Recognised:
    """A protocol that the contract is of, and its state just read. `also` are the other trials that
    the chain confirms as well: nothing tells them apart at this block."""

    trial: Trial
    target: Target
    state: State
    also: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A protocol that the contract looked like until it contradicted itself."""

    protocol: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """All that was seen at an address. `implementation_missing`: it is a proxy to nothing."""

    address: Address
    block: Block
    seen: Sighting
    implementation_missing: bool
    recognised: tuple[Recognised, ...]
    near: tuple[NearMiss, ...]


async def discover_at(chain: ChainConfig, address: Address) -> Discovery:
    """`discover` at the head of a configured chain."""
    async with connect(chain) as client:
        return await discover(client.reader, await client.headers.head(), address)


async def discover(reader: Reader, block: Block, address: Address) -> Discovery:
    """Look at what stands at `address` after `block`. Raises ReadError where the node does not say.

    A contract may answer what it likes: that is a refusal, never an error.
    """
    seen = await _look(reader, block, address)
    missing = await _leads_nowhere(reader, block, seen)
    recognised: list[Recognised] = []
    near: list[NearMiss] = []
    if seen.sight not in (Sight.NOTHING, Sight.ACCOUNT, Sight.ANSWERS_ANYTHING):
        recognised, near = await _recognise(reader, block, address)
    return Discovery(address, block, seen, missing, tuple(recognised), tuple(near))


async def _look(reader: Reader, block: Block, address: Address) -> Sighting:
    answers = []
    for call, found in await _read(reader, block, sightings.calls(address)):
        if isinstance(found, ReadError) and not isinstance(call, Static):
            raise found
        # A call that even the node could not make is no answer.
        answers.append(found if isinstance(found, Answer) else Answer(False, b"", 0))
    return sightings.look(address, answers)


async def _leads_nowhere(reader: Reader, block: Block, seen: Sighting) -> bool:
    if seen.implementation is None:
        return False
    [(_, code)] = await _read(reader, block, [Code(seen.implementation)])
    if isinstance(code, ReadError):
        raise code
    return not code.length


async def _recognise(
    reader: Reader, block: Block, address: Address
) -> tuple[list[Recognised], list[NearMiss]]:
    trials = [
        (protocol, trial)
        for protocol, one in ADAPTERS.items()
        if not one.is_source
        for trial in one.trials
    ]
    entries = [
        Entry(block.chain_id, protocol, address, options=trial.options)
        for protocol, trial in trials
    ]
    identified = await identify(reader, block, entries)
    fits: dict[str, list[Recognised]] = {}
    near: dict[str, NearMiss] = {}
    for (protocol, trial), one in zip(trials, identified, strict=True):
        try:
            found = await _read_state(reader, block, trial, one)
        except ReadError as error:
            near.setdefault(protocol, NearMiss(protocol, str(error)))
            continue
        if found is not None:
            fits.setdefault(protocol, []).append(found)
        elif one.rounds > 1:
            # Through a first round it answered as the protocol would.
            near.setdefault(protocol, NearMiss(protocol, one.refusal))
    recognised = [await _settled(reader, block, several) for several in fits.values()]
    return recognised, [] if recognised else list(near.values())


async def _settled(reader: Reader, block: Block, fits: Sequence[Recognised]) -> Recognised:
    """The likeliest of the trials that fit; those that come to the same target are one."""
    different = list({tuple(sorted(one.target.params.items())): one for one in fits[::-1]}.values())
    first, *others = different[::-1]
    if others:
        left = [one for one in (first, *others) if await _stands(reader, block, one)]
        first, *others = left or [first, *others]
    return replace(first, also=tuple(one.trial for one in others))


async def _stands(reader: Reader, block: Block, one: Recognised) -> bool:
    """Whether the adapter's contest leaves it standing."""
    contest = ADAPTERS[one.target.protocol].contest
    if contest is None:
        return True
    asking = contest(one.target, one.state)
    try:
        calls = next(asking)
        while True:
            calls = asking.send(await _answers(reader, block, calls))
    except StopIteration:
        return True
    except ReadError:
        return False


async def _read_state(
    reader: Reader, block: Block, trial: Trial, one: Identified
) -> Recognised | None:
    """Raises ReadError where it identifies itself and has no state for all that."""
    if one.target is None:
        return None
    adapter = ADAPTERS[one.target.protocol]
    answers: list[Answer] = []
    calls = adapter.calls(one.target)
    while calls:
        answers += await _answers(reader, block, calls)
        calls = adapter.follow(one.target, answers) if adapter.follow else []
    return Recognised(trial, one.target, adapter.decode(one.target, answers))


async def _answers(reader: Reader, block: Block, calls: Sequence[Call]) -> list[Answer]:
    """Raises the ReadError of the first call that has one."""
    answers = []
    for _, found in await _read(reader, block, calls):
        if isinstance(found, ReadError):
            raise found
        answers.append(found)
    return answers


async def _read(
    reader: Reader, block: Block, calls: Sequence[Call]
) -> list[tuple[Call, Answer | ReadError]]:
    return list(zip(calls, await reader.read(block, calls), strict=True))
