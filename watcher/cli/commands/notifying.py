"""notify: whether receivers can be told, and what became of each notice."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    chosen,
)

if TYPE_CHECKING:
    from watcher.alerts.channels.receiver import Receiver
    from watcher.cli.output import Row
    from watcher.config import Config
    from watcher.store import Delivery

UPSTREAM = 4
COLUMNS = ["id", "receiver", "status", "kind", "title", "attempts", "at", "detail"]
JSON_COLUMNS = [
    "id",
    "receiver",
    "status",
    "notice_uid",
    "alert",
    "kind",
    "severity",
    "title",
    "attempts",
    "created_at",
    "due_at",
    "finished_at",
    "last_error",
    "reason",
]


class Status(StrEnum):
    """Which deliveries are listed."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Who is told, and what became of each notice.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("test", short_help="Send a test notice, and say what came of it.")(send_test)
    group.command("list", short_help="List what waits, what was sent and what is dead.")(list_)
    group.command("retry", short_help="Put back what is dead, to be sent once more.")(retry)
    app.add_typer(group, name="notify")


def send_test(
    receiver: Annotated[
        str | None, typer.Argument(help="One of [receivers] [default: all of them].")
    ] = None,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Send a real test notice to RECEIVER, or to all, and say what came of it by receiver.

    The database is not touched. Exit 4 when one of them did not take it.
    """
    import asyncio

    from watcher.cli.output import print_rows
    from watcher.cli.session import read_config
    from watcher.service.receivers import notice_of_test, tell_all

    receivers = _receivers(read_config(config), receiver)
    outcomes = asyncio.run(tell_all(receivers, notice_of_test()))
    rows: list[Row] = [
        {
            "receiver": one.name,
            "kind": one.kind.value,
            "at": one.shown,
            "result": "taken" if each.taken else "failed",
            "ms": round(1_000 * each.seconds),
            "detail": each.detail,
        }
        for one, each in zip(receivers, outcomes, strict=True)
    ]
    names = ["receiver", "kind", "at", "result", "ms", "detail"]
    print_rows(rows, names, format_=chosen(format_, as_json), elastic="detail")
    if not all(each.taken for each in outcomes):
        raise typer.Exit(UPSTREAM)


def list_(
    status: Annotated[
        Status | None, typer.Option("--status", help="Only these [default: all].")
    ] = None,
    receiver: Annotated[
        str | None, typer.Option("--receiver", help="Only what is for this one.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many.")] = 50,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """List the deliveries, the newest first: what waits and until when, what was sent, and why the
    rest is dead."""
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.store import DeliveryStatus

    with open_store(read_config(config)) as store:
        wanted = None if status is None else DeliveryStatus(status.value)
        found = store.outbox.deliveries(wanted, receiver=receiver, limit=limit)
        counts = store.outbox.counts()
    shown = chosen(format_, as_json)
    if shown is Format.TABLE:
        print_rows([_row(one) for one in found], COLUMNS, format_=shown, elastic="detail")
        note(", ".join(f"{count} {one.value}" for one, count in counts.items()))
    else:
        print_rows([_full_row(one) for one in found], JSON_COLUMNS, format_=shown)


def retry(
    delivery: Annotated[
        int | None, typer.Argument(metavar="ID", help="As `watcher notify list` says it.")
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that are dead.")] = False,
    config: ConfigOption = None,
) -> None:
    """Put a delivery back, or with --dead all that are dead: a `watcher run` sends it at once,
    under the id that it had."""
    from watcher.cli.output import print_text
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if (delivery is None) is not dead:
        raise InputError("say which delivery by its id, or --dead for all that are dead")
    with open_store(read_config(config)) as store:
        if delivery is None:
            print_text(f"{store.outbox.retry_dead()} put back; `watcher run` sends them")
        else:
            found = store.outbox.retry(delivery)
            print_text(f"{found.id} for {found.receiver} put back; `watcher run` sends it")


def _receivers(config: Config, name: str | None) -> tuple[Receiver, ...]:
    from watcher.config import fields
    from watcher.errors import InputError

    if not config.receivers:
        raise InputError(f"{config.path.name} names no receiver: write a table [receivers.NAME]")
    if name is None:
        return config.receivers
    found = tuple(one for one in config.receivers if one.name == name)
    if not found:
        known = [one.name for one in config.receivers]
        raise InputError(f"{fields.unknown(name, known, what='receiver')}")
    return found


def _row(one: Delivery) -> Row:
    at = one.finished_at or one.due_at
    return {
        "id": one.id,
        "receiver": one.receiver,
        "status": one.status.value,
        "kind": one.notice.kind.value,
        "title": one.notice.title,
        "attempts": one.attempts,
        "at": f"{at:%Y-%m-%d %H:%M:%S}",
        "detail": one.reason or one.last_error,
    }


def _full_row(one: Delivery) -> Row:
    return {
        "id": one.id,
        "receiver": one.receiver,
        "status": one.status.value,
        "notice_uid": one.notice.uid,
        "alert": one.notice.alert,
        "kind": one.notice.kind.value,
        "severity": one.notice.severity,
        "title": one.notice.title,
        "attempts": one.attempts,
        "created_at": one.created_at.isoformat(),
        "due_at": one.due_at.isoformat(),
        "finished_at": one.finished_at.isoformat() if one.finished_at else None,
        "last_error": one.last_error or None,
        "reason": one.reason or None,
    }
