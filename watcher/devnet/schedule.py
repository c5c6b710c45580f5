"""Which scene plays for how many blocks: pure, from the number of blocks and the seed alone."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from watcher.devnet.scenes import BY_NAME, EVENTS
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.stage import Scene
from watcher.errors import InputError

ROUND_BLOCKS = 40
"""Every scene plays once in so many blocks; a longer play goes round again."""


@dataclass(frozen=True, slots=True)
class Act:
    """A scene and how many blocks it announces."""

    scene: Scene
    blocks: int


def schedule(blocks: int, random: Random) -> list[Act]:
    """Acts that announce exactly `blocks` blocks.

    From 5 blocks on there are calm, a sale and a reorg, from 13 on there is every scene.
    """
    acts: list[Act] = []
    while blocks > 0:
        size = ROUND_BLOCKS if blocks >= 2 * ROUND_BLOCKS else blocks
        acts += _round(size, random)
        blocks -= size
    return acts


def only(name: str, blocks: int) -> list[Act]:
    """One scene, as long as it may be, and calm around it: exactly `blocks` blocks. Raises
    InputError where no scene is called so, or where it is longer."""
    scene = BY_NAME.get(name)
    if scene is None:
        raise InputError(f"there is no scene {name[:40]!r}: name one of {', '.join(BY_NAME)}")
    if blocks < scene.shortest + CALM.shortest:
        raise InputError(
            f"{name} needs {scene.shortest + CALM.shortest} blocks: give more with --blocks"
        )
    length = min(scene.longest, blocks - CALM.shortest)
    acts = [Act(CALM, CALM.shortest), Act(scene, length)]
    left = blocks - CALM.shortest - length
    return [*acts, Act(CALM, left)] if left else acts


def _round(blocks: int, random: Random) -> list[Act]:
    lengths, spare = _lengths(blocks - CALM.shortest, random)
    scenes = list(lengths)
    random.shuffle(scenes)
    pauses = [0] * (len(scenes) + 1)
    pauses[0] = CALM.shortest
    for _ in range(spare):
        pauses[random.randrange(len(pauses))] += 1
    acts = [Act(CALM, pauses[0])]
    for scene, pause in zip(scenes, pauses[1:], strict=True):
        acts += [Act(scene, lengths[scene]), Act(CALM, pause)]
    return [act for act in acts if act.blocks]


def _lengths(blocks: int, random: Random) -> tuple[dict[Scene, int], int]:
    """The events that fit, each with its length, and the blocks left over."""
    lengths: dict[Scene, int] = {}
    for scene in EVENTS:
        if scene.shortest <= blocks:
            lengths[scene] = scene.shortest
            blocks -= scene.shortest
    for scene in random.sample(list(lengths), len(lengths)):
        more = random.randint(0, min(scene.longest - scene.shortest, blocks))
        lengths[scene] += more
        blocks -= more
    return lengths, blocks
