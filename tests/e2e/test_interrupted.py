"""Ctrl-C and SIGTERM: what is safe is said, and nothing is left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.command import WATCHER, environment
from tests.e2e.conftest import Devnet

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Where the suite itself is a shell's background job, Ctrl-C is ignored: by it, and by each
    process that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def stopped(
    arguments: list[str],
    number: signal.Signals,
    *,
    cwd: Path,
    begun: Callable[[str], bool],
    scratch: Path,
) -> tuple[int, str]:
    """Exit code and the last line of a command that gets a signal once its output says `begun`."""
    log = cwd / "signalled.log"
    scratch.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*WATCHER, *arguments],
            cwd=cwd,
            env=environment({"TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}),
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + 60
        while not begun(log.read_text()):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        process.send_signal(number)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()
    return code, log.read_text().splitlines()[-1]


def test_run_says_that_it_goes_on(devnet: Devnet) -> None:
    code, last = stopped(
        ["run"],
        signal.SIGINT,
        cwd=devnet.folder,
        begun=lambda said: said.count("] block ") > 1,
        scratch=devnet.folder / "scratch",
    )
    assert code == 130
    assert last == "interrupted: every stored block is whole; `watcher run` goes on after the last"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, code: int) -> None:
    scratch = tmp_path / "scratch"
    ended, last = stopped(
        ["demo", "--blocks", "1000"],
        number,
        cwd=tmp_path,
        begun=lambda said: said.count(" calm ") > 1,
        scratch=scratch,
    )
    assert ended == code
    if number is signal.SIGINT:
        assert last == "interrupted: the local world has ended, nothing of it is kept"
    assert os.listdir(scratch) == []
