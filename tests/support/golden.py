"""What was recorded of the local world's contracts: raw answers, and figures of states.

Both kinds of file are JSON under tests/golden/data, written by scripts/golden alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from watcher.math.catalogue import CATALOGUE
from watcher.math.measures import measure
from watcher.math.prices import priced_tokens
from watcher.math.settings import BasketExit, PriceSource, Settings
from watcher.math.subject import Beside, Subject, mean_price
from watcher.protocols import Entry
from watcher.state import (
    Answer,
    Balance,
    Block,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Measure,
    Observation,
    Slot,
    Snapshot,
    State,
    Static,
    Status,
    Ticks,
    state_from_json,
    to_address,
)
from watcher.state.canonical import from_plain, state_to_plain, to_plain
from watcher.state.price import unknown_price
from watcher.state.snapshot import snapshot_from_json, snapshot_to_json

DATA = Path(__file__).parents[1] / "golden" / "data"
ANSWERS = DATA / "answers"
FIGURES = DATA / "figures"

RELATIVE = 1e-12
"""How far a figure may be from the recorded one, as for `watcher recompute`: libraries differ in
the last digit of a logarithm."""

Plain: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and what the contract answered."""

    call: Call
    answer: Answer


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that was asked of one target: by `identify` in `rounds`, and once as at every block."""

    entry: Entry
    rounds: tuple[tuple[Exchange, ...], ...]
    reading: tuple[Exchange, ...]
    snapshot: Snapshot

    @property
    def answers(self) -> list[Answer]:
        return [exchange.answer for exchange in self.reading]


@dataclass(frozen=True, slots=True)
class Figures:
    """A target at a block, and every measure of it as it was recorded."""

    snapshot: Snapshot
    previous: State | None
    sizes: tuple[float, ...]
    measures: tuple[Measure, ...]
    earlier: State | None = None
    sources: tuple[PriceSource, ...] = ()
    """Of the prices, where the measures have a row for each."""
    exits: tuple[BasketExit, ...] = ()
    """The basket whose exit is measured with the target, and in `beside` all that it is sold in."""
    beside: tuple[Beside, ...] = ()

    def now(self) -> tuple[Measure, ...]:
        """The same measures as this program computes them."""
        target, state = self.snapshot.target, self.snapshot.state
        prices = {token: unknown_price(token, "not recorded") for token in priced_tokens(target)}
        prices |= {price.token: price for price in self.snapshot.prices or ()}
        began = self.earlier
        earlier = Observation(target.id, Status.OK, began) if began is not None else None
        mean = mean_price(
            target,
            Observation(target.id, Status.OK, state),
            earlier,
            timestamp=self.snapshot.block.timestamp,
        )
        subject = Subject(target, state, self.previous, prices, mean=mean, beside=self.beside)
        [found] = measure([subject], _settings(self))
        return found


def conversations() -> dict[str, Conversation]:
    return {path.stem: conversation_from(path.read_text()) for path in _files(ANSWERS)}


def all_figures() -> dict[str, Figures]:
    return {path.stem: figures_from(path.read_text()) for path in _files(FIGURES)}


def unraised(recorded: Figures, now: Sequence[Measure]) -> list[str]:
    """A sentence for each measure whose figures are not the recorded ones at the same version."""
    before, after = _rows(recorded.measures), _rows(now)
    versions = {each.name: each.version for each in recorded.measures}
    changed: dict[str, str] = {}
    for row in [*before, *(row for row in after if row not in before)]:
        old, new = before.get(row), after.get(row)
        name = row[0]
        if name not in versions or name not in CATALOGUE:
            continue
        if new is not None and new.version > versions[name]:
            continue
        if old is None or new is None or new.version < versions[name] or not _same(old, new):
            changed.setdefault(name, f"{_shown(old)} became {_shown(new)}")
    return [
        f"{name} was recorded as version {versions[name]} and its {change}: raise the version of "
        f"{name} in watcher/math/catalogue.py, then run scripts/golden"
        for name, change in changed.items()
    ]


def outdated(recorded: Figures, now: Sequence[Measure]) -> list[str]:
    """The measures that have another version than the recorded one, are new or are gone."""
    before = {each.name: each.version for each in recorded.measures}
    after = {each.name: each.version for each in now}
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def conversation_to(conversation: Conversation) -> str:
    shallow = {field.name: getattr(conversation.entry, field.name) for field in fields(Entry)}
    entry = {**shallow, "options": dict(conversation.entry.options)}
    assert not entry.pop("expect"), "a recorded entry expects nothing of the chain"
    plain = {
        "entry": entry,
        "identify": [_exchanges_to(each) for each in conversation.rounds],
        "reading": _exchanges_to(conversation.reading),
        "snapshot": _snapshot_to(conversation.snapshot),
    }
    return json.dumps(plain, indent=1) + "\n"


def conversation_from(text: str) -> Conversation:
    plain = json.loads(text)
    entry = {**plain["entry"], "address": to_address(plain["entry"]["address"])}
    return Conversation(
        entry=Entry(**{**entry, "options": MappingProxyType(entry["options"])}),
        rounds=tuple(_exchanges_from(each) for each in plain["identify"]),
        reading=_exchanges_from(plain["reading"]),
        snapshot=snapshot_from_json(json.dumps(plain["snapshot"])),
    )


def figures_to(figures: Figures) -> str:
    before = {
        name: state_to_plain(state)
        for name, state in (("previous", figures.previous), ("earlier", figures.earlier))
        if state is not None
    }
    sources = {"sources": to_plain(_settings(figures))["prices"]} if figures.sources else {}
    exits = {"exits": to_plain(_settings(figures))["exits"]} if figures.exits else {}
    beside = (
        {"beside": [_beside_to(each, figures.snapshot.block) for each in figures.beside]}
        if figures.beside
        else {}
    )
    plain = {
        "snapshot": _snapshot_to(figures.snapshot),
        **before,
        **sources,
        **exits,
        **beside,
        "sizes": list(figures.sizes),
        "measures": [_measure_to(each) for each in figures.measures],
    }
    return json.dumps(plain, indent=1, allow_nan=False) + "\n"


def figures_from(text: str) -> Figures:
    plain = json.loads(text)
    before = {
        name: state_from_json(json.dumps(plain[name]))
        for name in ("previous", "earlier")
        if plain.get(name) is not None
    }
    sources = plain.get("sources", [])
    return Figures(
        snapshot=snapshot_from_json(json.dumps(plain["snapshot"])),
        sources=tuple(from_plain(each, PriceSource, what="a source") for each in sources),
        exits=tuple(
            from_plain(each, BasketExit, what="an exit") for each in plain.get("exits", [])
        ),
        beside=tuple(_beside_from(each) for each in plain.get("beside", [])),
        previous=before.get("previous"),
        earlier=before.get("earlier"),
        sizes=tuple(plain["sizes"]),
        measures=tuple(_measure_from(each) for each in plain["measures"]),
    )


def _settings(figures: Figures) -> Settings:
    return Settings(unit="USD", sizes=figures.sizes, prices=figures.sources, exits=figures.exits)


def _beside_to(beside: Beside, block: Block) -> Plain:
    assert beside.state is not None, f"{beside.target.label} was not read"
    return _snapshot_to(Snapshot(block, beside.target, beside.state))


def _beside_from(plain: Plain) -> Beside:
    snapshot = snapshot_from_json(json.dumps(plain))
    return Beside(snapshot.target, snapshot.state)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _rows(measures: Sequence[Measure]) -> dict[Row, Measure]:
    return {(each.name, each.dims): each for each in measures}


def _same(one: Measure, two: Measure) -> bool:
    if math.isnan(one.value) or math.isnan(two.value):
        return math.isnan(one.value) and math.isnan(two.value) and one.reason == two.reason
    return math.isclose(one.value, two.value, rel_tol=RELATIVE, abs_tol=0.0)


def _shown(found: Measure | None) -> str:
    if found is None:
        return "no row"
    return f"null ({found.reason})" if math.isnan(found.value) else repr(found.value)


def _snapshot_to(snapshot: Snapshot) -> Plain:
    plain: Plain = json.loads(snapshot_to_json(snapshot))
    return plain


def _measure_to(found: Measure) -> Plain:
    known = {} if found.reason else {"value": found.value}
    why = {"reason": found.reason} if found.reason else {}
    dims = {"dims": dict(found.dims)} if found.dims else {}
    return {"name": found.name, "version": found.version, **dims, **known, **why}


def _measure_from(plain: Mapping[str, Any]) -> Measure:
    return Measure(
        name=plain["name"],
        value=plain.get("value", math.nan),
        version=plain["version"],
        dims=tuple(sorted(plain.get("dims", {}).items())),
        reason=plain.get("reason", ""),
    )


def _exchanges_to(exchanges: Sequence[Exchange]) -> list[Plain]:
    return [
        {
            "call": dict(_call_to(exchange.call)),
            "answer": {
                "ok": exchange.answer.ok,
                "data": exchange.answer.data.hex(),
                "length": exchange.answer.length,
            },
        }
        for exchange in exchanges
    ]


def _exchanges_from(plain: Sequence[Plain]) -> tuple[Exchange, ...]:
    return tuple(
        Exchange(
            _call_from(each["call"]),
            Answer(
                ok=each["answer"]["ok"],
                data=bytes.fromhex(each["answer"]["data"]),
                length=each["answer"]["length"],
            ),
        )
        for each in plain
    )


CALLS: Mapping[str, type[Call]] = {
    "static": Static,
    "code": Code,
    "balance": Balance,
    "slot": Slot,
    "block_time": BlockTime,
    "block_number": BlockNumber,
    "ticks": Ticks,
}


def _call_to(call: Call) -> Iterator[tuple[str, object]]:
    yield "kind", next(name for name, kind in CALLS.items() if isinstance(call, kind))
    for name, value in asdict(call).items():
        yield name, value.hex() if isinstance(value, bytes) else value


def _call_from(plain: Plain) -> Call:
    values = {name: value for name, value in plain.items() if name != "kind"}
    for name in ("to", "address"):
        if name in values:
            values[name] = to_address(values[name])
    for name in {"data", "bitmap", "info", "current"} & values.keys():
        values[name] = bytes.fromhex(values[name])
    call: Call = CALLS[plain["kind"]](**values)
    return call
