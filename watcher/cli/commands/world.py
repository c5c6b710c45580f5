"""demo and devnet: the local world of real contracts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import LogFormat

if TYPE_CHECKING:
    from watcher.cli.demo import WatchedBlock
    from watcher.devnet.artifacts import Toolchain
    from watcher.state.target import Target

CHECK_FAILED = 3
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds play equal blocks.")]


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)
    app.command("devnet")(devnet)


def demo(
    blocks: Annotated[int, typer.Option("--blocks", min=5, max=5_000, help="Blocks to play.")] = 40,
    seed: SeedOption = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Leave watcher.toml and watcher.db in this folder."),
    ] = None,
) -> None:
    """Watch real contracts on a local chain while scenes play: sales, lagging feeds, yields,
    donations, reorgs. Ends by checking everything that it stored. Exit 3 when a check fails."""
    import asyncio
    from tempfile import TemporaryDirectory

    from watcher.cli.demo import demonstrate
    from watcher.cli.demo_report import as_document, block_line, print_summary
    from watcher.cli.logs import configure_logs
    from watcher.cli.output import print_json
    from watcher.cli.progress import counted

    configure_logs(LogFormat.TEXT, quiet=True)
    toolchain = _toolchain()
    with TemporaryDirectory(prefix="watcher-demo-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with counted("blocks", blocks, shown=as_json) as step:

            def on_block(watched: WatchedBlock, targets: tuple[Target, ...]) -> None:
                step()
                if not as_json:
                    typer.echo(block_line(watched, targets))

            shown = asyncio.run(
                demonstrate(toolchain, folder=folder, blocks=blocks, seed=seed, on_block=on_block)
            )
        if as_json:
            print_json(as_document(shown, seed=seed))
        else:
            print_summary(shown)
    if keep is not None:
        typer.echo(f"kept: try `watcher history --config {keep}/watcher.toml weth-usdc`", err=True)
    if not shown.checks.passed:
        raise typer.Exit(CHECK_FAILED)


def _toolchain() -> Toolchain:
    """Anvil and the contracts, fetched and compiled where they are not in the cache yet."""
    from watcher.cli.session import cache_folder
    from watcher.devnet.artifacts import prepare

    def tell(name: str, done: int, total: int) -> None:
        typer.echo(f"local world: {name} ({done}/{total})", err=True)

    return prepare(cache_folder(), progress=tell)
