"""What a command analyses: a stored target as of a block, or a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.cli.output import note
from watcher.cli.session import open_store, read_config
from watcher.errors import ConfigError, InputError
from watcher.math.prices import priced_tokens
from watcher.math.settings import Settings
from watcher.math.subject import Beside, Subject
from watcher.report.naming import labels_of
from watcher.state.kinds import State
from watcher.state.price import unknown_price
from watcher.state.snapshot import Snapshot, snapshot_from_json

if TYPE_CHECKING:
    from watcher.store import Store

MOST_BYTES = 1_000_000
"""Every state that is stored is a thousand times smaller."""

UNNAMED_UNIT = "units of account"


@dataclass(frozen=True, slots=True)
class Found:
    """`previous` is the state one block earlier, None where it is not known. `settings` are the
    configuration's, or the defaults where there is none; `labels` what is watched beside it, by
    address; `beside` what the figures of its basket depend on."""

    snapshot: Snapshot
    previous: State | None
    settings: Settings
    labels: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[Beside, ...] = ()

    @property
    def subject(self) -> Subject:
        """What the measures use; a file's prices need no source to be judged by."""
        target = self.snapshot.target
        known = {price.token: price for price in self.snapshot.prices or ()}
        why = "the file holds no prices" if self.snapshot.prices is None else "it has no price"
        prices = {
            token: known.get(token) or unknown_price(token, why) for token in priced_tokens(target)
        }
        return Subject(target, self.snapshot.state, self.previous, prices, beside=self.beside)


def find_subject(
    target: str | None, *, file: Path | None, at: int | None, config: Path | None
) -> Found:
    """From the store by TARGET and `--at`, or from `--state FILE` alone."""
    if (target is None) == (file is None):
        raise InputError("name a target, or a file with --state, and not both")
    if file is None:
        return _stored(str(target), at=at, config=config)
    if at is not None:
        raise InputError("a file has one block: leave out --at or --state")
    snapshot = load_snapshot(file)
    return Found(snapshot, None, _settings_or_defaults(config))


def load_snapshot(file: Path) -> Snapshot:
    """Raises InputError, with the file's name, unless `watcher state` could have written it."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise InputError(f"{file} is over {MOST_BYTES:,} bytes: no state is so large")
    try:
        return snapshot_from_json(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{file}: it is no UTF-8 text") from None
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _stored(text: str, *, at: int | None, config: Path | None) -> Found:
    checked = read_config(config)
    with open_store(checked) as store:
        target = store.find_target(text)
        snapshot = store.snapshot(target.id, at)
        previous = _previous(store, snapshot)
        labels = labels_of(store.targets(), target.chain_id)
        basket = checked.settings.exit_of(target.id)
        beside = _beside(store, snapshot, basket.beside if basket else ())
    return Found(snapshot, previous, checked.settings, labels, beside)


def _beside(store: Store, snapshot: Snapshot, target_ids: tuple[str, ...]) -> tuple[Beside, ...]:
    """What was in force of other targets at the same block; those that have not been read yet are
    missing, as they are for the service."""
    found = []
    for target_id in target_ids:
        try:
            standing = store.observation_as_of(target_id, snapshot.block.number)
        except InputError:
            # nobody has confirmed it yet
            continue
        if standing is not None:
            target = store.find_target(target_id)
            found.append(Beside(target, standing.observation.state))
    return tuple(found)


def _previous(store: Store, snapshot: Snapshot) -> State | None:
    """What was in force at the stored block before, which the service compared with."""
    try:
        standing = store.observation_as_of(snapshot.target.id, snapshot.block.number - 1)
    except InputError:
        # The history begins with this block.
        return None
    return standing.observation.state if standing else None


def _settings_or_defaults(config: Path | None) -> Settings:
    """A file needs no configuration; a broken one that nobody named is only told of."""
    from watcher.config.load import DEFAULT_NAME, DEFAULT_SIZES

    # A file does not say which money its prices are in.
    defaults = Settings(unit=UNNAMED_UNIT, sizes=DEFAULT_SIZES, prices=())
    named = config is not None or "WATCHER_CONFIG" in os.environ
    if not named and not Path(DEFAULT_NAME).is_file():
        return defaults
    try:
        return read_config(config).settings
    except ConfigError as error:
        if named:
            raise
        note(f"{error.source} cannot be used: the trade sizes are the defaults")
        return defaults
