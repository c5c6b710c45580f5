"""Ids, labels, amounts and the promises that the frozen values keep."""

from __future__ import annotations

import dataclasses
import hashlib
import math

import pytest

from tests.support.strategies import address, feed, pool, target_of, vault
from watcher.state import (
    Block,
    Observation,
    State,
    Status,
    Target,
    Token,
    amounts,
    to_address,
)
from watcher.state.price import unknown_price
from watcher.state.target import target_id

CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_an_id_is_the_hash_of_what_identifies_a_target() -> None:
    text = f'["eip155:1","uniswap_v2","{CHECKSUMMED.lower()}",""]'
    expected = hashlib.sha256(text.encode()).hexdigest()
    target = Target(1, "uniswap_v2", to_address(CHECKSUMMED), "constant_product")
    assert target.id == expected
    assert target_id(1, "uniswap_v2", CHECKSUMMED.lower()) == expected


def test_an_id_depends_on_each_part_and_on_nothing_else() -> None:
    base = Target(1, "uniswap_v2", address(1), "constant_product")
    same = dataclasses.replace(base, name="other", params={"fee": 1}, kind="share_vault")
    assert same.id == base.id
    others = [
        dataclasses.replace(base, chain_id=2),
        dataclasses.replace(base, protocol="erc4626"),
        dataclasses.replace(base, address=address(2)),
        dataclasses.replace(base, key="k"),
    ]
    assert len({base.id, *(each.id for each in others)}) == 5


def test_how_a_target_is_called() -> None:
    target = Target(5, "erc4626", to_address(CHECKSUMMED.lower()), "share_vault")
    assert target.caip10 == f"eip155:5:{CHECKSUMMED}"
    assert target.label == f"erc4626:{CHECKSUMMED}"
    assert dataclasses.replace(target, name="mine").label == "mine"
    assert Token(to_address(CHECKSUMMED), 6, "X").caip19(5) == f"eip155:5/erc20:{CHECKSUMMED}"


@pytest.mark.parametrize("text", [CHECKSUMMED, CHECKSUMMED.lower(), bytes.fromhex(CHECKSUMMED[2:])])
def test_an_address_gets_its_checksum(text: str | bytes) -> None:
    assert to_address(text) == CHECKSUMMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x12",
        CHECKSUMMED + "00",
        b"\1" * 19,
        b"\1" * 21,
        "vitalik",
    ],
)
def test_what_is_no_address_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match="is not an address of 20 bytes"):
        to_address(text)


@pytest.mark.parametrize("state", [pool(), vault(), feed()])
def test_values_cannot_be_changed(state: State) -> None:
    name = dataclasses.fields(state)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(state, name, 5)
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(state, "other", 5)


def test_a_state_is_there_exactly_when_the_reading_was_good() -> None:
    assert Observation("id", Status.OK, pool()).state == pool()
    assert Observation("id", Status.REVERTED, detail="why").state is None
    for status in Status:
        state = None if status is Status.OK else pool()
        with pytest.raises(ValueError, match="an observation that is"):
            Observation("id", status, state)


def test_the_set_of_statuses_is_closed() -> None:
    assert [status.value for status in Status] == [
        "ok",
        "reverted",
        "no_code",
        "decode_error",
        "too_large",
        "unavailable",
        "quarantined",
    ]


def test_flipping_exchanges_the_names_of_the_coins_and_nothing_else() -> None:
    state = pool(3, 7, decimals=(6, 18), drift=(1, 2), k_last=5, total_supply=11)
    flipped = state.flipped()
    assert (flipped.reserve0, flipped.reserve1) == (7, 3)
    assert (flipped.balance0, flipped.balance1) == (9, 4)
    assert (flipped.decimals0, flipped.decimals1) == (18, 6)
    assert flipped.flipped() == state
    kept = {"total_supply", "k_last"} | {
        field.name for field in dataclasses.fields(state) if "numerator" in field.name
    }
    assert all(getattr(flipped, name) == getattr(state, name) for name in kept)


def test_a_pools_amounts_are_its_reserves_balances_and_supply() -> None:
    state = pool(3 * 10**18, 7 * 10**6, decimals=(18, 6), drift=(10**18, 0), total_supply=5)
    target = target_of(state)
    found = amounts(target, state)
    assert [(each.field, each.token.symbol, each.raw) for each in found] == [
        ("reserve0", "AAA", 3 * 10**18),
        ("reserve1", "BBB", 7 * 10**6),
        ("balance0", "AAA", 4 * 10**18),
        ("balance1", "BBB", 7 * 10**6),
        ("total_supply", "LP", 5),
    ]
    assert [each.units for each in found] == [3.0, 7.0, 4.0, 7.0, 5e-18]


def test_a_vaults_amounts_are_assets_and_shares() -> None:
    state = vault(5, 7, idle_assets=2)
    assert [(each.field, each.raw) for each in amounts(target_of(state), state)] == [
        ("total_assets", 5),
        ("idle_assets", 2),
        ("total_supply", 7),
    ]
    assert amounts(target_of(feed()), feed()) == ()


def test_shares_need_a_share_token() -> None:
    target = dataclasses.replace(target_of(vault()), share=None)
    with pytest.raises(ValueError, match="names no share token"):
        amounts(target, vault())


def test_an_unknown_price_is_not_a_number() -> None:
    price = unknown_price(address(1), "why")
    assert math.isnan(price.value)
    assert (price.known, price.reason) == (False, "why")


def test_a_block_is_a_value() -> None:
    block = Block(1, 2, "0xa", "0xb", 3)
    assert block == dataclasses.replace(block)
    assert {block: 1}[dataclasses.replace(block)] == 1
