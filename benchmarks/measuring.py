"""scripts/bench measures: every measure of many pools of mixed kinds at one block, on one core."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from benchmarks.shown import table
from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.strategies import pool, stable, subject_of, ticked
from tests.support.strategies_pools import crypto, kyber, solidly
from watcher.math.catalogue import COIN_POOLS
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import State

MOST_MS = 250.0
"""What all of a thousand may take on one core."""
LEAST_TIMES = 50.0
"""What the curves of pools of several coins must be faster than exact quotes."""
SAMPLE = 40
"""Pools that exact quotes are asked of: they take their time."""
SETTINGS = Settings(unit="USD", sizes=(1_000.0, 10_000.0, 100_000.0), prices=())
E18 = 10**18


def mixed(pools: int) -> list[Subject]:
    """A third of them of constant product, the others of every other kind, none alike."""
    chance = random.Random(1)  # noqa: S311 — the same pools every time
    return [
        subject_of(_made(place % len(KINDS), chance), number=place + 1) for place in range(pools)
    ]


def _made(kind: int, chance: random.Random) -> State:
    first, second = (chance.randrange(10**5, 10**7) for _ in range(2))
    off = 1 + chance.random() / 3
    return KINDS[kind](first, second, off)


KINDS: Sequence[Callable[[int, int, float], State]] = (
    *(lambda a, b, _: pool(a * E18, b * E18),) * 4,
    lambda a, b, _: ticked([(-6_000 * k, 6_000 * k, (a + b) * E18) for k in range(1, 6)]),
    lambda a, b, _: ticked([(-6_000, 6_000, a * E18), (-600, 1_200, b * E18)]),
    lambda a, _, x: stable((a * E18, int(a * x) * E18), A=200),
    lambda a, _, x: stable(
        (a * E18, int(a * x) * 10**6, int(a / x) * 10**6), A=2_000, decimals=(18, 6, 6)
    ),
    lambda a, _, x: crypto((a * E18, int(a * x) * E18)),
    lambda a, b, _: weighted((a * E18, b * E18), weights=(8 * 10**17, 2 * 10**17)),
    lambda a, _, x: balancer_stable((a * E18, int(a * x) * E18)),
    lambda a, _, x: solidly(a * E18, int(a * x) * E18),
    lambda a, _, x: kyber(a * E18, int(a * x) * E18, amp_bps=20_000),
)


def run(*, pools: int, rounds: int) -> None:
    """Prints the medians of the processor's time, which other processes add little to."""
    subjects = mixed(pools)
    rows = sum(map(len, measure(subjects, SETTINGS)))
    ours = [_seconds(subjects, exact=False) for _ in range(rounds)]
    coined = [one for one in subjects if one.target.kind in COIN_POOLS]
    sample = coined[:SAMPLE]
    loop = _seconds(sample, exact=True) / len(sample)
    together = median(_seconds(coined, exact=False) for _ in range(rounds)) / len(coined)
    spent, times = 1_000 * median(ours) * 1_000 / pools, loop / together
    print(
        table(
            ("what", "bound", "median", ""),
            [
                (
                    "ms for a thousand pools",
                    f"at most {MOST_MS:g}",
                    f"{spent:,.0f}",
                    "pass" if spent <= MOST_MS else "MISS",
                ),
                (
                    "times as fast as exact quotes, several coins",
                    f"at least {LEAST_TIMES:g}",
                    f"{times:,.0f}",
                    "pass" if times >= LEAST_TIMES else "MISS",
                ),
                ("figures", "", f"{rows:,}", ""),
                ("least ms", "", f"{1_000 * min(ours):,.0f}", ""),
            ],
        )
    )


def _seconds(subjects: Sequence[Subject], *, exact: bool) -> float:
    start = process_time()
    measure(subjects, SETTINGS, exact=exact)
    return process_time() - start
