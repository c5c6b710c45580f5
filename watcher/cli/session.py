"""What most commands begin with: the configuration and its database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watcher.config import ChainConfig, Config
    from watcher.store import Store


def read_config(given: Path | None) -> Config:
    """The checked configuration that `--config`, WATCHER_CONFIG or this folder names."""
    from watcher.config import find_config, load_config

    return load_config(find_config(given, os.environ), os.environ)


async def chain_to_ask(chain: str | None, rpc: str | None, given: Path | None) -> ChainConfig:
    """The chain that `--chain` names, through `--rpc` or the endpoints of the configuration; with
    `--rpc` alone the one that the node says it serves, which is noted.

    Raises InputError where the two do not say one chain and a way to it, ReadError where the node
    does not say its own.
    """
    from watcher.chain.client import served_chain
    from watcher.chain.endpoint import endpoint_name, endpoint_problem
    from watcher.cli.output import note
    from watcher.config import fields, single_endpoint
    from watcher.errors import InputError

    try:
        chain_id = fields.chain_id(chain) if chain is not None else None
    except ValueError as error:
        raise InputError(f"--chain: {error}") from None
    if rpc is not None:
        if (problem := endpoint_problem(rpc)) is not None:
            raise InputError(f"--rpc: {problem}")
        if chain_id is None:
            chain_id = await served_chain(rpc)
            note(f"no --chain: {endpoint_name(rpc)} says that it serves eip155:{chain_id}")
        return single_endpoint(chain_id, rpc)
    chains = read_config(given).chains
    if chain_id is None and len(chains) > 1:
        raise InputError("the configuration has several chains: say which with --chain")
    for one in chains:
        if chain_id in (None, one.chain_id):
            return one
    raise InputError(f"{chain} is not in the configuration: give its node with --rpc")


def open_store(config: Config, *, create: bool = False) -> Store:
    """The configured database; with `create` it is made, or brought up to this program's schema.

    Without, raises StoreError unless its schema is exactly this program's.
    """
    from watcher.store import Store

    return Store.create(config.database) if create else Store.open(config.database)


def open_history(config: Config) -> Store:
    """The configured database for reading alone. Raises StoreError as `open_store`."""
    from watcher.store import Store

    return Store.open(config.database, read_only=True)


def cache_folder() -> Path:
    """Where the contracts of the local world are kept: WATCHER_CACHE, else the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("WATCHER_CACHE")
    return Path(chosen) if chosen else user_cache_path("imbalance-watcher", appauthor=False)
