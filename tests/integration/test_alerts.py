"""Rules in a watch: their alerts are stored with the block's facts, once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.support.made_chain import CHAIN_ID, MadeChain, feed
from watcher.alerts.expression import expression
from watcher.alerts.rule import Rule
from watcher.backtest.firing import tried
from watcher.errors import InputError, StoreError
from watcher.math.settings import Settings
from watcher.service.watch import ChainWatch, Pace, Ticked
from watcher.service.writer import Writer
from watcher.state.alert import Act, EventKind
from watcher.store import Store, TickResult

FEEDS = (feed(1), feed(2))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
HIGH = Rule(
    name="high",
    when=expression("feed_price > 1"),
    clear=expression("feed_price < 0.5"),
    severity="critical",
    duration=24,
    clear_duration=24,
    escalate=96,
    route=("oncall",),
    targets=("feed 1",),
)
GONE = Rule(name="gone", when=expression("unread"), severity="warning", route=("desk",))
RULES = (HIGH, GONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store.create(store_url) as made:
        made.register(FEEDS)
        made.save_settings(SETTINGS)
        yield made


def look(
    chain: MadeChain, store: Store, *, rules: Sequence[Rule] = RULES, each: Sequence[float] = ()
) -> list[Ticked]:
    """What a watch that was just started commits; of `each` value one block is mined and read."""

    async def advance() -> list[Ticked]:
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=Pace(),
                rules=rules,
            )
            found = []
            for value in each or (None,):
                if value is not None:
                    mine(chain, value)
                found += [ticked async for ticked in watch.advance()]
            return found

    return asyncio.run(advance())


def mine(chain: MadeChain, *values: float) -> None:
    """Feed 1 answers each value, at 0 it reverts; feed 2 always answers 1."""
    for value in values:
        answers = {FEEDS[1].address: 10**8}
        if value:
            answers[FEEDS[0].address] = int(value * 10**8)
        chain.mine(answers)


def told(ticks: Sequence[Ticked]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (one.notice.rule, one.notice.kind.value, one.receivers)
        for ticked in ticks
        for one in ticked.tick.notices
    ]


def history(store: Store) -> list[tuple[object, ...]]:
    query = text(
        "SELECT target, rule, severity, kind, block_number, actor FROM alert_history "
        "ORDER BY event_id"
    )
    with store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def rows(store: Store) -> int:
    with store.database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM alert_event")).scalar_one())


LIFE = [0.1, 1.2, 1.2, 1.2, 1.2, 0.1, 0.1, 0.1, 0.7, 0, 0.7]


def test_an_alert_is_stored_with_the_blocks_that_made_it(store: Store) -> None:
    ticks = look(MadeChain(), store, each=LIFE)
    assert told(ticks) == [
        ("high", "fired", ("oncall",)),
        ("high", "resolved", ("oncall",)),
        ("gone", "fired", ("desk",)),
        ("gone", "resolved", ("desk",)),
    ]
    assert history(store) == [
        ("feed 1", "high", "critical", "pending", 1, ""),
        ("feed 1", "high", "critical", "fired", 3, ""),
        ("feed 1", "high", "critical", "eased", 5, ""),
        ("feed 1", "high", "critical", "resolved", 7, ""),
        ("feed 1", "gone", "warning", "fired", 9, ""),
        ("feed 1", "gone", "warning", "resolved", 10, ""),
    ]
    assert store.alerts() == ()
    assert [one.rule for one in store.alerts(every=True)] == ["high", "gone"]


def test_a_process_that_is_new_at_each_block_says_the_same(store: Store) -> None:
    """FAULTS 40: nothing that decides is in memory alone."""
    chain, ticks = MadeChain(), list[Ticked]()
    for value in LIFE:
        mine(chain, value)
        ticks += look(chain, store)
    assert [kind for _, kind, _ in told(ticks)] == ["fired", "resolved", "fired", "resolved"]
    assert [row[3:5] for row in history(store)] == [
        ("pending", 1),
        ("fired", 3),
        ("eased", 5),
        ("resolved", 7),
        ("fired", 9),
        ("resolved", 10),
    ]


class Broken(Store):
    """Its commits fail, before or after they are made."""

    before = after = False

    def commit_tick(self, result: TickResult) -> None:
        if self.before:
            raise StoreError("the disk is full")
        super().commit_tick(result)
        if self.after:
            raise StoreError("the connection broke at the commit")


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_that_fails_tells_nobody_twice_and_nothing_by_half(
    store: Store, store_url: str, committed: bool
) -> None:
    """FAULTS 20 and 36."""
    chain = MadeChain()
    look(chain, store, each=LIFE[:3])
    before = rows(store)
    mine(chain, 1.2)
    broken = Broken(store_url)
    with broken:
        broken.before, broken.after = not committed, committed
        with pytest.raises(StoreError):
            look(chain, broken)
    assert rows(store) == before + committed
    ticks = look(chain, store)
    assert told(ticks) == ([] if committed else [("high", "fired", ("oncall",))])
    assert rows(store) == before + 1


def test_a_running_watch_goes_on_after_a_commit_that_failed(store: Store, store_url: str) -> None:
    chain = MadeChain()

    async def advance() -> list[Ticked]:
        found = []
        broken = Broken(store_url)
        with broken, Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=broken,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=Pace(),
                rules=RULES,
            )
            for number, value in enumerate(LIFE[:6]):
                mine(chain, value)
                broken.before = number in (2, 3)
                try:
                    found += [one async for one in watch.advance()]
                except StoreError:
                    assert broken.before
        return found

    assert [kind for _, kind, _ in told(asyncio.run(advance()))] == ["fired"]
    assert [row[3:5] for row in history(store)][:2] == [("pending", 1), ("fired", 3)]


def test_facts_and_alerts_are_one_transaction(store: Store) -> None:
    """An alert that cannot be stored takes its block with it."""
    chain = MadeChain()
    look(chain, store, each=LIFE[:3])
    before = store.resume(CHAIN_ID).cursor
    ((ticked),) = look(chain, store, each=[1.2])
    store.rewind(CHAIN_ID, before.hash if before else None)
    (event,) = ticked.tick.alerts
    with pytest.raises(StoreError):
        store.commit_tick(replace(ticked.tick, alerts=(replace(event, rule_hash="0" * 64),)))
    assert store.resume(CHAIN_ID).cursor == before


def test_a_block_that_comes_twice_adds_no_event(store: Store) -> None:
    ticks = look(MadeChain(), store, each=LIFE[:4])
    before = rows(store)
    store.commit_tick(ticks[-1].tick)
    assert rows(store) == before


def test_a_reorg_takes_an_alert_back_and_its_events_leave_the_history(store: Store) -> None:
    """FAULTS 18."""
    chain = MadeChain()
    assert told(look(chain, store, each=LIFE[:4])) == [("high", "fired", ("oncall",))]
    chain.drop(3)
    mine(chain, 0.1, 0.1, 0.1, 0.1)
    assert told(look(chain, store)) == [("high", "retracted", ("oncall",))]
    assert [row[3:5] for row in history(store)] == [("retracted", 3)]
    assert store.alerts() == ()
    (kept,) = store.alerts(every=True)
    assert [one.canonical for one in kept.events] == [False, False, True]


def test_a_reorg_that_changes_nothing_is_silent(store: Store) -> None:
    """FAULTS 18."""
    chain = MadeChain()
    look(chain, store, each=LIFE[:4])
    chain.drop(3)
    mine(chain, 1.2, 1.2, 1.2, 1.2)
    assert told(look(chain, store)) == []
    assert [row[3:5] for row in history(store)] == [("pending", 1), ("confirmed", 3)]


def test_a_running_watch_follows_a_reorg(store: Store) -> None:
    """FAULTS 18."""
    chain = MadeChain()

    async def advance() -> list[Ticked]:
        found = []
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=Pace(),
                rules=RULES,
            )
            for value in LIFE[:4]:
                mine(chain, value)
                found += [one async for one in watch.advance()]
            chain.drop(2)
            mine(chain, 0.1, 0.1, 0.1)
            found += [one async for one in watch.advance()]
        return found

    assert [kind for _, kind, _ in told(asyncio.run(advance()))] == ["fired", "retracted"]
    assert [row[3:5] for row in history(store)] == [("pending", 1), ("lapsed", 2), ("retracted", 3)]


def test_an_end_that_a_reorg_undoes_is_told(store: Store) -> None:
    chain = MadeChain()
    look(chain, store, each=LIFE[:8])
    chain.drop(3)
    mine(chain, 1.2, 1.2, 1.2)
    assert told(look(chain, store)) == [("high", "fired", ("oncall",))]
    assert [row[3:5] for row in history(store)] == [("pending", 1), ("fired", 3), ("reopened", 7)]


def act(store: Store, kind: EventKind, *, until: int | None = None) -> None:
    (alert,) = store.alerts()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    store.record_act(Act(alert.uid, kind, "ada", "looking at it", at, until))


def test_who_acknowledged_when_and_why_is_kept_and_nothing_escalates(store: Store) -> None:
    chain = MadeChain()
    look(chain, store, each=LIFE[:4])
    act(store, EventKind.ACKNOWLEDGED)
    assert told(look(chain, store, each=[1.2] * 20)) == []
    (kept,) = store.alerts()
    event = kept.events[-1]
    assert (event.kind, event.actor, event.detail) == ("acknowledged", "ada", "looking at it")
    assert event.found_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert history(store)[-1] == ("feed 1", "high", "critical", "acknowledged", None, "ada")


def test_without_an_acknowledgement_it_escalates(store: Store) -> None:
    chain = MadeChain()
    look(chain, store, each=LIFE[:4])
    assert [kind for _, kind, _ in told(look(chain, store, each=[1.2] * 20))] == ["escalated"]


def test_a_running_watch_hears_of_what_people_do(store: Store) -> None:
    chain = MadeChain()

    async def advance() -> list[Ticked]:
        found = []
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=Pace(),
                rules=RULES,
            )
            for number in range(30):
                mine(chain, 1.2)
                found += [one async for one in watch.advance()]
                if number == 5:
                    act(store, EventKind.SILENCED, until=chain.blocks[-1].timestamp + 240)
        return found

    notices = [one.notice for ticked in asyncio.run(advance()) for one in ticked.tick.notices]
    assert [one.kind.value for one in notices] == ["fired", "escalated"]
    assert notices[1].block_number == 5 + 20


def test_an_act_on_nothing_is_refused(store: Store) -> None:
    nobody = Act("0" * 64, EventKind.ACKNOWLEDGED, "ada", "x", datetime.now(UTC))
    with pytest.raises(InputError, match="there is no alert 000000000000"):
        store.record_act(nobody)


def test_an_alert_whose_rule_is_no_longer_there_ends(store: Store) -> None:
    chain = MadeChain()
    look(chain, store, each=LIFE[:4])
    assert told(look(chain, store, rules=(GONE,), each=[1.2])) == []
    assert history(store)[-1][3] == "resolved"
    assert store.alerts() == ()


def test_a_rule_that_changes_goes_on_with_its_alert(store: Store) -> None:
    chain = MadeChain()
    look(chain, store, each=LIFE[:4])
    changed = replace(HIGH, when=expression("feed_price > 5"), clear=None, clear_duration=0)
    assert told(look(chain, store, rules=(changed,), each=[1.2])) == [
        ("high", "resolved", ("oncall",))
    ]


def test_the_stored_history_fires_as_it_did(store: Store) -> None:
    """`watcher rules test` plays the same blocks to the same machine."""
    values = [*LIFE, 1.2, 0.1, *[1.2] * 5, 0.7, 2.0, 2.0]
    ticks = look(MadeChain(), store, each=values)
    names = frozenset().union(*(rule.names for rule in RULES))
    steps = store.replay(CHAIN_ID, names, first=0, last=len(values))
    found = tried(RULES, FEEDS, steps, unit="USD")
    assert found is not None
    assert (found.blocks, found.first.number, found.last.number) == (len(values), 0, 20)
    live = [one.notice for ticked in ticks for one in ticked.tick.notices]
    assert [(one.rule, one.fired.number) for one in found.firings] == [
        (one.rule, one.block_number) for one in live if one.kind.value == "fired"
    ]
    assert [one.ended.number if one.ended else None for one in found.firings] == [7, 10, None]
    assert found.firings[0].seconds(found.last) == 48
    assert found.firings[2].told == 2, "it got worse"
    assert (found.passed, found.spikes) == ({"high": 1}, {"high": 1})


def test_a_part_of_the_history_begins_with_what_was_in_force(store: Store) -> None:
    look(MadeChain(), store, each=LIFE)
    names = frozenset().union(*(rule.names for rule in RULES))
    found = tried(RULES, FEEDS, store.replay(CHAIN_ID, names, first=2, last=6), unit="USD")
    assert found is not None
    assert [(one.rule, one.fired.number) for one in found.firings] == [("high", 4)]
    assert tried(RULES, FEEDS, store.replay(CHAIN_ID, names, first=90, last=99), unit="") is None
