"""docs/deploy: what its files say of this program is so. They cannot be run here."""

from __future__ import annotations

import json
import re
import shlex
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from typer.main import get_command

from watcher.cli.app import app
from watcher.config.environment import KNOWN_VARIABLES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "deploy"
UNIT = (FOLDER / "imbalance-watcher.service").read_text()
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
PAGE = (ROOT / "docs" / "deploy.md").read_text()


def service() -> dict[str, list[str]]:
    """Keys may be there several times."""
    found: dict[str, list[str]] = {}
    for line in UNIT.splitlines():
        if re.match(r"\w+=", line):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    whole = re.sub(
        r"\\\n\s*",
        "",
        "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")),
    )
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in whole.splitlines())]


def said(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def commands() -> list[list[str]]:
    """All that call the watcher, without its name."""
    (entry,), (arguments,) = said("ENTRYPOINT"), said("CMD")
    lines = [*service()["ExecStart"], *re.findall(r"^    (watcher .*)$", PAGE, re.MULTILINE)]
    lines += re.findall(r"`(watcher [^`]+)`", PAGE)
    found = [[*json.loads(entry), *json.loads(arguments)], *map(shlex.split, lines)]
    return [words[1:] for words in found if Path(words[0]).name == "watcher"]


def problem(words: list[str]) -> str:
    """What is wrong with a command; empty where nothing is."""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            return f"no command {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    options = {name for each in command.params for name in each.opts}
    return ", ".join(word for word in rest if word.startswith("-") and word not in options)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_its_commands_and_options_exist(words: list[str]) -> None:
    assert problem(words) == ""


def test_a_command_or_option_that_is_none_is_found() -> None:
    assert len(commands()) >= 8
    assert problem(["run", "--served"]) == "--served"
    assert problem(["db", "dump"]) == "no command db dump"


def test_its_variables_are_those_that_are_read() -> None:
    named = set(re.findall(r"\bWATCHER_\w+", UNIT + DOCKERFILE + PAGE))
    assert named == {"WATCHER_CONFIG", "WATCHER_CACHE"} <= set(KNOWN_VARIABLES)


def test_the_unit_is_one_and_runs_as_a_user_of_its_own() -> None:
    parser = RawConfigParser(strict=False)
    parser.read_string(UNIT)
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert service()["User"] == ["imbalance-watcher"]
    assert service()["NoNewPrivileges"] == ["yes"]
    (state,) = service()["StateDirectory"]
    assert service()["WorkingDirectory"] == [f"/var/lib/{state}"]


def test_the_image_is_made_from_the_wheel_and_not_run_as_root() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    assert len(stages) == 3
    assert "dist/*.whl" in stages[1]
    assert not re.search(r"\b(pip|apt-get|gcc)\b", stages[2])
    (user,) = said("USER")
    assert int(user) > 0
    assert (ROOT / "requirements.lock").is_file()


def test_the_constraints_are_the_lock_without_its_hashes() -> None:
    """What the Dockerfile's sed does, and that pip can read it."""
    assert "sed -e '/--hash=/d' -e 's/ *\\\\$//' /build/requirements.lock" in DOCKERFILE
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    kept = [re.sub(r" *\\$", "", line) for line in lines if "--hash=" not in line]
    pins = [Requirement(line) for line in kept if line and not line.lstrip().startswith("#")]
    assert len(pins) > 100
    assert all(str(pin.specifier).startswith("==") and not pin.extras for pin in pins)
