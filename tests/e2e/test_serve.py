"""`watcher run --serve` and `watcher serve` as processes: over one history, at once."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.command import start, wait_until_it_says
from tests.e2e.conftest import Devnet

pytestmark = pytest.mark.e2e


@contextmanager
def serving(*arguments: str, folder: Path, name: str) -> Iterator[tuple[Any, httpx.Client]]:
    """A process that serves, and a client of it."""
    log = folder / f"{name}.log"
    process = start(*arguments, "--port", "0", cwd=folder, log=log)
    try:
        wait_until_it_says("serving http", process, log)
        [base] = re.findall(r"serving (http://\S+/)", log.read_text())
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(30)


def metric(client: httpx.Client, name: str) -> float:
    """The sum of a metric's samples; 0 while there is none."""
    text = client.get("/metrics").raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"imbalance_watcher_{name}"
    )


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    process.send_signal(number)
    return process.wait(60)


def test_two_serve_one_history_that_one_of_them_writes(devnet: Devnet) -> None:
    folder = devnet.folder
    with serving("run", "--serve", folder=folder, name="run") as (run, beside):
        until = time.monotonic() + 60
        while metric(beside, "tick_seconds_count") < 3:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert beside.get("/readyz").status_code == 200
        assert metric(beside, "endpoint_ready") == 1
        with serving("serve", folder=folder, name="serve") as (alone, client):
            first = metric(client, "chain_head_block")
            while metric(client, "chain_head_block") == first:
                assert time.monotonic() < until
                time.sleep(0.1)
            assert "imbalance_watcher_tick_seconds" not in client.get("/metrics").text
            [chain] = client.get("/api/v1/chains").json()["chains"]
            assert chain["missing_blocks"] == 0
            stored = chain["newest"]["number"]
            assert beside.get("/api/v1/chains").json()["chains"][0]["newest"]["number"] >= stored
            targets = client.get("/api/v1/targets").json()["targets"]
            assert {one["status"] for one in targets} >= {"ok"}
            assert ended(alone, signal.SIGTERM) == 0
        assert ended(run, signal.SIGTERM) == 0
    assert "Traceback" not in (folder / "run.log").read_text()
    with serving("serve", folder=folder, name="interrupted") as (alone, client):
        assert client.get("/healthz").status_code == 200
        assert ended(alone, signal.SIGINT) == 130
    last = (folder / "interrupted.log").read_text().splitlines()[-1]
    assert last == "interrupted: nothing was being written; `watcher serve` starts again"
