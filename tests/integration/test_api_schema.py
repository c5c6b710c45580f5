"""Schemathesis against the described interface, over a history made by hand; bounded in time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.alerted import FOUND_AT, TAKEN
from tests.support.cli_history import NEWEST, OFF
from tests.support.effort import examples
from tests.support.web import Writer, block, client_of
from watcher.alerts.expression import expression
from watcher.alerts.rule import Rule
from watcher.state.alert import AlertEvent, EventKind
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

SECONDS = 240
NOTHING_WRONG = "No issues found"


@pytest.fixture
def everything(web_folder: Path) -> Iterator[Client]:
    """A history with an alert and a finding too."""
    rule = Rule("dear", expression("spot_price > 1"), "warning")
    at = block(NEWEST + 1)
    fired = AlertEvent("ab" * 32, rule.name, rule.text.hash, OFF.id, EventKind.FIRED, at)
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as store:
        store.save_rules([rule.text])
        Writer(store).commit(NEWEST + 1, alerts=[fired])
        store.add_findings(OFF.id, FOUND_AT, [TAKEN])
    with client_of(web_folder) as client:
        yield client


def test_fault_49_schemathesis_finds_nothing(everything: Client, tmp_path: Path) -> None:
    """All its checks in all its phases: examples, bounds and what lies beyond them, random
    requests, and requests made of what earlier answers held."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            str(schemathesis),
            "run",
            f"{everything.base_url}api/v1/openapi.json",
            f"--max-examples={examples(15, deep=500)}",
            "--seed=1",
            "--generation-database=none",
            "--no-color",
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS * examples(1, deep=10),
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    assert NOTHING_WRONG in done.stdout
