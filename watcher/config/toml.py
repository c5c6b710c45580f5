"""Writing single values as TOML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | list[str] | Mapping[str, "Value"]


def toml_value(value: Value) -> str:
    """`value` on one line; a mapping as an inline table with bare keys."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(toml_pairs(value))} }}"
    # JSON's text, number, boolean and list are TOML's; only DEL, which JSON leaves bare, is not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_pairs(values: Mapping[str, Value]) -> Iterable[str]:
    return (f"{key} = {toml_value(value)}" for key, value in values.items())
