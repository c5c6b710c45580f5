"""The report of a basket: what addresses hold, looked through, or an index token is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from watcher.math.definition import SET
from watcher.report import formats
from watcher.report.charts import Axis
from watcher.report.claim_facts import (
    Claim,
    claim_of,
    course,
    enter_leaving,
    measures_table,
    picture,
)
from watcher.report.common import (
    WORDS,
    ask,
    brief,
    exploit_part,
    exploitability,
    fundamentals,
    graded,
    incidents,
    person_parts,
    technology,
)
from watcher.report.document import (
    Cite,
    Column,
    Fact,
    Key,
    Paragraph,
    Part,
    Picture,
    Report,
    Section,
    Table,
    Text,
)
from watcher.report.formats import NOT_MEASURED, Paper
from watcher.report.material import Material, stamp_of
from watcher.state.snapshot import snapshot_to_json
from watcher.state.token import Address

PLAIN = Paper()
FALLS = (0.10, 0.20, 0.50)
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Basket:
    """`total` is the measure of its worth, `share` that of an asset's part; `held` are the places
    of the assets that it has, the largest first."""

    claim: Claim
    total: str
    share: str
    held: tuple[int, ...]

    @property
    def is_index(self) -> bool:
        return self.share == "value_share"

    def name(self, place: int) -> str:
        return self.claim.material.symbols[place]

    def part(self, place: int) -> float:
        return self.claim.value(self.share, token=self.token(place))

    def token(self, place: int) -> Address:
        return self.claim.material.snapshot.target.tokens[place].address


def basket_report(material: Material) -> Report:
    basket = _basket(material)
    claim = basket.claim
    enter_leaving(claim, basket.total, "worth that left within a day", claim.value(basket.total))
    _enter_largest(basket)
    # the attacks enter figures that page 1 cites
    sections = _sections(basket)
    what = "An index token and its components" if basket.is_index else "What addresses hold"
    return Report(
        kind="basket",
        stamp=stamp_of(material, subtitle=" / ".join(map(basket.name, basket.held[:6]))),
        about=(f"{what}, looked through to plain tokens, read at one block.",),
        lead=_lead(basket),
        parts=_parts(basket),
        five=_five(basket),
        better=_better(basket),
        worse=_worse(basket),
        sections=sections,
        facts=claim.ledger.facts,
        words=WORDS,
        state_file=snapshot_to_json(material.snapshot),
        decision=material.notes.decision,
    )


def _basket(material: Material) -> Basket:
    claim = claim_of(material)
    index = material.snapshot.target.kind == SET
    share = "value_share" if index else "asset_share"
    places = [
        place
        for place, token in enumerate(material.snapshot.target.tokens)
        if claim.has(share, token=token.address)
    ]

    def weight(place: int) -> float:
        value = claim.value(share, token=material.snapshot.target.tokens[place].address)
        return -value if math.isfinite(value) else math.inf

    total = "nav_per_share" if index else "holdings_value"
    return Basket(claim, total, share, tuple(sorted(places, key=weight)))


def _enter_largest(basket: Basket) -> None:
    parts = [basket.part(place) for place in basket.held]
    known = bool(parts) and all(map(math.isfinite, parts))
    why = "" if known else basket.claim.reason(basket.total) or "a component is not priced"
    largest = max(parts) if known else math.nan
    effective = 1 / sum(part**2 for part in parts) if known and any(parts) else math.nan
    enter = basket.claim.ledger.enter
    what, how = "largest asset, part of the whole", "max of the shares at reference prices"
    enter(Fact("largest_part", largest, "mc", what, how, why))
    what = "effective number of assets"
    enter(Fact("effective_assets", effective, "mc", what, "1 / Σ share²", why or "nothing is held"))


def _money(basket: Basket) -> Callable[[float], str]:
    return lambda value: formats.money(value, basket.claim.material.settings.unit)


def _lead(basket: Basket) -> Text:
    claim = basket.claim
    subject = "One index token is" if basket.is_index else "The holdings are"
    if not math.isfinite(claim.value(basket.total)):
        return (f"What they are worth is not measured: {claim.reason(basket.total)}.",)
    worth = claim.cite(basket.total, _money(basket))
    text: Text = (f"{subject} worth ", worth, " at reference prices")
    if basket.held and math.isfinite(basket.part(basket.held[0])):
        part = claim.ledger.cite("largest_part", PLAIN.percent)
        text += (", ", part, f" of it {basket.name(basket.held[0])}")
    return (*text, ". What selling it all would bring is less.")


def _parts(basket: Basket) -> tuple[Part, ...]:
    claim, material = basket.claim, basket.claim.material
    largest, left = claim.ledger["largest_part"], claim.ledger["outflow"]
    name = basket.name(basket.held[0]) if basket.held else "nothing"
    parts = [
        graded(
            "Concentration",
            "concentration",
            largest.value,
            (f"{name} is ", claim.ledger.cite("largest_part", PLAIN.percent))
            if largest.known
            else (brief(largest.reason),),
            material,
            show="{:.0%}",
        ),
    ]
    if basket.is_index:
        parts += [
            _measured(basket, "Target weights", "disparity", "disparity_value", "{:.2f}"),
            _bands(basket),
            _measured(basket, "Backing", "solvency", "solvency_reference", "{:.3f}"),
        ]
    else:
        parts.append(Part("Target weights", 0, ("not graded: holdings have no target weights",)))
        parts.append(_redeemable(basket))
    parts.append(
        graded(
            "Worth leaving",
            "outflow",
            left.value,
            ("down ", claim.ledger.cite("outflow", PLAIN.percent), " in a day")
            if left.known
            else (brief(left.reason),),
            material,
            show="{:.0%}",
        )
    )
    return (*parts, exploit_part(claim.ledger, material.settings.unit), *person_parts())


def _measured(basket: Basket, name: str, limits: str, measure: str, show: str) -> Part:
    claim = basket.claim
    value = claim.value(measure)
    text: Text = (f"{measure} ", claim.cite(measure, lambda v: PLAIN.number(v, 3)))
    if not math.isfinite(value):
        text = (brief(claim.reason(measure)),)
    return graded(name, limits, value, text, claim.material, show=show)


def _bands(basket: Basket) -> Part:
    """The component that is furthest into its band."""
    claim = basket.claim
    used = {
        place: claim.value("band_used", token=basket.token(place))
        for place in basket.held
        if claim.has("band_used", token=basket.token(place))
    }
    known = {place: value for place, value in used.items() if math.isfinite(value)}
    if not known:
        return Part("Bands", 0, ("not graded: no band is configured",))
    worst = max(known, key=known.__getitem__)
    cited = claim.cite("band_used", lambda v: PLAIN.number(v, 2), token=basket.token(worst))
    text: Text = (f"{basket.name(worst)} uses ", cited, " of its band")
    return graded("Bands", "band", known[worst], text, claim.material, show="{:.2f}")


def _redeemable(basket: Basket) -> Part:
    claim = basket.claim
    whole, free = claim.value("holdings_value"), claim.value("holdings_value_redeemable")
    if not (math.isfinite(whole) and math.isfinite(free) and whole):
        return Part("Redeemable", 0, (f"not graded: {brief(claim.reason('holdings_value'))}",))
    text: Text = (claim.cite("holdings_value_redeemable", _money(basket)), " can be redeemed now")
    return graded("Redeemable", "solvency", free / whole, text, claim.material, show="{:.3f}")


def _five(basket: Basket) -> tuple[Key, ...]:
    claim, money = basket.claim, _money(basket)
    worth = Key(
        claim.cite(basket.total, money),
        "one index token" if basket.is_index else "worth",
        "At reference prices, looked through; not what selling it would bring.",
    )
    largest = Key(
        claim.ledger.cite("largest_part", PLAIN.percent),
        basket.name(basket.held[0]) if basket.held else "largest asset",
        "The largest part of it.",
    )
    effective = Key(
        claim.ledger.cite("effective_assets", lambda v: PLAIN.number(v, 2)),
        "effective assets",
        "1 over the sum of the squares of the shares: 1 is all in one.",
    )
    if basket.is_index:
        last = (
            Key(
                claim.cite("disparity_value", lambda v: PLAIN.number(v, 3)),
                "off its target",
                "0 at the target weights, 1 when all is in the least of them.",
            ),
            Key(
                claim.cite("solvency_reference", lambda v: PLAIN.number(v, 4)),
                "backing",
                "What the contract holds over what its tokens are due.",
            ),
        )
    else:
        last = (
            Key(
                claim.cite("holdings_value_redeemable", money),
                "redeemable now",
                "Without vault shares that exceed what may be redeemed.",
            ),
            Key(
                claim.cite("holdings_value_by_form", money, form="token"),
                "at hand",
                "Held as plain tokens, outside of pools, positions and vaults.",
            ),
        )
    return (worth, largest, effective, *last)


def _better(basket: Basket) -> tuple[Text, ...]:
    claim = basket.claim
    if not math.isfinite(claim.value(basket.total)):
        return ((f"A price of what has none: {brief(claim.reason(basket.total))}.",),)
    effective = claim.ledger.cite("effective_assets", lambda v: PLAIN.number(v, 2))
    count = len(basket.held)
    return (
        (f"{count} equal parts would be {count} effective assets; now they are ", effective, "."),
    )


def _worse(basket: Basket) -> tuple[Text, ...]:
    said: list[Text] = []
    for place in basket.held[:2]:
        part = basket.part(place)
        if math.isfinite(part) and part > 0:
            lost = Cite(PLAIN.percent(0.5 * part), "mc")
            said.append((f"{basket.name(place)} at half of its price: the whole loses ", lost, "."))
    follow = Cite("for a person to follow", "p")
    return (*said, ("An issuer freezes or stops redeeming one of them: ", follow, "."))


def _sections(basket: Basket) -> tuple[Section, ...]:
    material = basket.claim.material
    asks = (
        ("mandate", "Mandate", "What is it for, what should it hold, who says so?"),
        ("exposure", "Our exposure", "Position, who can act, how fast."),
    )
    about = f"{material.snapshot.target.label}: {len(basket.held)} assets."
    return (
        fundamentals(material, about, asks),
        Section("3", "Market risk", _pictures(basket)),
        Section("4", "The pool", (Paragraph(("Not applicable: the target is a basket.",)),)),
        _holdings(basket),
        _stress(basket),
        *technology(material),
        exploitability(material, basket.claim.ledger),
        Section(
            "10, 11",
            "Scoring, parameters",
            (
                Paragraph(("The limits of the grades are in section 13.",), small=True),
                ask(material, "parameters", "Recommended", "Which weight or cap to change, why."),
            ),
        ),
        incidents(material),
    )


def _pictures(basket: Basket) -> tuple[Picture, ...]:
    claim, unit = basket.claim, basket.claim.material.settings.unit
    largest = basket.held[:MOST_LINES]
    shares = tuple(
        (basket.name(place), course(claim, basket.share, token=basket.token(place)))
        for place in largest
    )
    return (
        picture(
            claim,
            "worth",
            f"{'One index token' if basket.is_index else 'Worth'}, {unit}",
            (("worth", course(claim, basket.total)),),
            Axis(format="amount", ticks="amount"),
            caption="At the reference prices of each block.",
        ),
        picture(
            claim,
            "parts",
            "Largest assets, part of the whole",
            shares or (("nothing", ()),),
            Axis(format="percent1", ticks="percent0", low=0.0),
            caption=f"The {len(shares)} largest of {len(basket.held)} assets as they are now.",
        ),
    )


def _holdings(basket: Basket) -> Section:
    claim, money = basket.claim, _money(basket)
    rows: list[tuple[Text, ...]] = []
    for place in basket.held:
        token = basket.token(place)
        part, price = basket.part(place), claim.material.subject.prices[token]
        amount = claim.value("asset_amount", token=token)
        cells: tuple[Text, ...] = (
            (basket.name(place),),
            ((PLAIN.six(amount) if math.isfinite(amount) else "–"),),
            ((money(price.value) if price.known else f"{NOT_MEASURED}: {brief(price.reason)}"),),
            ((PLAIN.percent_number(part, 1)),),
        )
        rows.append(cells)
    table = Table(
        "What it is made of",
        (
            Column("Asset"),
            Column("Amount, tokens", "m", number=True),
            Column("Reference price", "mc", number=True),
            Column("Share, %", "mc", number=True),
        ),
        tuple(rows),
    )
    return Section(
        "5",
        "The basket",
        (table, measures_table(claim)),
        side=("Looked through.", "LP tokens, positions and shares as their contracts would pay."),
    )


def _stress(basket: Basket) -> Section:
    rows = []
    for place in basket.held:
        part = basket.part(place)
        cells = [(PLAIN.percent_number(part * fall, 1),) for fall in FALLS]
        rows.append(((basket.name(place),), *cells))
    table = Table(
        "What the whole loses when one asset falls, the others still, %",
        (Column("Asset"), *(Column(f"−{fall:.0%}", "mc", number=True) for fall in FALLS)),
        tuple(rows),
    )
    note = Paragraph(
        (
            (
                "Caps: not computed, no market that lends on it is read. Which fall together: "
                "`watcher correlate`."
            ),
        ),
        small=True,
    )
    return Section("6", "Stress and caps", (table, note))
