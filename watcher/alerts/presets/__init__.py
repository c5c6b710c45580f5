"""The rules that ship: data, written as `[[rules]]` of a configuration are."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

OFF = "off"
"""The key of a preset that is not in effect unless asked for: why."""


@cache
def _tables() -> dict[str, dict[str, Any]]:
    text = resources.files(__name__).joinpath("presets.toml").read_text(encoding="utf-8")
    return {table["name"]: table for table in tomllib.loads(text)["rules"]}


def names() -> tuple[str, ...]:
    return tuple(_tables())


def table(name: str) -> dict[str, Any]:
    """The keys of a preset, without why it is off. Raises KeyError where there is none."""
    return {key: value for key, value in _tables()[name].items() if key != OFF}


def why_off(name: str) -> str:
    """Why a preset must be asked for; empty for one that is in effect."""
    return str(_tables()[name].get(OFF, ""))
