"""Many values of one frozen dataclass at once.

A frozen dataclass sets each field through object.__setattr__: a thousand states take five times as
long to make as those of a class that is not frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import field, fields, make_dataclass
from functools import cache
from itertools import starmap
from typing import Any, TypeVar, cast

T = TypeVar("T")


def make_many(kind: type[T], rows: Iterable[Iterable[object]]) -> list[T]:
    """`kind(*row)` for each row; `kind` is a frozen dataclass with slots and no base class.

    The values are made as those of a class with the same slots that is not frozen, and then become
    `kind`'s.
    """
    thawed: Callable[..., T] = _thawed(cast("Hashable", kind))
    made = list(starmap(thawed, rows))
    for one in made:
        one.__class__ = kind
    return made


@cache
def _thawed(kind: Any) -> Any:
    """The same fields, defaults and checks; not frozen."""
    given = [
        (one.name, Any, field(default=one.default, default_factory=one.default_factory))
        for one in fields(kind)
    ]
    checks = {name: kind.__dict__[name] for name in ("__post_init__",) if name in kind.__dict__}
    return make_dataclass(kind.__name__, given, namespace=checks, slots=True)
