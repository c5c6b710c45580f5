"""Which target a person means."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from watcher.errors import InputError
from watcher.store.register import Registered

SHORTEST_PREFIX = 4
"""Fewer digits of an id would be a guess."""

SHOWN = 5


def find_target(entries: Sequence[Registered], text: str) -> Registered:
    """By name (letter case does not matter), address, CAIP-10 id, or the first digits of its id.

    Raises InputError that names what it could have meant.
    """
    wanted = text.strip().lower()
    for matching in (_named, _placed, _numbered):
        matches = [entry for entry in entries if matching(entry, wanted)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(
                f"{text[:80]!r} names {len(matches)} targets: {_listed(matches)}; give the id."
            )
    raise InputError(f"no stored target is called {text[:80]!r}{_hint(entries, wanted)}")


def _named(entry: Registered, wanted: str) -> bool:
    return wanted in (entry.target.name.lower(), entry.target.label.lower()) and wanted != ""


def _placed(entry: Registered, wanted: str) -> bool:
    return wanted in (entry.target.address.lower(), entry.target.caip10.lower())


def _numbered(entry: Registered, wanted: str) -> bool:
    return len(wanted) >= SHORTEST_PREFIX and entry.target.id.startswith(wanted)


def _listed(entries: Sequence[Registered]) -> str:
    shown = [f"{entry.target.label} (id {entry.target.id[:12]})" for entry in entries[:SHOWN]]
    more = len(entries) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _hint(entries: Sequence[Registered], wanted: str) -> str:
    if not entries:
        return ": none is stored yet; run `watcher once`."
    by_text = {
        text.lower(): entry
        for entry in entries
        for text in (entry.target.label, entry.target.address, entry.target.caip10)
    }
    close = {by_text[text].id: by_text[text] for text in get_close_matches(wanted, by_text, SHOWN)}
    if close:
        return f"; did you mean {_listed(list(close.values()))}?"
    return f": there are {_listed(entries)}."
