"""What more than one endpoint has said, so that an answer is new until another has given it too.

A lie about a contract is an answer that nobody else ever gave, unless it is an old truth. So what
is new is asked of the others before it is taken, and between two samples a liar can only say that
nothing has happened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from operator import ne

from watcher.chain.sample import contract_of, lot
from watcher.errors import ReadError
from watcher.state import Answer, Block, Call, Code

MOST_NEW = 256
"""Contracts whose new answers are compared in one block, so that a block in which all change costs
no second read of everything. Who lies about more than these is found out all the same, and a lie
among so many changes in proportion."""

LISTS = 4
"""Lists of calls that are remembered: a watch asks the same one in each block."""


class Witnessed:
    def __init__(self, *, most: int = MOST_NEW) -> None:
        self._most = most
        self._lists: list[tuple[Sequence[Call], list[Answer | None]]] = []

    def new(
        self,
        block: Block,
        calls: Sequence[Call],
        answers: Sequence[Answer | ReadError],
        without: Collection[int],
    ) -> list[int]:
        """The positions of answers that nobody else has given, but for those in `without`.

        Code is left to the sample: it is long, and read seldom.
        """
        known = self._known(calls)
        positions = [
            at
            for at in compress(range(len(calls)), map(ne, answers, known))
            if isinstance(answers[at], Answer) and not isinstance(calls[at], Code)
        ]
        left = sorted(set(positions) - set(without))
        contracts = {contract_of(calls[at]) for at in left}
        if len(contracts) <= self._most:
            return left
        drawn = set(sorted(contracts, key=lambda one: lot(block, one))[: self._most])
        return [at for at in left if contract_of(calls[at]) in drawn]

    def take(self, calls: Sequence[Call], decided: Mapping[int, Answer]) -> None:
        """What a majority has said, by position."""
        known = self._known(calls)
        for at, answer in decided.items():
            known[at] = answer

    def _known(self, calls: Sequence[Call]) -> list[Answer | None]:
        for row, (asked, known) in enumerate(self._lists):
            # Lists of the same objects are compared in C, by identity.
            if asked is calls or (len(asked) == len(calls) and list(asked) == list(calls)):
                self._lists.insert(0, self._lists.pop(row))
                return known
        fresh: list[Answer | None] = [None] * len(calls)
        self._lists.insert(0, (calls, fresh))
        del self._lists[LISTS:]
        return fresh
