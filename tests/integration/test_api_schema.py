"""Schemathesis against the described interface, over a history made by hand; bounded in time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.effort import examples

if TYPE_CHECKING:
    from httpx import Client

SECONDS = 240
NOTHING_WRONG = "No issues found"


def test_fault_49_schemathesis_finds_nothing(web: Client, tmp_path: Path) -> None:
    """All its checks in all its phases: examples, bounds and what lies beyond them, random
    requests, and requests made of what earlier answers held."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            str(schemathesis),
            "run",
            f"{web.base_url}api/v1/openapi.json",
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
