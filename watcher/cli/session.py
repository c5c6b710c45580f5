"""What most commands begin with: the configuration and its database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.store import Store


def read_config(given: Path | None) -> Config:
    """The checked configuration that `--config`, WATCHER_CONFIG or this folder names."""
    from watcher.config import find_config, load_config

    return load_config(find_config(given, os.environ), os.environ)


def open_store(config: Config, *, create: bool = False) -> Store:
    """The configured database; with `create` it is made, or brought up to this program's schema.

    Without, raises StoreError unless its schema is exactly this program's.
    """
    from watcher.store import Store

    return Store.create(config.database) if create else Store.open(config.database)


def cache_folder() -> Path:
    """Where the contracts of the local world are kept: WATCHER_CACHE, else the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("WATCHER_CACHE")
    return Path(chosen) if chosen else user_cache_path("imbalance-watcher", appauthor=False)
