"""What only a StableSwap pool of coins of its own can be asked: other amplifications, the way back,
what an LP share is worth when a coin is worth less, leaving in one coin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from watcher.math import quotes, stable_scenario
from watcher.report.document import Fact
from watcher.report.limits import limits_of
from watcher.report.pool_facts import PoolFacts, size_key
from watcher.report.pool_view import PoolView, stable_state
from watcher.state.stableswap import StableSwap

BACK_TO = (0.98, 0.99, 0.995)
DROPS = (1.0, 0.99, 0.98, 0.95, 0.90, 0.85, 0.65, 0.50)


def enter_stable(found: PoolFacts) -> None:
    """Enters nothing for any other pool."""
    state = stable_state(found.view)
    if state is not None:
        _enter_stable(found, state)


def _enter_stable(found: PoolFacts, state: StableSwap) -> None:
    view, ledger, f, q, F = found.view, found.ledger, found.focus, found.quote, found.F
    D = stable_scenario.invariant(state)
    n = view.count
    A = state.amplification / state.amplification_precision
    ledger.enter(Fact("invariant", D, "m", "invariant D", "Newton loop of the contract"))
    ledger.enter(Fact("amplification", A, "m", "amplification A", "A n^(n−1) as the pool has it"))
    ledger.enter(Fact("fee", state.fee / 10**10, "m", "fee of the pool", "fee / 10^10"))
    held = stable_scenario.amounts(state)
    ledger.ask(
        "lp_at_price",
        lambda: sum(held[k] * _rated_price(state, k, q) for k in range(n)) / D - 1,
        mark="mc",
        what=f"LP share at the pool's own prices, in {found.Q}, against par",
        how="Σ x_i p_i / D − 1, x at the pool's rates",
    )
    for a in amplifications(found, state):
        twin = replace(view, state=replace(state, amplification=a * state.amplification_precision))
        _enter_twin(found, twin, a)
    price = ledger.value("price") / ledger.value("reference")
    for level in BACK_TO:
        if price < level:
            moved = stable_scenario.at_price(state, f, level)
            _enter_moved(found, moved, held, f"back_{level_key(level)}", f"{F} back to {level:g}")
    calm = limits_of("share", found.material.notes).ends[0]
    if found.shares[f] >= calm:
        moved = stable_scenario.at_share(state, f, Fraction(calm))
        _enter_moved(found, moved, held, "calm", f"{F} at a share of {calm:g}")
        ledger.enter(
            Fact(
                "calm_price",
                stable_scenario.price_of(moved, f),
                "mc",
                f"{F} at a share of {calm:g}: its price then",
                "as price, other coins equally full",
            )
        )
    for level in DROPS:
        _enter_drop(found, state, D, level)
    if state.total_supply:
        ledger.enter(
            Fact(
                "virtual_price",
                D / (state.total_supply / 10**18),
                "m",
                "virtual price: D for an LP token",
                "D / total_supply",
            )
        )
        _enter_exits(found, state, D)


def _rated_price(state: StableSwap, coin: int, quote: int) -> float:
    """Of coin in quote, both at the pool's rates."""
    if coin == quote:
        return 1.0
    raw = quotes.spot_price(state, coin, quote)
    scaled = raw * state.rates[quote] / state.rates[coin]
    return scaled.numerator / scaled.denominator


def amplifications(found: PoolFacts, state: StableSwap) -> list[int]:
    """What the table of other amplifications has, the pool's own among them."""
    now = max(1, state.amplification // state.amplification_precision)
    near = [now // 10, now // 5, now * 2 // 5, now, now * 2]
    wanted = found.material.notes.amplifications or tuple(near)
    return sorted({max(1, a) for a in wanted})


def _enter_twin(found: PoolFacts, twin: PoolView, a: int) -> None:
    f, q = found.focus, found.quote
    found.ledger.ask(
        f"price_a_{a}",
        lambda: twin.spot(f, q),
        mark="mc",
        what=f"marginal price of {found.F} at A = {a:,}, same balances",
        how="as price",
    )
    found.ledger.ask(
        f"avg_a_{a}",
        lambda: twin.average(f, q, found.exit_size),
        mark="mc",
        what=f"average price of {found.exit_size:,.15g} {found.F} at A = {a:,}",
        how="as avg",
    )


def _enter_moved(
    found: PoolFacts, moved: StableSwap, held: list[float], name: str, what: str
) -> None:
    after = stable_scenario.amounts(moved)
    inflow = sum(after) - after[found.focus] - (sum(held) - held[found.focus])
    how = "the pool moved along its fee-free invariant, other coins equally full"
    found.ledger.enter(
        Fact(f"{name}_inflow", inflow, "mc", f"{what}: net inflow of the other coins", how)
    )
    share = after[found.focus] / sum(after)
    found.ledger.enter(Fact(f"{name}_share", share, "mc", f"{what}: its share then", how))


def _enter_drop(found: PoolFacts, state: StableSwap, D: float, level: float) -> None:
    f, F = found.focus, found.F
    how = "fee-free arbitrage to that price, other coins worth 1 and equally full"

    def value() -> float:
        after = stable_scenario.amounts(stable_scenario.at_price(state, f, level))
        return (after[f] * level + sum(after) - after[f]) / D

    def left() -> float:
        after = stable_scenario.amounts(stable_scenario.at_price(state, f, level))
        return sum(after) - after[f]

    held = stable_scenario.amounts(state)
    still = (held[f] * level + sum(held) - held[f]) / D
    even = (level + found.view.count - 1) / found.view.count
    key = level_key(level)
    what = f"{F} worth {level:g}"
    ask = found.ledger.ask
    ask(f"drop_{key}", value, mark="mc", what=f"{what}: an LP share in parts of par", how=how)
    ask(f"drop_{key}_left", left, mark="mc", what=f"{what}: other coins left", how=how)
    found.ledger.enter(
        Fact(f"drop_{key}_still", still, "mc", f"{what}: balances held still", "Σ x_i p_i / D")
    )
    found.ledger.enter(
        Fact(f"drop_{key}_even", even, "c", f"{what}: even coins held", "(p + n − 1) / n")
    )


def _enter_exits(found: PoolFacts, state: StableSwap, D: float) -> None:
    """Leaving in one coin, by the contract's own arithmetic."""
    for size in found.sizes:
        burned = int(size / D * state.total_supply)
        for coin, key in enumerate(found.keys):
            found.ledger.ask(
                f"leave_{size_key(size)}_{key}",
                _leaving(found, state, burned, coin, size),
                mark="mc",
                what=f"{found.view.name(coin)} for each unit of par, {size:,.15g} burned",
                how="remove_liquidity_one_coin / par",
            )


def _leaving(
    found: PoolFacts, state: StableSwap, burned: int, coin: int, size: float
) -> Callable[[], float]:
    def paid() -> float:
        out = quotes.remove_liquidity_one(state, burned, coin)
        return out * state.rates[coin] / 10**36 / size

    return paid


def level_key(level: float) -> str:
    return f"{level:g}".replace(".", "_")
