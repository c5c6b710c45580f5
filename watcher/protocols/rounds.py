"""Readings in several rounds, written as one generator: it yields calls, takes their answers, and
returns the state. `follow` and `decode` of such an adapter play it again from all answers so far.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from watcher.errors import DecodeError
from watcher.state.call import Answer, Call
from watcher.state.kinds import State
from watcher.state.target import Target

S = TypeVar("S", bound=State)
Reading: TypeAlias = Generator[list[Call], Sequence[Answer], S]


@dataclass(frozen=True, slots=True)
class Replayed(Generic[S]):
    """The calls that come after the answers so far, or the state where none do."""

    asked: list[Call]
    state: S | None

    def whole(self, target: Target) -> S:
        """The state. Raises DecodeError while answers are missing."""
        if self.state is None:
            missing = len(self.asked)
            raise DecodeError(f"{target.label}: {missing} answers of its reading are missing")
        return self.state


def replayed(target: Target, reading: Reading[S], answers: Sequence[Answer]) -> Replayed[S]:
    """Raises what the reading raises, and DecodeError where the answers are not those of one."""
    asked, at = next(reading), 0
    while at + len(asked) <= len(answers):
        try:
            at, asked = at + len(asked), reading.send(answers[at : at + len(asked)])
        except StopIteration as done:
            state: S = done.value
            if at + len(asked) < len(answers):
                raise DecodeError(f"{target.label}: more was answered than was asked") from None
            return Replayed([], state)
    if at < len(answers):
        raise DecodeError(f"{target.label}: the answers are not those of one reading")
    return Replayed(asked, None)
