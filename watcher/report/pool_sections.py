"""What proves page 1 of a pool's report."""

from __future__ import annotations

import math
from functools import partial

from watcher.math.depth_definitions import MOVES
from watcher.report.common import (
    ask,
    exploitability,
    fundamentals,
    incidents,
    technology,
)
from watcher.report.document import (
    Block,
    Column,
    Fact,
    Paragraph,
    Section,
    Table,
    Text,
)
from watcher.report.formats import NOT_MEASURED, Paper
from watcher.report.history import figures_by_day
from watcher.report.material import NO_HISTORY
from watcher.report.pool_charts import (
    history_pictures,
    ratio_course,
    share_picture,
    slippage_picture,
)
from watcher.report.pool_facts import PoolFacts, size_key
from watcher.report.pool_pages import price_text
from watcher.report.pool_view import stable_state
from watcher.report.stable_facts import DROPS, amplifications, level_key

PLAIN = Paper()
FEW_DAYS = "the stored history has fewer than four days"


def ratio(value: float, over: float) -> float:
    """NaN where there is nothing to compare with."""
    return value / over if over else math.nan


def sections(found: PoolFacts) -> tuple[Section, ...]:
    material = found.material
    asks = (
        ("redemption", "Redemption", f"Who redeems {found.F}, at what price, for whom, how fast?"),
        ("exposure", "Our exposure", "Position, role of the pool, who can act, how fast."),
        ("venues", "Other venues", f"Where else does {found.F} trade, how deep?"),
    )
    title = material.snapshot.target.label
    about = f"{title} is a pool of {found.view.count} coins: {', '.join(_names(found))}."
    made = [
        fundamentals(material, about, asks),
        Section("3", "Market risk", history_pictures(found)),
        _depth(found),
        _slippage(found),
        _volatility(found),
        _pool(found),
        *_amplified(found),
        _leaving(found),
        _stress(found),
        *technology(material),
        exploitability(material, found.ledger),
        _parameters(found),
        incidents(material),
    ]
    return tuple(made)


def _names(found: PoolFacts) -> list[str]:
    return [found.view.name(coin) for coin in range(found.view.count)]


def _unit(found: PoolFacts) -> str:
    return f"{found.paper.letter} tokens" if found.paper.letter else "tokens"


def _amount(found: PoolFacts, name: str) -> Text:
    """In a table the head has the mark; what is unknown says so."""
    if name not in found.ledger:
        return ("–",)
    fact = found.ledger[name]
    return (found.paper.amount(fact.value) if fact.known else NOT_MEASURED,)


def _depth(found: PoolFacts) -> Section:
    F, Q, ledger = found.F, found.Q, found.ledger
    whole = "depth_sell_1" in ledger
    heads = [Column("Distance")]
    names = ["depth_sell_spot_{}", "depth_buy_spot_{}"]
    labels = [f"now: sell {F}", f"now: sell {Q}"]
    if whole:
        names = ["depth_sell_{}", "depth_buy_{}", "depth_even_{}", *names]
        labels = [f"ref.: sell {F}", f"ref.: sell {Q}", "ref.: if balanced", *labels]
    heads += [Column(label, "mc", number=True) for label in labels]
    rows = tuple(
        (
            (f"{100 * step:g}%",),
            *(_amount(found, name.format(f"{100 * step:g}".replace(".", "_"))) for name in names),
        )
        for step in MOVES
    )
    table = Table(
        f"Depth by distance below the reference (ref.) and the price now, {_unit(found)} of the "
        "coin sold",
        tuple(heads),
        rows,
        strong=(MOVES.index(0.01),),
    )
    return Section(
        "",
        "Depth",
        (table, Paragraph(_lost(found), small=True)),
        side=(
            "How to read it.",
            (
                "Gross input of the coin sold after which its fee-less price is still at the "
                "threshold; 0: it is already below. A dash is no depth of such a pool."
            ),
        ),
    )


def _lost(found: PoolFacts) -> Text:
    ledger, f, q, keys = found.ledger, found.focus, found.quote, found.keys

    def two(value: float) -> str:
        return PLAIN.number(value, 2)

    text: Text = ("lost_depth, the worst pair: ", *ledger.said("lost_depth", two))
    for i, j in ((f, q), (q, f)):
        name = f"lost_depth_{keys[i]}_{keys[j]}"
        if name in ledger and ledger[name].known:
            pair = f"; {found.view.name(i)}→{found.view.name(j)} "
            text += (pair, ledger.cite(name, two))
    return (*text, ".")


def _slippage(found: PoolFacts) -> Section:
    F, Q = found.F, found.Q
    rows: list[tuple[Text, ...]] = []
    for size in found.sizes:
        key = size_key(size)
        cells = []
        for label, i, j in (
            ("avg", found.focus, found.quote),
            ("avg_back", found.quote, found.focus),
        ):
            fact = found.ledger[f"{label}_{key}"]
            spot = found.ledger.value("price" if label == "avg" else "price_back")
            reference = _reference(found, i, j)
            cells += [
                (price_text(fact.value) if fact.known else NOT_MEASURED,),
                (PLAIN.percent_number(1 - ratio(fact.value, spot)),),
                (PLAIN.percent_number(1 - ratio(fact.value, reference)),),
            ]
        rows.append(((found.size_text(size, ""),), *cells))
    heads = [Column(f"Size, {_unit(found)}", "c")]
    for coin in (F, Q):
        heads += [
            Column(f"{coin}: average price", "mc", number=True),
            Column("slippage, %", "mc", number=True),
            Column("cost against reference, %", "mc", number=True),
        ]
    table = Table(
        f"Selling {F} for {Q}, and {Q} for {F}",
        tuple(heads),
        tuple(rows),
        strong=(found.sizes.index(found.exit_size),),
    )
    blocks: list[Block] = [slippage_picture(found), table]
    if "sale_1_spot" in found.ledger:
        blocks.append(Paragraph(_within(found), small=True))
    return Section(
        "",
        "Slippage and the largest sale",
        tuple(blocks),
        side=(
            "Two costs.",
            (
                "Slippage is what the size itself costs against the price now. Cost against the "
                "reference adds the distance that the pool's price already has."
            ),
        ),
    )


def _reference(found: PoolFacts, i: int, j: int) -> float:
    value = found.ledger.value("reference")
    return value if (i, j) == (found.focus, found.quote) else ratio(1.0, value)


def _within(found: PoolFacts) -> Text:
    ledger = found.ledger
    text: Text = ("Largest sale whose average stays within 1%:",)
    for name, coin, against in (
        ("sale_1_spot", found.F, "of the price now"),
        ("purchase_1_spot", found.Q, "of the price now"),
        ("sale_1_ref", found.F, "of the reference"),
        ("purchase_1_ref", found.Q, "of the reference"),
    ):
        shown = ledger.cite(name, partial(_of_coin, found.paper, coin))
        text += (f" {against} ", shown, ";")
    return (*text[:-1], ".")


def _of_coin(paper: Paper, coin: str, value: float) -> str:
    return paper.amount_of(value, coin)


def _volatility(found: PoolFacts) -> Section:
    history = found.material.history
    moment = found.material.snapshot.block.timestamp
    known = figures_by_day(ratio_course(found), moment) if history is not None else {}
    texts = {
        "volatility_day": ("daily volatility of the price against the reference", "√ mean (Δln)²"),
        "volatility_month": ("the last 30 days, annualised", "the same × √365"),
        "worst_day": ("the worst day", "min exp(Δln) − 1"),
    }
    if not known:
        why = FEW_DAYS if history is not None else NO_HISTORY
        return Section("", "Volatility", (Paragraph((f"Not measured: {why}.",)),))
    said: Text = (f"Over {known['days']:.0f} days the price against the reference moved ",)
    for name, (what, how) in texts.items():
        found.ledger.enter(Fact(name, known[name], "m", what, how, from_state=False))
    ledger = found.ledger
    said += (
        ledger.cite("volatility_day", lambda value: PLAIN.percent(value, 2)),
        " a day; the last 30 days annualise to ",
        ledger.cite("volatility_month", PLAIN.percent),
        "; the worst day was ",
        ledger.cite("worst_day", lambda value: PLAIN.percent(value, 2)),
        ".",
    )
    return Section(
        "",
        "Volatility",
        (Paragraph(said),),
        side=("Not seen.", "Closes of days hide the worst minute."),
    )


def _pool(found: PoolFacts) -> Section:
    rows = tuple(
        (
            (found.view.name(coin),),
            _amount(found, f"amount_{key}"),
            (PLAIN.percent_number(found.shares[coin], 1),),
            (PLAIN.percent_number(found.targets[coin], 1),),
        )
        for coin, key in enumerate(found.keys)
    )
    basis = "the pool's own rates" if found.basis == "invariant" else "reference prices"
    table = Table(
        f"Balances; shares at {basis}",
        (
            Column("Coin"),
            Column(f"Balance, {_unit(found)}", "m", number=True),
            Column("Share, %", "m", number=True),
            Column("Target, %", "c", number=True),
        ),
        rows,
    )
    text: Text = ()
    for name in ("disparity_invariant", "disparity_value", "entropy", "depth_imbalance"):
        if name in found.ledger:
            text += (f"{name} ", *found.ledger.said(name, lambda v: PLAIN.number(v, 3)), "; ")
    return Section(
        "4",
        "The pool",
        (table, Paragraph((*text[:-1], ".") if text else ("",), small=True)),
        side=(
            "Invariant and value.",
            (
                "By the pool's own rates, and by prices that do not come from it: one hides what "
                "the other sees."
            ),
        ),
    )


def _amplified(found: PoolFacts) -> tuple[Section, ...]:
    state = stable_state(found.view)
    if state is None:
        return ()
    now = found.ledger.value("amplification")
    levels = amplifications(found, state)
    table = Table(
        "The same balances at another A",
        (
            Column("A", "c"),
            Column(f"{found.F} in {found.Q}", "mc", number=True),
            Column(f"average, {found.size_text(found.exit_size, '')} sold", "mc", number=True),
        ),
        tuple(
            (
                (f"{a:,}{' now' if a == now else ''}",),
                (price_text(found.ledger.value(f"price_a_{a}")),),
                (price_text(found.ledger.value(f"avg_a_{a}")),),
            )
            for a in levels
        ),
        strong=tuple(place for place, a in enumerate(levels) if a == now),
    )
    picture = share_picture(found, levels)
    blocks: tuple[Block, ...] = (picture, table) if picture is not None else (table,)
    return (
        Section(
            "",
            "What a share means at this A",
            blocks,
            side=(
                "Why price and not share.",
                "The same share is a small discount at a high A and a large one at a low A.",
            ),
        ),
    )


def _leaving(found: PoolFacts) -> Section:
    first = f"leave_{size_key(found.sizes[0])}_{found.keys[0]}"
    if first not in found.ledger:
        why = "Leaving in one coin: not computed for such a pool. A vault or market it is not."
        return Section("5", "The LP share", (Paragraph((why,)),))
    rows = tuple(
        (
            (found.size_text(size, ""),),
            *(
                (price_text(found.ledger.value(f"leave_{size_key(size)}_{key}")),)
                for key in found.keys
            ),
        )
        for size in found.sizes
    )
    table = Table(
        "Leaving in one coin: tokens received for each unit of par burned",
        (
            Column(f"Burned, {_unit(found)} at par", "c"),
            *(Column(f"in {name}", "mc", number=True) for name in _names(found)),
        ),
        rows,
        strong=(found.sizes.index(found.exit_size),),
    )
    virtual = found.ledger.cite("virtual_price", lambda value: PLAIN.number(value, 6))
    text: Text = (
        "Virtual price ",
        virtual,
        ". Who holds the LP: not measured, holders are not read.",
    )
    return Section(
        "5",
        "The LP share",
        (table, Paragraph(text, small=True)),
        side=("Vault or market:", "not applicable, the target is a pool; its share stands in."),
    )


def _stress(found: PoolFacts) -> Section:
    caps = Paragraph(
        ("Caps: not computed, they need a lending market's penalty; the target is a pool.",),
        small=True,
    )
    if "drop_0_95" not in found.ledger:
        why = "Not computed for such a pool: its invariant has no shape that a drop would keep."
        return Section("6", "Stress and caps", (Paragraph((why,)), caps))
    rows = tuple(
        (
            (f"{level:.2f}",),
            (PLAIN.percent_number(found.ledger.value(f"drop_{level_key(level)}"), 1),),
            (PLAIN.percent_number(found.ledger.value(f"drop_{level_key(level)}_still"), 1),),
            (PLAIN.percent_number(found.ledger.value(f"drop_{level_key(level)}_even"), 1),),
            _amount(found, f"drop_{level_key(level)}_left"),
        )
        for level in DROPS
    )
    table = Table(
        f"If {found.F} is worth only this much: an LP share in % of par",
        (
            Column(f"{found.F} worth", "c"),
            Column("after arbitrage", "mc", number=True),
            Column("balances held still", "mc", number=True),
            Column("holding even coins", "c", number=True),
            Column(f"other coins left, {_unit(found)}", "mc", number=True),
        ),
        rows,
    )
    return Section(
        "6",
        "Stress and caps",
        (table, caps),
        side=("Scenario,", "nothing to execute. Arbitrage without fee brings the pool there."),
    )


def _parameters(found: PoolFacts) -> Section:
    rows: list[tuple[Text, ...]] = []
    for name, label in (("amplification", "A"), ("fee", "fee")):
        if name in found.ledger:
            shown = found.ledger.cite(name, PLAIN.six)
            recommended = found.material.notes.answers.get(f"recommended_{name}", "")
            rows.append(((label,), (shown,), (recommended,)))
    if not rows:
        note = "The parameters of such a pool are in the state file; none is repeated here."
        asked = ask(found.material, "parameters", "Recommended", "Which to change, to what, why.")
        return Section("10, 11", "Scoring, parameters", (Paragraph((note,)), asked))
    table = Table(
        "Parameters, now and recommended",
        (Column("Parameter"), Column("Now", number=True), Column("Recommended", "p")),
        tuple(rows),
    )
    where = Paragraph(
        ("The limits of the grades and their sources are in section 13.",), small=True
    )
    return Section("10, 11", "Scoring, parameters", (table, where))
