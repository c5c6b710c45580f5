"""`watcher` as a process of its own, the way a user runs it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

WATCHER = (sys.executable, "-m", "watcher")
PLAIN = {"NO_COLOR": "1", "COLUMNS": "200"}
START_SECONDS = 60.0


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The machine's own, without anything that configures a watcher but its cache."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith("WATCHER_") or k == "WATCHER_CACHE"
    }
    return {**kept, **PLAIN, **(extra or {})}


def watcher(
    *arguments: str,
    cwd: Path,
    extra: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*WATCHER, *arguments],
        cwd=cwd,
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start(*arguments: str, cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """A process in the background, both of its outputs in `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*WATCHER, *arguments], cwd=cwd, env=environment(), stdout=output, stderr=output
        )


def wait_until_it_says(words: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while words not in log.read_text():
        assert process.poll() is None, log.read_text()[-4_000:]
        assert time.monotonic() < until, log.read_text()[-4_000:]
        time.sleep(0.02)
