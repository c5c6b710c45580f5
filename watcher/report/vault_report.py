"""The report of a vault: what a share redeems for, what of it can be paid now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.bridge import whole
from watcher.report import formats
from watcher.report.charts import Axis
from watcher.report.claim_facts import (
    Claim,
    claim_of,
    course,
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
    Report,
    Section,
    Table,
    Text,
)
from watcher.report.formats import NOT_MEASURED, Paper, paper_for
from watcher.report.leaving import enter_supply
from watcher.report.material import Material, names_of, stamp_of
from watcher.state.share_vault import ShareVault
from watcher.state.snapshot import snapshot_to_json
from watcher.state.yearn_vault import YearnVault

PLAIN = Paper()
PARTS = (0.001, 0.01, 0.05, 0.10, 0.25, 0.50, 1.0)
"""Of all shares, redeemed at once."""
ASSET, SHARE = 0, 1


def vault_report(material: Material) -> Report:
    claim = claim_of(material)
    asset = material.symbols[0]
    share = _share(material)
    _enter_assets(claim, asset)
    _enter_exits(claim, asset)
    enter_supply(claim.ledger, material, f"{share} that left within a day")
    # the attacks enter figures that page 1 cites
    sections = _sections(claim, asset, share)
    return Report(
        kind="vault",
        stamp=stamp_of(material, subtitle=f"{share} of {asset}"),
        about=(f"A vault that takes {asset} and issues {share}, read at one block.",),
        lead=_lead(claim, asset, share),
        parts=_parts(claim, asset),
        five=_five(claim, asset, share),
        better=_better(claim, asset),
        worse=_worse(claim, asset, share),
        sections=sections,
        facts=claim.ledger.facts,
        words=WORDS,
        state_file=snapshot_to_json(material.snapshot),
        decision=material.notes.decision,
    )


def _share(material: Material) -> str:
    token = material.snapshot.target.share
    return names_of([token])[0] if token is not None else "shares"


def _total(claim: Claim) -> tuple[float, int]:
    """Assets in whole tokens, and the shares' raw supply."""
    state = claim.material.snapshot.state
    if isinstance(state, ShareVault | YearnVault):
        decimals = claim.material.snapshot.target.tokens[0].decimals
        return whole(state.total_assets, decimals), state.total_supply
    raise MathError("no vault")


def _enter_assets(claim: Claim, asset: str) -> None:
    total, _ = _total(claim)
    claim.ledger.enter(
        Fact("total_assets", total, "m", f"all {asset} of the vault", "totalAssets()")
    )


def _enter_exits(claim: Claim, asset: str) -> None:
    """What redeeming a part of all shares pays for each share, by the contract's arithmetic."""
    for part in PARTS:
        claim.ledger.ask(
            _exit_id(part),
            partial(_redeemed, claim, part),
            mark="mc",
            what=f"{asset} for a share, {100 * part:g}% of all shares redeemed at once",
            how="redeem() by exact quote / shares",
        )


def _exit_id(part: float) -> str:
    return f"redeem_{100 * part:g}".replace(".", "_")


def _redeemed(claim: Claim, part: float) -> float:
    target, (_, supply) = claim.material.snapshot.target, _total(claim)
    shares = int(supply * part)
    if not shares or target.share is None:
        raise MathError("the vault has no shares")
    paid = quotes.quote_exact_in(claim.material.snapshot.state, SHARE, ASSET, shares).amount_out
    return whole(paid, target.tokens[0].decimals) / whole(shares, target.share.decimals)


def _amount(claim: Claim, asset: str) -> Callable[[float], str]:
    paper = paper_for(max(claim.ledger.value("total_assets") / 10, 0.0))
    return lambda value: paper.amount_of(value, asset)


def _money(claim: Claim) -> Callable[[float], str]:
    return lambda value: formats.money(value, claim.material.settings.unit)


def _rate(value: float) -> str:
    return PLAIN.number(value, 6)


def _lead(claim: Claim, asset: str, share: str) -> Text:
    amount = _amount(claim, asset)
    return (
        f"One {share} redeems for ",
        claim.cite("price_per_share", _rate),
        f" {asset}. Of ",
        claim.ledger.cite("total_assets", amount),
        ", ",
        claim.cite("withdrawable", amount),
        " can be paid now; ",
        claim.cite("vault_utilization", PLAIN.percent),
        " is deployed.",
    )


def _parts(claim: Claim, asset: str) -> tuple[Part, ...]:
    material = claim.material
    change = claim.value("price_per_share_change")
    market = (
        claim.value("ln_market_over_redemption") if claim.has("ln_market_over_redemption") else None
    )
    parts = [
        graded(
            "Price per share",
            "fall",
            max(0.0, -change) if change == change else change,
            (
                "changed by ",
                claim.cite("price_per_share_change", lambda v: PLAIN.percent(v, 4)),
                " in the block",
            )
            if change == change
            else (brief(claim.reason("price_per_share_change")),),
            material,
            show="{:.3%}",
        ),
        graded(
            "Utilization",
            "utilization",
            claim.value("vault_utilization"),
            (claim.cite("vault_utilization", PLAIN.percent), f" of the {asset} is deployed"),
            material,
            show="{:.0%}",
        ),
    ]
    if market is not None:
        parts.append(_market_part(claim, market))
    left = claim.ledger["outflow"]
    parts.append(
        graded(
            "Liquidity leaving",
            "outflow",
            left.value,
            ("shares down ", claim.ledger.cite("outflow", PLAIN.percent), " in a day")
            if left.known
            else (brief(left.reason),),
            material,
            show="{:.0%}",
        )
    )
    return (*parts, exploit_part(claim.ledger, material.settings.unit), *person_parts())


def _market_part(claim: Claim, market: float) -> Part:
    from math import exp

    text: Text = ("ln(market / redemption) ", claim.cite("ln_market_over_redemption", PLAIN.six))
    if market != market:
        text = (brief(claim.reason("ln_market_over_redemption")),)
    return graded(
        "Market",
        "market",
        exp(market) if market == market else market,
        text,
        claim.material,
        show="{:.3f}",
    )


def _five(claim: Claim, asset: str, share: str) -> tuple[Key, ...]:
    amount, money = _amount(claim, asset), _money(claim)
    return (
        Key(
            claim.cite("price_per_share", _rate),
            f"{asset} for one {share}",
            "What a share redeems for by the vault's own books; not what the books are worth.",
        ),
        Key(
            claim.ledger.cite("total_assets", amount),
            "total assets",
            "What the vault says that it has, deployed or not.",
        ),
        Key(
            claim.cite("withdrawable", amount),
            "can be paid now",
            "What the vault pays at once, as its contract says.",
        ),
        Key(
            claim.cite("vault_utilization", PLAIN.percent),
            "deployed",
            "Of all assets. How fast it comes back is not on chain.",
        ),
        Key(
            claim.cite("donation_1pct_money", money),
            "moves the price 1%",
            "A gift of so much raises the price per share by 1% for whoever reads it.",
        ),
    )


def _better(claim: Claim, asset: str) -> tuple[Text, ...]:
    total, payable = claim.ledger.value("total_assets"), claim.value("withdrawable")
    if payable < total:
        short = _amount(claim, asset)(total - payable)
        return ((f"{short} taken back: all shares could be paid at once.",),)
    return (("Every share can be paid now: all assets can be had at once.",),)


def _worse(claim: Claim, asset: str, share: str) -> tuple[Text, ...]:
    gift = claim.cite("donation_1pct", _amount(claim, asset))
    said: list[Text] = [
        (f"A market that lends on {share} reads its price: a gift of ", gift, " moves it 1%."),
        (
            "Withdrawals of more than ",
            claim.cite("withdrawable", _amount(claim, asset)),
            " at once must wait.",
        ),
    ]
    if claim.has("exit_fee") and claim.value("exit_fee") > 0:
        said.append(("Leaving costs ", claim.cite("exit_fee", lambda v: PLAIN.percent(v, 2)), "."))
    follow = Cite("for a person to follow", "p")
    return (*said, ("What the vault lent to is not paid back: ", follow, "."))


def _sections(claim: Claim, asset: str, share: str) -> tuple[Section, ...]:
    material = claim.material
    asks = (
        ("strategy", "Strategy", f"Where does the {asset} go, who decides, what can be lost?"),
        ("exposure", "Our exposure", "Position, role of the vault, who can act, how fast."),
    )
    pictures = (
        picture(
            claim,
            "per_share",
            f"{asset} for one {share}",
            (("redemption", course(claim, "price_per_share")),),
            Axis(format="number6", ticks="number6"),
            caption="Price per share; a fall is a loss, a jump is a gift or a harvest.",
        ),
        picture(
            claim,
            "idle",
            "At hand, part of all assets",
            (("at hand", course(claim, "idle_share")),),
            Axis(format="percent1", ticks="percent0", low=0.0, high=1.0),
            caption="What lies in the vault itself.",
        ),
    )
    about = f"{material.snapshot.target.label} takes {asset} and issues {share}."
    return (
        fundamentals(material, about, asks),
        Section("3", "Market risk", pictures),
        Section("4", "The pool", (Paragraph(("Not applicable: the target is a vault.",)),)),
        _vault(claim, asset, share),
        _stress(claim, asset),
        *technology(material),
        exploitability(material, claim.ledger),
        Section(
            "10, 11",
            "Scoring, parameters",
            (
                Paragraph(("The limits of the grades are in section 13.",), small=True),
                ask(material, "parameters", "Recommended", "Which limit or cap to change, why."),
            ),
        ),
        incidents(material),
    )


def _vault(claim: Claim, asset: str, share: str) -> Section:
    rows = []
    for part in PARTS:
        fact = claim.ledger[_exit_id(part)]
        shown = _rate(fact.value) if fact.known else f"{NOT_MEASURED}: {fact.reason}"
        rows.append(((f"{100 * part:g}",), (shown,)))
    table = Table(
        f"Redeeming at once: {asset} for each {share}, fees taken",
        (
            Column("Part of all shares, %", "c"),
            Column(f"{asset} for one {share}", "mc", number=True),
        ),
        tuple(rows),
    )
    return Section(
        "5",
        "The vault",
        (table, measures_table(claim)),
        side=("By its own books.", "Whether the assets are there is not what a vault can prove."),
    )


def _stress(claim: Claim, asset: str) -> Section:
    rows: list[tuple[Text, ...]] = []
    total, payable = claim.ledger.value("total_assets"), claim.value("withdrawable")
    amount = _amount(claim, asset)
    for part in (0.05, 0.10, 0.15, 0.35, 0.50, 1.0):
        wanted = total * part
        rows.append(
            (
                (f"{100 * part:g}",),
                (amount(wanted),),
                (amount(max(0.0, wanted - payable)),),
            )
        )
    table = Table(
        "If holders of so many shares leave at once",
        (
            Column("Shares leaving, %", "c"),
            Column("wanted", "mc", number=True),
            Column("not at hand", "mc", number=True),
        ),
        tuple(rows),
    )
    caps = Paragraph(
        ("Caps: not computed, no market that lends on the share is read.",), small=True
    )
    return Section("6", "Stress and caps", (table, caps))
