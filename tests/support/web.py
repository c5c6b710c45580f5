"""The web app over a history with everything in it: flows, gaps, events of endpoints, a reorg."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli_history import (
    CHAIN,
    FIRST,
    LATEST,
    NEWEST,
    NOW,
    OFF,
    SECONDS,
    SETTINGS,
    TARGETS,
    USDC,
    VAULT,
    WETH,
    configuration,
    dollars,
    observation,
    readings,
)
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block
from watcher.state.alert import AlertEvent
from watcher.state.endpoint_event import EndpointEvent, EventKind
from watcher.state.flow import Decoded, Flow, FlowAmount, FlowKind, FlowReading, Side
from watcher.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx import Client

    from watcher.api.telemetry import ServiceFigures
    from watcher.config import Config

LIE = "node-b answered <img src=x onerror=alert(1)> {{7*7}}"
SCOPE = tuple(sorted((OFF.id, VAULT.id)))
SWAP = Flow(
    3,
    FlowKind.SWAP,
    WETH.address,
    (FlowAmount(Side.IN, WETH.address, 2**70), FlowAmount(Side.OUT, USDC.address, 42_200 * 10**6)),
)
FLOWS = {
    104: FlowReading(SCOPE, (Decoded(VAULT.id, (), "log 9 is no Deposit event"),)),
    106: FlowReading(SCOPE, (Decoded(OFF.id, (SWAP,)),)),
}


def hashed(number: int, fork: int = 0) -> str:
    return f"0x{fork:02x}{number:062x}"


def block(number: int, *, fork: int = 0) -> Block:
    seconds = LATEST - SECONDS * (NEWEST - number)
    return Block(CHAIN, number, hashed(number, fork), hashed(number - 1), seconds)


class Writer:
    """Commits blocks one after the other, as a service does."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def commit(
        self,
        number: int,
        *,
        fork: int = 0,
        usdc: int | None = None,
        alerts: Sequence[AlertEvent] = (),
    ) -> None:
        """On whichever block is stored. `usdc` is what OFF holds beside its WETH, where it is not
        as in `readings`; `alerts` happen at the block."""
        start = LATEST - SECONDS * (NEWEST - FIRST)
        stored = self.store.resume(CHAIN)
        branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
        # On another branch one pool has another price, so that its figures tell which one it is.
        seen = readings(100 if fork else number, start)
        observed = {target.id: observation(target, found) for target, found in seen}
        if usdc is not None:
            observed[OFF.id] = observation(OFF, dollars(usdc))
        parent = hashed(number - 1) if stored.cursor is None else stored.cursor.hash
        advanced = advance(
            branch,
            replace(block(number, fork=fork), parent_hash=parent),
            observed,
            watchlist(TARGETS, SETTINGS),
            flows=FLOWS.get(number, FlowReading(SCOPE)),
        )
        self.store.commit_tick(replace(advanced.tick, alerts=tuple(alerts)))


def fill(url: str) -> None:
    """Blocks FIRST to NEWEST, and two above them that a reorg has undone."""
    with Store.create(url) as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        writer = Writer(store)
        for number in range(FIRST, NEWEST + 1):
            writer.commit(number)
        writer.commit(NEWEST + 1, fork=0xF)
        store.rewind(CHAIN, hashed(NEWEST))
        for first in range(10, 50, 10):
            store.record_gap(CHAIN, first, first + 3, "away for too long")
        store.close_gap(CHAIN, 10, 13)
        store.record_endpoint_events(
            [
                EndpointEvent(CHAIN, "127.0.0.1:9", EventKind.KEY_REFUSED, "the key is refused"),
                EndpointEvent(CHAIN, "node-b", EventKind.VALUE_OUTVOTED, LIE, block(102)),
                EndpointEvent(CHAIN, "node-b", EventKind.AGREES_AGAIN, "it agrees again"),
            ]
        )


@pytest.fixture(scope="session")
def web_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("web") / "watcher.db"
    fill(f"sqlite:///{database}")
    (database.parent / "watcher.toml").write_text(configuration())
    return database


@pytest.fixture
def web_folder(tmp_path: Path, web_history: Path) -> Path:
    """A configuration and a history of its own."""
    import shutil

    for file in web_history.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


@contextmanager
def client_of(
    folder: Path, *, now: float = NOW, service: ServiceFigures | None = None, **changes: Any
) -> Iterator[Client]:
    """A client of the app over the history of a folder, through a real server on loopback;
    `changes` are of its configuration."""
    from httpx import Client

    from watcher.api.server import Server, address, listen
    from watcher.config import load_config

    config: Config = replace(load_config(folder / "watcher.toml", {}), **changes)
    app = make_app(config, now=lambda: now, service=service)
    listening = listen("127.0.0.1", 0)
    base = address(listening)
    with Server(app, listening).beside(), Client(base_url=base, trust_env=False) as client:
        yield client


def make_app(
    config: Config, *, now: Callable[[], float], service: ServiceFigures | None = None
) -> FastAPI:
    from watcher.api import create_app
    from watcher.cli.serving import new_judge
    from watcher.cli.session import open_history

    return create_app(
        config, partial(open_history, config), judge=new_judge(), now=now, service=service
    )


# Not of the session: a test with a clock of its own would put to sleep what serves beside it.
@pytest.fixture(scope="module")
def web(web_history: Path) -> Iterator[Client]:
    """Of the history that all tests share: none writes into it."""
    with client_of(web_history.parent) as client:
        yield client


@pytest.fixture
def own_web(web_folder: Path) -> Iterator[Client]:
    """Of a history that the test may write into."""
    with client_of(web_folder) as client:
        yield client


def got(client: Client, path: str, **parameters: Any) -> Any:
    """The JSON of an answer that must be 200."""
    answer = client.get(path, params=parameters or None)
    assert answer.status_code == 200, answer.text
    return answer.json()
