"""What befell the nodes and the contracts of a watch: in words for people, as rows for programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.cli.output import Row, print_table, print_text
from watcher.cli.phrases import duration, utc
from watcher.state.code import CodeChange, CodeEvent
from watcher.state.endpoint_event import EventKind

if TYPE_CHECKING:
    from watcher.state.target import Target
    from watcher.store import Store, StoredEvent

COLUMNS = ["time", "chain", "of", "name", "event", "block", "detail"]
MOST_SHOWN = 8
"""Under `watcher status`: the newest ones."""

NODE, CONTRACT = "node", "contract"

WORDS: Mapping[EventKind | CodeEvent, str] = {
    EventKind.HASH_OUTVOTED: "outvoted on a block",
    EventKind.VALUE_OUTVOTED: "outvoted on a value",
    EventKind.UNDECIDED: "no majority",
    EventKind.AGREES_AGAIN: "believed again",
    EventKind.KEY_REFUSED: "key refused",
    EventKind.WRONG_CHAIN: "on another chain",
    CodeEvent.DESTROYED: "code gone",
    CodeEvent.DEPLOYED: "code is back",
    CodeEvent.CODE_CHANGED: "other code",
    CodeEvent.IMPLEMENTATION_CHANGED: "upgraded",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """`at` is in seconds: the wall time when a node's event was stored, the time of the block at
    which a contract's was seen first. `target_id` is empty where it concerns no contract."""

    at: int
    chain_id: int
    name: str
    kind: EventKind | CodeEvent
    block: int | None
    detail: str
    target_id: str = ""


def happenings(store: Store, chain_ids: Iterable[int]) -> list[Happening]:
    """All that is stored of these chains, oldest first."""
    targets = {target.id: target for target in store.targets()}
    found = []
    for chain_id in dict.fromkeys(chain_ids):
        found += [_of_node(event) for event in store.endpoint_events(chain_id)]
        found += [
            _of_contract(change, targets[change.deployed.target_id])
            for change in store.code_changes_of_chain(chain_id)
        ]
    return sorted(found, key=lambda one: one.at)


def recent(
    found: Sequence[Happening], *, since: float, watched: Collection[str]
) -> list[Happening]:
    """Those from the time `since` on, of nodes and of the contracts that are still watched."""
    return [one for one in found if one.at >= since and one.target_id in {"", *watched}]


def print_recent(found: Sequence[Happening], *, now: float, since: str) -> None:
    """What `watcher status` shows of them, the newest first; nothing where there are none."""
    if not found:
        return
    print_text()
    several = len({one.chain_id for one in found}) > 1
    lines = [
        [
            duration(now - one.at),
            WORDS[one.kind],
            f"{one.name} (eip155:{one.chain_id})" if several else one.name,
            one.detail,
        ]
        for one in reversed(found[-MOST_SHOWN:])
    ]
    print_table(lines, ["ago", "event", "of", "detail"], elastic=3)
    if len(found) > MOST_SHOWN:
        more = len(found) - MOST_SHOWN
        print_text(f"{more:,} more within {since}: `watcher history --events` lists them")


def event_row(one: Happening) -> Row:
    return {
        "time": utc(one.at),
        "chain": f"eip155:{one.chain_id}",
        "of": CONTRACT if one.target_id else NODE,
        "name": one.name,
        "event": one.kind.value,
        "block": one.block,
        "detail": one.detail,
    }


def _of_node(event: StoredEvent) -> Happening:
    return Happening(
        at=int(event.found_at.timestamp()),
        chain_id=event.chain_id,
        name=event.endpoint,
        kind=event.kind,
        block=event.block_number,
        detail=event.detail,
    )


def _of_contract(change: CodeChange, target: Target) -> Happening:
    return Happening(
        at=change.block.timestamp,
        chain_id=change.block.chain_id,
        name=target.label,
        kind=change.event,
        block=change.block.number,
        detail=f"{_sentence(change)}, seen first at block {change.block.number:,}",
        target_id=target.id,
    )


def _sentence(change: CodeChange) -> str:
    match change.event:
        case CodeEvent.DESTROYED:
            return "nothing is deployed at its address any more"
        case CodeEvent.DEPLOYED:
            return "something is deployed at its address again"
        case CodeEvent.CODE_CHANGED:
            return "other code than before is deployed at its address"
        case CodeEvent.IMPLEMENTATION_CHANGED:
            return _behind(change)


def _behind(change: CodeChange) -> str:
    now = change.deployed
    if now.implementation is None:
        return "its proxy points nowhere any more"
    if now.implementation_hash is None:
        return f"its proxy points at {now.implementation}, where nothing is deployed"
    return f"behind its proxy is now the code at {now.implementation}"
