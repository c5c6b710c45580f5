"""What a token is judged by, and what a computation depends on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.strategies import TOKEN0, TOKEN1, feed, pool, target_of, vault
from watcher.math.measures import METHOD_HASH, METHOD_VERSIONS
from watcher.math.prices import Book
from watcher.math.settings import PriceSource, Settings, Votes
from watcher.math.subject import PREVIOUS, PRICE, SELF, Subject, assemble, computation_key, roles
from watcher.state import Observation, Price, PriceFeed, PriceStatus, State, Status

NOW = 10_000
CHAIN = target_of(pool()).chain_id
FEED = target_of(feed(), number=9)
SOURCE = PriceSource(
    CHAIN,
    TOKEN0.address,
    "chainlink",
    feed_id=FEED.id,
    address=FEED.address,
    heartbeat=3_600,
    deviation=0.005,
)
DOLLAR = PriceSource(CHAIN, TOKEN1.address, "fixed", value=1.0)
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=(SOURCE, DOLLAR))
POOL = target_of(pool())


def ok(state: State, target_id: str = POOL.id) -> Observation:
    return Observation(target_id, Status.OK, state)


def price_of(state: PriceFeed | None, *, source: PriceSource = SOURCE) -> Price:
    observed = {FEED.id: ok(state, FEED.id)} if state else {}
    settings = replace(SETTINGS, prices=(source,))
    return Book(settings, CHAIN, observed, {}, timestamp=NOW).price(TOKEN0.address)


def test_a_fresh_answer_is_the_price_with_its_ancestry() -> None:
    found = price_of(feed(2_000 * 10**8, updated_at=NOW - 3_600))
    assert (found.value, found.reason, found.status) == (2_000.0, "", PriceStatus.OK)
    assert found.ancestry == (FEED.id, FEED.address)
    assert (found.updated_at, found.dead_band, found.source) == (NOW - 3_600, 0.005, "chainlink")
    assert (found.age(NOW), found.confidence) == (3_600, 0.005)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (feed(updated_at=NOW - 3_601), "the feed is stale (heartbeat 3600 s)"),
        (feed(updated_at=2**255), "the feed was updated in the future"),
        (feed(updated_at=0), "the feed has no finished round"),
        (feed(0, updated_at=NOW), "the feed answers zero or less"),
        (feed(-5, updated_at=NOW), "the feed answers zero or less"),
        (feed(updated_at=NOW, first_decimals=18), "the feed's decimals changed from 18 to 8"),
        (feed(updated_at=NOW, first_phase=2), "the feed's round is of an older phase"),
        (feed(7, updated_at=NOW, min_answer=7), "the feed is at its least answer"),
        (feed(7, updated_at=NOW, max_answer=7), "the feed is at its greatest answer"),
    ],
)
def test_an_answer_that_is_no_price_says_why(state: PriceFeed, why: str) -> None:
    """FAULTS 33."""
    found = price_of(state)
    assert math.isnan(found.value)
    assert found.status is PriceStatus.UNAVAILABLE
    assert found.reason == why


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (
            replace(feed(updated_at=NOW), answered_in_round=2**64 + 6),
            "the feed's answer is carried over from an earlier round",
        ),
        (
            # Another aggregator has other bounds.
            feed(7, updated_at=NOW, first_phase=0, min_answer=7),
            "the feed has another aggregator since it was identified",
        ),
    ],
)
def test_an_answer_that_is_doubtful_says_why_and_is_a_price(state: PriceFeed, why: str) -> None:
    found = price_of(state)
    assert found.value == state.answer / 10**8
    assert (found.status, found.reason) == (PriceStatus.DEGRADED, why)


def test_bounds_that_are_not_reached_make_no_difference() -> None:
    inside = feed(7, updated_at=NOW, min_answer=6, max_answer=8, first_decimals=8, first_phase=1)
    assert price_of(inside).status is PriceStatus.OK


def test_a_price_without_a_source_or_a_reading_is_unknown() -> None:
    nobody = replace(SOURCE, token=TOKEN1.address)
    assert price_of(feed(), source=nobody).reason == "no price source is configured"
    assert price_of(None).reason == "the feed was not read yet"
    for wrong, why in (
        (Observation(FEED.id, Status.REVERTED), "the feed is reverted"),
        (ok(pool(), FEED.id), "the feed gives no such price"),
    ):
        book = Book(SETTINGS, CHAIN, {FEED.id: wrong}, {}, timestamp=NOW)
        assert not book.price(TOKEN0.address).known
        assert book.price(TOKEN0.address).reason == why


def test_a_fixed_price_needs_no_feed() -> None:
    found = Book(SETTINGS, CHAIN, {}, {}, timestamp=NOW).price(TOKEN1.address)
    assert (found.value, found.ancestry, found.updated_at, found.age(NOW)) == (1.0, (), None, 0)


def test_the_roles_name_the_observations_that_are_used() -> None:
    assert roles(POOL, SETTINGS) == {SELF: POOL.id, PRICE + TOKEN0.address: FEED.id}
    elsewhere = replace(SETTINGS, prices=(replace(SOURCE, chain_id=CHAIN + 1),))
    assert roles(POOL, elsewhere) == {SELF: POOL.id}


def test_a_vault_is_compared_with_the_block_before() -> None:
    watched = target_of(vault())
    assert roles(watched, SETTINGS)[PREVIOUS] == watched.id


OBSERVED = {
    SELF: ok(pool()),
    PREVIOUS: ok(pool(10**20)),
    PRICE + TOKEN0.address: ok(feed(updated_at=NOW), FEED.id),
}


def key(observed: dict[str, Observation], *, timestamp: int = NOW, **changes: str) -> str:
    subject = assemble(POOL, observed, timestamp=timestamp, settings=SETTINGS)
    hashes = {"settings_hash": SETTINGS.hash, "method_hash": METHOD_HASH} | changes
    return computation_key(subject, observed, **hashes)


def test_a_subject_holds_what_was_observed() -> None:
    subject = assemble(POOL, OBSERVED, timestamp=NOW, settings=SETTINGS)
    assert subject == Subject(
        POOL,
        pool(),
        pool(10**20),
        {
            TOKEN0.address: price_of(feed(updated_at=NOW)),
            TOKEN1.address: Price(TOKEN1.address, 1.0, "fixed"),
        },
    )


def test_a_subject_without_a_state_says_why() -> None:
    assert assemble(POOL, {}, timestamp=NOW, settings=SETTINGS).reason == "not read yet"
    failed = {SELF: Observation("id", Status.DECODE_ERROR, detail="a secret text")}
    subject = assemble(POOL, failed, timestamp=NOW, settings=SETTINGS)
    assert (subject.state, subject.reason) == (None, "target is decode_error")


def test_equal_inputs_have_one_key_whatever_their_order() -> None:
    assert key(OBSERVED) == key(dict(reversed(OBSERVED.items())))
    assert key(OBSERVED) == key(OBSERVED, timestamp=NOW + 3_600)


@pytest.mark.parametrize(
    "changed",
    [
        {SELF: ok(pool(10**21 + 1))},
        {SELF: Observation("id", Status.REVERTED)},
        {PREVIOUS: ok(pool(10**19))},
        {PRICE + TOKEN0.address: ok(feed(2_001 * 10**8, updated_at=NOW), FEED.id)},
        {PRICE + TOKEN0.address: Observation(FEED.id, Status.REVERTED)},
        {SELF: ok(vault())},
    ],
)
def test_each_input_changes_the_key(changed: dict[str, Observation]) -> None:
    assert key({**OBSERVED, **changed}) != key(OBSERVED)


def test_a_missing_input_the_settings_the_method_and_staleness_change_the_key() -> None:
    for role in OBSERVED:
        rest = {name: each for name, each in OBSERVED.items() if name != role}
        assert key(rest) != key(OBSERVED)
    assert key(OBSERVED, settings_hash="other") != key(OBSERVED)
    assert key(OBSERVED, method_hash="other") != key(OBSERVED)
    assert key(OBSERVED, timestamp=NOW + 3_601) != key(OBSERVED)


def test_the_settings_hash_covers_every_setting() -> None:
    others = [
        replace(SETTINGS, unit="EUR"),
        replace(SETTINGS, sizes=(1_000.0, 2_000.0)),
        replace(SETTINGS, prices=(DOLLAR, SOURCE)),
        replace(SETTINGS, prices=(replace(SOURCE, heartbeat=3_601), DOLLAR)),
        replace(SETTINGS, prices=(replace(SOURCE, deviation=0.01), DOLLAR)),
        replace(SETTINGS, prices=(SOURCE, replace(DOLLAR, value=1.01))),
        replace(SETTINGS, prices=(replace(SOURCE, quote=TOKEN1.address), DOLLAR)),
        replace(SETTINGS, prices=(replace(SOURCE, window=60), DOLLAR)),
        replace(SETTINGS, prices=(replace(SOURCE, least_depth=1.0), DOLLAR)),
        replace(SETTINGS, prices=(replace(SOURCE, derived_from=(TOKEN1.address,)), DOLLAR)),
        replace(SETTINGS, votes=Votes(outlier=0.1)),
        replace(SETTINGS, votes=Votes(disagreement=0.1)),
    ]
    hashes = {SETTINGS.hash, *(each.hash for each in others)}
    assert len(hashes) == len(others) + 1
    assert replace(SETTINGS).hash == SETTINGS.hash


def test_method_versions_are_whole_numbers_from_one() -> None:
    assert all(version >= 1 for version in METHOD_VERSIONS.values())
