"""A person names a target as they like; what is unclear is answered with what it could be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.stored import FEED, POOL, TARGETS, VAULT
from watcher.errors import InputError
from watcher.state import Target
from watcher.store.find import find_target
from watcher.store.register import Registered


def entries(*targets: Target) -> list[Registered]:
    return [Registered(number, each.id, each, {}) for number, each in enumerate(targets)]


def found(text: str, *targets: Target) -> Target:
    return find_target(entries(*(targets or TARGETS)), text).target


@pytest.mark.parametrize(
    "text",
    [
        "WETH/USDC",
        "weth/usdc",
        " WETH/USDC ",
        POOL.address,
        POOL.address.lower(),
        POOL.caip10,
        POOL.id,
        POOL.id[:8],
        POOL.id[:8].upper(),
    ],
)
def test_each_way_to_name_a_target_finds_it(text: str) -> None:
    assert found(text) == POOL


def test_a_target_without_a_name_is_found_by_what_it_is_shown_as() -> None:
    nameless = replace(VAULT, name="")
    assert found(nameless.label.upper(), POOL, nameless) == nameless


def test_a_name_goes_before_an_id() -> None:
    named = replace(FEED, name=POOL.id[:8])
    assert found(POOL.id[:8], POOL, named) == named


def test_an_ambiguous_name_lists_the_candidates() -> None:
    fork = replace(POOL, protocol="pancake_v2", name="other")
    with pytest.raises(InputError) as caught:
        found(POOL.address, POOL, fork)
    text = str(caught.value)
    assert "names 2 targets" in text
    assert POOL.id[:12] in text
    assert fork.id[:12] in text


def test_an_unknown_name_is_answered_with_close_ones() -> None:
    with pytest.raises(InputError, match=r"no stored target is called 'valt'; did you mean vault"):
        found("valt")


def test_a_name_like_no_other_is_answered_with_what_there_is() -> None:
    with pytest.raises(InputError, match=r"'zzzzzz': there are ETH / USD .*, WETH/USDC .*, vault"):
        found("zzzzzz")


@pytest.mark.parametrize("text", ["", "  ", POOL.id[:3]])
def test_too_little_is_no_name(text: str) -> None:
    with pytest.raises(InputError, match="no stored target"):
        found(text, replace(POOL, name=""), FEED)


def test_an_empty_store_says_how_to_fill_it() -> None:
    with pytest.raises(InputError, match="none is stored yet; run `watcher once`"):
        find_target([], "pool")
