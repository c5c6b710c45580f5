"""Page 1 of a pool's report: what decides."""

from __future__ import annotations

import math
from collections.abc import Callable

from watcher.report import formats
from watcher.report.common import brief, exploit_part, graded, person_parts
from watcher.report.document import Cite, Key, Part, Text
from watcher.report.formats import MINUS, Paper
from watcher.report.limits import EXIT_SIZES, limits_of
from watcher.report.pool_facts import PoolFacts, over
from watcher.report.pool_view import stable_state
from watcher.report.stable_facts import BACK_TO, amplifications, level_key

PLAIN = Paper()
EVEN = 1e-9


def lead(found: PoolFacts) -> Text:
    ledger, F, Q = found.ledger, found.F, found.Q
    share = f"share_{found.keys[found.focus]}"
    target = Cite(PLAIN.percent(found.targets[found.focus]), "c")
    text: Text
    if ledger[share].known:
        text = (
            f"{F} fills ",
            ledger.cite(share, PLAIN.percent),
            " of the pool; the target is ",
            target,
        )
    else:
        text = (f"The share of {F} is not measured: {ledger[share].reason}",)
    text += (f". At the margin one {F} buys ", ledger.cite("price", price_text), f" {Q}")
    discount = ledger["discount"]
    if discount.known:
        away = abs(discount.value)
        shown = PLAIN.percent(away, 1 if away > 0.002 else 2)
        side = "below" if discount.value < 0 else "above"
        text += (", ", Cite(shown, discount.mark, discount.id), f" {side} its reference")
        if ledger.value("depth_sell_1") == 0:
            text += (", so nothing can be sold within 1% of the reference",)
    else:
        text += (f"; what it should cost is not measured: {discount.reason}",)
    text += (".",)
    outflow = ledger["outflow"]
    if outflow.known and outflow.value > 0.05:
        text += (" The pool shrank by ", ledger.cite("outflow", PLAIN.percent), " within a day.")
    return text


def parts(found: PoolFacts) -> tuple[Part, ...]:
    material, ledger, F, Q = found.material, found.ledger, found.F, found.Q
    return (
        _balance(found),
        _price_part(found),
        graded(
            "Depth left",
            "lost",
            ledger.value("lost_depth"),
            _lost(found),
            material,
            show="{:.2f}",
        ),
        _exit(found),
        graded(
            "Liquidity leaving",
            "outflow",
            ledger.value("outflow"),
            (*ledger.said("outflow", _down), " in a day")
            if ledger["outflow"].known
            else (brief(ledger["outflow"].reason),),
            material,
            show="{:.0%}",
        ),
        _second(found, F, Q),
        exploit_part(ledger, material.settings.unit),
        *person_parts(),
    )


def _lost(found: PoolFacts) -> Text:
    fact = found.ledger["lost_depth"]
    if not fact.known:
        return (brief(fact.reason),)
    cited = found.ledger.cite("lost_depth", lambda value: PLAIN.number(value, 2))
    return ("lost_depth ", cited, ", the worst pair")


def _down(value: float) -> str:
    return f"down {PLAIN.percent(value)}" if value >= 0 else f"up {PLAIN.percent(-value)}"


def _balance(found: PoolFacts) -> Part:
    """The share alone is graded where all coins should be alike: the limits in use are of those."""
    share, name = found.shares[found.focus], f"share_{found.keys[found.focus]}"
    even = max(found.targets) - min(found.targets) < EVEN
    if not even:
        shown = " / ".join(PLAIN.percent(target, 0) for target in found.targets)
        limits = limits_of("share", found.material.notes)
        return Part(
            "Balance",
            0,
            ("not graded: the limits are of pools of equal coins, and this one's are ", shown),
            "",
            limits.source,
        )
    cited = found.ledger.said(name, PLAIN.percent)
    text: Text = (f"{found.F} is ", *cited, " of the pool")
    if math.isnan(share):
        text = (brief(found.ledger[name].reason),)
    return graded("Balance", "share", share, text, found.material, show="{:.0%}")


def _price_part(found: PoolFacts) -> Part:
    """Of a pool without rates of its own either direction from the market is off."""
    ledger = found.ledger
    discount = ledger["discount"]
    ratio = 1 + discount.value
    if discount.known and not found.view.rated:
        ratio = min(ratio, 1 / ratio) if ratio > 0 else 0.0
    text: Text = (f"1 {found.F} = ", ledger.cite("price", price_text), f" {found.Q} at the margin")
    if not discount.known:
        text = (brief(discount.reason),)
    return graded("Price", "price", ratio, text, found.material, show="{:.3f}")


def _exit(found: PoolFacts) -> Part:
    """By the liquidity scale: how much money comes out within how much of the reference."""
    ledger, limits = found.ledger, limits_of("exit", found.material.notes)
    ends = " · ".join(f"{100 * end:g}%" for end in limits.ends)
    why = found.view.money_reason(found.focus) or ledger["discount"].reason
    if why:
        return Part("Exit cost", 0, ("not graded: ", brief(why)), ends, limits.source)
    grade = 4
    for step in (3, 2, 1):
        cost = ledger[_scale_id(step)]
        if cost.known and cost.value <= limits.ends[step - 1]:
            grade = step
    name, size_text = "exit_cost", found.size_text(found.exit_size, found.F)
    if grade == 4:
        name, size_text = _scale_id(3), f"{_money(found)(EXIT_SIZES[2])} of {found.F}"
    if not ledger[name].known:
        text: Text = (f"{size_text} cannot be sold: {brief(ledger[name].reason)}",)
    else:
        cited = ledger.cite(name, lambda value: PLAIN.percent(value, 2))
        text = (f"{size_text} sells ", cited, " below reference")
    return Part("Exit cost", grade, text, ends, limits.source)


def _scale_id(step: int) -> str:
    return f"exit_money_{EXIT_SIZES[step - 1]:.0f}"


def _second(found: PoolFacts, F: str, Q: str) -> Part:
    """The market's price beside the pool's, where the pool has a reference of its own."""
    ledger = found.ledger
    market = ledger["market"]
    if not found.view.rated:
        return Part("Second source", 0, ("not graded: the market is the reference itself",))
    if not market.known:
        return Part("Second source", 0, (f"not graded: {brief(market.reason)}",))
    if found.view.is_fixed(found.focus) or found.view.is_fixed(found.quote):
        return Part("Second source", 0, ("not graded: its price is configured",))
    ratio = over(market.value, ledger.value("reference"))
    apart = 100 * abs(market.value - ledger.value("price"))
    text: Text = (
        "market ",
        ledger.cite("market", price_text),
        f", {PLAIN.number(apart)} points from the pool",
    )
    return graded("Second source", "price", ratio, text, found.material, show="{:.3f}")


def five(found: PoolFacts) -> tuple[Key, ...]:
    ledger, F, Q = found.ledger, found.F, found.Q
    share = f"share_{found.keys[found.focus]}"
    target = PLAIN.percent(found.targets[found.focus])
    return (
        Key(
            ledger.cite(share, PLAIN.percent),
            f"{F} share",
            f"What a liquidity provider now holds of it. Target {target}.",
        ),
        Key(
            ledger.cite("price", price_text),
            f"{Q} for one {F}",
            f"The pool's own price. It says what the pool pays, not what {F} is worth.",
        ),
        _depth_key(found),
        Key(
            ledger.cite("exit_cost", lambda value: PLAIN.percent(value, 2)),
            f"to sell {found.size_text(found.exit_size, F)}",
            f"Cost against the reference. {_slippage(found)}",
        ),
        _last_key(found),
    )


def _slippage(found: PoolFacts) -> str:
    slipped, cost = found.ledger["exit_slippage"], found.ledger["exit_cost"]
    if not slipped.known:
        return f"Not measured: {slipped.reason}."
    shown = PLAIN.percent(slipped.value, 2)
    if cost.known and slipped.value < 0.5 * cost.value:
        return f"Only {shown} is slippage: the pool still takes size, at a low price."
    return f"Slippage is {shown}."


def _depth_key(found: PoolFacts) -> Key:
    ledger, F, paper = found.ledger, found.F, found.paper
    if "depth_sell_1" in ledger:
        even, other = (
            paper.amount_of(ledger.value(name), "") for name in ("depth_even_1", "depth_buy_1")
        )
        return Key(
            ledger.cite("depth_sell_1", lambda value: paper.amount_of(value, F)),
            "depth to 1% below",
            f"What sellers find before 0.99 of the reference. The same pool, balanced, has {even}; "
            f"the other way it has {other}.",
        )
    return Key(
        ledger.cite("depth_sell_spot_1", lambda value: paper.amount_of(value, F)),
        "moves the price 1%",
        f"The other way {paper.amount_of(ledger.value('depth_buy_spot_1'), found.Q)} does.",
    )


def _last_key(found: PoolFacts) -> Key:
    ledger, unit = found.ledger, found.material.settings.unit
    if "lp_at_price" in ledger:
        return Key(
            ledger.cite("lp_at_price", PLAIN.percent),
            "LP at pool prices",
            f"Against par. It is lost only if {found.F} is worth what the pool says.",
        )
    return Key(
        ledger.cite("arbitrage_value", lambda value: formats.money(value, unit)),
        "to the next arbitrage",
        "What bringing the pool to the market pays after its fee: the providers' loss.",
    )


def better(found: PoolFacts) -> tuple[Text, ...]:
    ledger, F, paper = found.ledger, found.F, found.paper
    others = " and ".join(found.view.name(k) for k in range(found.view.count) if k != found.focus)
    said: list[Text] = []
    for level in BACK_TO:
        name = f"back_{level_key(level)}"
        if f"{name}_inflow" in ledger:
            inflow = ledger.cite(f"{name}_inflow", lambda value: paper.amount_of(value, ""))
            share = ledger.cite(f"{name}_share", lambda value: PLAIN.percent(value, 0))
            how = ", net of what is sold" if not said else ""
            said.append(
                (
                    f"{F} back to {level:g}: takes ",
                    inflow,
                    f" of {others} in{how}; its share is then ",
                    share,
                    ".",
                )
            )
    if "calm_inflow" in ledger:
        inflow = ledger.cite("calm_inflow", lambda value: paper.amount_of(value, ""))
        price = ledger.cite("calm_price", price_text)
        least = PLAIN.percent(limits_of("share", found.material.notes).ends[0], 0)
        said.append(
            (
                f"Share under {least}: takes ",
                inflow,
                f" of {others} in; the price is then ",
                price,
                ".",
            )
        )
    discount = ledger["discount"]
    if not said and discount.known and abs(discount.value) > 0.0005 and not found.view.rated:
        worth = ledger.cite("arbitrage_value", _money(found))
        said.append(("The pool back at the market: the next arbitrage earns ", worth, " by it."))
    if not said and found.material.history is not None and ledger.value("outflow") > 0:
        said.append(
            ("Liquidity that left within a day comes back: ", ledger.cite("outflow", _down), ".")
        )
    if not said:
        said.append(
            (f"Nothing on price: {F} is at its reference.",)
            if discount.known
            else (f"Not measured: {discount.reason}.",)
        )
    return tuple(said[:4])


def worse(found: PoolFacts) -> tuple[Text, ...]:
    ledger, F, paper = found.ledger, found.F, found.paper
    said: list[Text] = []
    for step in (5, 10):
        name = f"depth_sell_{step}"
        fallback = f"depth_sell_spot_{step}"
        if name in ledger and ledger.value(name) > 0:
            more = ledger.cite(name, lambda value: paper.amount_of(value, F))
            said.append(
                (
                    f"{F} at {(100 - step) / 100:.2f} of its reference: ",
                    more,
                    " more sold gets it there.",
                )
            )
        elif name not in ledger and ledger.value(fallback) > 0:
            more = ledger.cite(fallback, lambda value: paper.amount_of(value, F))
            said.append((f"The price {step}% lower: ", more, " more sold gets it there."))
    state = stable_state(found.view)
    if state is not None:
        lower = [a for a in amplifications(found, state) if a < ledger.value("amplification")]
        if lower:
            price = ledger.cite(f"price_a_{lower[-1]}", price_text)
            said.append(
                (f"A lowered to {lower[-1]:,}: the same balances price {F} at ", price, ".")
            )
        worth = ledger.cite("drop_0_95", PLAIN.percent)
        said.append((f"{F} redeemed at 0.95 only: an LP share is worth ", worth, " of par."))
    said.append(
        (
            f"Redemption of {F} stopped, delayed or below 1: ",
            Cite("for a person to follow", "p"),
            ".",
        )
    )
    return tuple(said)


def about(found: PoolFacts) -> Text:
    ledger = found.ledger
    kind = found.material.snapshot.target.kind.replace("_", " ")
    if "amplification" not in ledger:
        return (f"A pool of the kind {kind}, read at one block.",)
    D = ledger.cite("invariant", lambda value: found.paper.amount_of(value, ""))
    amp = ledger.cite("amplification", lambda value: PLAIN.number(value, 0))
    fee = ledger.cite("fee", lambda value: f"{100 * value:g}%")
    return (
        "A StableSwap pool: flat in price while the coins are even, bending as one fills it. A ",
        amp,
        ", fee ",
        fee,
        ", invariant D ",
        D,
        ".",
    )


def _money(found: PoolFacts) -> Callable[[float], str]:
    return lambda value: formats.money(value, found.material.settings.unit)


def price_text(value: float) -> str:
    """Four decimals near a peg, six significant digits elsewhere."""
    if 0.1 <= abs(value) < 10:
        return PLAIN.price(value)
    return PLAIN.six(value).replace("-", MINUS)
