"""One vector: read strictly, so that a file of another form is told apart from a wrong figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

INTEGER = re.compile(r"-?[0-9]+")

EXACT_IN, EXACT_OUT, REVERT = "exact_in", "exact_out", "revert"


class BadVector(ValueError):
    """A vector, or a file of them, is not of the form that the README of the vectors gives."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object whose integers are decimal strings; `where` says which one in an error."""

    values: Mapping[str, Any]
    where: str

    def __contains__(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(name) is not None

    def integer(self, name: str, default: int | None = None) -> int:
        value = self._value(name, default)
        return self._integer(name, value)

    def integers(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...]:
        value = self._value(name, default)
        if not isinstance(value, list | tuple):
            raise BadVector(f"{self.where}: {name} is not a list")
        return tuple(self._integer(name, item) for item in value)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str):
            raise BadVector(f"{self.where}: {name} is not a text")
        return value

    def boolean(self, name: str, default: bool | None = None) -> bool:
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise BadVector(f"{self.where}: {name} is not true or false")
        return value

    def inner(self, name: str) -> Fields:
        value = self._value(name, None)
        if not isinstance(value, dict):
            raise BadVector(f"{self.where}: {name} is not an object")
        return Fields(value, f"{self.where}.{name}")

    def inners(self, name: str) -> tuple[Fields, ...]:
        """A list of objects."""
        value = self._value(name, None)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise BadVector(f"{self.where}: {name} is not a list of objects")
        return tuple(Fields(item, f"{self.where}.{name}[{k}]") for k, item in enumerate(value))

    def _value(self, name: str, default: Any) -> Any:
        value = self.values.get(name)
        if value is None:
            value = default
        if value is None:
            raise BadVector(f"{self.where}: {name} is missing")
        return value

    def _integer(self, name: str, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and INTEGER.fullmatch(value):
            return int(value)
        raise BadVector(f"{self.where}: {name} is not an integer: {str(value)[:40]!r}")


@dataclass(frozen=True, slots=True)
class Vector:
    """`fields` are those beside the state: family, kind, tokens, amounts, expectations."""

    family: str
    id: str
    kind: str
    state: Fields
    fields: Fields

    @property
    def token_in(self) -> int:
        return self.fields.integer("token_in")

    @property
    def token_out(self) -> int:
        return self.fields.integer("token_out")

    @property
    def amount_in(self) -> int:
        return self.fields.integer("amount_in")

    @property
    def amount_out(self) -> int:
        return self.fields.integer("amount_out")

    @property
    def asks_exact_out(self) -> bool:
        """A vector that expects a refusal names the one amount that it asked with."""
        return self.kind == EXACT_OUT or (
            self.kind == REVERT and "amount_out" in self.fields and "amount_in" not in self.fields
        )

    def expected(self) -> int | None:
        """The figure that an exchange is expected to answer; None where a refusal is."""
        if self.kind == REVERT:
            return None
        if self.kind in (EXACT_IN, EXACT_OUT):
            return self.fields.integer("expected_in" if self.kind == EXACT_OUT else "expected_out")
        raise BadVector(f"{self.id}: {self.family} does not know the kind {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer with what it is to equal, where that is not the one figure of an exchange.

    `rule` says by what the answer is judged when it is not by a figure of the vector.
    """

    expected: object
    got: object
    rule: str | None = None


Ask: TypeAlias = Callable[[Vector], int | Compared]


def holds_list(path: Path) -> bool:
    """Whether a file can hold vectors: a summary beside them is an object."""
    return isinstance(_parsed(path), list)


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadVector(f"{path}: cannot be read as JSON: {error}") from None


def read_vectors(path: Path) -> list[Vector]:
    """All vectors of a file. Raises BadVector on what is none."""
    plain = _parsed(path)
    if not isinstance(plain, list):
        raise BadVector(f"{path}: is not a list of vectors")
    return [_vector(item, f"{path.name}[{row}]") for row, item in enumerate(plain)]


def _vector(plain: Any, where: str) -> Vector:
    if not isinstance(plain, dict):
        raise BadVector(f"{where}: is not an object")
    fields = Fields(plain, where)
    name = fields.text("id", where)
    fields = Fields(plain, name)
    return Vector(
        family=fields.text("family"),
        id=name,
        kind=fields.text("kind", EXACT_IN),
        state=fields.inner("state"),
        fields=fields,
    )
