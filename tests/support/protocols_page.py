"""docs/protocols.md: what each adapter reads, what is exact, what is not covered; from ADAPTERS,
what was recorded, and the families. `scripts/docs` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import abis
from abis import load_abi
from tests.support.golden import Conversation, conversations
from watcher.math.families.family import Family
from watcher.math.quotes import FAMILIES
from watcher.protocols import ADAPTERS, Adapter
from watcher.protocols.interface import View, abi_type, selector
from watcher.state import Balance, BlockNumber, BlockTime, Call, Code, Slot, Static, Target, Ticks

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"
EXACT = "watcher.math.exact."

HEAD = """\
# Protocols

What can be watched: what is asked of the contracts, what is computed exactly, and what is not
covered, with the reason.

- **Asked once** is what identifies a target: what is in an entry must be confirmed by the chain.
- **Read at every block** is one round of calls, pinned to the block's hash; further rounds only
  where answers lead to more.
- **Exact** is equal to the real contract to the wei, and raises where the contract reverts;
  [proof.md](proof.md) says how often that was tried.
- What is **not covered** no figure knows of.
"""

PARTS = {
    "exact_in": "swaps of an exact input",
    "exact_out": "swaps of an exact output",
    "add": "adding liquidity",
    "remove": "removing liquidity",
    "remove_one": "removing it in one coin",
}
"""The functions of a family, in words."""


def page(
    adapters: Iterable[Adapter] = tuple(ADAPTERS.values()),
    recorded: Mapping[str, Conversation] | None = None,
) -> str:
    """The whole text of docs/protocols.md."""
    talks = list((conversations() if recorded is None else recorded).values())
    sections = (
        _section(each, [talk for talk in talks if talk.entry.protocol == each.protocol])
        for each in adapters
    )
    return "\n\n".join([HEAD.rstrip("\n"), *sections]) + "\n"


def _section(adapter: Adapter, talks: Sequence[Conversation]) -> str:
    once = [
        _said(each.call, talk.snapshot.target)
        for talk in talks
        for asked in talk.rounds
        for each in asked
    ]
    always = [_said(each.call, talk.snapshot.target) for talk in talks for each in talk.reading]
    parts = [
        f"## `{adapter.protocol}`: {adapter.title}",
        f"State: `{adapter.kind}`. {_exact(adapter.kind)}",
        *_list("Asked once", _grouped(once)),
        *_list("Read at every block", _grouped(always)),
        *_list("What an entry may say", [f"`{one.name}`: {one.help}" for one in adapter.options]),
        *_list("Not covered", adapter.not_covered),
    ]
    return "\n\n".join(parts)


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Nothing where there are no lines; each once."""
    if rows := "\n".join(f"- {line}" for line in dict.fromkeys(lines)):
        yield f"**{title}**"
        yield rows


def _grouped(asked: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each of those that are asked, with all that they are asked for."""
    lines: dict[str, dict[str, None]] = {}
    for whom, what in asked:
        lines.setdefault(whom, {})[what] = None
    return [f"of {whom}: {', '.join(what)}" for whom, what in lines.items()]


def _exact(kind: str) -> str:
    family = FAMILIES.get(kind)
    if family is None:
        return "There is nothing to exchange."
    done = ", ".join(word for name, word in PARTS.items() if getattr(family, name) is not None)
    where = ", ".join(f"`math/exact/{name}.py`" for name in _arithmetic(family))
    return f"Exact: {done} ({where})."


def _arithmetic(family: Family[Any]) -> list[str]:
    """The modules of math.exact that the family's own module uses."""
    module = import_module(family.exact_in.__module__)
    used = (
        value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        for value in vars(module).values()
    )
    return sorted({name.removeprefix(EXACT) for name in used if str(name).startswith(EXACT)})


def _said(call: Call, target: Target) -> tuple[str, str]:
    """Who is asked, and for what."""
    whom = _whom(call, target)
    match call:
        case Static():
            return whom, f"`{_signatures()[call.data[:4]]}`"
        case Code():
            return whom, "its code"
        case Balance():
            return whom, "its native coin"
        case Slot():
            return whom, "a storage slot"
        case BlockTime():
            return "the block", "its time"
        case BlockNumber():
            return "the block", "its number"
        case Ticks():
            return whom, "the ticks around the price, walked in the EVM"


def _whom(call: Call, target: Target) -> str:
    address = call.to if isinstance(call, Static) else call.address
    if address == target.address:
        return "the contract"
    if address in {token.address for token in target.tokens}:
        return "each token"
    named = [name for name, value in target.params.items() if value == address]
    return f"its {named[0].replace('_', ' ')}" if named else "what these lead to"


@cache
def _signatures() -> Mapping[bytes, str]:
    """By selector, those of all ABIs that are here."""
    folder = Path(abis.__file__).parent
    names = [file.relative_to(folder).with_suffix("") for file in sorted(folder.glob("*/*.json"))]
    views = [
        View(each["name"], tuple(map(abi_type, each["inputs"])), ()).signature
        for name in names
        if name.parent.name != "lens"  # our own contracts, compiled
        for each in load_abi(name.as_posix())
    ]
    return {selector(signature): signature for signature in views}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
