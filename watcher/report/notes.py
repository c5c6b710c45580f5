"""The notes file: what a person fills in, and what a committee configures of a report.

TOML: `[answers]` and `[decision]` are texts by key, `[report]` the choices, `[limits]` where the
grades end. Markdown: each `## key` heads the answer of that key, and there are no choices.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from watcher.errors import InputError

DECISION = ("decision", "to", "by", "because", "look_again", "name", "signature", "date")
_TEXTS = ("title", "subtitle", "focus", "quote")
_LISTS = ("sizes", "amplifications")
_TABLES = ("answers", "decision", "report", "limits")
_HEADING = re.compile(r"^##\s+([A-Za-z0-9_ -]+?)\s*$", re.MULTILINE)
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Notes:
    """`limits` are three ends a part, by its key; `sizes` whole tokens of the focus coin, empty for
    those that suit the pool."""

    answers: Mapping[str, str] = field(default_factory=lambda: _NONE)
    decision: Mapping[str, str] = field(default_factory=lambda: _NONE)
    title: str = ""
    subtitle: str = ""
    focus: str = ""
    quote: str = ""
    sizes: tuple[float, ...] = ()
    amplifications: tuple[int, ...] = ()
    limits: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )


NO_NOTES = Notes()


def read_notes(text: str, *, markdown: bool) -> Notes:
    """Raises InputError for what a notes file does not have."""
    if markdown:
        return _of_markdown(text)
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"it is no TOML: {error}") from None
    problem = next(_problems(plain), None)
    if problem is not None:
        raise InputError(problem)
    report = plain.get("report", {})
    return Notes(
        answers=MappingProxyType(plain.get("answers", {})),
        decision=MappingProxyType(plain.get("decision", {})),
        title=report.get("title", ""),
        subtitle=report.get("subtitle", ""),
        focus=report.get("focus", ""),
        quote=report.get("quote", ""),
        sizes=tuple(float(size) for size in report.get("sizes", ())),
        amplifications=tuple(report.get("amplifications", ())),
        limits=MappingProxyType(
            {
                key: (float(ends[0]), float(ends[1]), float(ends[2]))
                for key, ends in plain.get("limits", {}).items()
            }
        ),
    )


def _of_markdown(text: str) -> Notes:
    parts = _HEADING.split(text)[1:]
    said = {
        key.strip().lower().replace(" ", "_").replace("-", "_"): body.strip()
        for key, body in zip(parts[::2], parts[1::2], strict=True)
    }
    if not said:
        raise InputError("it has no heading: write each answer under `## key`")
    return Notes(
        answers=MappingProxyType({k: v for k, v in said.items() if k not in DECISION}),
        decision=MappingProxyType({k: v for k, v in said.items() if k in DECISION}),
    )


def _problems(plain: Mapping[str, object]) -> Iterator[str]:
    for name, table in plain.items():
        if name not in _TABLES or not isinstance(table, Mapping):
            yield f"{name} is none of its tables: {', '.join(_TABLES)}"
            return
        for key, value in table.items():
            yield from _entry_problems(name, str(key), value)


def _entry_problems(table: str, key: str, value: object) -> Iterator[str]:
    if table in ("answers", "decision"):
        if not isinstance(value, str):
            yield f"{table}.{key} is no text"
        if table == "decision" and key not in DECISION:
            yield f"decision.{key} is not in the box: it has {', '.join(DECISION)}"
    elif table == "report":
        yield from _choice_problems(key, value)
    elif not _are_ends(value):
        yield f"limits.{key} is not the three ends of grades 1, 2 and 3"


def _choice_problems(key: str, value: object) -> Iterator[str]:
    if key in _TEXTS:
        if not isinstance(value, str):
            yield f"report.{key} is no text"
    elif key not in _LISTS:
        yield f"report.{key} is none of {', '.join((*_TEXTS, *_LISTS))}"
    elif not (isinstance(value, list) and value and all(map(_positive, value))):
        yield f"report.{key} is not a list of positive numbers"
    elif key == "amplifications" and not all(isinstance(each, int) for each in value):
        yield "report.amplifications is not a list of whole numbers"


def _are_ends(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_positive, value))


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
