"""The figures of one report as they are found, in order, and how texts cite them."""

from __future__ import annotations

import math
from collections.abc import Callable

from watcher.errors import MathError
from watcher.report.document import Cite, Fact, Mark
from watcher.report.formats import NOT_MEASURED


class Ledger:
    """Facts by id, in the order in which they were entered."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __contains__(self, name: str) -> bool:
        return name in self._facts

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(self._facts.values())

    def value(self, name: str) -> float:
        """NaN where it is unknown or was never entered."""
        return self._facts[name].value if name in self._facts else math.nan

    def enter(self, fact: Fact) -> Fact:
        """Raises ValueError where two figures have one id, or one is unknown without a reason."""
        if fact.id in self._facts:
            raise ValueError(f"the report has two figures called {fact.id}")
        if not fact.known and not fact.reason:
            raise ValueError(f"the figure {fact.id} is unknown and nobody says why")
        self._facts[fact.id] = fact
        return fact

    def ask(self, name: str, find: Callable[[], float], *, mark: Mark, what: str, how: str) -> Fact:
        """Enter what `find` says, or why it does not: where the contract would revert, or no float
        holds the figure."""
        value, reason = math.nan, ""
        try:
            value = find()
            if not math.isfinite(value):
                value, reason = math.nan, "no input brings the price so far"
        except MathError as error:
            reason = str(error)
        except OverflowError:
            reason = "the figure is more than a float can hold"
        return self.enter(Fact(name, value, mark, what, how, reason))

    def cite(self, name: str, show: Callable[[float], str]) -> Cite:
        """The figure as `show` writes it, or that it is not measured."""
        fact = self._facts[name]
        return Cite(show(fact.value) if fact.known else NOT_MEASURED, fact.mark, name)

    def said(self, name: str, show: Callable[[float], str]) -> tuple[Cite | str, ...]:
        """As `cite`; what is unknown with its reason behind it."""
        fact = self._facts[name]
        cited = self.cite(name, show)
        return (cited,) if fact.known else (cited, f": {fact.reason}")
