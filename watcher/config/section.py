"""One table of the file, read key by key, collecting every problem on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from watcher.config.fields import key_shown, unknown
from watcher.errors import Problem

T = TypeVar("T")
_MISSING = object()


class Section:
    """A TOML table at a key path. What cannot be used is noted and read as its default."""

    def __init__(self, table: object, path: str, problems: list[Problem]) -> None:
        self.path = path
        self._problems = problems
        self._seen: set[str] = set()
        self._table: Mapping[str, object] = {}
        if isinstance(table, Mapping):
            self._table = table
        else:
            self.problem("", "write a table")

    def problem(self, key: str, text: str) -> None:
        at = f"{self.path}.{key}".strip(".") if key else self.path
        self._problems.append(Problem(at, text))

    def has(self, key: str) -> bool:
        return key in self._table

    def required(self, key: str, parse: Callable[[object], T]) -> T | None:
        """The parsed value; None, with a problem noted, when it is missing or wrong."""
        if key not in self._table:
            self._seen.add(key)
            self.problem(key, "is missing")
            return None
        return self.optional(key, parse, None)

    def optional(self, key: str, parse: Callable[[object], T], default: T) -> T:
        self._seen.add(key)
        value = self._table.get(key, _MISSING)
        if value is _MISSING:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problem(key, str(error))
            return default

    def list(self, key: str) -> list[Section]:
        """The sections of a list of tables."""
        self._seen.add(key)
        items = self._table.get(key, [])
        if not isinstance(items, list):
            self.problem(key, "write a list of tables")
            return []
        at = f"{self.path}.{key}".strip(".")
        return [Section(item, f"{at}[{row}]", self._problems) for row, item in enumerate(items)]

    def table(self, key: str) -> Section:
        """The section of a table that may be missing."""
        self._seen.add(key)
        return Section(self._table.get(key, {}), f"{self.path}.{key}".strip("."), self._problems)

    def tables(self, key: str) -> dict[str, Section]:
        """The sections of a table of tables, by their keys."""
        self._seen.add(key)
        table = self._table.get(key, {})
        if not isinstance(table, Mapping):
            self.problem(key, "write a table of tables")
            return {}
        at = f"{self.path}.{key}".strip(".")
        return {
            name: Section(item, f"{at}.{key_shown(name)}", self._problems)
            for name, item in table.items()
        }

    def over(self, defaults: Mapping[str, object]) -> Section:
        """The same table with what it leaves out taken from `defaults`."""
        return Section({**defaults, **self._table}, self.path, self._problems)

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._table:
            if key not in self._seen:
                self.problem(key, unknown(key, self._seen, what="key"))
