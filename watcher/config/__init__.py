"""The configuration: read from watcher.toml, checked as a whole, handed on as plain values."""

from watcher.config.baskets import Basket
from watcher.config.load import find_config, load_config
from watcher.config.values import ChainConfig, Config, single_endpoint

__all__ = ["Basket", "ChainConfig", "Config", "find_config", "load_config", "single_endpoint"]
