"""Every figure of a pool's report that its state, its prices and the settings determine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import permutations

from watcher.errors import InputError, MathError
from watcher.math.depth_definitions import MOVES
from watcher.report.document import Fact, Mark
from watcher.report.formats import NO_BREAK, Paper, paper_for
from watcher.report.ledger import Ledger
from watcher.report.limits import EXIT_SIZES
from watcher.report.material import Material, Measures, keys_of
from watcher.report.pool_view import PoolView, pool_view

STEP = 0.01
_STEADY = (1, 2, 5)
_PART_OF_POOL = 40
"""The largest size of the tables is the pool's worth over this, rounded down to 1, 2 or 5."""
_SIZES = 6
NO_BALANCES = "the state has liquidity by ticks and no balances"


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """`focus` is the coin that the report is about, the fullest against its target; `quote` what it
    is sold for, the scarcest. `sizes` are whole tokens of the focus coin, `exit_size` one of
    them."""

    material: Material
    view: PoolView
    measures: Measures
    ledger: Ledger
    focus: int
    quote: int
    keys: tuple[str, ...]
    shares: tuple[float, ...]
    basis: str
    targets: tuple[float, ...]
    sizes: tuple[float, ...]
    exit_size: float
    paper: Paper

    @property
    def F(self) -> str:  # noqa: N802
        return self.view.name(self.focus)

    def size_text(self, size: float, coin: str) -> str:
        """A size that was chosen, with no digits but its own: 10 M USDT."""
        shown = f"{size / self.paper.scale:,.12g}"
        return NO_BREAK.join(filter(None, (shown, self.paper.letter, coin)))

    @property
    def Q(self) -> str:  # noqa: N802
        return self.view.name(self.quote)


def pool_facts(material: Material) -> PoolFacts:
    """Raises InputError where the notes name a coin that the pool does not have."""
    view, measures, ledger = pool_view(material), Measures(material), Ledger()
    basis, shares, why = _shares(view, measures)
    targets = _targets(view)
    focus, quote = _pair(view, shares, targets)
    total = _total(view, focus)
    sizes = material.notes.sizes or _sizes(total)
    found = PoolFacts(
        material=material,
        view=view,
        measures=measures,
        ledger=ledger,
        focus=focus,
        quote=quote,
        keys=keys_of([view.name(coin) for coin in range(view.count)]),
        shares=shares,
        basis=basis,
        targets=targets,
        sizes=sizes,
        exit_size=sizes[len(sizes) // 2],
        paper=paper_for(sizes[len(sizes) // 2]),
    )
    _enter_shares(found, why)
    _enter_price(found)
    _enter_depth(found)
    _enter_sizes(found)
    return found


def _shares(view: PoolView, measures: Measures) -> tuple[str, tuple[float, ...], str]:
    """At the pool's own rates where it has some, else at the market's prices."""
    why = ""
    for basis in ("invariant", "value"):
        rows = [
            measures.get(f"{basis}_share", token=view.address(coin)) for coin in range(view.count)
        ]
        known = [row for row in rows if row is not None]
        if len(known) == view.count and all(math.isfinite(row.value) for row in known):
            return basis, tuple(row.value for row in known), ""
        why = next((row.reason for row in known if row.reason), why)
    return "value", (math.nan,) * view.count, why


def _targets(view: PoolView) -> tuple[float, ...]:
    weights = getattr(view.state, "weights", None)
    if not weights or len(weights) != view.count:
        return (1 / view.count,) * view.count
    return tuple(weight / sum(weights) for weight in weights)


def _pair(view: PoolView, shares: tuple[float, ...], targets: tuple[float, ...]) -> tuple[int, int]:
    notes = view.material.notes
    names = [view.name(coin) for coin in range(view.count)]
    if any(math.isnan(share) for share in shares):
        full, scarce = 0, 1
    else:
        excess = [share / target for share, target in zip(shares, targets, strict=True)]
        full = max(range(view.count), key=excess.__getitem__)
        scarce = min((k for k in range(view.count) if k != full), key=excess.__getitem__)
    focus = _named(notes.focus, names, full)
    quote = _named(notes.quote, names, scarce)
    if quote == focus:
        quote = next(k for k in range(view.count) if k != focus)
    return focus, quote


def _named(wanted: str, names: list[str], otherwise: int) -> int:
    if not wanted:
        return otherwise
    if wanted not in names:
        raise InputError(f"the notes name {wanted}, which is no coin of it: {', '.join(names)}")
    return names.index(wanted)


def _total(view: PoolView, focus: int) -> float:
    """What the pool holds, in tokens of the focus coin at its own prices."""
    target = view.material.snapshot.target
    held = _held(view)
    total = held[focus]
    for coin in range(view.count):
        if coin != focus and held[coin]:
            try:
                total += held[coin] * view.spot(coin, focus)
            except MathError:
                continue
    return total if total > 0 else 10.0 ** -target.tokens[view.coins[focus]].decimals


def _held(view: PoolView) -> list[float]:
    """Balances in whole tokens; NaN where a state of ranges does not have them."""
    state = view.state
    raw = getattr(state, "balances", None)
    if raw is None:
        raw = [getattr(state, f"reserve{place}") for place in range(view.count)]
    if not raw:
        return [math.nan] * view.count
    return [raw[place] / 10 ** view.decimals(coin) for coin, place in enumerate(view.coins)]


def _sizes(total: float) -> tuple[float, ...]:
    """Six sizes in steps of 1, 2 and 5, rising."""
    largest = total / _PART_OF_POOL
    power = math.floor(math.log10(largest))
    steps = [
        (step * 10.0**exponent)
        for exponent in range(power - 3, power + 1)
        for step in _STEADY
        if step * 10.0**exponent <= largest * (1 + 1e-12)
    ]
    return tuple(float(f"{size:.1g}") for size in steps[-_SIZES:])


def _enter_shares(found: PoolFacts, why: str) -> None:
    held = _held(found.view)
    at = "balances at the pool's own rates" if found.basis == "invariant" else "market prices"
    for coin, key in enumerate(found.keys):
        name = found.view.name(coin)
        found.ledger.enter(
            Fact(f"share_{key}", found.shares[coin], "m", f"{name} share", f"s_i / Σs, {at}", why)
        )
        found.ledger.enter(
            Fact(
                f"amount_{key}",
                held[coin],
                "m",
                f"{name} balance",
                "balance / 10^decimals",
                "" if math.isfinite(held[coin]) else NO_BALANCES,
            )
        )
    _measured(found, "disparity_invariant", "m")
    _measured(found, "disparity_value", "mc")
    _measured(found, "entropy", "m", measure="share_entropy", basis=found.basis)
    _measured(found, "largest_share", "m", basis=found.basis)


def _measured(found: PoolFacts, name: str, mark: Mark, *, measure: str = "", **dims: str) -> None:
    """A figure of the catalogue, where the target's kind has it."""
    given = found.measures.get(measure or name, **dims)
    if given is None:
        return
    shown = " ".join(dict.fromkeys(_dim(found, value) for value in dims.values()))
    what = f"{given.name} {shown}".strip()
    how = f"catalogue: {given.name}, version {given.version}"
    found.ledger.enter(Fact(name, given.value, mark, what, how, given.reason))


def _dim(found: PoolFacts, value: str) -> str:
    for coin in range(found.view.count):
        if found.view.address(coin) == value:
            return found.view.name(coin)
    return value


def _enter_price(found: PoolFacts) -> None:
    view, f, q = found.view, found.focus, found.quote
    F, Q = found.F, found.Q
    ask = found.ledger.ask
    ask(
        "price",
        lambda: view.spot(f, q),
        mark="m",
        what=f"marginal price of {F} in {Q}, no fee",
        how="derivative of the invariant at the pool's D",
    )
    ask(
        "price_back",
        lambda: view.spot(q, f),
        mark="m",
        what=f"marginal price of {Q} in {F}, no fee",
        how="as price, other way",
    )
    own = "the pool's own rates" if view.rated else "reference prices"
    ask(
        "reference",
        lambda: view.reference(f, q),
        mark="m" if view.rated else "mc",
        what=f"reference price of {F} in {Q}",
        how=own,
    )
    ask(
        "discount",
        lambda: over(view.spot(f, q), view.reference(f, q)) - 1,
        mark="mc",
        what=f"{F} against its reference",
        how="price / reference − 1",
    )
    ask(
        "market",
        lambda: _market(view, f, q),
        mark="mc",
        what=f"market price of {F} in {Q}",
        how="p_F / p_Q, each from its configured sources",
    )
    _measured(found, "arbitrage_value", "mc")
    _measured(found, "depth_imbalance", "m", **_beside(found))


def _market(view: PoolView, f: int, q: int) -> float:
    for coin in (f, q):
        if view.money_reason(coin):
            raise MathError(view.money_reason(coin))
    return view.money(f) / view.money(q)


def _beside(found: PoolFacts) -> dict[str, str]:
    plain = found.measures.get("depth_imbalance")
    return {} if plain is not None else {"token": found.view.address(max(found.focus, 1))}


def _enter_depth(found: PoolFacts) -> None:
    view, f, q, F, Q = found.view, found.focus, found.quote, found.F, found.Q
    exact = view.curves is not None
    how = "largest gross input after which the fee-less price is still (1 − d) of the reference"
    if exact:
        for step in MOVES:
            key = f"{100 * step:g}".replace(".", "_")
            for label, i, j in (("sell", f, q), ("buy", q, f)):
                name = f"{view.name(i)}→{view.name(j)}"
                _depth(found, f"depth_{label}_{key}", i, j, 1 - step, name, how)
                _depth(found, f"depth_{label}_spot_{key}", i, j, 1 - step, name, how, spot=True)
            _depth(found, f"depth_even_{key}", f, q, 1 - step, f"{F}→{Q}, balanced", how, even=True)
        _within(found)
    else:
        for step in MOVES:
            key = f"{100 * step:g}".replace(".", "_")
            for label, i in (("sell", f), ("buy", q)):
                _measured(
                    found,
                    f"depth_{label}_spot_{key}",
                    "m",
                    measure="depth_ladder",
                    move=f"{step:g}",
                    token_in=view.address(i),
                )
    _measured(found, "lost_depth", "mc")
    for i, j in permutations(range(view.count), 2):
        _measured(
            found,
            f"lost_depth_{found.keys[i]}_{found.keys[j]}",
            "mc",
            measure="lost_depth_pair",
            token_in=view.address(i),
            token_out=view.address(j),
        )
    for coin in range(view.count):
        _measured(
            found,
            f"depth_money_{found.keys[coin]}",
            "mc",
            measure="depth_money",
            move="0.01",
            token_in=view.address(coin),
        )


def _depth(
    found: PoolFacts,
    name: str,
    i: int,
    j: int,
    part: float,
    pair: str,
    how: str,
    *,
    spot: bool = False,
    even: bool = False,
) -> None:
    away = f"{100 * (1 - part):g}%"
    against = "the price now" if spot else "the reference"
    found.ledger.ask(
        name,
        lambda: found.view.depth(i, j, part, of_spot=spot, balanced=even),
        mark="mc",
        what=f"depth {pair} to {away} below {against}",
        how=how if not spot else how.replace("reference", "price now"),
    )


def _within(found: PoolFacts) -> None:
    for label, i, j in (("sale", found.focus, found.quote), ("purchase", found.quote, found.focus)):
        for of_spot, against in ((True, "price now"), (False, "reference")):
            _ask_within(found, f"{label}_1_{'spot' if of_spot else 'ref'}", i, j, of_spot, against)


def _ask_within(found: PoolFacts, name: str, i: int, j: int, of_spot: bool, against: str) -> None:
    found.ledger.ask(
        name,
        lambda: found.view.sale_within(i, j, 1 - STEP, of_spot=of_spot),
        mark="mc",
        what=f"largest {found.view.name(i)} sale within 1% of the {against}",
        how="max q: out(q) ≥ 0.99 q p",
    )


def _enter_sizes(found: PoolFacts) -> None:
    view, f, q, F, Q = found.view, found.focus, found.quote, found.F, found.Q
    for size in found.sizes:
        key = size_key(size)
        for label, i, j in (("avg", f, q), ("avg_back", q, f)):
            sold, bought = view.name(i), view.name(j)
            found.ledger.ask(
                f"{label}_{key}",
                _averages(view, i, j, size),
                mark="mc",
                what=f"average price, {size:,.15g} {sold} sold for {bought}, fee taken",
                how="exact quote / size",
            )
    for money in EXIT_SIZES:
        found.ledger.ask(
            f"exit_money_{money:.0f}",
            partial(_scale_cost, view, f, q, money),
            mark="mc",
            what=f"cost against the reference of selling {F} worth {money:,.0f}",
            how=f"1 − average / reference, for {Q}",
        )
    size = found.exit_size
    found.ledger.ask(
        "exit_cost",
        lambda: 1 - over(view.average(f, q, size), view.reference(f, q)),
        mark="mc",
        what=f"cost against the reference of selling {size:,.15g} {F}",
        how=f"1 − average / reference, for {Q}",
    )
    found.ledger.ask(
        "exit_slippage",
        lambda: 1 - over(view.average(f, q, size), view.spot(f, q)),
        mark="mc",
        what="of which slippage, fee included",
        how="1 − average / price",
    )


def _scale_cost(view: PoolView, f: int, q: int, money: float) -> float:
    if view.money_reason(f):
        raise MathError(view.money_reason(f))
    return 1 - over(view.average(f, q, money / view.money(f)), view.reference(f, q))


def _averages(view: PoolView, i: int, j: int, size: float) -> Callable[[], float]:
    return lambda: view.average(i, j, size)


def over(value: float, reference: float) -> float:
    """Raises MathError where there is nothing to compare with."""
    if not reference:
        raise MathError("the price that it is compared with is 0")
    return value / reference


def size_key(size: float) -> str:
    return f"{size:.15g}".replace(".", "_").replace("+", "").replace("-", "_")
