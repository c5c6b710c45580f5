"""The figures of a basket's exit, which the first of its holdings has."""

from __future__ import annotations

import math

import numpy as np

from watcher.errors import MathError
from watcher.math.columns import Column
from watcher.math.exit.basket import basket_exit
from watcher.math.exit.solvency import Money
from watcher.math.settings import Settings
from watcher.math.subject import Subject

NO_BASKET = "no basket of the configuration begins with these holdings and says `through`"


def exit_measures(subject: Subject, settings: Settings) -> list[Column]:
    """Of one target of holdings."""
    value, discount, over_reference, over_exit = _figures(subject, settings)
    return [
        _column("exit_value", value),
        _column("exit_discount", discount),
        _column("solvency_reference", over_reference),
        _column("solvency_exit", over_exit),
    ]


def _figures(subject: Subject, settings: Settings) -> tuple[Money, Money, Money, Money]:
    basket = settings.exit_of(subject.target.id)
    if subject.state is None:
        return _unknown(subject.reason)
    if basket is None:
        return _unknown(NO_BASKET)
    watched = [
        (subject.target, subject.state),
        *((each.target, each.state) for each in subject.beside if each.state is not None),
    ]
    try:
        _, found = basket_exit(basket, watched, subject.prices)
    except MathError as error:
        return _unknown(str(error))
    return found.exit, found.discount, found.over_reference, found.over_exit


def _unknown(reason: str) -> tuple[Money, Money, Money, Money]:
    nothing = Money(math.nan, reason)
    return nothing, nothing, nothing, nothing


def _column(name: str, figure: Money) -> Column:
    return Column(name, np.array([figure.value]), [figure.reason])
