"""Whatever fails, dies or comes twice: each notice is sent once, no two have one at once, and what
is of one alert is sent in its order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.receiving import notice
from watcher.store import Delivery, DeliveryStatus, Store

HOLD, GIVE_UP = 40.0, 10_000.0
ROUNDS = count()

STEPS = st.one_of(
    st.tuples(st.just("enqueue"), st.integers(0, 11)),
    st.tuples(st.just("claim"), st.none()),
    st.tuples(st.just("claim"), st.none()),
    st.tuples(st.just("sent"), st.integers(0, 3)),
    st.tuples(st.just("failed"), st.integers(0, 3)),
    st.tuples(st.just("asked"), st.integers(0, 3)),
    st.tuples(st.just("dies"), st.integers(0, 3)),
    st.tuples(st.just("passes"), st.sampled_from((1, 39, 41, 400))),
)


class Clock:
    now = datetime(2026, 11, 25, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


CLOCK = Clock()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all examples, which have receivers of their own: making one takes longer."""
    file = tmp_path_factory.mktemp("outbox") / "watcher.db"
    with Store.create(f"sqlite:///{file}", now=CLOCK) as opened:
        yield opened


class World:
    """An outbox with senders that work, fail and die, beside what must be true of it."""

    def __init__(self, store: Store) -> None:
        self.outbox = store.outbox
        self.receiver = f"desk{next(ROUNDS)}"
        self.working: list[tuple[Delivery, datetime]] = []
        self.put: set[str] = set()
        self.order: list[tuple[str, int]] = []

    def enqueue(self, number: int) -> None:
        """Three alerts and summaries; a notice of an even number may come again."""
        alert = f"alert-{number % 3}" if number < 9 else ""
        uid = f"n{len(self.put)}-{number}" if number % 2 else f"n{number}"
        new = self.outbox.enqueue(notice(uid, alert=alert), [self.receiver])
        assert new == (uid not in self.put)
        self.put.add(uid)

    def claim(self, _: None = None) -> None:
        found = self.outbox.claim(self.receiver, holder="a:1", seconds=HOLD)
        if found is None:
            due = self.outbox.next_due(self.receiver)
            assert due is None or due > 0
            return
        assert found.id not in [one.id for one, until in self.working if until > CLOCK.now]
        self.working.append((found, CLOCK.now + timedelta(seconds=HOLD)))

    def take(self, row: int) -> Delivery | None:
        """One that a sender is at and still has."""
        self.working = [one for one in self.working if one[1] > CLOCK.now]
        return self.working.pop(row)[0] if row < len(self.working) else None

    def sent(self, row: int) -> None:
        if (found := self.take(row)) is not None:
            self.outbox.sent(found.id)
            self.order.append((found.notice.alert, found.id))

    def failed(self, row: int) -> None:
        if (found := self.take(row)) is not None:
            assert not self.outbox.failed(found, "500", wait=5, give_up=GIVE_UP * 100)

    def asked(self, row: int) -> None:
        if (found := self.take(row)) is not None:
            self.outbox.failed(found, "429", wait=60, give_up=GIVE_UP * 100, all_wait=True)
            due = self.outbox.next_due(found.receiver)
            assert due is not None
            assert due > 0

    def dies(self, row: int) -> None:
        self.take(row)

    def passes(self, seconds: int) -> None:
        CLOCK.now += timedelta(seconds=seconds)

    def finish(self) -> None:
        """A sender that nothing befalls any more sends all that is left."""
        self.passes(10_000)
        self.working = []
        while self.outbox.next_due(self.receiver) is not None:
            self.claim()
            self.sent(0)


@settings(max_examples=examples(60, deep=1_000), deadline=None)
@given(steps=st.lists(STEPS, min_size=12, max_size=40))
def test_each_is_sent_once_and_each_alert_in_its_order(
    store: Store, steps: list[tuple[str, object]]
) -> None:
    world = World(store)
    for number in (0, 3, 6, 1, 9):  # three of one alert, one of another, a summary
        world.enqueue(number)
    for name, argument in steps:
        getattr(world, name)(argument)
    world.finish()
    done = world.outbox.deliveries(receiver=world.receiver, limit=1_000)
    assert {one.notice.uid for one in done} == world.put
    assert {one.status for one in done} == {DeliveryStatus.SENT}
    assert sorted(row for _, row in world.order) == sorted(one.id for one in done)
    for alert in {alert for alert, _ in world.order} - {""}:
        ids = [row for of, row in world.order if of == alert]
        assert ids == sorted(ids)
