"""From samples to figures, and from figures to what was to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Network(StrEnum):
    LOOPBACK = "loopback"
    SLOW = "40 ms"


class Mode(StrEnum):
    """What was there before the reading."""

    FIRST = "first read"
    CHANGED = "all changed"
    FEW = "2.5% changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading. Requests and bytes of bodies are counted where a proxy is between."""

    name: str
    pairs: int
    network: Network
    mode: Mode
    seconds: float
    cpu: float
    requests: int | None
    sent: int | None
    received: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All readings of one kind: milliseconds, and what went over the wire (the most that did)."""

    name: str
    pairs: int
    network: Network
    mode: Mode
    readings: int
    median_ms: float
    min_ms: float
    cpu_median_ms: float
    cpu_min_ms: float
    requests: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One thing that was to be shown: `bound` is a least or a most of the figure."""

    claim: str
    pairs: int
    bound: float
    least: bool
    by_median: float
    by_min: float
    detail: str = ""

    def holds(self, figure: float) -> bool:
        return figure >= self.bound if self.least else figure <= self.bound


PEERS = (
    "raw_aggregate3",
    "raw_batch",
    "multicall",
    "dank_mids",
    "ethereum_defi",
    "batch_requests",
    "contract_calls",
)
BY_HAND = frozenset({"raw_aggregate3", "raw_batch"})


def rows(samples: Sequence[Sample]) -> list[Row]:
    """One row for each size, network, mode and contestant, the fastest first within."""
    kinds: dict[tuple[int, Network, Mode, str], list[Sample]] = {}
    for one in samples:
        kinds.setdefault((one.pairs, one.network, one.mode, one.name), []).append(one)
    found = [_row(group) for group in kinds.values()]
    order = {Network.LOOPBACK: 0, Network.SLOW: 1}
    modes = list(Mode)
    return sorted(
        found,
        key=lambda row: (row.pairs, order[row.network], -modes.index(row.mode), row.median_ms),
    )


def _row(group: Sequence[Sample]) -> Row:
    first = group[0]
    seconds, cpu = [one.seconds for one in group], [one.cpu for one in group]
    requests = [one.requests for one in group if one.requests is not None]
    size = [
        one.sent + one.received
        for one in group
        if one.sent is not None and one.received is not None
    ]
    return Row(
        name=first.name,
        pairs=first.pairs,
        network=first.network,
        mode=first.mode,
        readings=len(group),
        median_ms=1e3 * median(seconds),
        min_ms=1e3 * min(seconds),
        cpu_median_ms=1e3 * median(cpu),
        cpu_min_ms=1e3 * min(cpu),
        requests=max(requests, default=None),
        bytes=max(size, default=None),
    )


def verdicts(found: Sequence[Row]) -> list[Verdict]:
    """What issue and design ask of the reading; only what was measured is judged."""
    judged: list[Verdict] = []
    for pairs in sorted({row.pairs for row in found}):
        of_size = [row for row in found if row.pairs == pairs]
        judged += _of_size(pairs, of_size)
    return judged


def _of_size(pairs: int, found: Sequence[Row]) -> Iterator[Verdict]:
    fast = {(row.name, row.mode): row for row in found if row.network is Network.LOOPBACK}
    slow = {(row.name, row.mode): row for row in found if row.network is Network.SLOW}
    for mode in (Mode.CHANGED, Mode.FEW):
        if ("ours", mode) in fast:
            yield from _against_peers(fast[("ours", mode)], fast)
    for mode in Mode:
        mine, bare = fast.get(("ours", mode)), fast.get(("bare", mode))
        if mine is not None:
            per = 1_000 / pairs
            yield Verdict(
                claim=f"client CPU, ms per 1,000 pools, {mode}",
                pairs=pairs,
                bound=5,
                least=False,
                by_median=mine.cpu_median_ms * per,
                by_min=mine.cpu_min_ms * per,
            )
        if mine is not None and bare is not None:
            yield _slower(f"times the bare client, {mode}", 2, mine, bare)
    yield from _through_proxy(pairs, slow)


def _against_peers(ours: Row, fast: dict[tuple[str, Mode], Row]) -> Iterator[Verdict]:
    """The peers read all anew at each block, whatever changed."""
    rivals = [row for (name, mode), row in fast.items() if name in PEERS and mode is Mode.CHANGED]
    for claim, among in (
        ("times faster than the fastest library", [r for r in rivals if r.name not in BY_HAND]),
        ("times faster than the fastest of all", rivals),
    ):
        if among:
            best = min(among, key=lambda row: row.median_ms)
            yield _faster(f"{claim}, {ours.mode}", 4, ours, best)
    calls = fast.get(("contract_calls", Mode.CHANGED))
    if calls is not None:
        yield _faster(f"times faster than contract calls, {ours.mode}", 100, ours, calls)


def _through_proxy(pairs: int, slow: dict[tuple[str, Mode], Row]) -> Iterator[Verdict]:
    for mode in Mode:
        mine, bare = slow.get(("ours", mode)), slow.get(("bare", mode))
        if mine is not None and bare is not None:
            yield _slower(f"times the bare client through 40 ms, {mode}", 1.5, mine, bare)
    ours, theirs = slow.get(("ours", Mode.CHANGED)), slow.get(("raw_aggregate3", Mode.CHANGED))
    if ours is None:
        return
    if ours.requests is not None:
        number = float(ours.requests)
        yield Verdict(
            claim="requests for all pairs",
            pairs=pairs,
            bound=1,
            least=False,
            by_median=number,
            by_min=number,
        )
    if theirs is not None and ours.bytes is not None and theirs.bytes:
        part = ours.bytes / theirs.bytes
        yield Verdict(
            claim="bytes on the wire, part of aggregate3's",
            pairs=pairs,
            bound=round(1 / 3, 4),
            least=False,
            by_median=part,
            by_min=part,
            detail=f"{ours.bytes:,} of {theirs.bytes:,}",
        )


def _faster(claim: str, bound: float, ours: Row, other: Row) -> Verdict:
    return Verdict(
        claim=claim,
        pairs=ours.pairs,
        bound=bound,
        least=True,
        by_median=other.median_ms / ours.median_ms,
        by_min=other.min_ms / ours.min_ms,
        detail=other.name,
    )


def _slower(claim: str, bound: float, ours: Row, bare: Row) -> Verdict:
    return Verdict(
        claim=claim,
        pairs=ours.pairs,
        bound=bound,
        least=False,
        by_median=ours.median_ms / bare.median_ms,
        by_min=ours.min_ms / bare.min_ms,
    )
