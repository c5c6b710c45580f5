"""borrowers: who owes a lending market, from its logs."""

from __future__ import annotations

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
    from watcher.state.token import Address

COLUMNS = ("account", "block")


def register(app: typer.Typer) -> None:
    app.command("borrowers", short_help="Who has borrowed from a lending market.")(borrowers)


def borrowers(
    target: Annotated[
        str,
        typer.Argument(help="Its name, address, CAIP-10 id, or the first digits of its id."),
    ],
    first: Annotated[int, typer.Option("--from", min=0, help="The first block to read.")] = 0,
    last: Annotated[
        int | None, typer.Option("--to", min=0, help="The last one [default: the head].")
    ] = None,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Who has borrowed from a lending market, for the `accounts` of its entry.

    Read from the market's own logs; `block` is that of the first loan. Figures of accounts count
    those alone that the entry names: known_debt_share says how much of the debt that is.
    """
    import asyncio

    from watcher.cli.output import Row, note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.service.borrowers import borrowers as collect
    from watcher.service.prepare import connect

    checked = read_config(config)
    with open_store(checked) as store:
        found = store.find_target(target)

    async def read() -> dict[Address, int]:
        async with connect(checked.chain(found.chain_id)) as chain:
            return await collect(chain, found, first, last)

    accounts = asyncio.run(read())
    rows: list[Row] = [{"account": each, "block": block} for each, block in accounts.items()]
    shown = chosen(format_, as_json)
    print_rows(rows, COLUMNS, format_=shown)
    if accounts and shown is Format.TABLE:
        listed = ", ".join(f'"{each}"' for each in accounts)
        note(f"for its entry: accounts = [{listed}]")
