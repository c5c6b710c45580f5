"""The outbox: what is to be told to whom, and what became of it.

A notice is put in by the transaction that stores what it tells, so that neither is ever without the
other. It is claimed before it is sent and marked afterwards: a process that dies in between loses
nothing, and what it may have sent twice bears one id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Connection,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from watcher.errors import StoreError
from watcher.state.alert import Routed
from watcher.state.notice import Notice, NoticeKind
from watcher.store import tables
from watcher.store.database import SQLITE, Database
from watcher.store.rows import DETAIL_LENGTH, storable

table = tables.delivery

# Spelled out, since SQLite takes a partial index only then.
_PENDING = literal("pending", Text, literal_execute=True)
_UID = re.compile(r"[0-9A-Za-z_:-]{1,200}")


class DeliveryStatus(StrEnum):
    """What became of a delivery: the closed set of the table."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice for one receiver. `queued_at` is when it was put in, or put back by a person;
    it is tried again at `due_at`. `reason` is why it is dead, `last_error` what its last failed
    attempt met; neither holds a secret."""

    id: int
    receiver: str
    notice: Notice
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    queued_at: datetime
    due_at: datetime
    finished_at: datetime | None
    last_error: str
    reason: str


def enqueue(
    connection: Connection, notice: Notice, receivers: Sequence[str], *, at: datetime
) -> int:
    """Put `notice` in for each of `receivers`, inside the caller's transaction; how many were new.

    A notice that was put in before is left as it is, whatever became of it. Raises ValueError when
    its uid cannot be a receiver's id: letters, digits, `_`, `:` and `-`, at most 200.
    """
    if not _UID.fullmatch(notice.uid):
        raise ValueError(f"{notice.uid[:80]!r} cannot be the id of a notice")
    rows = [
        {
            "notice_uid": notice.uid,
            "receiver": receiver,
            "alert": storable(notice.alert),
            "notice": _to_text(notice),
            "status": DeliveryStatus.PENDING.value,
            "attempts": 0,
            "created_at": at,
            "queued_at": at,
            "due_at": at,
        }
        for receiver in dict.fromkeys(receivers)
    ]
    if not rows:
        return 0
    make = sqlite.insert if connection.dialect.name == SQLITE else postgresql.insert
    kept = make(table).on_conflict_do_nothing(index_elements=[table.c.notice_uid, table.c.receiver])
    return len(connection.execute(kept.returning(table.c.id), rows).all())


def enqueue_all(connection: Connection, routed: Iterable[Routed], *, at: datetime) -> None:
    """As `enqueue`, each for its own receivers."""
    for one in routed:
        enqueue(connection, one.notice, one.receivers, at=at)


class Outbox:
    """The outbox of one database. Synchronous; each call is a transaction of its own."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def enqueue(self, notice: Notice, receivers: Sequence[str]) -> int:
        """As `enqueue`, for a notice that tells of nothing that is stored with it."""
        with self._database.writing() as connection:
            return enqueue(connection, notice, receivers, at=self._now())

    def knows(self, uid: str) -> bool:
        """Whether a notice was ever put in for anybody."""
        with self._database.reading() as connection:
            query = select(table.c.id).where(table.c.notice_uid == uid).limit(1)
            return connection.execute(query).first() is not None

    def claim(self, receiver: str, *, holder: str, seconds: float) -> Delivery | None:
        """The oldest delivery that is due, which is `holder`'s to send for so long.

        None while nothing is. What belongs to one alert comes in its order: the next waits until
        the one before is sent or dead.
        """
        now = self._now()
        with self._database.writing() as connection:
            query = (
                select(table.c.id)
                .where(_waits_for(receiver), table.c.due_at <= now)
                .where(or_(table.c.held_until.is_(None), table.c.held_until <= now))
                .order_by(table.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            found = connection.execute(query).scalar()
            if found is None:
                return None
            claimed = (
                update(table)
                .where(table.c.id == found)
                .values(
                    holder=holder,
                    held_until=now + timedelta(seconds=seconds),
                    attempts=table.c.attempts + 1,
                )
                .returning(*table.c)
            )
            row = connection.execute(claimed).mappings().one()
        try:
            return _delivery(row)
        except StoreError as error:
            # What follows it must not wait for ever.
            self.kill(found, "", reason=str(error))
            return None

    def next_due(self, receiver: str) -> float | None:
        """In how many seconds something may be claimed, 0 when it can be now; None when nothing
        waits."""
        at = case((table.c.held_until > table.c.due_at, table.c.held_until), else_=table.c.due_at)
        with self._database.reading() as connection:
            query = select(at.label("at")).where(_waits_for(receiver)).order_by(at).limit(1)
            due = connection.execute(query).scalar()
        return None if due is None else max((due - self._now()).total_seconds(), 0.0)

    def sent(self, delivery_id: int) -> None:
        """It was taken. Idempotent."""
        self._finish(delivery_id, DeliveryStatus.SENT)

    def failed(
        self, delivery: Delivery, error: str, *, wait: float, give_up: float, all_wait: bool = False
    ) -> bool:
        """It was not taken: try again in `wait` seconds, and with `all_wait` nothing else of the
        receiver before. True when it is dead instead, having waited for `give_up` seconds."""
        now = self._now()
        if (now - delivery.queued_at).total_seconds() + wait > give_up:
            self.kill(delivery.id, error, reason=f"not taken for {_age(give_up)}: {error}")
            return True
        due = now + timedelta(seconds=wait)
        said = storable(error, limit=DETAIL_LENGTH)
        with self._database.writing() as connection:
            free = {"due_at": due, "last_error": said, "holder": None, "held_until": None}
            mine = and_(table.c.id == delivery.id, table.c.status == _PENDING)
            connection.execute(update(table).where(mine).values(free))
            if all_wait:
                others = and_(
                    table.c.receiver == delivery.receiver,
                    table.c.status == _PENDING,
                    table.c.due_at < due,
                )
                connection.execute(update(table).where(others).values(due_at=due))
        return False

    def kill(self, delivery_id: int, error: str, *, reason: str) -> None:
        """It is tried no more, until a person puts it back."""
        self._finish(delivery_id, DeliveryStatus.DEAD, last_error=error, reason=reason)

    def bury_strangers(self, receivers: Collection[str], *, reason: str) -> int:
        """What waits for none of `receivers` is dead; how many were."""
        strangers = and_(table.c.status == _PENDING, table.c.receiver.not_in(list(receivers)))
        with self._database.writing() as connection:
            dead = (
                update(table)
                .where(strangers)
                .values(
                    status=DeliveryStatus.DEAD.value,
                    finished_at=self._now(),
                    reason=reason,
                    holder=None,
                    held_until=None,
                )
            )
            return connection.execute(dead).rowcount

    def holders(self) -> tuple[str, ...]:
        """Who has deliveries to send."""
        with self._database.reading() as connection:
            held = and_(table.c.status == _PENDING, table.c.holder.is_not(None))
            query = select(table.c.holder).where(held).distinct()
            return tuple(row[0] for row in connection.execute(query))

    def give_back(self, holder: str) -> None:
        """What `holder` was sending may be claimed by anybody."""
        with self._database.writing() as connection:
            free = update(table).where(table.c.status == _PENDING, table.c.holder == holder)
            connection.execute(free.values(holder=None, held_until=None))

    def retry(self, delivery_id: int) -> Delivery:
        """Put one back as if it were new. Raises StoreError when there is none or it was taken."""
        with self._database.writing() as connection:
            found = self._one(connection, delivery_id)
            if found.status is DeliveryStatus.SENT:
                raise StoreError(f"delivery {delivery_id} was sent already: it is not sent again.")
            connection.execute(update(table).where(table.c.id == delivery_id).values(self._anew()))
            return self._one(connection, delivery_id)

    def retry_dead(self) -> int:
        """Put all back that are dead; how many they were."""
        with self._database.writing() as connection:
            dead = update(table).where(table.c.status == DeliveryStatus.DEAD.value)
            return connection.execute(dead.values(self._anew())).rowcount

    def deliveries(
        self, status: DeliveryStatus | None = None, *, receiver: str | None = None, limit: int = 100
    ) -> tuple[Delivery, ...]:
        """The newest first."""
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(table.c.status == status.value)
        if receiver is not None:
            query = query.where(table.c.receiver == receiver)
        with self._database.reading() as connection:
            return tuple(map(_delivery, connection.execute(query).mappings()))

    def counts(self) -> dict[DeliveryStatus, int]:
        """How many there are of each status."""
        query = select(table.c.status, func.count()).group_by(table.c.status)
        with self._database.reading() as connection:
            found = {DeliveryStatus(row[0]): row[1] for row in connection.execute(query)}
        return {status: found.get(status, 0) for status in DeliveryStatus}

    def _finish(
        self, delivery_id: int, status: DeliveryStatus, *, last_error: str = "", reason: str = ""
    ) -> None:
        done: dict[str, Any] = {
            "status": status.value,
            "finished_at": self._now(),
            "holder": None,
            "held_until": None,
        }
        if last_error:
            done["last_error"] = storable(last_error, limit=DETAIL_LENGTH)
        if reason:
            done["reason"] = storable(reason, limit=DETAIL_LENGTH)
        mine = and_(table.c.id == delivery_id, table.c.status == _PENDING)
        with self._database.writing() as connection:
            connection.execute(update(table).where(mine).values(done))

    def _anew(self) -> dict[str, Any]:
        now = self._now()
        return {
            "status": DeliveryStatus.PENDING.value,
            "attempts": 0,
            "queued_at": now,
            "due_at": now,
            "finished_at": None,
            "reason": None,
        }

    def _one(self, connection: Connection, delivery_id: int) -> Delivery:
        row = connection.execute(select(table).where(table.c.id == delivery_id)).mappings().first()
        if row is None:
            raise StoreError(f"there is no delivery {delivery_id}: see `watcher notify list`.")
        return _delivery(row)


def _waits_for(receiver: str) -> Any:
    """Pending, and nothing of the same alert is before it."""
    earlier = table.alias("earlier")
    blocked = exists().where(
        earlier.c.receiver == table.c.receiver,
        earlier.c.alert == table.c.alert,
        earlier.c.status == _PENDING,
        earlier.c.id < table.c.id,
    )
    return and_(
        table.c.receiver == receiver,
        table.c.status == _PENDING,
        or_(table.c.alert == "", ~blocked),
    )


def _to_text(notice: Notice) -> str:
    # Escaped, since PostgreSQL takes no NUL and neither database half a surrogate.
    return json.dumps(asdict(notice), sort_keys=True)


def _delivery(row: Any) -> Delivery:
    try:
        kept = json.loads(row["notice"])
        notice = Notice(**{**kept, "kind": NoticeKind(kept["kind"])})
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"delivery {row['id']} is damaged ({type(error).__name__}): restore a backup."
        ) from error
    return Delivery(
        id=row["id"],
        receiver=row["receiver"],
        notice=notice,
        status=DeliveryStatus(row["status"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        queued_at=row["queued_at"],
        due_at=row["due_at"],
        finished_at=row["finished_at"],
        last_error=row["last_error"] or "",
        reason=row["reason"] or "",
    )


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
