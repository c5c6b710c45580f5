"""Sections that every report has: what a person fills in, the attacks, what happened, the words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from watcher.math.exploitability.classes import CLASSES, Answer, Assumed, Question, answers
from watcher.report import formats
from watcher.report.document import (
    Ask,
    Block,
    Cite,
    Column,
    Fact,
    Paragraph,
    Part,
    Section,
    Table,
    Text,
)
from watcher.report.ledger import Ledger
from watcher.report.limits import Limits, limits_of
from watcher.report.material import NO_HISTORY, Material
from watcher.state.finding import Finding

_INAPPLICABLE = "not applicable: a target of this kind cannot be attacked so"

LONGEST_REASON = 46

WORDS = (
    ("marginal price", "what the next smallest unit fetches, before fee."),
    (
        "reference",
        (
            "what a token is judged by: the pool's own redemption rates where it has some, else "
            "the configured sources; never a price that comes from the target itself."
        ),
    ),
    ("depth", "largest input after which the fee-less price is still at the threshold."),
    (
        "lost_depth",
        (
            "1 less depth now over depth of the same pool balanced, at 1%; between 0 and 1. It "
            "does not see LPs leave: read it with the depth in money."
        ),
    ),
    ("slippage", "1 less average price over the price before."),
    ("grade", "1 calm, 2 watch, 3 alarm, 4 crisis, by configured limits; the worst is the floor."),
)


def ask(material: Material, key: str, label: str, hint: str) -> Ask:
    return Ask(key, label, hint, material.notes.answers.get(key, ""))


def fundamentals(material: Material, about: str, asks: Sequence[tuple[str, str, str]]) -> Section:
    return Section(
        "2",
        "Fundamentals",
        (Paragraph((about,)), *(ask(material, *each) for each in asks)),
        side=("Not on chain.", "What the watcher cannot read."),
    )


def technology(material: Material) -> tuple[Section, ...]:
    blocks: list[Block] = [Paragraph(_code_changes(material), small=True)]
    blocks += [
        ask(
            material,
            "upgradeability",
            "Upgradeability",
            "Which contract holds the tokens, who can change it, after what delay.",
        ),
        ask(material, "feeds", "Feeds and dependants", "Which markets price by it, and how."),
    ]
    roles = ask(
        material, "roles", "Roles", "Owner, threshold, timelock; issuers of the tokens, freezes."
    )
    return (
        Section("7", "Technology", tuple(blocks), side=("Code.", "Watched; its meaning is not.")),
        Section("8", "Counterparties", (roles,)),
    )


def _code_changes(material: Material) -> Text:
    history = material.history
    if history is None:
        return (f"Changes of code: not measured, {NO_HISTORY}.",)
    if not history.code_changes:
        return ("Code or implementation did not change in the stored history.",)
    said = [
        f"block {change.block.number:,}: {change.event}" for change in history.code_changes[-5:]
    ]
    return (f"Code changed {len(history.code_changes)} times, last at {'; '.join(said)}.",)


def exploitability(material: Material, ledger: Ledger) -> Section:
    """Each class of attack as it is computed from this state; nothing is executed."""
    question = Question(
        target=material.snapshot.target,
        state=material.snapshot.state,
        prices=material.subject.prices,
        assumed=Assumed(victim=max(material.settings.sizes, default=Assumed().victim)),
    )
    found = answers(question)
    rows = [_attack(material, ledger, answer, place) for place, answer in enumerate(found)]
    asked = {answer.attack for answer in found}
    rows += [((attack,), (_INAPPLICABLE,), ("none",)) for attack in CLASSES if attack not in asked]
    return Section(
        "9",
        "Exploitability",
        (
            Table(
                "Classes of attack on this state, before gas and premium",
                (Column("Class"), Column("Finding"), Column("Proof")),
                tuple(rows),
            ),
            Paragraph(
                ("Computed from the state; nothing was executed. `watcher exploit` has plans.",),
                small=True,
            ),
        ),
        side=(
            "Level of proof",
            (
                "is what a simulation could show: executed, partial, scenario. Findings that share "
                "a pool do not add."
            ),
        ),
    )


def _attack(
    material: Material, ledger: Ledger, answer: Answer, place: int
) -> tuple[Text, Text, Text]:
    if not isinstance(answer, Finding):
        return (answer.attack,), (f"not measured: {named(material, answer.reason)}",), ("none",)
    if answer.reason:
        return (answer.attack,), (f"0: {named(material, answer.reason)}",), (str(answer.proof),)
    unit = material.settings.unit
    name = f"attack_{answer.attack}_{place}"
    victims = answer.victims_loss + answer.liquidity_loss
    ledger.enter(
        Fact(
            name,
            answer.profit,
            "mc",
            f"{answer.attack}, for {answer.goal}: profit before gas",
            "the best size, docs/exploitability.md",
        )
    )
    ledger.enter(
        Fact(
            f"{name}_loss",
            victims,
            "mc",
            f"{answer.attack}, for {answer.goal}: what others lose",
            "at the same size",
        )
    )
    profit = ledger.cite(name, lambda value: formats.money(value, unit))
    loss = ledger.cite(f"{name}_loss", lambda value: formats.money(value, unit))
    text: Text = ("profit ", profit, ", others lose ", loss)
    return (f"{answer.attack}, {answer.goal}",), text, (str(answer.proof),)


def exploit_part(ledger: Ledger, unit: str) -> Part:
    """Never graded: what is computed and not executed is no finding yet."""
    profits = [
        fact
        for fact in ledger.facts
        if fact.id.startswith("attack_") and not fact.id.endswith("_loss")
    ]
    best = max(profits, key=lambda fact: fact.value, default=None)
    if best is None or best.value <= 0:
        return Part("Exploitability", 0, ("not graded: computed, none pays (section 9)",))
    cited = Cite(formats.money(best.value, unit), best.mark, best.id)
    return Part("Exploitability", 0, ("not graded: computed only; most ", cited))


def brief(reason: str) -> str:
    """For page 1: a reason that is longer stands whole in the appendix."""
    if len(reason) <= LONGEST_REASON:
        return reason
    return reason[:LONGEST_REASON].rsplit(" ", 1)[0] + "… (section 13)"


def person_parts() -> tuple[Part, ...]:
    return (
        Part("Technology", 0, (Cite("for a person to fill in (section 7)", "p"),)),
        Part("Counterparties", 0, (Cite("for a person to fill in (section 8)", "p"),)),
    )


def incidents(material: Material) -> Section:
    history = material.history
    if history is None:
        text = f"Alerts and blocks without a reading: not measured, {NO_HISTORY}."
        return Section("12", "Incidents", (Paragraph((text,)),))
    if not history.unread:
        unread = "Every block of the period that the watcher wanted was read."
    else:
        spans = "; ".join(
            f"{formats.moment(start)} to {formats.moment(end)}" for start, end in history.unread[:6]
        )
        unread = f"Not read: {spans}{' and more' if len(history.unread) > 6 else ''}."
    asked = ask(
        material, "incidents", "Incidents", "What happened in the period, and what was done?"
    )
    return Section("12", "Incidents", (Paragraph((unread,)), asked))


def graded(
    name: str, key: str, value: float, found: Text, material: Material, *, show: str = "{:g}"
) -> Part:
    """By the limits called `key`; not graded where the value is unknown, `found` then says why."""
    limits: Limits = limits_of(key, material.notes)
    ends = " · ".join(show.format(end) for end in limits.ends)
    if math.isnan(value):
        return Part(name, 0, ("not graded: ", *found), ends, limits.source)
    return Part(name, limits.grade(value), found, ends, limits.source)


def named(material: Material, text: str) -> str:
    """`text` with the addresses of tokens and watched targets as their names."""
    names: dict[str, str] = {
        token.address: name
        for token, name in zip(material.snapshot.target.tokens, material.symbols, strict=True)
    }
    share = material.snapshot.target.share
    if share is not None:
        names.setdefault(share.address, share.symbol)
    for address, name in (names | dict(_only_new(material.labels, names))).items():
        text = text.replace(address, name)
    return text


def _only_new(labels: Mapping[str, str], names: Mapping[str, str]) -> Mapping[str, str]:
    return {address: label for address, label in labels.items() if address not in names}


def slug(text: str) -> str:
    return "".join(char if char.isalnum() and char.isascii() else "_" for char in text)
