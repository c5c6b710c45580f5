"""How targets stand, as of any block and by one who remembers: the same as by one who reads all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli_history import CHAIN, FIRST, GONE, NEWEST, NOW, OFF, STALE
from tests.support.web import Writer
from watcher.alerts.health import Grade
from watcher.api.pages.shown import WORDS
from watcher.cli.verdicts import TERMINAL, verdicts
from watcher.config import Config, load_config
from watcher.config.watched import watched
from watcher.report.verdicts import Memory, Verdict, verdict_of, verdicts_as_of
from watcher.store import Store

AT_REFERENCE, STRAINED, BREACHED = 2_000_000, 2_030_000, 2_080_000


@pytest.fixture
def config(web_folder: Path) -> Config:
    return load_config(web_folder / "watcher.toml", {})


@pytest.fixture
def history(web_folder: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as opened:
        yield opened


def told(found: list[Verdict]) -> list[tuple[str, str, str, int | None]]:
    return [(one.id, one.grade.word, one.finding.why, one.finding.since) for one in found]


def test_one_who_remembers_says_what_one_who_reads_all_says(config: Config, history: Store) -> None:
    """Through trades, and reorgs of one to three blocks after which other trades come."""
    source, memory, fork = random.Random(3), Memory(), 0
    writer, number = Writer(history), NEWEST
    seen: set[tuple[str, bool]] = set()
    for _ in range(40):
        if source.random() < 0.3 and number > NEWEST + 3:
            number -= source.randint(1, 3)
            head = history.block_as_of(CHAIN, number)
            history.rewind(CHAIN, head.hash)
            fork += 1
            after_reorg = verdicts(config, history, now=NOW, memory=memory)
            assert told(after_reorg) == told(verdicts(config, history, now=NOW))
        number += 1
        usdc = source.choice([AT_REFERENCE, STRAINED, STRAINED, BREACHED])
        writer.commit(number, fork=fork, usdc=usdc)
        found = verdicts(config, history, now=NOW, memory=memory)
        assert told(found) == told(verdicts(config, history, now=NOW)), number
        off = next(one for one in found if one.id == OFF.id)
        seen.add((off.grade.word, off.finding.since is None))
    assert seen == {("breached", False), ("strained", False), ("healthy", True)}


def test_what_a_reorg_has_undone_is_not_remembered(config: Config, history: Store) -> None:
    writer, memory = Writer(history), Memory()
    for number, usdc in ((111, AT_REFERENCE), (112, STRAINED), (113, STRAINED)):
        writer.commit(number, usdc=usdc)
    assert told(verdicts(config, history, now=NOW, memory=memory))
    history.rewind(CHAIN, history.block_as_of(CHAIN, 111).hash)
    for number, usdc in ((112, AT_REFERENCE), (113, STRAINED)):
        writer.commit(number, fork=1, usdc=usdc)
    off = {one.id: one for one in verdicts(config, history, now=NOW, memory=memory)}[OFF.id]
    assert off.finding.since == history.block_as_of(CHAIN, 113).timestamp


def test_as_of_a_block_it_is_what_it_was_then(config: Config, history: Store) -> None:
    for number in range(FIRST, NEWEST + 1):
        found = {
            one.id: one
            for one in verdicts_as_of(
                watched(config), history, TERMINAL, chain_id=CHAIN, number=number
            )
        }
        assert found[OFF.id].grade is (Grade.HEALTHY if number < 106 else Grade.STRAINED)
        assert found[GONE.id].grade is (Grade.HEALTHY if number < 108 else Grade.BLIND)


def test_as_of_the_newest_block_it_is_what_it_is_now(config: Config, history: Store) -> None:
    now = verdicts(config, history, now=NOW)
    then = verdicts_as_of(watched(config), history, TERMINAL, chain_id=CHAIN, number=NEWEST)
    unread = {one.id for one in now if one.standing is None}
    assert [t for t in told(now) if t[0] not in unread] == [
        t for t in told(then) if t[0] not in unread
    ]


def test_one_target_is_judged_as_among_all(config: Config, history: Store) -> None:
    every = {one.id: one for one in verdicts(config, history, now=NOW)}
    for target in history.targets():
        alone = verdict_of(watched(config), history, TERMINAL, target, now=NOW)
        assert told([alone]) == told([every[target.id]])


def test_pages_have_other_words_for_the_same(config: Config, history: Store) -> None:
    stale = history.find_target(STALE.id)
    page = verdict_of(watched(config), history, WORDS, stale, now=NOW)
    assert page.finding.why.startswith("no reference for OLD")
