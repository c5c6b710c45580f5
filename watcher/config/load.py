"""From watcher.toml to a Config, or to everything that is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from watcher.alerts.health import DEFAULT_LIMITS
from watcher.config import fields
from watcher.config.api import read_api
from watcher.config.baskets import BasketReader
from watcher.config.environment import expand, unknown_variables
from watcher.config.exploit import read_exploit
from watcher.config.prices import (
    PriceEntry,
    Reader,
    check_sources,
    native_sources,
    read_votes,
)
from watcher.config.receivers import read_receivers, read_watchdog
from watcher.config.rules import read_rules
from watcher.config.section import Section
from watcher.config.sections import read_chain, read_limits, read_target
from watcher.config.values import Config
from watcher.errors import ConfigError, InputError, Problem
from watcher.math.settings import Settings
from watcher.protocols import Entry
from watcher.state.target import target_id

DEFAULT_NAME = "watcher.toml"
DEFAULT_SIZES: tuple[float, ...] = (1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
MOST_SIZES = 32
SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"


def find_config(given: Path | None, environment: Mapping[str, str]) -> Path:
    """The file that `--config` or WATCHER_CONFIG names, else watcher.toml of this folder."""
    path = given or Path(environment.get("WATCHER_CONFIG") or DEFAULT_NAME)
    if not path.is_file():
        raise InputError(
            f"there is no {path}: write one with `watcher init`, or name it with --config"
        )
    return path


def load_config(path: Path, environment: Mapping[str, str]) -> Config:
    """Read and check the whole file. Raises ConfigError with every problem at once."""
    problems = unknown_variables(environment)
    expanded, unset = expand(_parse(path), path="", environment=environment)
    problems += unset
    root = Section(expanded, "", problems)
    config = _read(root, path)
    root.finish()
    if problems or config is None:
        raise ConfigError(_distinct(problems), source=path.name)
    return config


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            [Problem("", f"cannot be read: {error.strerror}")], source=path.name
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem("", "is no UTF-8 text")], source=path.name) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Problem("", f"is no valid TOML: {error}")], source=path.name) from None


def _read(root: Section, path: Path) -> Config | None:
    unit = root.optional("unit", fields.text, "USD")
    database = root.optional("database", lambda value: _database(value, path), "")
    if not database:
        database = _database(f"{SQLITE}watcher.db", path)
    sizes = root.optional("sizes", _sizes, DEFAULT_SIZES)
    sections = root.tables("chains")
    read = [(section, read_chain(key, section)) for key, section in sections.items()]
    chains = [(section, chain) for section, chain in read if chain is not None]
    if not sections:
        root.problem("chains", 'is missing: name a chain, [chains."eip155:1"]')
    chain_ids = set(filter(None, map(fields.chain_id_or_none, sections)))
    targets = [read_target(section, chain_ids) for section in root.list("targets")]
    if not targets:
        root.problem("targets", "is missing: name at least one pool or vault")
    reader = Reader(chain_ids, tuple(filter(None, targets)))
    prices = (
        *filter(None, map(reader.read, root.list("prices"))),
        *(one for section, chain in chains for one in native_sources(section, chain)),
    )
    check_sources(prices)
    votes = read_votes(root.table("votes"))
    limits = {
        name: found
        for name, section in root.tables("limits").items()
        if (found := read_limits(name, section)) is not None
    }
    exploit = read_exploit(root.table("exploit")) if root.has("exploit") else None
    entries = _with_feeds(root, targets, prices)
    api = read_api(root.table("api"))
    basket_reader = BasketReader(tuple(filter(None, targets)))
    baskets = tuple(filter(None, map(basket_reader.read, root.list("baskets"))))
    receivers = read_receivers(root)
    return Config(
        path=path,
        database=database,
        settings=Settings(
            unit=unit,
            sizes=sizes,
            prices=tuple(one.source for one in prices),
            votes=votes,
            exits=tuple(filter(None, (basket.measured for basket in baskets))),
        ),
        chains=tuple(chain for _, chain in chains),
        entries=entries,
        limits={**DEFAULT_LIMITS, **limits},
        api=api,
        baskets=baskets,
        receivers=receivers,
        watchdog=read_watchdog(root),
        rules=read_rules(root, entries),
        exploit=exploit,
    )


def _with_feeds(
    root: Section, targets: Sequence[Entry | None], prices: Sequence[PriceEntry]
) -> tuple[Entry, ...]:
    """The targets and, once each, what else the prices read; duplicates are noted."""
    entries: dict[str, Entry] = {}
    names: set[str] = set()
    for row, entry in enumerate(targets):
        if entry is None:
            continue
        found = target_id(entry.chain_id, entry.protocol, entry.address, entry.key)
        if found in entries:
            root.problem(f"targets[{row}]", f"repeats {entry.address}: remove one of them")
        if entry.name.lower() in names:
            root.problem(f"targets[{row}].name", f'"{entry.name}" is used twice: choose another')
        names.add(entry.name.lower())
        entries.setdefault(found, entry)
    for one in prices:
        if one.entry is not None and one.watched:
            entries[one.source.feed_id] = one.entry
        elif one.entry is not None:
            entries.setdefault(one.source.feed_id, one.entry)
    return tuple(entries.values())


def _sizes(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_SIZES:
        raise ValueError(f"write a list of 1 to {MOST_SIZES} trade sizes in the unit of account")
    sizes = tuple(sorted(fields.positive(item) for item in value))
    if len(set(sizes)) != len(sizes):
        raise ValueError("a size stands in the list twice")
    return sizes


def _database(value: object, path: Path) -> str:
    """A database URL; the path of an SQLite file is relative to the configuration file."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"write {SQLITE}FILE or {POSTGRESQL}...")
    if value.startswith(SQLITE) and value != SQLITE:
        file = path.parent.resolve() / value.removeprefix(SQLITE)
        return f"{SQLITE}{file}"
    if value.startswith(POSTGRESQL):
        return value
    raise ValueError(
        f"is no database that this program knows: write {SQLITE}FILE or {POSTGRESQL}..."
    )


def _distinct(problems: list[Problem]) -> list[Problem]:
    """The first problem of each key: what follows at the same key was caused by it."""
    first: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        is_key = problem.path not in ("", "environment")
        first.setdefault((problem.path, "" if is_key else problem.text), problem)
    return list(first.values())
