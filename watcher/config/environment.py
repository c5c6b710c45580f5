"""`${NAME}` in the file's texts: taken from the environment, or from the file NAME_FILE names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from watcher.config.fields import key_shown, unknown
from watcher.errors import Problem

KNOWN_VARIABLES = ("WATCHER_CACHE", "WATCHER_CONFIG", "WATCHER_DEEP", "WATCHER_FORK_URL")

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand(
    value: object, *, path: str, environment: Mapping[str, str]
) -> tuple[object, list[Problem]]:
    """`value` with every reference replaced, and what could not be; values are never shown."""
    problems: list[Problem] = []

    def walk(item: object, at: str) -> object:
        if isinstance(item, str):
            return _REFERENCE.sub(lambda found: lookup(found[1], at), item)
        if isinstance(item, list):
            return [walk(child, f"{at}[{row}]") for row, child in enumerate(item)]
        if isinstance(item, dict):
            return {key: walk(child, _join(at, key)) for key, child in item.items()}
        return item

    def lookup(name: str, at: str) -> str:
        if name in environment:
            return environment[name]
        file = environment.get(f"{name}_FILE")
        if file is None:
            problems.append(
                Problem(at, f"environment variable {name} is not set: set it, or {name}_FILE")
            )
            return ""
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            problems.append(Problem(at, f"the file that {name}_FILE names cannot be read"))
            return ""

    return walk(value, path), problems


def unknown_variables(environment: Mapping[str, str]) -> list[Problem]:
    """Misspelt WATCHER_ variables, which would otherwise do nothing without a word."""
    return [
        Problem("environment", unknown(name, KNOWN_VARIABLES, what="variable"))
        for name in sorted(environment)
        if name.startswith("WATCHER_") and name not in KNOWN_VARIABLES
    ]


def _join(path: str, key: str) -> str:
    shown = key_shown(key)
    return f"{path}.{shown}" if path else shown
