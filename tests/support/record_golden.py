"""Records what tests/golden replays; `scripts/golden --help` says how it is called."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.golden import (
    ANSWERS,
    FIGURES,
    Conversation,
    Exchange,
    Figures,
    conversation_to,
    figures_from,
    figures_to,
    unraised,
)
from watcher.chain.anvil import run_anvil
from watcher.chain.client import ChainClient, open_chain
from watcher.chain.reader import Reader
from watcher.config import load_config
from watcher.config.values import Config
from watcher.devnet.artifacts import Toolchain, prepare
from watcher.devnet.calldata import call_data
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy import deploy_world
from watcher.devnet.fetch import default_cache
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.devnet.play import play
from watcher.devnet.world import World
from watcher.errors import InputError, ReadError
from watcher.math.measures import measure
from watcher.math.settings import PriceSource
from watcher.math.subject import EARLIER, PREVIOUS, SHOWING_VOTES, Subject, assemble, roles, windows
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.curve_cryptoswap import ETHER_EXCHANGE
from watcher.protocols.curve_stableswap import EARLY_EXCHANGE
from watcher.service.observe import observe
from watcher.state import (
    Address,
    Answer,
    Block,
    Call,
    Code,
    Measure,
    Observation,
    Snapshot,
    State,
    Target,
    Token,
)
from watcher.store.tick import InForce
from watcher.store.trail import Step, Trail

BLOCKS, SEED = 40, 1
CODE_KEPT = 32
"""Bytes of a contract's code that are kept, and the selectors in it that adapters look for: the
rest is not ours to publish."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One target at one block of the play, with its measures."""

    block: Block
    subject: Subject
    measures: tuple[Measure, ...]
    earlier: State | None


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/golden",
        description="Write the figures of the recorded states anew, after their versions were "
        "raised. Nothing is written while a figure has changed without.",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="play the local world and record other states and answers, for a new protocol",
    )
    parser.add_argument(
        "--executions",
        action="store_true",
        help="record calls of the exact mathematics that real contracts confirm, and nothing else",
    )
    given = parser.parse_args()
    if given.executions:
        tests = ["tests/anvil", "-m", "proves", "--record-executions"]
        return subprocess.run([sys.executable, "-m", "pytest", *tests], check=False).returncode
    record = given.record
    old, unreadable = _committed()
    changed = [
        f"{name}: {complaint}"
        for name, each in old.items()
        for complaint in unraised(each, each.now())
    ]
    if unreadable:
        print("\n".join(unreadable), file=sys.stderr)
    if changed:
        print("\n".join(changed), file=sys.stderr)
    if changed or (unreadable and not record):
        return 3
    if record:
        toolchain = prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache()))
        answers, figures = asyncio.run(recorded(toolchain))
        _write(ANSWERS, answers)
        _write(FIGURES, figures)
    else:
        _write(FIGURES, {name: figures_to(_again(each)) for name, each in old.items()})
    return 0


def _committed() -> tuple[dict[str, Figures], list[str]]:
    """The figures by name, and a sentence for each file whose state has another form by now."""
    found: dict[str, Figures] = {}
    unreadable: list[str] = []
    for path in sorted(FIGURES.glob("*.json")):
        try:
            found[path.stem] = figures_from(path.read_text(encoding="utf-8"))
        except InputError as error:
            unreadable.append(
                f"{path.name}: {error}: its figures cannot be compared, `scripts/golden --record` "
                "replaces it"
            )
    return found, unreadable


def _again(figures: Figures) -> Figures:
    return replace(figures, measures=figures.now())


async def recorded(toolchain: Toolchain) -> tuple[dict[str, str], dict[str, str]]:
    """The files of answers and of figures, by name, from a play of the local world."""
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        world = deploy_world(chain, toolchain.artifacts)
        config = _configuration(world, anvil.url)
        async with open_chain(world.chain_id, anvil.url) as client:
            seen = await _watch(client, config, play(world, chain, blocks=BLOCKS, seed=SEED))
            head = await client.headers.head()
            plain = [replace(entry, expect={}) for entry in config.entries]
            every = [await _converse(client.reader, head, entry) for entry in plain]
            seen += await _watch(client, config, _gifts(world, chain))
    talks = _representatives(every)
    settled = {talk.snapshot.target.id for talk in talks}
    cases = {
        f"{_slug(each.subject.target.label)}-{each.block.number}": _figures(each, config)
        for each in _select(seen, settled)
    }
    answers = {_name(talk.snapshot.target): conversation_to(talk) for talk in talks}
    return answers, {name: figures_to(each) for name, each in cases.items()}


def _configuration(world: World, url: str) -> Config:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watcher.toml"
        path.write_text(to_toml(world, endpoint_url=url, database_url="sqlite:///watcher.db"))
        return load_config(path, {})


def _representatives(talks: Iterable[Conversation]) -> list[Conversation]:
    """One of each protocol, way of being configured, and variant that the contract was found to
    be."""
    found: dict[tuple[object, ...], Conversation] = {}
    for talk in talks:
        variant = talk.snapshot.target.params.get("variant")
        key = (talk.entry.protocol, variant, *sorted(talk.entry.options.items()))
        found.setdefault(key, talk)
    return list(found.values())


async def _converse(reader: Reader, block: Block, entry: Entry) -> Conversation:
    """What `identify` and one reading ask, and the answers."""
    adapter = ADAPTERS[entry.protocol]
    asking = adapter.identify(entry)
    rounds = []
    calls = next(asking)
    while True:
        rounds.append(await _ask(reader, block, calls))
        try:
            calls = asking.send([each.answer for each in rounds[-1]])
        except StopIteration as done:
            target: Target = done.value
            break
    reading = await _ask(reader, block, adapter.calls(target))
    while adapter.follow is not None:
        more = adapter.follow(target, [each.answer for each in reading])
        if not more:
            break
        reading += await _ask(reader, block, more)
    state = adapter.decode(target, [each.answer for each in reading])
    return Conversation(entry, tuple(rounds), reading, Snapshot(block, target, state))


async def _ask(reader: Reader, block: Block, calls: Sequence[Call]) -> tuple[Exchange, ...]:
    answers = await reader.read(block, calls)
    return tuple(map(_exchange, calls, answers))


def _exchange(call: Call, answer: Answer | ReadError) -> Exchange:
    if isinstance(answer, ReadError):
        raise answer
    if isinstance(call, Code):
        looked_for = [each for each in (EARLY_EXCHANGE, ETHER_EXCHANGE) if each in answer.data]
        answer = answer._replace(data=answer.data[:CODE_KEPT] + b"".join(looked_for))
    return Exchange(call, answer)


def _gifts(world: World, chain: LocalChain) -> Iterator[None]:
    """What no scene plays for certain: a pair is given tokens that its reserves do not count, and
    the vault whose shares have a market more of its asset; then ether falls so far that loans on it
    are not covered any more."""
    pair, vault = world.pairs[0], world.vaults[0]
    token = next(one for one in (pair.token0, pair.token1) if one != world.weth)
    chain.mine(
        [
            _given(world, token, pair.address, 1_234 * 10**token.decimals + 5),
            _given(world, vault.asset, vault.address, 4_321 * 10**vault.asset.decimals),
        ]
    )
    yield
    feed = world.feed(world.weth)
    (last, *_) = chain.read(
        feed.aggregator, "latestRoundData()(uint80,int256,uint256,uint256,uint80)"
    )
    data = call_data("submit(uint256,int256)", last + 1, feed.first_answer // 6)
    chain.mine([Transaction(world.actors.oracle, feed.aggregator, data, "a crash")])
    yield


def _given(world: World, token: Token, receiver: Address, amount: int) -> Transaction:
    data = call_data("mint(address,uint256)", receiver, amount)
    return Transaction(world.actors.keeper, token.address, data, "giving")


async def _watch(client: ChainClient, config: Config, blocks: Iterable[object]) -> list[Seen]:
    """Every target at each of the blocks, which are mined one by one."""
    head = await client.headers.head()
    talks = [await _converse(client.reader, head, entry) for entry in config.entries]
    targets = [talk.snapshot.target for talk in talks]
    past = [(head, await observe(client.reader, head, targets))]
    seen: list[Seen] = []
    for _ in blocks:
        block = await client.headers.head()
        observed = await observe(client.reader, block, targets)
        # After a reorg, what was seen last is of another branch.
        past = [each for each in past if each[0].number < block.number]
        inputs = [_inputs(target, block, observed, past, config) for target in targets]
        others = {target.id: target for target in targets}
        subjects = [
            assemble(
                target, used, timestamp=block.timestamp, settings=config.settings, others=others
            )
            for target, used in zip(targets, inputs, strict=True)
        ]
        found = measure(subjects, config.settings)
        for subject, measures, used in zip(subjects, found, inputs, strict=True):
            earlier = used.get(EARLIER + subject.target.id)
            seen.append(Seen(block, subject, measures, earlier.state if earlier else None))
        past.append((block, observed))
    return seen


def _inputs(
    target: Target,
    block: Block,
    observed: Mapping[str, Observation],
    past: Sequence[tuple[Block, Mapping[str, Observation]]],
    config: Config,
) -> dict[str, Observation]:
    """By role: what is in force at the block, at the one before, and when a mean began."""
    steps = tuple(
        Step(one.timestamp, {uid: InForce(each, one.hash) for uid, each in found.items()})
        for one, found in past
    )
    known = windows(target, config.settings)
    used: dict[str, Observation] = {}
    for role, target_id in roles(target, config.settings).items():
        if role.startswith(EARLIER):
            window = known[target_id]
            began = Trail(steps).at(target_id, block.timestamp - window, window=window)
            if began is not None:
                used[role] = began.observation
            continue
        before = past[-1][1] if past and past[-1][0].hash == block.parent_hash else {}
        source = before if role == PREVIOUS else observed
        if target_id in source:
            used[role] = source[target_id]
    return used


def _select(seen: Sequence[Seen], settled: set[str]) -> list[Seen]:
    """Each representative at its first block; every measure where it was largest, where it was
    first unknown, and where it was first something else than 0 of each kind."""
    firsts: dict[str, Seen] = {}
    known: dict[tuple[str, str], Seen] = {}
    unknown: dict[str, Seen] = {}
    largest: dict[str, tuple[float, Seen]] = {}
    for each in seen:
        if each.subject.target.id in settled:
            firsts.setdefault(each.subject.target.id, each)
        for figure in each.measures:
            size = abs(figure.value)
            if figure.reason:
                unknown.setdefault(figure.name, each)
                continue
            if figure.value:
                known.setdefault((figure.name, each.subject.target.kind), each)
            if figure.name not in largest or size > largest[figure.name][0]:
                largest[figure.name] = (size, each)
    extremes = (each for _, each in largest.values())
    found = [*firsts.values(), *unknown.values(), *known.values(), *extremes]
    return list({(each.subject.target.id, each.block.number): each for each in found}.values())


def _figures(seen: Seen, config: Config) -> Figures:
    subject = seen.subject
    if subject.state is None:
        raise ValueError(f"{subject.target.label} was not read at block {seen.block.number}")
    return Figures(
        snapshot=Snapshot(
            seen.block, subject.target, subject.state, tuple(subject.prices.values())
        ),
        previous=subject.previous,
        earlier=seen.earlier,
        sizes=config.settings.sizes,
        measures=seen.measures,
        sources=_sources(subject, config),
        exits=tuple(one for one in config.settings.exits if one.target_ids[0] == subject.target.id),
        beside=subject.beside,
    )


def _sources(subject: Subject, config: Config) -> tuple[PriceSource, ...]:
    if subject.target.kind not in SHOWING_VOTES:
        return ()
    own = {token.address for token in subject.target.tokens}
    return tuple(source for source in config.settings.prices if source.token in own)


def _name(target: Target) -> str:
    return f"{target.protocol}-{_slug(target.label)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.stem not in files:
            path.unlink()
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    print(f"{len(files)} files in {folder.name}")


if __name__ == "__main__":
    sys.exit(main())
