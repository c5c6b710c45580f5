"""One Anvil with the real contracts for the whole session, and a fork of it for single tests."""

import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xprocess import ProcessStarter

from watcher.chain.anvil import AnvilOptions, command
from watcher.devnet.artifacts import Toolchain, prepare
from watcher.devnet.deploy import deploy_world
from watcher.devnet.fetch import default_cache
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.world import World

LISTENING = re.compile(r"^Listening on 127\.0\.0\.1:(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LocalWorld:
    """A chain and what stands on it."""

    chain: LocalChain
    world: World


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    return prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache()))


@pytest.fixture(scope="session")
def world_node(
    xprocess: Any, pytestconfig: pytest.Config, toolchain: Toolchain
) -> Iterator[LocalWorld]:
    """The world as it was deployed, shared by the session: read it, or leave it as it was."""
    with _anvil(xprocess, pytestconfig, "world", toolchain, local_options()) as chain:
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


@pytest.fixture(scope="session")
def _fork(
    xprocess: Any, pytestconfig: pytest.Config, toolchain: Toolchain, world_node: LocalWorld
) -> Iterator[LocalWorld]:
    pinned = AnvilOptions(
        automine=False,
        code_size_limit=False,
        fork_url=world_node.chain.url,
        fork_block_number=world_node.chain.head().number,
    )
    with _anvil(xprocess, pytestconfig, "fork", toolchain, pinned) as chain:
        yield LocalWorld(chain, world_node.world)


@pytest.fixture
def fork_node(_fork: LocalWorld) -> Iterator[LocalWorld]:
    """A fork of the world at a pinned block; what a test does to it is undone after the test."""
    snapshot = _fork.chain.snapshot()
    try:
        yield _fork
    finally:
        _fork.chain.revert(snapshot)


@pytest.fixture(scope="module")
def fork_site(_fork: LocalWorld) -> Iterator[LocalWorld]:
    """The same fork for a whole module, to build on; what it builds is undone after its tests."""
    snapshot = _fork.chain.snapshot()
    try:
        yield _fork
    finally:
        _fork.chain.revert(snapshot)


@contextmanager
def _anvil(
    xprocess: Any, config: pytest.Config, name: str, toolchain: Toolchain, options: AnvilOptions
) -> Iterator[LocalChain]:
    """An Anvil under xprocess' care, in a folder of its own that goes with it.

    The name is this session's own: xprocess remembers processes by name from one session to the
    next, and would take whatever has the old process id by now for ours.
    """
    control_name = f"{name}-{os.getpid()}"
    folder = Path(xprocess.getinfo(control_name).controldir)

    class Starter(ProcessStarter):  # type: ignore[misc]  # xprocess has no types
        args = command(toolchain.anvil, options)
        env = {"HOME": str(folder)}  # noqa: RUF012 — the attribute that xprocess reads
        pattern = LISTENING.pattern
        timeout = 30
        max_read_lines = 200
        terminate_on_interrupt = True

    try:
        with warnings.catch_warnings():
            # xprocess forks with a preexec_fn, which 3.12 warns of when there are threads
            warnings.simplefilter("ignore", DeprecationWarning)
            _, log = xprocess.ensure(control_name, Starter, persist_logs=False)
        listening = LISTENING.search(Path(log).read_text("utf-8"))
        assert listening is not None
        chain = LocalChain(f"http://127.0.0.1:{listening[1]}")
        chain.request("anvil_setLoggingEnabled", False)
        yield chain
    finally:
        _end(xprocess, config, control_name)
        shutil.rmtree(folder, ignore_errors=True)


def _end(xprocess: Any, config: pytest.Config, control_name: str) -> None:
    """Terminate and reap; xprocess alone would leave its files open and the child unreaped."""
    for resources in list(xprocess.resources):
        if resources.info is not None and resources.info[0].name == control_name:
            resources.info[0].terminate()
            resources.release()
            xprocess.resources.remove(resources)
    config.__dict__.get("_extlogfiles", {}).pop(control_name, None)
