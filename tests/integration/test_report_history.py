"""What a report reads of a history of days: what left within one, how a price moved, and of too
many figures an even grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli_history import CHAIN, SETTINGS, VAULT
from tests.support.strategies import vault
from watcher.math.subject import Subject
from watcher.report.history import MOST_ROWS, figures_by_day, history_of, joined
from watcher.report.make import make_report
from watcher.report.material import Course, Material
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, Status
from watcher.state.price import unknown_price
from watcher.store import Store

HALF_DAY, START, FIRST, LAST = 43_200, 1_600_000_000, 10, 20
DAY = 2 * HALF_DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A vault of which a tenth of the first shares leaves every half day."""
    with Store.create(f"sqlite:///{tmp_path / 'days.db'}") as opened:
        opened.register([VAULT])
        opened.save_settings(SETTINGS)
        branch = Branch(cursor=None, in_force={}, keys={})
        for number in range(FIRST, LAST + 1):
            left = LAST + 1 - number
            state = vault(left * 10**11, left * 10**17, offset=6, decimals=6)
            when = START + HALF_DAY * (number - FIRST)
            block = Block(CHAIN, number, f"0x{number:064x}", f"0x{number - 1:064x}", when)
            observed = {VAULT.id: Observation(VAULT.id, Status.OK, state)}
            advanced = advance(branch, block, observed, watchlist([VAULT], SETTINGS))
            opened.commit_tick(advanced.tick)
            branch = advanced.branch
        yield opened


def _material(store: Store, number: int, first: int | None = None) -> Material:
    snapshot = store.snapshot(VAULT.id, number)
    prices = {token.address: unknown_price(token.address, "none") for token in VAULT.tokens}
    assert VAULT.share is not None
    prices[VAULT.share.address] = unknown_price(VAULT.share.address, "none")
    subject = Subject(VAULT, snapshot.state, None, prices)
    return Material(snapshot, subject, SETTINGS, history_of(store, snapshot, (), first))


@pytest.mark.parametrize("number", [12, 15, LAST])
def test_what_left_within_a_day_is_against_the_block_a_day_before(
    store: Store, number: int
) -> None:
    material = _material(store, number)
    assert material.history is not None
    assert material.history.earlier is not None
    assert material.history.earlier[0].number == number - 2
    facts = {fact.id: fact for fact in make_report(material).facts}
    left = LAST + 1 - number
    assert facts["outflow"].value == pytest.approx(1 - left / (left + 2))
    assert not facts["outflow"].from_state


def test_a_history_shorter_than_a_day_says_so(store: Store) -> None:
    facts = {fact.id: fact for fact in make_report(_material(store, FIRST + 1)).facts}
    assert math.isnan(facts["outflow"].value)
    assert facts["outflow"].reason == "the stored history is shorter than a day"


def test_a_history_begins_where_it_is_told_and_ends_at_its_block(store: Store) -> None:
    history = _material(store, 16, 13).history
    assert history is not None
    assert history.first.number == 13
    times = {at for course in history.courses.values() for at, _ in course}
    assert min(times) == START + 3 * HALF_DAY
    assert max(times) == START + 6 * HALF_DAY


def test_volatility_is_of_closes_of_days() -> None:
    days = [(START + DAY * day, 1.0 + 0.01 * (day % 2)) for day in range(9)]
    found = figures_by_day(tuple(days), days[-1][0])
    step = math.log(1.01)
    assert found["volatility_day"] == pytest.approx(step)
    assert found["volatility_month"] == pytest.approx(step * math.sqrt(365))
    assert found["worst_day"] == pytest.approx(1 / 1.01 - 1)
    assert found["days"] == 8
    assert not figures_by_day(tuple(days[:3]), days[2][0])
    assert not figures_by_day((), START)


def test_rows_hold_what_was_in_force_and_are_not_too_many() -> None:
    a: Course = ((1, 1.0), (3, 2.0))
    b: Course = ((2, 5.0), (3, math.nan))
    assert joined([a, b]) == ((1, (1.0, None)), (2, (1.0, 5.0)), (3, (2.0, None)))
    many = tuple((at, float(at)) for at in range(0, 5_000, 2))
    rows = list(joined([many]))
    assert len(rows) == MOST_ROWS
    assert str(rows[-1]) == "(4998, (4998.0,))"
    assert all(value[0] == x - x % 2 for x, value in rows)
    assert joined([()]) == ()
