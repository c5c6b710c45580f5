"""Text that a contract or node may have put anything into, as a page may show it."""

from __future__ import annotations

import html
import unicodedata

NO_BREAKS = "\u00a0\u202f"
"""The spaces inside of a number with its unit."""


def visible(text: str) -> str:
    """`text` in one line, without control, format and surrogate characters, which XML forbids or
    which would reorder what stands beside them."""
    kept = (" " if char.isspace() and char not in NO_BREAKS else char for char in text)
    seen = (char for char in kept if char == " " or unicodedata.category(char)[0] != "C")
    return " ".join(filter(None, "".join(seen).split(" ")))


def escaped(text: str) -> str:
    """`visible` text with &, <, > and quotes as references: safe in elements and attributes."""
    return html.escape(visible(text))
