"""Nodes and folders for whole processes."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.command import start

# The devnet keeps 500 states: on a busy machine, too, no test may play more blocks than that.
INTERVAL = "0.5"


@dataclass(frozen=True, slots=True)
class Devnet:
    """A `watcher devnet` in the background and the folder with the configuration that it wrote."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def config(self) -> Path:
        return self.folder / "watcher.toml"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'watcher.db'}"


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Devnet]:
    """A node on which the scenes play, a block each half a second."""
    config = tmp_path / "watcher.toml"
    arguments = ["--port", "0", "--interval", INTERVAL, "--write-config", str(config)]
    log = tmp_path / "devnet.log"
    process = start("devnet", *arguments, cwd=tmp_path, log=log)
    try:
        for _ in range(1_200):
            if config.exists():
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        assert config.exists(), log.read_text()
        yield Devnet(tmp_path, process)
    finally:
        process.terminate()
        process.wait(30)
