"""Arithmetic that is evaluated as it is printed: names, sums, differences, products, quotients."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_]\w*")
_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


@dataclass(frozen=True, slots=True)
class Line:
    """`numbers` is `formula` with the values put in; `//` divides and rounds down."""

    name: str
    formula: str
    numbers: str
    value: int


class Script:
    """Lines one after the other, each of which knows all names before it."""

    def __init__(self, given: Mapping[str, int]) -> None:
        self.given = dict(given)
        self.lines: list[Line] = []
        self._known = dict(given)

    def give(self, name: str, value: int) -> str:
        """One more number that the arithmetic starts from; its name."""
        self.given[name] = self._known[name] = value
        return name

    def line(self, name: str, formula: str) -> str:
        """Evaluate one more line; its name."""
        tree = ast.parse(formula, mode="eval").body
        numbers = _NAME.sub(lambda found: str(self._known[found[0]]), formula)
        self._known[name] = _value(tree, self._known)
        self.lines.append(Line(name, formula, numbers, self._known[name]))
        return name

    def __getitem__(self, name: str) -> int:
        return self._known[name]


def _value(node: ast.expr, known: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, known), _value(right, known))
        case _:
            raise ValueError(f"{ast.unparse(node)} is no sum, difference, product or quotient")
