"""What a token is judged by, and what a computation depends on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.strategies import TOKEN0, TOKEN1, feed, pool, target_of, vault
from watcher.math.measures import METHOD_HASH, METHOD_VERSIONS
from watcher.math.prices import reference_price
from watcher.math.settings import PriceSource, Settings
from watcher.math.subject import PREVIOUS, PRICE, SELF, Subject, assemble, computation_key, roles
from watcher.state import Observation, Price, PriceFeed, State, Status

NOW = 10_000
CHAIN = target_of(pool()).chain_id
FEED = target_of(feed(), number=9)
SOURCE = PriceSource(
    CHAIN, TOKEN0.address, "chainlink", feed_id=FEED.id, heartbeat=3_600, deviation=0.005
)
DOLLAR = PriceSource(CHAIN, TOKEN1.address, "fixed", value=1.0)
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=(SOURCE, DOLLAR))
POOL = target_of(pool())


def ok(state: State) -> Observation:
    return Observation("id", Status.OK, state)


def price_of(state: PriceFeed | None, *, source: PriceSource | None = SOURCE) -> Price:
    observation = ok(state) if state else None
    return reference_price(TOKEN0.address, source, observation, timestamp=NOW)


def test_a_fresh_answer_is_the_price_with_its_ancestry() -> None:
    found = price_of(feed(2_000 * 10**8, updated_at=NOW - 3_600))
    assert (found.value, found.reason, found.known) == (2_000.0, "", True)
    assert found.ancestry == (FEED.id,)
    assert (found.updated_at, found.dead_band, found.source) == (NOW - 3_600, 0.005, "chainlink")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (feed(updated_at=NOW - 3_601), "the feed is stale (heartbeat 3600 s)"),
        (feed(updated_at=2**255), "the feed was updated in the future"),
        (feed(updated_at=0), "the feed has no finished round"),
        (feed(0, updated_at=NOW), "the feed answers zero or less"),
        (feed(-5, updated_at=NOW), "the feed answers zero or less"),
    ],
)
def test_an_answer_that_is_no_price_says_why(state: PriceFeed, why: str) -> None:
    found = price_of(state)
    assert math.isnan(found.value)
    assert not found.known
    assert found.reason == why


def test_a_price_without_a_source_or_a_reading_is_unknown() -> None:
    assert price_of(feed(), source=None).reason == "no price source is configured"
    assert price_of(None).reason == "the feed was not read yet"
    failed = Observation("id", Status.REVERTED)
    found = reference_price(TOKEN0.address, SOURCE, failed, timestamp=NOW)
    assert found.reason == "the feed is reverted"
    wrong = reference_price(TOKEN0.address, SOURCE, ok(pool()), timestamp=NOW)
    assert not wrong.known
    assert wrong.reason


def test_a_fixed_price_needs_no_feed() -> None:
    found = reference_price(TOKEN1.address, DOLLAR, None, timestamp=NOW)
    assert (found.value, found.ancestry, found.updated_at) == (1.0, (), None)


def test_the_roles_name_the_observations_that_are_used() -> None:
    assert roles(POOL, SETTINGS) == {SELF: POOL.id, PRICE + TOKEN0.address: FEED.id}
    elsewhere = replace(SETTINGS, prices=(replace(SOURCE, chain_id=CHAIN + 1),))
    assert roles(POOL, elsewhere) == {SELF: POOL.id}


def test_a_vault_is_compared_with_the_block_before() -> None:
    watched = target_of(vault())
    assert roles(watched, SETTINGS)[PREVIOUS] == watched.id


def test_the_first_source_of_a_token_counts() -> None:
    second = replace(DOLLAR, token=TOKEN0.address, value=7.0)
    both = replace(SETTINGS, prices=(second, SOURCE))
    subject = assemble(POOL, {}, timestamp=NOW, settings=both)
    assert subject.prices[TOKEN0.address].value == 7.0


OBSERVED = {
    SELF: ok(pool()),
    PREVIOUS: ok(pool(10**20)),
    PRICE + TOKEN0.address: ok(feed(updated_at=NOW)),
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
            TOKEN1.address: reference_price(TOKEN1.address, DOLLAR, None, timestamp=NOW),
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
        {PRICE + TOKEN0.address: ok(feed(2_001 * 10**8, updated_at=NOW))},
        {PRICE + TOKEN0.address: Observation("id", Status.REVERTED)},
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
    ]
    hashes = {SETTINGS.hash, *(each.hash for each in others)}
    assert len(hashes) == len(others) + 1
    assert replace(SETTINGS).hash == SETTINGS.hash


def test_method_versions_are_whole_numbers_from_one() -> None:
    assert all(version >= 1 for version in METHOD_VERSIONS.values())
