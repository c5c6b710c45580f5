"""db: the database's schema, and copies of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import ConfigOption, OnlyJsonOption

if TYPE_CHECKING:
    from watcher.config import Config


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="The database's schema, and copies of it.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("upgrade", short_help="Make the database, or bring it up to date.")(upgrade)
    group.command("current", short_help="Which schema the database has, and which is needed.")(
        current
    )
    group.command("backup", short_help="Copy the database while it is used.")(backup)
    group.command("restore", short_help="Put a copy back.")(restore)
    app.add_typer(group, name="db")


def upgrade(config: ConfigOption = None, as_json: OnlyJsonOption = False) -> None:
    """Make the database, or bring it up to this program's schema, with all that it holds."""
    from watcher.cli.session import open_store, read_config
    from watcher.store import Store

    settings = read_config(config)
    with Store(settings.database) as store:
        before = store.current().revision
    with open_store(settings, create=True) as store:
        now = store.current()
    if as_json:
        _print_json(settings.database_shown, now.revision, now.head)
    elif before == now.revision:
        _print(f"{settings.database_shown}: schema {now.revision}, nothing to do")
    else:
        was = f"was {before}" if before else "new"
        _print(f"{settings.database_shown}: schema {now.revision} ({was})")


def current(config: ConfigOption = None, as_json: OnlyJsonOption = False) -> None:
    """Which schema the database has, and which one this program needs."""
    from watcher.cli.session import read_config
    from watcher.store import Store

    settings = read_config(config)
    with Store(settings.database) as store:
        revision, head = store.current()
    if as_json:
        _print_json(settings.database_shown, revision, head)
    elif revision == head:
        _print(f"{settings.database_shown}: schema {revision} (current)")
    elif revision is None:
        _print(f"{settings.database_shown}: no schema yet; `watcher db upgrade` makes it")
    elif revision.isdigit() and revision < head:
        _print(
            f"{settings.database_shown}: schema {revision}, this program needs {head}; "
            "`watcher db upgrade` brings it up"
        )
    else:
        _print(f"{settings.database_shown}: schema {revision}, this program only knows {head}")


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")],
    config: ConfigOption = None,
    as_json: OnlyJsonOption = False,
) -> None:
    """Copy the database into a new file, as it is at one moment, and check the copy; `watcher run`
    may go on. SQLite alone: PostgreSQL has pg_dump."""
    from watcher.cli.output import print_json
    from watcher.cli.session import read_config
    from watcher.store.backup import back_up

    copied = back_up(_sqlite_file(read_config(config), "pg_dump"), file)
    if as_json:
        print_json({"file": str(file), "revision": copied.revision, "bytes": copied.size})
    else:
        _print(f"{file}: schema {copied.revision}, {copied.size:,} bytes, checked")


def restore(
    file: Annotated[Path, typer.Argument(help="What `watcher db backup` wrote.")],
    config: ConfigOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Lose what the database holds now.")
    ] = False,
    as_json: OnlyJsonOption = False,
) -> None:
    """Put a copy where the configuration has its database, once it is checked. Refused while a
    service watches, and where a database is unless --replace. SQLite alone: PostgreSQL has
    pg_restore."""
    from watcher.cli.output import print_json
    from watcher.cli.session import read_config
    from watcher.store.backup import check_backup, put_back

    settings = read_config(config)
    database = _sqlite_file(settings, "pg_restore")
    copied = check_backup(file)
    if database.exists():
        _put_over(settings, file, database, replace=replace)
    else:
        put_back(file, database)
    if as_json:
        print_json({"database": str(database), "revision": copied.revision, "bytes": copied.size})
    else:
        _print(f"{database}: schema {copied.revision}, as in {file}")


def _put_over(settings: Config, file: Path, database: Path, *, replace: bool) -> None:
    from watcher.errors import StoreError
    from watcher.service.lease import NAME, acquire, holder
    from watcher.store import Store
    from watcher.store.backup import put_over

    if file.samefile(database):
        raise StoreError(f"{file} is the database itself: give a copy of it")
    if not replace:
        raise StoreError(f"{database} is there already: --replace loses what it holds")
    with Store(settings.database) as store:
        if store.current().revision is None:
            raise StoreError(f"{database} has no schema: remove the file and restore again")
        # Held until the copy, which has no lease in it, is in place.
        if not acquire(store):
            raise StoreError(f"an instance is watching into {database}: stop it first")
        try:
            put_over(file, database)
        except BaseException:
            store.release(NAME, holder=holder())
            raise


def _sqlite_file(settings: Config, instead: str) -> Path:
    """Raises StoreError of a database that is none."""
    from watcher.errors import StoreError
    from watcher.store.database import Database

    with closing(Database(settings.database)) as database:
        if database.file is None:
            raise StoreError(f"{database.name} is not SQLite: use {instead}, PostgreSQL's own tool")
        return database.file


def _print(line: str) -> None:
    from watcher.cli.output import print_text

    print_text(line)


def _print_json(database: str, revision: str | None, head: str) -> None:
    from watcher.cli.output import print_json

    print_json(
        {
            "database": database,
            "revision": revision,
            "head": head,
            "current": revision == head,
        }
    )
