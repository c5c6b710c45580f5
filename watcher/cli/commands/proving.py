"""prove and findings: simulations run again, and what was found before."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.commands.exploiting import CHECK_FAILED, RpcOption
from watcher.cli.commands.history import DEFAULT_ROWS, ONLY_NEWEST, TARGET_HELP
from watcher.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    OnlyJsonOption,
    chosen,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watcher.cli.output import Row
    from watcher.simulate.receipt import Receipt
    from watcher.simulate.replay import Replay
    from watcher.store.findings import StoredFinding


class Engine(StrEnum):
    WITNESS = "witness"
    SIMULATE = "simulate"
    FORK = "fork"


COLUMNS = (
    "finding",
    "block",
    "time",
    "target",
    "class",
    "for",
    "profit",
    "victims_lose",
    "pools_lose",
    "proof",
    "receipt",
    "standing",
    "reason",
)


def register(app: typer.Typer) -> None:
    app.command("prove", short_help="Run a receipt of a simulation again.")(prove)
    group = typer.Typer(
        help="What was found and simulated before.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list", short_help="Findings, block by block.")(list_)
    group.command("show", short_help="All of one finding, as JSON.")(show)
    app.add_typer(group, name="findings")


def prove(
    receipt: Annotated[
        str, typer.Argument(help="The first digits of its id, or a file that --out wrote.")
    ],
    engine: Annotated[
        Engine,
        typer.Option("--engine", help="Offline from the witness, by the node, or on a fork of it."),
    ] = Engine.WITNESS,
    rpc: RpcOption = None,
    config: ConfigOption = None,
    as_json: OnlyJsonOption = False,
) -> None:
    """Run the calls of a receipt again and compare every balance and answer with what it holds.

    `--engine witness` asks nobody: all that the calls read is in the receipt. Exit 3 when something
    is not the same.
    """
    from watcher.cli.output import print_json, print_text
    from watcher.cli.proven import shown_id

    found = _receipt(receipt, config)
    replay = _replayed(found, engine, rpc=rpc, config=config)
    run = replay.run
    if as_json:
        print_json(
            {
                "receipt": found.id,
                "level": found.level,
                "block": found.block.number,
                "engine": run.engine,
                "client": run.client,
                "same": replay.same,
                "reason": replay.reason,
                "gas": run.gas,
            }
        )
    else:
        print_text(
            f"receipt {shown_id(found)}: {found.attack}, {found.level}, at block "
            f"{found.block.number:,} of eip155:{found.block.chain_id}"
        )
        said = "every balance and answer is the same" if replay.same else replay.reason
        print_text(f"{run.engine} by {run.client}: {said} ({run.gas:,} gas)")
    if not replay.same:
        raise typer.Exit(CHECK_FAILED)


def list_(
    target: Annotated[
        str | None, typer.Argument(help=f"{TARGET_HELP} [default: all targets]")
    ] = None,
    config: ConfigOption = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="N", min=0, help="The first block.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="N", min=0, help="The last block.")
    ] = None,
    retracted: Annotated[
        bool, typer.Option("--retracted", help="Also of blocks that have left the chain.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many, the newest ones.")
    ] = DEFAULT_ROWS,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Findings that were stored, oldest first: one where what could be taken had changed."""
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    settings, wanted = read_config(config), chosen(format_, as_json)
    with open_store(settings) as store:
        labels = {each.id: each.label for each in store.targets()}
        found = store.findings(
            None if target is None else store.find_target(target).id,
            first=first,
            last=last,
            limit=limit + 1,
            retracted=retracted,
        )
    rows = [_row(each, labels, settings.settings.unit, wanted) for each in found[-limit:]]
    print_rows(rows, COLUMNS, format_=wanted, elastic="reason")
    if not found:
        note("nothing is stored: `watcher exploit TARGET --prove` and an [exploit] section store")
    elif len(found) > limit:
        note(ONLY_NEWEST.format(limit))


def show(
    finding: Annotated[int, typer.Argument(help="Its number, as `findings list` shows it.")],
    config: ConfigOption = None,
) -> None:
    """All of a finding as JSON: accounts, plan, what it rests on, where it ends, receipts."""
    from watcher.cli.output import print_json
    from watcher.cli.session import open_store, read_config

    with open_store(read_config(config)) as store:
        found = store.finding(finding)
    print_json(
        {
            "finding": found.id,
            "block": found.block.number,
            "block_hash": found.block.hash,
            "target_id": found.target_id,
            "retracted": found.retracted,
            "profit": found.profit,
            "victims_loss": found.victims_loss,
            "pools_loss": found.pools_loss,
            "receipts": [
                {"id": each.id, "level": each.level, "reason": each.reason}
                for each in found.receipts
            ],
            "content": found.plain,
        }
    )


def _receipt(text: str, config: Path | None) -> Receipt:
    """Of the file, or of the store. Raises InputError."""
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError
    from watcher.simulate.receipt import receipt_from_json

    file = Path(text)
    if not file.is_file():
        with open_store(read_config(config)) as store:
            return receipt_from_json(store.receipt(text))
    try:
        return receipt_from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _replayed(receipt: Receipt, engine: Engine, *, rpc: str | None, config: Path | None) -> Replay:
    import asyncio

    from watcher.cli.session import cache_folder, chain_to_ask
    from watcher.devnet.artifacts import anvil_binary
    from watcher.errors import InputError
    from watcher.service.prepare import connect
    from watcher.simulate.node import ChainNode
    from watcher.simulate.replay import replay_offline, replay_on_fork, replay_on_node

    if engine is Engine.WITNESS:
        if rpc is not None:
            raise InputError("a witness asks no node: leave out --rpc, or give another --engine")
        return asyncio.run(replay_offline(receipt, anvil_binary(cache_folder())))

    async def asked() -> Replay:
        chain = await chain_to_ask(f"eip155:{receipt.block.chain_id}", rpc, config)
        async with connect(chain) as client:
            node = ChainNode(client.w3.provider)
            if engine is Engine.SIMULATE:
                return await replay_on_node(receipt, node)
            return await replay_on_fork(receipt, node, anvil_binary(cache_folder()))

    return asyncio.run(asked())


def _row(found: StoredFinding, labels: Mapping[str, str], unit: str, format_: Format) -> Row:
    from watcher.cli.phrases import money, utc
    from watcher.cli.proven import SHOWN_DIGITS

    def shown(value: float) -> str | float:
        return money(value, unit) if format_ is Format.TABLE else value

    newest = found.receipts[-1] if found.receipts else None
    return {
        "finding": found.id,
        "block": found.block.number,
        "time": utc(found.block.timestamp),
        "target": labels.get(found.target_id, found.target_id[:SHOWN_DIGITS]),
        "class": found.attack,
        "for": found.goal,
        "profit": shown(found.profit),
        "victims_lose": shown(found.victims_loss),
        "pools_lose": shown(found.pools_loss),
        "proof": newest.level if newest else f"none ({found.proof} can be)",
        "receipt": newest.id[:SHOWN_DIGITS] if newest else None,
        "standing": "retracted" if found.retracted else "stands",
        "reason": found.reason or (newest.reason if newest else ""),
    }
