"""The models of rates of Compound's markets, by the getters that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from watcher.errors import MathError, ReadError
from watcher.math.exact.lending_compound import Curve, Totals, get_borrow_rate
from watcher.protocols.interface import View, view
from watcher.state.call import Answer, Call
from watcher.state.compound_market import RateModel
from watcher.state.target import Target
from watcher.state.token import Address

_MODEL = "compound/RateModel"
BASE_RATE = view(_MODEL, "baseRate")
MULTIPLIER = view(_MODEL, "multiplier")
BASE_RATE_PER_BLOCK = view(_MODEL, "baseRatePerBlock")
MULTIPLIER_PER_BLOCK = view(_MODEL, "multiplierPerBlock")
JUMP_MULTIPLIER_PER_BLOCK = view(_MODEL, "jumpMultiplierPerBlock")
KINK = view(_MODEL, "kink")
BLOCKS_PER_YEAR = view(_MODEL, "blocksPerYear")

_PER_BLOCK = (BASE_RATE_PER_BLOCK, MULTIPLIER_PER_BLOCK)
PARAMETERS: Mapping[RateModel, tuple[View, ...]] = {
    "jump": (*_PER_BLOCK, JUMP_MULTIPLIER_PER_BLOCK, KINK),
    "white_paper": _PER_BLOCK,
    "white_paper_annual": (BASE_RATE, MULTIPLIER),
    "other": (),
}
"""What each model tells, in the order of Curve; a contract is the first that it answers whole."""

PROBED = (*dict.fromkeys(one for each in PARAMETERS.values() for one in each), BLOCKS_PER_YEAR)


class Rates(NamedTuple):
    """What a model tells; `curve` is None where it is not one that is known."""

    model: RateModel
    curve: Curve | None
    a_year: int

    def giving(self, rate: int, totals: Totals) -> Rates:
        """The same while the curve gives this very rate, otherwise a model that is not known."""
        if self.curve is None:
            return self
        try:
            agrees = get_borrow_rate(self.curve, totals) == rate
        except MathError:
            agrees = False
        return self if agrees else Rates("other", None, self.a_year)


class Asking(NamedTuple):
    """Which getters of a model are asked."""

    address: Address
    model: RateModel
    counts_year: bool

    def calls(self) -> list[Call]:
        views = [*PARAMETERS[self.model], *([BLOCKS_PER_YEAR] if self.counts_year else [])]
        return [each.call(self.address) for each in views]

    def decode(self, answers: Sequence[Answer]) -> Rates:
        taking = iter(answers)
        numbers = [each.integer(next(taking)) for each in PARAMETERS[self.model]]
        a_year = BLOCKS_PER_YEAR.integer(next(taking)) if self.counts_year else 0
        if self.model == "other":
            return Rates("other", None, a_year)
        curve = Curve(*numbers)
        if self.model == "white_paper_annual":
            curve = replace(curve, annual=a_year)
        return Rates(self.model, curve, a_year)


def asking(target: Target, address: Address) -> Asking:
    """Of the model that the market names now: of another one than it was identified with nothing
    is known."""
    if address != target.params.get("rate_model"):
        return Asking(address, "other", counts_year=False)
    told = str(target.params.get("rate_model_has", "")).split()
    model = next(name for name in PARAMETERS if name in (*told, "other"))
    return Asking(address, model, counts_year=BLOCKS_PER_YEAR.name in told)


def probes(address: Address) -> list[Call]:
    """What tells the models apart."""
    return [each.call(address) for each in PROBED]


def params(address: Address, answers: Sequence[Answer]) -> dict[str, str]:
    """What a target keeps of its model, by what it answers to the probes."""
    has = {each for each, answer in zip(PROBED, answers, strict=True) if _answers(each, answer)}
    model = next(name for name, views in PARAMETERS.items() if has >= {*views})
    if model == "white_paper_annual" and BLOCKS_PER_YEAR not in has:
        model = "other"
    names = [model, *([BLOCKS_PER_YEAR.name] if BLOCKS_PER_YEAR in has else [])]
    return {"rate_model": address, "rate_model_has": " ".join(names)}


def _answers(getter: View, answer: Answer) -> bool:
    try:
        getter.integer(answer)
    except ReadError:
        return False
    return True
