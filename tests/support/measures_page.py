"""docs/measures.md: what the catalogue says, for people. `scripts/docs` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from watcher.alerts.health import DEFAULT_LIMITS
from watcher.math.catalogue import DEFINITIONS, Definition
from watcher.protocols import ADAPTERS

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"

HEAD = """\
# Measures

Every figure that the watcher computes: what it is, what it is made of, when to worry, and what it
cannot say. `watcher measure TARGET --explain` says the same beside a target's own figures.

- **One row is one figure of one target at one block.** Where a measure has several rows, its
  dimensions tell them apart: which token goes in, which size, which move of the price.
- **Unknown is null with its reason**, never 0: a pool whose token has no fresh price has no
  `value_share`. No figure is infinite.
- **Fractions are fractions.** 0.01 is 1%; percent is for display. Amounts are in whole tokens,
  money is in the unit of account of the configuration, "USD" unless told.
- **The method version** is stored with every figure and grows whenever the same inputs would give
  another figure; `watcher recompute` compares only figures of one version.
- A *reference price* comes from the sources that the configuration names, never from the target
  that it judges.
"""


def page(definitions: Iterable[Definition] = DEFINITIONS) -> str:
    """The whole text of docs/measures.md; a kind's measures stand together, and one that several
    kinds have is described under the first of them."""
    ordered = list(definitions)
    kinds = dict.fromkeys(kind for each in ordered for kind in each.kinds)
    groups = [(kind, [each for each in ordered if kind in each.kinds]) for kind in kinds]
    parts = [HEAD.rstrip("\n"), *(_kind(kind, group) for kind, group in groups)]
    return "\n\n".join(parts) + "\n"


def heading(kind: str) -> str:
    """A kind in words and the protocols whose targets are of it."""
    protocols = [adapter.title for adapter in ADAPTERS.values() if adapter.kind == kind]
    return f"{kind.replace('_', ' ').capitalize()}: {', '.join(protocols)}"


def _kind(kind: str, definitions: list[Definition]) -> str:
    rows = [
        f"| [`{each.name}`](#{each.name}) | {_cell(each.unit)} | {_cell(each.bad)} |"
        for each in definitions
    ]
    table = "\n".join(["| measure | unit | worrying |", "|---|---|---|", *rows])
    sections = (_section(each) for each in definitions if each.kinds[0] == kind)
    return "\n\n".join([f"## {heading(kind)}", table, *sections])


def _section(definition: Definition) -> str:
    formula = f"    {definition.name} = {definition.formula}"
    return f"### `{definition.name}`\n\n{formula}\n\n" + "\n".join(_lines(definition))


def _lines(definition: Definition) -> Iterator[str]:
    yield f"- Unit: {definition.unit}"
    if definition.dims:
        yield f"- One row for each: {definition.dims}"
    if definition.coin_dims is not None:
        yield f"- Of pools of several coins one row for each: {definition.coin_dims}"
    yield f"- Worrying: {definition.bad}"
    limits = DEFAULT_LIMITS.get(definition.name)
    if limits is not None:
        yield (
            f"- Limits unless configured, of the absolute value: strained from "
            f"{limits.strained:g}, breached from {limits.breached:g}"
        )
    yield f"- It cannot say: {definition.cannot_say}"
    yield f"- Source: {definition.source}"
    yield f"- Method version: {definition.version}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
