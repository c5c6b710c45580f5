"""demo and devnet: the local world of real contracts."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import LogFormat

if TYPE_CHECKING:
    from watcher.cli.demo import WatchedBlock
    from watcher.devnet.artifacts import Toolchain
    from watcher.state.target import Target

CHECK_FAILED = 3
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds play equal scenes.")]


def register(app: typer.Typer) -> None:
    app.command("demo", short_help="Watch real contracts on a local chain: start here.")(demo)
    app.command("devnet", short_help="Run that local chain as a node of its own.")(devnet)


def demo(
    blocks: Annotated[int, typer.Option("--blocks", min=5, max=5_000, help="Blocks to play.")] = 40,
    seed: SeedOption = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Leave watcher.toml and watcher.db in this folder."),
    ] = None,
    scene: Annotated[
        str | None,
        typer.Option("--scene", metavar="NAME", help="This scene alone: crash, vault_run, ..."),
    ] = None,
) -> None:
    """Watch real contracts on a local chain while scenes play: sales, lagging feeds, yields,
    donations, reorgs. Ends by checking everything that it stored. Exit 3 when a check fails."""
    import asyncio
    from tempfile import TemporaryDirectory

    from watcher.cli.demo import demonstrate
    from watcher.cli.demo_report import Narrator, as_document, print_summary
    from watcher.cli.logs import configure_logs
    from watcher.cli.output import print_json
    from watcher.cli.progress import counted
    from watcher.devnet.schedule import only

    configure_logs(LogFormat.TEXT, quiet=True)
    if scene is not None:
        only(scene, blocks)
    toolchain = _toolchain()
    with TemporaryDirectory(prefix="watcher-demo-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        looked_at = sys.stdout.isatty() or "COLUMNS" in os.environ
        narrator = Narrator(shutil.get_terminal_size().columns if looked_at else None)
        if not as_json:
            typer.echo(narrator.heading())
        with counted("blocks", blocks, shown=as_json) as step:

            def on_block(watched: WatchedBlock, targets: tuple[Target, ...]) -> None:
                step()
                if not as_json:
                    typer.echo(narrator.line(watched, targets))

            try:
                shown = asyncio.run(
                    demonstrate(
                        toolchain,
                        folder=folder,
                        blocks=blocks,
                        seed=seed,
                        on_block=on_block,
                        scene=scene,
                    )
                )
            except KeyboardInterrupt:
                raise KeyboardInterrupt(_demo_ended(keep)) from None
        if as_json:
            print_json(as_document(shown, seed=seed))
        else:
            print_summary(shown)
    if keep is not None:
        typer.echo(f"kept: try `watcher history --config {keep}/watcher.toml WETH/USDC`", err=True)
    if not shown.checks.passed:
        raise typer.Exit(CHECK_FAILED)


def devnet(
    blocks: Annotated[
        int, typer.Option("--blocks", min=5, max=100_000, help="Blocks to play; calm ones follow.")
    ] = 200,
    seed: SeedOption = 1,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="0 lets the system choose.")
    ] = 8545,
    interval: Annotated[
        float, typer.Option("--interval", min=0.01, max=3_600, help="Seconds between blocks.")
    ] = 2.0,
    config: Annotated[
        Path | None, typer.Option("--write-config", help="Write a watcher.toml for it here.")
    ] = None,
    database: Annotated[
        str, typer.Option("--database", help="The database that the written file names.")
    ] = "sqlite:///watcher.db",
    only_prepare: Annotated[
        bool, typer.Option("--prepare", help="Fetch and compile what it needs, then end.")
    ] = False,
) -> None:
    """Run the local world as a node of its own, for `watcher run` to watch, until stopped."""
    toolchain = _toolchain()
    if only_prepare:
        from watcher.cli.fonts import report_fonts

        report_fonts()
        typer.echo("local world: ready", err=True)
        return
    from watcher.devnet.background import run_devnet
    from watcher.devnet.configuration import to_toml
    from watcher.devnet.play import PlayedBlock
    from watcher.devnet.world import World
    from watcher.errors import InputError

    def ready(world: World, url: str) -> None:
        typer.echo(f"local world: {len(world.entries.targets)} targets at {url}", err=True)
        if config is None:
            return
        text = to_toml(world, endpoint_url=url, database_url=database, racing=True)
        try:
            config.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{config} cannot be written: {error.strerror}") from None
        typer.echo(f"local world: wrote {config}, try `watcher run --config {config}`", err=True)

    def tell(played: PlayedBlock) -> None:
        typer.echo(f"{played.number:>6}  {played.scene:<18}  {played.text}")

    stopped_by = run_devnet(
        toolchain,
        port=port,
        blocks=blocks,
        seed=seed,
        interval=interval,
        on_ready=ready,
        on_block=tell,
    )
    if stopped_by is signal.SIGINT:
        raise KeyboardInterrupt("the local world has ended, nothing of it is kept")


def _demo_ended(keep: Path | None) -> str:
    left = "nothing of it is kept" if keep is None else f"{keep} holds the blocks up to here"
    return f"the local world has ended, {left}"


def _toolchain() -> Toolchain:
    """Anvil and the contracts, fetched and compiled where they are not in the cache yet."""
    from watcher.cli.session import cache_folder
    from watcher.devnet.artifacts import prepare

    def tell(name: str, done: int, total: int) -> None:
        typer.echo(f"local world: {name} ({done}/{total})", err=True)

    return prepare(cache_folder(), progress=tell)
