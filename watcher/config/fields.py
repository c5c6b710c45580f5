"""Parsers of single values. Each raises ValueError with a text that repeats no secret."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable

from watcher.state.token import Address, to_address

_CAIP2 = re.compile(r"eip155:([1-9][0-9]{0,18})")
_CAIP19 = re.compile(r"eip155:([1-9][0-9]{0,18})/erc20:(0x[0-9a-fA-F]{40})")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DURATION = re.compile(r"([0-9]{1,9})\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def chain_id(text: object) -> int:
    found = _CAIP2.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError('write a CAIP-2 chain id such as "eip155:1"')
    return int(found[1])


def chain_id_or_none(text: object) -> int | None:
    try:
        return chain_id(text)
    except ValueError:
        return None


def address(text: object) -> Address:
    """An address; mixed case must be its EIP-55 checksum, all lower case has none to check."""
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise ValueError("write an address: 0x and 40 hexadecimal digits")
    checked = to_address(text)
    if text not in (checked, text.lower()):
        raise ValueError(f"wrong checksum (EIP-55); if you typed it, expected {checked}")
    return checked


def token(text: object) -> tuple[int, Address]:
    """A CAIP-19 token: its chain id and address."""
    found = _CAIP19.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError('write a CAIP-19 token such as "eip155:1/erc20:0x..."')
    return int(found[1]), address(found[2])


def seconds(value: object) -> int:
    """A duration: "90s", "30m", "24h", "7d", at least one second."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError('write a duration such as "90s", "30m" or "24h"')
    return int(found[1]) * _SECONDS[found[2]]


def number(value: object, *, least: float, most: float = math.inf) -> float:
    """A finite number of the interval [least, most]; not NaN, which compares as anything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("write a number")
    if not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    if not least <= value <= most:
        bounds = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise ValueError(f"{value:g} is out of range: write a number {bounds}")
    return float(value)


def positive(value: object) -> float:
    checked = number(value, least=0.0)
    if checked == 0:
        raise ValueError("write a number above 0")
    return checked


def whole(value: object, *, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"write a whole number from {least} to {most}")
    return value


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("write a text on one line")
    return value.strip()


def key_shown(key: str) -> str:
    """A key as it stands in a path, in quotes where TOML wants them."""
    return key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'


def unknown(word: str, known: Iterable[str], *, what: str) -> str:
    """The sentence about a word that is not known, with the closest one that is."""
    shown = word if len(word) <= 40 and word.isprintable() else "this"
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'unknown {what} "{shown}"' + (f'; did you mean "{close[0]}"?' if close else "")
