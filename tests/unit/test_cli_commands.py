"""What all commands share: help for everything, and nothing heavy before one of them runs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from watcher.cli.app import app

HEAVY = (
    "numpy",
    "sqlalchemy",
    "sqlmodel",
    "web3",
    "rich",
    "aiohttp",
    "cattrs",
    "fastapi",
    "uvicorn",
    "prometheus_client",
    "watcher.store",
)


def leaves(command: Any, path: str = "watcher") -> list[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        return [(path, command)]
    return [leaf for name, each in below.items() for leaf in leaves(each, f"{path} {name}")]


COMMANDS = leaves(get_command(app))


def test_the_commands_that_read_are_there() -> None:
    names = {path.removeprefix("watcher ") for path, _ in COMMANDS}
    wanted = {"status", "history", "state", "quote", "measure", "recompute"}
    assert wanted | {"db upgrade", "db current", "db backup", "db restore"} <= names


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_and_option_has_help(path: str, command: Any) -> None:
    assert command.help
    assert [each.name for each in command.params if not getattr(each, "help", None)] == []


@pytest.mark.parametrize("group", [[], ["db"], ["notify"]], ids=["watcher", "db", "notify"])
def test_no_summary_is_cut_in_the_list_of_commands(group: list[str]) -> None:
    done = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"})
    assert "Commands:" in done.output
    assert "..." not in done.output.replace("[ARGS]...", "")


def test_loading_the_commands_loads_nothing_heavy() -> None:
    code = "import sys, watcher.cli.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "watcher.cli.commands.analysis" in loaded
    assert [name for name in HEAVY if name in loaded] == []
