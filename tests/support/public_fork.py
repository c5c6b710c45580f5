"""A fork of a public chain, or of a local world as if it were one, and what is watched there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from tests.support.adapters import entries
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.chain.endpoint import Endpoint
from watcher.chain.jsonrpc import JsonRpc, Result, request
from watcher.chain.transport import HttpTransport, http_session
from watcher.cli.app import app
from watcher.config import load_config
from watcher.config.lists import list_names
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.world import World
from watcher.protocols import Entry

VARIABLE = "WATCHER_FORK_URL"
BASE_FEE = 10**9
"""What a block that we mine on the fork costs, whatever the public chain costs now."""


async def chain_id_of(url: str) -> int:
    """What the node says. Its errors hold the host alone."""
    async with http_session(connections=1) as session:
        transport = HttpTransport(session, Endpoint(url), response_cap=4_096)
        reply = await JsonRpc(transport).call(request("eth_chainId"))
    assert isinstance(reply, Result), reply
    assert isinstance(reply.value, str)
    return int(reply.value, 16)


@contextmanager
def fork_of(url: str, *, chain_id: int, anvil: Path) -> Iterator[LocalChain]:
    """An Anvil that forks the chain at its head; it mines only what it is told to."""
    options = AnvilOptions(chain_id=chain_id, fork_url=url, automine=False)
    with run_anvil(anvil, options) as fork:
        chain = LocalChain(fork.url)
        chain.request("anvil_setNextBlockBaseFeePerGas", hex(BASE_FEE))
        yield chain


def watched(chain_id: int, world: World, folder: Path) -> list[Entry]:
    """The entries of the shipped lists on that chain; on the local world's chain all that stands
    in a world, whose addresses are always the same."""
    if chain_id == world.chain_id:
        return entries(world)
    found = [entry for name in list_names() for entry in _listed(name, folder)]
    of_chain = [entry for entry in found if entry.chain_id == chain_id]
    if not of_chain:
        pytest.fail(
            f"no shipped watch-list is of eip155:{chain_id}: give {VARIABLE} of Ethereum, or of a "
            "local world (`watcher devnet`)"
        )
    return of_chain


def _listed(name: str, folder: Path) -> tuple[Entry, ...]:
    file = folder / f"{name}.toml"
    done = CliRunner().invoke(app, ["init", "--list", name, str(file)])
    assert done.exit_code == 0, done.output
    return load_config(file, {"ETH_RPC_URL": "http://127.0.0.1:1"}).entries


def secret_of(url: str) -> str:
    """All of a URL that could hold a key, as it would be on a command line; empty for none."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")
    behind = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    return user or behind
