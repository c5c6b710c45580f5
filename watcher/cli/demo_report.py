"""How the demonstration is told: a line a block, a table at the end, or one JSON document."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from watcher.alerts.health import health
from watcher.cli.demo import Demonstration, WatchedBlock
from watcher.cli.output import print_table
from watcher.cli.phrases import price, symbols
from watcher.math.catalogue import COIN_POOLS, DEFINITIONS, HOLDINGS, POOL, TICK_POOL, VAULT, YEARN
from watcher.math.look_through import Form
from watcher.state.measure import Measure
from watcher.state.target import Target
from watcher.store import TargetStatus

TEXT_COLUMNS = 64
"""What most of the texts take."""
EFFECT_COLUMNS = 44
MEASURED_KINDS = {kind for definition in DEFINITIONS for kind in definition.kinds}
NARROW_TEXT = 40
"""With less room than this for the text, its effect goes into a line of its own."""
HEADING = f"{'block':>6}  {'scene':<16}  {'what happens':<{TEXT_COLUMNS}}  what it moved most"
NOTABLE = {"ln_spot_over_reference": 0.005, "price_per_share_change": 0.000_5}
"""From which size a figure is worth a word on its block's line."""


class Narrator:
    """Tells each block in one line, and of each target only what it has not told yet.

    On a terminal of `columns` a long text is cut; None is no terminal, and nothing is.
    """

    def __init__(self, columns: int | None = None) -> None:
        self._columns = columns
        self._told: dict[object, str] = {}

    def heading(self) -> str:
        return HEADING if self._columns is None else HEADING[: self._columns].rstrip()

    def line(self, watched: WatchedBlock, targets: Sequence[Target]) -> str:
        """Number, scene, what happened, and the largest figure that it moved."""
        played = watched.played
        start = f"{played.number:>6}  {played.scene.replace('_', ' '):<16}  "
        effect = self._effect(watched, {target.id: target for target in targets})
        return f"{start}{self._beside(played.text, effect, indent=len(start))}".rstrip()

    def _beside(self, text: str, effect: str, *, indent: int) -> str:
        if self._columns is None:
            return f"{text:<{TEXT_COLUMNS}}  {effect}"
        room = self._columns - indent
        if not effect:
            return _cut(text, room)
        left = room - EFFECT_COLUMNS
        if left < NARROW_TEXT:
            return f"{_cut(text, room)}\n{' ' * indent}{_cut(effect, room)}"
        return f"{_cut(text, left):<{min(left, TEXT_COLUMNS)}}  {effect}"

    def _effect(self, watched: WatchedBlock, targets: Mapping[str, Target]) -> str:
        news: list[tuple[float, str]] = []
        for ticked in watched.ticks:
            for computation in ticked.tick.computations:
                for measure in computation.measures:
                    if measure.name in NOTABLE:
                        text = f"{targets[computation.target_id].label} {_in_words(measure)}"
                        key = (computation.target_id, measure.name, measure.dims)
                        if self._told.get(key) != text:
                            news.append((abs(measure.value) / NOTABLE[measure.name], text))
                        self._told[key] = text
        size, text = max(news, default=(0.0, ""))
        return text if size >= 1 else ""


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: columns - 1] + "…"


def _in_words(measure: Measure) -> str:
    if measure.name == "price_per_share_change":
        return f"price per share {_percent(measure.value)}"
    return f"{_percent(math.expm1(measure.value))} from reference"


def _percent(fraction: float) -> str:
    size = f"{abs(fraction):.2%}"
    if size == f"{0:.2%}":
        return size
    return f"{'−' if fraction < 0 else '+'}{size}"


def print_summary(shown: Demonstration) -> None:
    """The closing tables: pools, vaults, holdings, and what was checked."""
    standings = _by_kind(shown.standings)
    unit = shown.config.settings.unit
    print()
    print_table(
        [_pool_row(shown, standing) for kind in (POOL, TICK_POOL) for standing in standings[kind]],
        [
            "pool",
            "state",
            "spot",
            "unit",
            "from reference",
            "disparity",
            f"to 1% ({unit})",
            f"arbitrage ({unit})",
        ],
        elastic=3,
    )
    print()
    print_table(
        [_coin_pool_row(shown, standing) for kind in COIN_POOLS for standing in standings[kind]],
        [
            "pool of coins",
            "state",
            "furthest from its rate",
            "disparity at rates",
            "in value",
            f"to 1% ({unit})",
            f"arbitrage ({unit})",
        ],
    )
    print()
    print_table(
        [_vault_row(shown, standing) for kind in (VAULT, YEARN) for standing in standings[kind]],
        [
            "vault",
            "state",
            "assets per share",
            "since last block",
            f"gift that moves it 1% ({unit})",
        ],
    )
    if HOLDINGS in standings:
        print()
        print_table(
            [_holdings_row(shown, standing) for standing in standings[HOLDINGS]],
            [
                "holdings",
                "state",
                f"worth ({unit})",
                "at hand",
                "in LP tokens",
                "in positions",
                "in vaults",
                "largest asset",
            ],
        )
    print()
    unmeasured = [one for one in shown.standings if one.target.kind not in MEASURED_KINDS]
    if unmeasured:
        rows = [[one.target.label, _grade(shown, one)] for one in unmeasured]
        print_table(rows, ["without measures", "state"])
        print()
    for line in _closing(shown):
        print(line)


def _closing(shown: Demonstration) -> Iterable[str]:
    checks, seconds = shown.checks, shown.stopwatch.seconds
    replaced = sum(ticked.orphaned for block in shown.blocks for ticked in block.ticks)
    yield (
        f"{checks.blocks} blocks: each of {checks.targets} targets has a state in force at each"
        if not checks.incomplete
        else f"{checks.incomplete} observations are missing"
    )
    blocks_left = "1 block" if replaced == 1 else f"{replaced} blocks"
    yield f"reorgs: {blocks_left} left the chain; those that came instead were read"
    blocks = ", ".join(map(str, checks.compared_blocks))
    yield (
        f"{checks.compared} states at blocks {blocks} compared with plain eth_calls: "
        f"{checks.different} differ"
    )
    yield f"{checks.recomputed:,} stored figures recomputed: {checks.recompute_differences} differ"
    yield "seconds: " + ", ".join(f"{part} {spent:.1f}" for part, spent in seconds.items())


def _pool_row(shown: Demonstration, standing: TargetStatus) -> list[str]:
    measures = _latest(standing)
    off = measures.get("ln_spot_over_reference", math.nan)
    depths = [value for name, value in _all(standing) if name == "depth_money"]
    names = symbols(standing.target)
    return [
        standing.target.label,
        _grade(shown, standing),
        price(measures.get("spot_price", math.nan)),
        " per ".join(names[coin.address] for coin in reversed(standing.target.tokens)),
        "" if math.isnan(off) else _percent(math.expm1(off)),
        _share(measures.get("disparity_value", math.nan)),
        _money(min(depths, default=math.nan)),
        _money(measures.get("arbitrage_value", math.nan)),
    ]


def _coin_pool_row(shown: Demonstration, standing: TargetStatus) -> list[str]:
    measures = _latest(standing)
    names = symbols(standing.target)
    figures = standing.figures.measures if standing.figures else ()
    offs = [each for each in figures if each.name == "ln_spot_over_reference" and not each.reason]
    furthest = max(offs, key=lambda each: abs(each.value), default=None)
    depths = [value for name, value in _all(standing) if name == "depth_money"]
    off = ""
    if furthest is not None:
        off = f"{names[dict(furthest.dims)['token']]} {_percent(math.expm1(-furthest.value))}"
    return [
        standing.target.label,
        _grade(shown, standing),
        off,
        _share(measures.get("disparity_invariant", math.nan)),
        _share(measures.get("disparity_value", math.nan)),
        _money(min(filter(math.isfinite, depths), default=math.nan)),
        _money(measures.get("arbitrage_value", math.nan)),
    ]


def _vault_row(shown: Demonstration, standing: TargetStatus) -> list[str]:
    measures = _latest(standing)
    change = measures.get("price_per_share_change", math.nan)
    return [
        standing.target.label,
        _grade(shown, standing),
        price(measures.get("price_per_share", math.nan)),
        "" if math.isnan(change) else _percent(change),
        _money(measures.get("donation_1pct_money", math.nan)),
    ]


def _holdings_row(shown: Demonstration, standing: TargetStatus) -> list[str]:
    measures = _latest(standing)
    figures = standing.figures.measures if standing.figures else ()
    parts = {
        dict(measure.dims)["form"]: measure.value
        for measure in figures
        if measure.name == "holdings_value_by_form"
    }
    worth = measures.get("holdings_value", math.nan)
    return [
        standing.target.label,
        _grade(shown, standing),
        _money(worth),
        *(_share(parts.get(form.value, math.nan) / worth if worth else math.nan) for form in Form),
        _share(measures.get("asset_largest_share", math.nan)),
    ]


def _grade(shown: Demonstration, standing: TargetStatus) -> str:
    status = standing.observation.status if standing.observation else None
    figures = standing.figures.measures if standing.figures else ()
    return health(status, figures, limits=shown.config.limits).grade.word


def _money(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}"


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1%}"


def _all(standing: TargetStatus) -> list[tuple[str, float]]:
    figures = standing.figures.measures if standing.figures else ()
    return [(measure.name, measure.value) for measure in figures]


def _latest(standing: TargetStatus) -> dict[str, float]:
    return dict(_all(standing))


def _by_kind(standings: Iterable[TargetStatus]) -> Mapping[str, list[TargetStatus]]:
    found: dict[str, list[TargetStatus]] = defaultdict(list)
    for standing in standings:
        found[standing.target.kind].append(standing)
    return found


def as_document(shown: Demonstration, *, seed: int) -> dict[str, Any]:
    """All of it; only what stands under "seconds" differs between two runs with one seed."""
    checks = shown.checks
    return {
        "seed": seed,
        "unit": shown.config.settings.unit,
        "blocks": [_block_document(block) for block in shown.blocks],
        "targets": [_target_document(shown, standing) for standing in shown.standings],
        "checks": {
            "passed": checks.passed,
            "blocks": checks.blocks,
            "targets": checks.targets,
            "observations_missing": checks.incomplete,
            "compared_blocks": checks.compared_blocks,
            "states_compared": checks.compared,
            "states_different": checks.different,
            "figures_recomputed": checks.recomputed,
            "recompute_differences": checks.recompute_differences,
        },
        "seconds": {part: round(spent, 3) for part, spent in shown.stopwatch.seconds.items()},
    }


def _block_document(watched: WatchedBlock) -> dict[str, Any]:
    played = watched.played
    return {
        "number": played.number,
        "hash": played.hash,
        "timestamp": played.timestamp,
        "scene": played.scene,
        "text": played.text,
        "replaced": played.replaced,
        "orphaned": sum(ticked.orphaned for ticked in watched.ticks),
        "watched": [ticked.block.number for ticked in watched.ticks],
        "states_changed": sum(len(ticked.tick.observations) for ticked in watched.ticks),
        "figures": sum(
            len(computation.measures)
            for ticked in watched.ticks
            for computation in ticked.tick.computations
        ),
    }


def _target_document(shown: Demonstration, standing: TargetStatus) -> dict[str, Any]:
    target = standing.target
    figures = standing.figures.measures if standing.figures else ()
    return {
        "id": target.id,
        "name": target.name,
        "protocol": target.protocol,
        "address": target.caip10,
        "state": _grade(shown, standing),
        "status": standing.observation.status if standing.observation else None,
        "measures": [
            {
                "name": measure.name,
                "dims": dict(measure.dims),
                "value": measure.value,
                "reason": measure.reason or None,
            }
            for measure in figures
        ],
    }
