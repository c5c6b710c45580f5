"""ABIs of the functions that the watcher calls, written by us from the protocols' interfaces."""

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
