"""Text that is safe on a terminal whatever a contract or node put into it."""

from __future__ import annotations

import re
import unicodedata

from watcher.report.text import visible

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def one_line(text: str) -> str:
    """What is visible of `text`, with plain spaces: a terminal may draw others as anything."""
    return " ".join(visible(text).split())


def in_place(text: str) -> str:
    """One line that stays where it is put: right-to-left letters would pull the figures beside
    them to their own side."""
    line = one_line(text)
    if any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in line):
        return f"{FIRST_STRONG_ISOLATE}{line}{POP_ISOLATE}"
    return line


def escaped_json(text: str) -> str:
    """The same JSON with every character that could act on a terminal as its \\u escape."""
    return re.sub(r"[^ -~\n]", lambda found: _escape(found[0]), text)


def _escape(char: str) -> str:
    acts = unicodedata.category(char)[0] == "C"
    if not acts and unicodedata.bidirectional(char) not in RIGHT_TO_LEFT:
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
