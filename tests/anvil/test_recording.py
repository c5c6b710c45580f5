"""The recorder of the golden files, on the local world as it is now."""

from __future__ import annotations

import pytest

from tests.support.answers import asked
from tests.support.golden import conversation_from, conversations, figures_from, unraised
from tests.support.record_golden import recorded
from watcher.devnet.artifacts import Toolchain
from watcher.math.catalogue import CATALOGUE
from watcher.protocols import ADAPTERS

pytestmark = pytest.mark.anvil


async def test_what_the_world_answers_is_recorded(toolchain: Toolchain) -> None:
    answers, figures = await recorded(toolchain)
    assert answers.keys() == conversations().keys(), "run scripts/golden --record"
    talks = [conversation_from(text) for text in answers.values()]
    assert {talk.entry.protocol for talk in talks} == ADAPTERS.keys()
    for talk in talks:
        adapter = ADAPTERS[talk.entry.protocol]
        calls = asked(adapter, talk.snapshot.target, talk.answers)
        assert calls == [each.call for each in talk.reading]
        assert adapter.decode(talk.snapshot.target, talk.answers) == talk.snapshot.state
    cases = [figures_from(text) for text in figures.values()]
    assert all(unraised(case, case.now()) == [] for case in cases)
    known = {each.name for case in cases for each in case.measures if not each.reason}
    assert known == CATALOGUE.keys()
    assert len(cases) < 3 * len(CATALOGUE), "a handful"
