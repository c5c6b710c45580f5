"""Every error that the watcher raises on purpose.

    WatcherError
    ├── InputError      a command was given something it cannot use        exit 2
    ├── ConfigError     the configuration must be changed                  exit 5
    ├── RefusedTarget   the chain contradicts what is said of a target     exit 5
    ├── SetupError      a tool or package of the local world is missing    exit 4
    ├── StoreError      the database cannot be used as it is               exit 5
    │   └── BelowFinality   the node contradicts what is final here: its chain stops
    ├── MathError       the contract would revert: there is no quote
    ├── NotEncoded      a step of a plan cannot be made into calls
    └── ReadError       the chain could not be read                        exit 4
        ├── RevertedCall    one call of one target reverted
        ├── NoCode          nothing is deployed at the address
        ├── DecodeError     the answer is not what the interface promises
        ├── TooLarge        the answer is longer than its cap
        ├── StaleBlock      the pinned block is no longer on the chain
        └── Unavailable     the node did not give an answer
            └── Quarantined     nor to this read alone, kept apart because it made others fail

A message is one sentence: what happened, where, and what to do. It never holds a URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class WatcherError(Exception):
    """Base of the tree; `exit_code` is what a command ends with."""

    exit_code = 1


class InputError(WatcherError):
    """A command's argument or file cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `path` is its key path in the file, `targets[0].address`."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


class ConfigError(WatcherError):
    """Everything that is wrong in one configuration, all at once."""

    exit_code = 5

    def __init__(self, problems: Iterable[Problem], *, source: str = "configuration") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))


class RefusedTarget(WatcherError):
    """The chain does not confirm what the configuration says about a target."""

    exit_code = 5


class SetupError(WatcherError):
    """A tool, package or cache that the local world needs is missing or damaged."""

    exit_code = 4


class StoreError(WatcherError):
    """The database is missing, too old, too new, locked or damaged."""

    exit_code = 5


class BelowFinality(StoreError):
    """The node's chain lacks blocks that are stored as final, or all that are stored."""


class MathError(WatcherError):
    """The contract would revert, so there is no figure; the text is the contract's own reason."""


class NotEncoded(WatcherError):
    """A step of a plan cannot be made into calls; the text says why."""


class ReadError(WatcherError):
    """The chain could not be read."""

    exit_code = 4


class RevertedCall(ReadError):
    """One call of one target reverted."""


class NoCode(ReadError):
    """Nothing is deployed at the target's address."""


class DecodeError(ReadError):
    """An answer is not what the contract's interface promises."""


class TooLarge(ReadError):
    """An answer is longer than the cap that its call allows."""


class StaleBlock(ReadError):
    """The pinned block has left the canonical chain."""


class Unavailable(ReadError):
    """The node gave no answer: unreachable, late, refused, or without the state."""


class Quarantined(Unavailable):
    """A read that made whole requests fail is asked alone since, and fails alone too."""
