"""The outbox on both databases: nothing lost, nothing twice, each alert in its order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from models import DELIVERY_STATUSES
from tests.support.receiving import notice
from watcher.errors import StoreError
from watcher.state.notice import NoticeKind
from watcher.store import Delivery, DeliveryStatus, Outbox, Store, tables
from watcher.store.outbox import enqueue


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    with Store.create(store_url, now=clock) as opened:
        yield opened


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return store.outbox


def claim(outbox: Outbox, receiver: str = "desk", holder: str = "a:1") -> Delivery:
    found = outbox.claim(receiver, holder=holder, seconds=40)
    assert found is not None
    return found


def nothing(outbox: Outbox, receiver: str = "desk", holder: str = "a:1") -> bool:
    return outbox.claim(receiver, holder=holder, seconds=40) is None


def test_the_words_of_the_table_are_those_of_the_values() -> None:
    assert set(DELIVERY_STATUSES) == {one.value for one in DeliveryStatus}


def test_a_notice_is_there_once_for_each_receiver(outbox: Outbox) -> None:
    told = notice("n1", title="a\0b \ud800 <img onerror>")
    assert outbox.enqueue(told, ["desk", "oncall", "desk"]) == 2
    assert outbox.enqueue(notice("n1", title="another"), ["desk", "third"]) == 1
    assert claim(outbox).notice == told
    assert nothing(outbox)
    assert (outbox.knows("n1"), outbox.knows("n2")) == (True, False)


def test_fault_36_a_notice_is_stored_with_what_it_tells_or_not_at_all(
    store: Store, outbox: Outbox, clock: Clock
) -> None:
    def fail() -> None:
        with store.database.writing() as connection:
            assert enqueue(connection, notice("n1"), ["desk"], at=clock.now) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert outbox.deliveries() == ()
    with store.database.writing() as connection:
        enqueue(connection, notice("n1"), ["desk"], at=clock.now)
    assert [one.notice.uid for one in outbox.deliveries()] == ["n1"]


@pytest.mark.parametrize("uid", ["", "a b", "a\r\nx: y", "a.b", "é", "a" * 201])
def test_an_id_that_no_header_can_hold_is_refused(outbox: Outbox, uid: str) -> None:
    with pytest.raises(ValueError, match="cannot be the id"):
        outbox.enqueue(notice(uid), ["desk"])


def test_fault_37_what_one_sends_no_other_does_until_its_time_is_over(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.enqueue(notice("n1"), ["desk"])
    first = claim(outbox, holder="a:1")
    assert nothing(outbox, holder="b:2")
    assert outbox.next_due("desk") == 40
    clock.passes(40)
    again = claim(outbox, holder="b:2")
    assert (again.id, again.notice, again.attempts) == (first.id, first.notice, 2)
    outbox.sent(first.id)
    outbox.sent(again.id)
    assert outbox.counts() == {"pending": 0, "sent": 1, "dead": 0}
    assert outbox.next_due("desk") is None


def test_fault_37_many_that_claim_at_once_get_each_once(store_url: str, outbox: Outbox) -> None:
    uids = [f"n{number}" for number in range(24)]
    for uid in uids:
        outbox.enqueue(notice(uid), ["desk"])

    def work(number: int) -> list[str]:
        found = []
        with Store.open(store_url, now=lambda: datetime(2026, 11, 25, 18, tzinfo=UTC)) as own:
            while (one := own.outbox.claim("desk", holder=f"h:{number}", seconds=40)) is not None:
                found.append(one.notice.uid)
        return found

    with ThreadPoolExecutor(4) as threads:
        claimed = [uid for found in threads.map(work, range(4)) for uid in found]
    # A row that another transaction has locked is passed over: who finds none has to look again.
    while (one := outbox.claim("desk", holder="last:1", seconds=40)) is not None:
        claimed.append(one.notice.uid)
    assert sorted(claimed) == sorted(uids)


def test_what_was_given_back_may_be_claimed_at_once(outbox: Outbox) -> None:
    outbox.enqueue(notice("n1"), ["desk"])
    claim(outbox, holder="a:1")
    outbox.give_back("b:2")
    assert nothing(outbox)
    assert outbox.holders() == ("a:1",)
    outbox.give_back("a:1")
    assert outbox.holders() == ()
    claim(outbox)


def test_fault_39_an_alert_is_told_in_its_order_and_holds_no_other(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.enqueue(notice("open", alert="one"), ["desk", "oncall"])
    outbox.enqueue(notice("close", alert="one", kind=NoticeKind.RESOLVED), ["desk", "oncall"])
    outbox.enqueue(notice("other", alert="two"), ["desk"])
    outbox.enqueue(notice("digest"), ["desk"])
    first = claim(outbox)
    assert first.notice.uid == "open"
    assert [claim(outbox).notice.uid for _ in range(2)] == ["other", "digest"]
    assert nothing(outbox)
    outbox.failed(first, "500", wait=10, give_up=3_600)
    assert nothing(outbox)
    clock.passes(10)
    again = claim(outbox)
    outbox.sent(again.id)
    assert claim(outbox).notice.uid == "close"
    assert claim(outbox, "oncall").notice.uid == "open"


def test_what_was_given_up_no_longer_holds_what_follows(outbox: Outbox) -> None:
    outbox.enqueue(notice("open", alert="one"), ["desk"])
    outbox.enqueue(notice("close", alert="one"), ["desk"])
    outbox.kill(claim(outbox).id, "410", reason="gone")
    assert claim(outbox).notice.uid == "close"


def test_a_failure_waits_alone_unless_the_receiver_asked_for_all(
    outbox: Outbox, clock: Clock
) -> None:
    for uid in ("n1", "n2", "n3"):
        outbox.enqueue(notice(uid), ["desk"])
    outbox.enqueue(notice("n1"), ["oncall"])
    assert not outbox.failed(claim(outbox), "500", wait=10, give_up=3_600)
    assert outbox.next_due("desk") == 0
    outbox.failed(claim(outbox), "429", wait=30, give_up=3_600, all_wait=True)
    assert nothing(outbox)
    assert outbox.next_due("desk") == 30
    assert outbox.next_due("oncall") == 0
    clock.passes(30)
    assert [claim(outbox).notice.uid for _ in range(3)] == ["n1", "n2", "n3"]


def test_what_was_not_taken_in_its_time_is_dead_until_somebody_puts_it_back(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.enqueue(notice("n1"), ["desk"])
    assert not outbox.failed(claim(outbox), "first", wait=60, give_up=3_600)
    clock.passes(3_541)
    assert outbox.failed(claim(outbox), "desk.example answered 500", wait=60, give_up=3_600)
    [dead] = outbox.deliveries(DeliveryStatus.DEAD)
    assert dead.reason == "not taken for 1 h: desk.example answered 500"
    assert (dead.attempts, dead.finished_at) == (2, clock.now)
    assert nothing(outbox)
    clock.passes(86_400)
    back = outbox.retry(dead.id)
    assert (back.status, back.attempts, back.reason) == ("pending", 0, "")
    assert not outbox.failed(claim(outbox), "again", wait=60, give_up=3_600)


def test_putting_back(outbox: Outbox) -> None:
    for uid in ("n1", "n2", "n3"):
        outbox.enqueue(notice(uid), ["desk"])
    sent = claim(outbox)
    outbox.sent(sent.id)
    for _ in range(2):
        outbox.kill(claim(outbox).id, "410", reason="gone")
    assert outbox.retry_dead() == 2
    assert outbox.counts()[DeliveryStatus.PENDING] == 2
    with pytest.raises(StoreError, match="was sent already"):
        outbox.retry(sent.id)
    with pytest.raises(StoreError, match="there is no delivery 999"):
        outbox.retry(999)


def test_a_damaged_row_is_dead_and_holds_nothing(store: Store, outbox: Outbox) -> None:
    outbox.enqueue(notice("n1", alert="a"), ["desk"])
    outbox.enqueue(notice("n2", alert="a"), ["desk"])
    with store.database.writing() as connection:
        broken = update(tables.delivery).where(tables.delivery.c.notice_uid == "n1")
        connection.execute(broken.values(notice="{"))
    assert nothing(outbox)
    assert claim(outbox).notice.uid == "n2"
    assert outbox.counts()[DeliveryStatus.DEAD] == 1


def test_what_waits_for_nobody_is_dead(outbox: Outbox) -> None:
    outbox.enqueue(notice("n1"), ["desk", "gone"])
    assert outbox.bury_strangers(["desk"], reason="no receiver of this name") == 1
    [dead] = outbox.deliveries(DeliveryStatus.DEAD)
    assert (dead.receiver, dead.reason) == ("gone", "no receiver of this name")
    assert outbox.deliveries(receiver="desk")[0].status == "pending"


def test_the_list_begins_with_the_newest(outbox: Outbox) -> None:
    for uid in ("n1", "n2", "n3"):
        outbox.enqueue(notice(uid), ["desk"])
    assert [one.notice.uid for one in outbox.deliveries(limit=2)] == ["n3", "n2"]
