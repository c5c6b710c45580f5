"""db: the database's schema."""

from __future__ import annotations

import typer

from watcher.cli.options import ConfigOption, OnlyJsonOption


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The database's schema.", no_args_is_help=True, rich_markup_mode=None)
    group.command("upgrade", short_help="Make the database, or bring it up to date.")(upgrade)
    group.command("current", short_help="Which schema the database has, and which is needed.")(
        current
    )
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
