"""Plays the scenes on the chain, block by block; equal seeds give equal block hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from watcher.devnet.local_chain import LocalChain
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.schedule import Act, only, schedule
from watcher.devnet.stage import RollBack, Stage
from watcher.devnet.world import World


@dataclass(frozen=True, slots=True)
class PlayedBlock:
    """A new head of the chain, and what happened in it, for people.

    `replaced` counts the blocks that left the chain since the head before it: 0, or in a reorg k,
    and then this is the last of k + 1 new blocks, none of which was announced alone. Whoever looks
    after each PlayedBlock sees the head rise by exactly one each time.
    """

    number: int
    hash: str
    timestamp: int
    scene: str
    text: str
    replaced: int = 0


def play(
    world: World, chain: LocalChain, *, blocks: int, seed: int, scene: str | None = None
) -> Iterator[PlayedBlock]:
    """`blocks` new heads, each mined when the iterator is asked for it.

    Every event plays within 40 blocks (from 13 on); 5 have calm, a sale and a reorg. With `scene`
    that one alone plays. Raises SetupError when a transaction fails, InputError for a scene that
    there is not.
    """
    random = Random(seed)  # noqa: S311 — a play that can be repeated, not a secret
    stage = Stage(world, chain, random)
    for act in schedule(blocks, random) if scene is None else only(scene, blocks):
        yield from _act(stage, chain, act)


def stay_calm(world: World, chain: LocalChain, *, seed: int) -> Iterator[PlayedBlock]:
    """Calm blocks without end, for a chain that goes on after its play."""
    random = Random(seed)  # noqa: S311 — as above
    return _act(Stage(world, chain, random), chain, Act(CALM, CALM.longest))


def _act(stage: Stage, chain: LocalChain, act: Act) -> Iterator[PlayedBlock]:
    replaced = 0
    for step in act.scene.play(stage, act.blocks):
        if isinstance(step, RollBack):
            chain.roll_back(step.blocks)
            replaced = step.blocks
            continue
        block = chain.mine(step.transactions, seconds=step.seconds)
        if step.announced:
            yield PlayedBlock(
                number=block.number,
                hash=block.hash,
                timestamp=block.timestamp,
                scene=act.scene.name,
                text=step.text,
                replaced=replaced,
            )
            replaced = 0
