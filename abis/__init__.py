"""ABIs of the functions that the watcher calls, written by us from the protocols' interfaces, and
our own contracts, compiled."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def load_abi(name: str) -> tuple[dict[str, Any], ...]:
    """The ABI called `name`, "<protocol>/<Interface>". Raises FileNotFoundError when unknown."""
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


@cache
def load_artifact(name: str) -> dict[str, Any]:
    """A compiled contract of ours: compiler, settings, creation_code and runtime_code, `0x...`."""
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    artifact: dict[str, Any] = json.loads(text)
    return artifact
