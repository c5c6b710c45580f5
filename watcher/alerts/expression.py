"""A condition over the catalogue's measures: checked when it is loaded, then asked of targets.

A measure may have several rows (one for each coin, size or move). A comparison holds when it holds
of any of its rows; `min`, `max` and `sum` of one argument take all rows together. What is unknown
makes unknown, never false: a comparison that holds of no known row is unknown while a row is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watcher.alerts import values as of_rows
from watcher.alerts.syntax import (
    Arithmetic,
    Call,
    Compared,
    Joined,
    Name,
    Negative,
    Node,
    Not,
    Number,
    SyntaxProblem,
    parse,
)
from watcher.alerts.values import UNREAD, Rows, Truth, Values
from watcher.math.catalogue import CATALOGUE, DEFINITIONS
from watcher.state.alert import Gauge

SHORTHANDS: Mapping[str, str] = MappingProxyType(
    {
        "depth_1pct_money": "min(depth_money[move=0.01])",
    }
)
"""Names for what rules ask most: the thinner side's depth to 1% in money."""

FUNCTIONS = ("abs", "max", "min", "sum", "unknown")
KINDS = tuple(dict.fromkeys(kind for one in DEFINITIONS for kind in one.kinds))
INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression as it is asked of targets of one kind."""

    truth: Callable[[Rows], Truth]
    gauges: Callable[[Rows], tuple[Gauge, ...]]


@dataclass(frozen=True, slots=True)
class Expression:
    """`names` are the measures that it needs, `by_kind` how it is asked of each kind of targets
    that has them all."""

    text: str
    names: frozenset[str]
    by_kind: Mapping[str, Condition]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.by_kind)

    @property
    def units(self) -> tuple[tuple[str, str], ...]:
        """The measures and their units, by name."""
        return tuple((name, CATALOGUE[name].unit) for name in sorted(self.names))


def expression(text: str) -> Expression:
    """Raises SyntaxProblem: what is wrong with the text, and at which character."""
    node = parse(text)
    names = frozenset(_measures(node))
    told = any(isinstance(one, Name) and one.name == UNREAD for one in _nodes(node))
    if not names and not told:
        raise SyntaxProblem("it names no measure", 0)
    kinds = [kind for kind in KINDS if all(kind in CATALOGUE[name].kinds for name in names)]
    if not kinds:
        raise SyntaxProblem(f"no kind of target has all of {', '.join(sorted(names))}", 0)
    by_kind = {kind: _Binding(kind).condition(node) for kind in kinds}
    return Expression(text, names, MappingProxyType(by_kind))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Call(arguments=below) | Joined(parts=below):
            parts: Iterable[Node] = below
        case Negative(of=below) | Not(of=below):
            parts = (below,)
        case Arithmetic(left=left, right=right) | Compared(left=left, right=right):
            parts = (left, right)
        case _:
            parts = ()
    for part in parts:
        yield from _nodes(part)


def _measures(node: Node) -> Iterator[str]:
    """Raises SyntaxProblem on a name that is neither a measure nor known otherwise."""
    for one in _nodes(node):
        match one:
            case Name(name=name) if name in SHORTHANDS:
                yield from _measures(parse(SHORTHANDS[name]))
            case Name(name=name, at=at) if name != UNREAD:
                if name not in CATALOGUE:
                    known = (*CATALOGUE, *SHORTHANDS, UNREAD)
                    raise SyntaxProblem(_unknown(name, known, what="measure"), at)
                yield name
            case Call(function=function, at=at) if function not in FUNCTIONS:
                raise SyntaxProblem(_unknown(function, FUNCTIONS, what="function"), at)


def _unknown(word: str, known: Iterable[str], *, what: str) -> str:
    shown = word if len(word) <= 40 else "this"
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'unknown {what} "{shown}"' + (f'; did you mean "{close[0]}"?' if close else "")


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number: its unit, "" of a plain one, and the dimensions that tell its rows apart."""

    unit: str
    dims: tuple[str, ...]
    run: Callable[[Rows], Values]
    names: frozenset[str] = frozenset()


class _Binding:
    """Types of the parts of an expression, and how they are computed, for one kind of targets."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def condition(self, node: Node) -> Condition:
        truth = self._truth(node)
        gauges = tuple(self._gauges(node, holds=True))
        return Condition(truth, lambda rows: tuple(one(rows) for one in gauges))

    def _truth(self, node: Node) -> Callable[[Rows], Truth]:
        match node:
            case Joined(word=word, parts=parts):
                asked = [self._truth(part) for part in parts]
                return of_rows.all_of(asked) if word == "and" else of_rows.any_of(asked)
            case Not(of=of):
                return of_rows.negated(self._truth(of))
            case Compared(sign=sign, left=left, right=right, at=at):
                one, other = self._figure(left), self._figure(right)
                self._alike(one, other, at, unit=True)
                return of_rows.compared(sign, one.run, other.run)
            case Name(name=name, chosen=()) if name == UNREAD:
                return of_rows.is_unread
            case Call(function="unknown", arguments=arguments, at=at):
                return of_rows.is_unknown(self._only(arguments, "unknown", at).run)
        raise SyntaxProblem("a number is no condition: compare it with another", node.at)

    def _figure(self, node: Node) -> _Figure:
        match node:
            case Number(value=value):
                return _Figure("", (), of_rows.constant(value))
            case Name():
                return self._named(node)
            case Negative(of=of):
                found = self._figure(of)
                run = of_rows.each(found.run, lambda x: -x)
                return _Figure(found.unit, found.dims, run, found.names)
            case Arithmetic(sign=sign, left=left, right=right, at=at):
                return self._arithmetic(sign, self._figure(left), self._figure(right), at)
            case Call(function=function, arguments=arguments, at=at) if function != "unknown":
                return self._called(function, arguments, at)
        raise SyntaxProblem("a number is expected here, and this is a condition", node.at)

    def _named(self, node: Name) -> _Figure:
        if node.name in SHORTHANDS:
            if node.chosen:
                raise SyntaxProblem(f"{node.name} has no dimensions to choose from", node.at)
            return self._figure(parse(SHORTHANDS[node.name]))
        if node.name == UNREAD:
            raise SyntaxProblem(f"{UNREAD} is a condition, not a number", node.at)
        definition = CATALOGUE[node.name]
        dims = _dims(definition.dims_of(self._kind))
        for key, _ in node.chosen:
            if key not in dims:
                has = f"it has {', '.join(dims)}" if dims else "it has none"
                raise SyntaxProblem(f"{node.name} of a {self._kind} has no {key}: {has}", node.at)
        left = tuple(key for key in dims if key not in dict(node.chosen))
        run = of_rows.named(node.name, node.chosen)
        return _Figure(definition.unit, left, run, frozenset({node.name}))

    def _arithmetic(self, sign: str, one: _Figure, other: _Figure, at: int) -> _Figure:
        self._alike(one, other, at, unit=sign in "+-")
        unit = one.unit or other.unit
        if sign == "*" and one.unit and other.unit:
            unit = f"{one.unit} * {other.unit}"
        if sign == "/" and other.unit:
            unit = "" if one.unit == other.unit else f"{one.unit or '1'} / {other.unit}"
        run = of_rows.joined(one.run, other.run, of_rows.ARITHMETIC[sign])
        return _Figure(unit, one.dims or other.dims, run, one.names | other.names)

    def _called(self, function: str, arguments: Sequence[Node], at: int) -> _Figure:
        if function == "abs":
            found = self._only(arguments, function, at)
            return _Figure(found.unit, found.dims, of_rows.each(found.run, abs), found.names)
        if len(arguments) == 1 or function == "sum":
            found = self._only(arguments, function, at)
            run = of_rows.together(found.run, of_rows.OVER_ROWS[function])
            return _Figure(found.unit, (), run, found.names)
        figures = [self._figure(one) for one in arguments]
        result = figures[0]
        for one in figures[1:]:
            self._alike(result, one, at, unit=True)
            run = of_rows.joined(result.run, one.run, of_rows.BY_PAIRS[function])
            names = result.names | one.names
            result = _Figure(result.unit or one.unit, result.dims or one.dims, run, names)
        return result

    def _only(self, arguments: Sequence[Node], function: str, at: int) -> _Figure:
        if len(arguments) != 1:
            raise SyntaxProblem(f"{function} takes one argument", at)
        return self._figure(arguments[0])

    def _alike(self, one: _Figure, other: _Figure, at: int, *, unit: bool) -> None:
        if unit and one.unit and other.unit and one.unit != other.unit:
            raise SyntaxProblem(f"one side is in {one.unit}, the other in {other.unit}", at)
        if one.dims and other.dims and set(one.dims) != set(other.dims):
            raise SyntaxProblem(
                f"one side has rows by {', '.join(one.dims)}, the other by "
                f"{', '.join(other.dims)}: choose one, as in [{other.dims[0]}=...], or take "
                "min(...) or max(...) of a side",
                at,
            )

    def _gauges(self, node: Node, *, holds: bool) -> Iterator[Callable[[Rows], Gauge]]:
        match node:
            case Joined(parts=parts):
                for part in parts:
                    yield from self._gauges(part, holds=holds)
            case Not(of=of):
                yield from self._gauges(of, holds=not holds)
            case Compared(sign=sign, left=left, right=right):
                sign = sign if holds else INVERSE[sign]
                if isinstance(left, Number):
                    left, right, sign = right, left, MIRRORED[sign]
                yield self._gauge(sign, left, right)

    def _gauge(self, sign: str, left: Node, right: Node) -> Callable[[Rows], Gauge]:
        one, other = self._figure(left), self._figure(right)
        figure, names = written(left), one.names | other.names

        def gauge(rows: Rows) -> Gauge:
            value, limit, place = of_rows.furthest(sign, one.run(rows), other.run(rows))
            dims = tuple(zip(one.dims or other.dims, place, strict=False))
            why = "" if value == value and limit == limit else of_rows.reason(rows, names)
            return Gauge(figure, sign, limit, value, dims, why)

        return gauge


def _dims(text: str) -> tuple[str, ...]:
    """The names of dimensions out of a definition, in the order that measures have them."""
    return tuple(sorted(part.split()[0] for part in text.split(",") if part.strip()))


def written(node: Node) -> str:
    """A part of an expression as text again."""
    match node:
        case Number(value=value):
            return f"{value:g}"
        case Name(name=name, chosen=chosen):
            picked = ", ".join(f"{key}={value}" for key, value in chosen)
            return f"{name}[{picked}]" if picked else name
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case Negative(of=of):
            return f"-{_inside(of)}"
        case Not(of=of):
            return f"not {_inside(of)}"
        case Joined(word=word, parts=parts):
            return f" {word} ".join(map(_inside, parts))
        case (
            Arithmetic(sign=sign, left=left, right=right)
            | Compared(sign=sign, left=left, right=right)
        ):
            return f"{_inside(left)} {sign} {_inside(right)}"


def _inside(node: Node) -> str:
    text = written(node)
    return f"({text})" if isinstance(node, Joined | Arithmetic | Compared) else text
