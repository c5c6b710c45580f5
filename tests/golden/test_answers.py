"""Answers that real contracts gave, replayed: the same questions, the same target and state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.support.answers import asked, drive
from tests.support.golden import (
    ANSWERS,
    Conversation,
    Exchange,
    conversation_from,
    conversation_to,
    conversations,
)
from watcher.protocols import ADAPTERS
from watcher.state import Answer, Call, state_to_json

CONVERSATIONS = conversations()
AGAIN = "the adapter asks something else than was recorded: run scripts/golden --record"

pytestmark = pytest.mark.parametrize("talk", CONVERSATIONS.values(), ids=CONVERSATIONS)


class Script:
    """Answers as was recorded, as long as it is asked what was recorded."""

    def __init__(self, rounds: Sequence[Sequence[Exchange]]) -> None:
        self._rounds: Iterator[Sequence[Exchange]] = iter(rounds)

    def answers(self, calls: Sequence[Call]) -> list[Answer]:
        exchanges = next(self._rounds, ())
        assert list(calls) == [each.call for each in exchanges], AGAIN
        return [each.answer for each in exchanges]

    def at_end(self) -> bool:
        return next(self._rounds, None) is None


def test_the_contract_is_identified_as_it_was(talk: Conversation) -> None:
    script = Script(talk.rounds)
    target = drive(ADAPTERS[talk.entry.protocol], talk.entry, script.answers)
    assert target == talk.snapshot.target
    assert script.at_end(), AGAIN


def test_its_answers_give_the_state_that_they_gave(talk: Conversation) -> None:
    adapter = ADAPTERS[talk.entry.protocol]
    target = talk.snapshot.target
    assert asked(adapter, target, talk.answers) == [each.call for each in talk.reading], AGAIN
    state = adapter.decode(target, talk.answers)
    assert state_to_json(state) == state_to_json(talk.snapshot.state)


def test_the_file_is_as_it_is_written(talk: Conversation) -> None:
    name = next(name for name, each in CONVERSATIONS.items() if each is talk)
    text = (ANSWERS / f"{name}.json").read_text(encoding="utf-8")
    assert conversation_to(conversation_from(text)) == text
