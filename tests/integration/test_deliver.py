"""Notices over real HTTP: each once under its id, through failures, restarts of both sides and
hostile addresses."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.postgres import Server
from tests.support.receiving import KEY, SECRET, Reception, Say, notice, receiving, webhook
from watcher.alerts.channels.receiver import Hidden, Receiver, ReceiverKind
from watcher.chain.endpoint import Endpoint
from watcher.service import deliver
from watcher.service.deliver import Deliverer, delivering, wait_after
from watcher.service.receivers import notice_of_test
from watcher.service.sending import tell
from watcher.service.writer import Writer
from watcher.state.notice import NoticeKind
from watcher.store import DeliveryStatus, Store


class Clock:
    """Wall time, and what was added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}", now=clock) as opened:
        yield opened


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of a failure, a hundredth as long."""
    monkeypatch.setattr(deliver, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(deliver, "POLL_SECONDS", 0.05)


@asynccontextmanager
async def sending(
    store: Store, *receivers: Receiver, drain: float = 5.0
) -> AsyncIterator[Deliverer]:
    with Writer() as writer:
        async with delivering(receivers, store.outbox, writer, drain_seconds=drain) as deliverer:
            yield deliverer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)


def settled(store: Store) -> bool:
    return store.outbox.counts()[DeliveryStatus.PENDING] == 0


async def test_a_notice_arrives_once_signed_under_its_id(store: Store) -> None:
    desk = Reception()
    async with receiving(desk) as host, sending(store, webhook("desk", host)):
        store.outbox.enqueue(notice("n1"), ["desk"])
        await until(lambda: settled(store))
    assert (desk.calls, desk.unsigned, dict(desk.taken)) == (["n1"], 0, {"n1": 1})
    assert desk.documents()[0]["data"]["title"] == "USDT 2.1% under"


async def test_a_forged_body_would_be_noticed_by_the_receiver(store: Store) -> None:
    """Or the count of unsigned calls above would prove nothing."""
    desk = Reception()
    async with receiving(desk) as host:
        other = webhook("desk", host)
        forged = replace(other, secret=Hidden("whsec_" + "A" * 40, name="secret"))
        assert (await tell(forged, notice("n1"))).taken
    assert desk.unsigned == 1


async def test_failures_are_tried_again_under_the_same_id_and_text(store: Store) -> None:
    desk = Reception(plan=deque([Say(500), Say(lost=True), Say(503), Say(400)]))
    async with receiving(desk) as host, sending(store, webhook("desk", host)):
        store.outbox.enqueue(notice("n1"), ["desk"])
        await until(lambda: settled(store))
    assert desk.calls == ["n1"] * 5
    assert [len(bodies) for bodies in desk.bodies.values()] == [1]
    [done] = store.outbox.deliveries()
    assert (done.status, done.attempts) == (DeliveryStatus.SENT, 5)


async def test_an_answer_that_is_late_is_no_answer(store: Store) -> None:
    desk = Reception(plan=deque([Say(delay=30)]))
    async with receiving(desk) as host, sending(store, webhook("desk", host, deadline_seconds=0.2)):
        store.outbox.enqueue(notice("n1"), ["desk"])
        await until(lambda: settled(store))
    assert desk.calls == ["n1", "n1"]
    assert "did not take it within 0.2 s" in store.outbox.deliveries()[0].last_error


async def test_an_answer_without_end_is_not_waited_for() -> None:
    desk = Reception(plan=deque([Say(500)]))
    async with receiving(desk) as host:
        outcome = await tell(webhook("desk", host), notice("n1"))
    assert "answered 500 (said by the receiver of" in outcome.detail
    assert KEY not in outcome.detail


async def test_fault_48_a_receiver_that_says_our_secret_does_not_show_it() -> None:
    desk = Reception(plan=deque([Say(400, text=f"signed with {SECRET}, that is\x1b[2J wrong")]))
    async with receiving(desk) as host:
        outcome = await tell(webhook("desk", host), notice("n1"))
    assert "(signed with ***, that is" in outcome.detail
    assert "\x1b" not in outcome.detail


async def test_retry_after_is_waited_for_by_all_that_is_for_the_receiver(
    store: Store, clock: Clock
) -> None:
    desk, other = Reception(plan=deque([Say(429, retry_after="120")])), Reception()
    async with receiving(desk) as host, receiving(other) as second:
        for uid in ("n1", "n2"):
            store.outbox.enqueue(notice(uid), ["desk", "other"])
        async with sending(store, webhook("desk", host), webhook("other", second)):
            await until(lambda: len(desk.calls) == 1 and len(other.calls) == 2)
            await asyncio.sleep(0.3)
            assert desk.calls == ["n1"]
        # It is remembered through a restart.
        async with sending(store, webhook("desk", host)):
            await asyncio.sleep(0.3)
            assert desk.calls == ["n1"]
            clock.ahead = 119
            await asyncio.sleep(0.2)
            assert desk.calls == ["n1"]
            clock.ahead = 121
            await until(lambda: settled(store))
    assert sorted(desk.calls) == ["n1", "n1", "n2"]


async def test_a_slow_receiver_holds_no_other(store: Store) -> None:
    slow, fast = Reception(plan=deque([Say(delay=3)])), Reception()
    async with receiving(slow) as first, receiving(fast) as second:
        receivers = webhook("slow", first), webhook("fast", second)
        async with sending(store, *receivers):
            for number in range(5):
                store.outbox.enqueue(notice(f"n{number}"), ["slow", "fast"])
            await until(lambda: len(fast.taken) == 5)
            assert (len(slow.calls), len(slow.taken)) == (1, 0)
            await until(lambda: settled(store))
    assert set(slow.taken.values()) == {1}


async def test_an_alert_is_told_in_its_order_whatever_fails(store: Store) -> None:
    desk = Reception(plan=deque([Say(500), Say(500)]))
    store.outbox.enqueue(notice("open", alert="a"), ["desk"])
    store.outbox.enqueue(notice("close", alert="a", kind=NoticeKind.RESOLVED), ["desk"])
    async with receiving(desk) as host, sending(store, webhook("desk", host)):
        await until(lambda: settled(store))
    assert desk.calls == ["open", "open", "open", "close"]


async def test_fault_38_a_receiver_that_was_down_for_an_hour_gets_each_once(
    store: Store, clock: Clock
) -> None:
    uids = [f"n{number}" for number in range(12)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk = Reception()
    receiver = webhook("desk", f"127.0.0.1:{port}")
    for uid in uids:
        store.outbox.enqueue(notice(uid), ["desk"])
    async with sending(store, receiver) as deliverer:
        for minute in range(60):
            clock.ahead = 60.0 * minute
            deliverer.wake()
            await asyncio.sleep(0.01)
        assert "nothing listens at" in store.outbox.deliveries()[-1].last_error
    async with receiving(desk, port=port), sending(store, receiver):
        clock.ahead += 3_600
        await until(lambda: settled(store))
    assert dict(desk.taken) == dict.fromkeys(uids, 1)
    assert sorted(desk.calls) == sorted(uids)


async def test_what_is_never_taken_is_dead_with_its_reason_and_can_be_put_back(
    store: Store, clock: Clock
) -> None:
    desk = Reception(plan=deque([Say(500)]))
    store.outbox.enqueue(notice("n1"), ["desk"])
    clock.ahead = 3_600
    async with receiving(desk) as host:
        with capture_logs() as logs:
            async with sending(store, webhook("desk", host, give_up_seconds=3_600)):
                await until(lambda: settled(store))
        [dead] = store.outbox.deliveries(DeliveryStatus.DEAD)
        assert dead.reason.startswith("not taken for 1 h: 127.0.0.1:")
        assert "error" in {one["log_level"] for one in logs if one["event"] == "not told"}
        store.outbox.retry(dead.id)
        async with sending(store, webhook("desk", host)):
            await until(lambda: settled(store))
    assert desk.calls == ["n1", "n1"]


async def test_who_wants_no_more_is_not_asked_again(store: Store) -> None:
    desk = Reception(plan=deque([Say(410)]))
    store.outbox.enqueue(notice("n1"), ["desk"])
    async with receiving(desk) as host, sending(store, webhook("desk", host)):
        await until(lambda: settled(store))
    assert store.outbox.deliveries()[0].reason == deliver.GONE


async def test_what_is_for_nobody_is_dead_at_the_start(store: Store) -> None:
    store.outbox.enqueue(notice("n1"), ["removed"])
    async with sending(store):
        assert store.outbox.deliveries()[0].reason == deliver.STRANGER


async def test_the_end_sends_what_is_due_and_waits_no_longer_than_it_may(store: Store) -> None:
    desk, hung = Reception(), Reception(plan=deque([Say(delay=60)]))
    async with receiving(desk) as host, receiving(hung) as second:
        started = time.monotonic()
        async with sending(store, webhook("desk", host), webhook("hung", second), drain=1.0):
            for number in range(5):
                store.outbox.enqueue(notice(f"n{number}"), ["desk"])
            store.outbox.enqueue(notice("h1"), ["hung"])
        assert time.monotonic() - started < 4
        assert len(desk.taken) == 5
        assert store.outbox.counts()[DeliveryStatus.PENDING] == 1
        assert store.outbox.holders() == ()
        # Nobody has it any more: the next start sends it at once.
        async with sending(store, webhook("hung", second)):
            await until(lambda: settled(store))
    assert hung.calls == ["h1", "h1"]


async def test_fault_36_a_database_that_is_locked_for_a_while_loses_and_doubles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "STORE_PAUSE_SECONDS", 0.02)
    file = store.database.file
    assert file is not None
    desk = Reception(plan=deque([Say(delay=0.3)]))
    store.outbox.enqueue(notice("n1"), ["desk"])
    with capture_logs() as logs, Store(f"sqlite:///{file}", wait_seconds=0.05) as impatient:
        async with receiving(desk) as host, sending(impatient, webhook("desk", host)):
            await until(lambda: desk.calls == ["n1"])
            with closing(sqlite3.connect(file)) as other:
                other.execute("BEGIN IMMEDIATE")
                await until(lambda: any(one["event"] == "outbox" for one in logs))
                other.rollback()
            await until(lambda: settled(store))
    assert desk.calls == ["n1"]
    assert store.outbox.deliveries()[0].attempts == 1


@pytest.mark.postgres
async def test_fault_36_a_database_that_breaks_off_while_it_is_told_loses_and_doubles_nothing(
    postgres_server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "STORE_PAUSE_SECONDS", 0.02)
    desk = Reception(plan=deque([Say(delay=0.3)] * 3))
    with Store.create(postgres_url) as store:
        for number in range(3):
            store.outbox.enqueue(notice(f"n{number}"), ["desk"])
        async with receiving(desk) as host, sending(store, webhook("desk", host)):
            for number in range(3):
                await until(lambda seen=number + 1: len(desk.calls) == seen)  # type: ignore[misc]
                postgres_server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            await until(lambda: settled(store))
        assert [one.attempts for one in store.outbox.deliveries()] == [1, 1, 1]
    assert desk.calls == ["n0", "n1", "n2"]


async def test_a_fault_of_our_own_ends_one_attempt_and_not_the_line(store: Store) -> None:
    desk = Reception()
    bad = notice("n1", severity="info", kind="no kind")
    async with receiving(desk) as host:
        outcome = await tell(webhook("desk", host), bad)
        assert outcome.detail == "a fault of this program (AttributeError): report it"


async def test_alertmanager_is_told_at_its_path() -> None:
    am = Reception()
    async with receiving(am) as host:
        receiver = replace(
            webhook("am", host),
            kind=ReceiverKind.ALERTMANAGER,
            address=Endpoint(f"http://{host}/base/?token={KEY}"),
            secret=None,
        )
        assert (await tell(receiver, notice("n1", alert="a1"))).taken
    [(path, _)] = am.got
    assert path == "/base/api/v2/alerts"
    assert am.documents()[0][0]["labels"]["alert"] == "a1"


def stored_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_fault_48_a_planted_key_is_in_no_log_and_not_in_the_database(
    store: Store, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Reception(plan=deque([Say(500), Say(401), Say(302, location="/x"), Say(lost=True)]))
    planted = (KEY, SECRET.removeprefix("whsec_"))
    with capture_logs() as logs:
        async with receiving(desk) as host, sending(store, webhook("desk", host)):
            store.outbox.enqueue(notice("n1"), ["desk"])
            await until(lambda: settled(store))
    store.close()
    kept = stored_bytes(tmp_path)
    assert b"n1" in kept
    for key in planted:
        assert key.encode() not in kept
        assert key not in f"{logs} {caplog.text}"
    assert len(desk.calls) == 5


async def test_a_test_notice_is_each_time_another() -> None:
    assert notice_of_test().uid != notice_of_test().uid
    desk = Reception()
    async with receiving(desk) as host:
        assert (await tell(webhook("desk", host), notice_of_test())).taken
    assert desk.documents()[0]["type"] == "notice.summary"


def test_waits_double_up_to_the_longest_and_are_spread() -> None:
    deliver_first = deliver.FIRST_WAIT
    waits = [wait_after(n, longest=300, share=1.0) / deliver_first for n in range(1, 6)]
    assert waits == [1, 2, 4, 8, 16]
    assert wait_after(10_000, longest=300, share=1.0) == 300
    assert wait_after(10_000, longest=300, share=0.5) == 150
