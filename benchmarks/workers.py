"""A contestant's process, as the one who measures sees it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from benchmarks.environments import ROOT, environment
from benchmarks.peers.question import Head, Question
from benchmarks.peers.worker import READY, Measured
from watcher.errors import SetupError

PATIENCE = 300.0
"""Seconds for one reading: thousands of single calls on a busy machine."""

SHOWN = 5
"""Last lines of what a contestant printed, when it fails."""


class Worker:
    def __init__(self, name: str, process: asyncio.subprocess.Process, printed: IO[str]) -> None:
        self.name = name
        self._process = process
        self._printed = printed

    async def prepare(self, question: Question) -> None:
        """Raises SetupError, as `read` does, when the process ends or is too late."""
        if await self._told(asdict(question)) != READY:
            raise self._failed("said something else than that it is ready")

    async def read(self, head: Head) -> Measured:
        return Measured(**json.loads(await self._told(asdict(head))))

    async def _told(self, order: dict[str, object]) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process was started without pipes")
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            await stdin.drain()
            line = await asyncio.wait_for(stdout.readline(), PATIENCE)
        except TimeoutError:
            raise self._failed(f"took more than {PATIENCE:g} s") from None
        except ConnectionError:
            raise self._failed("ended") from None
        if not line:
            raise self._failed("ended")
        return line.decode()

    def _failed(self, what: str) -> SetupError:
        self._printed.seek(0)
        last = " | ".join(self._printed.read().strip().splitlines()[-SHOWN:])
        return SetupError(f"the contestant {self.name} {what}: {last or 'it printed nothing'}.")


@asynccontextmanager
async def run_worker(name: str, python: Path) -> AsyncIterator[Worker]:
    """A process that ends with the block."""
    with tempfile.TemporaryFile("w+") as printed:
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-m",
            "benchmarks.peers.worker",
            name,
            cwd=ROOT,
            env=environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=printed,
        )
        try:
            yield Worker(name, process, printed)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
