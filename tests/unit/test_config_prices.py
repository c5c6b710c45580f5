"""`[[prices]]` and `[votes]` of the configuration: all problems at once, each with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.strategies import address
from watcher.config import Config, load_config
from watcher.errors import ConfigError
from watcher.math.settings import Votes
from watcher.state.target import target_id
from watcher.state.token import NATIVE_COINS

COIN, DOLLAR, SHARE = address(0xA0), address(0xB0), address(2)
FEED, PAIR, POOL, VAULT = address(7), address(1), address(3), SHARE
HEAD = f"""
[chains."eip155:1"]
endpoints = [{{ url = "http://node.example" }}]

[[targets]]
chain = "eip155:1"
protocol = "uniswap_v2"
address = "{PAIR}"
name = "pair"

[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "{VAULT}"
name = "vault"
virtual_shares = false
"""


def token(one: str) -> str:
    return f"eip155:1/erc20:{one}"


def price(source: str, **keys: object) -> str:
    known = {"token": token(COIN), "source": source, **keys}
    lines = (
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
        for key, value in known.items()
        if value is not None
    )
    return "\n[[prices]]\n" + "\n".join(lines) + "\n"


CHAINLINK = price("chainlink", address=FEED, heartbeat="1h")
SPOT = price("spot", address=PAIR, quote=token(DOLLAR), least_depth=5)
MEAN = price("uniswap_v3_twap", address=POOL, quote=token(DOLLAR), window="10m")
SUMS = price("uniswap_v2_twap", address=PAIR, quote=token(DOLLAR))
REDEEMED = price("redemption", token=token(SHARE), address=VAULT, quote=token(COIN))
FIXED = price("fixed", token=token(DOLLAR), value=1.0)


def load(folder: Path, text: str, *, chain: str = "") -> Config:
    """`chain` are further keys of the chain's table."""
    file = folder / "watcher.toml"
    file.write_text(HEAD.replace("endpoints", f"{chain}endpoints") + text)
    return load_config(file, {})


def problems(folder: Path, text: str, *, chain: str = "") -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, chain=chain)
    return {one.path: one.text for one in caught.value.problems}


def test_a_token_may_have_several_sources_in_the_order_of_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, CHAINLINK + SPOT + MEAN + SUMS + REDEEMED + FIXED)
    sources = config.settings.prices
    assert [one.source for one in sources] == [
        "chainlink", "spot", "uniswap_v3_twap", "uniswap_v2_twap", "redemption", "fixed"
    ]  # fmt: skip
    _, spot, mean, sums, redeemed, _ = sources
    assert (spot.feed_id, spot.least_depth) == (target_id(1, "uniswap_v2", PAIR), 5.0)
    assert mean.feed_id == target_id(1, "uniswap_v3_twap", POOL, "600")
    assert (mean.window, sums.window, mean.quote) == (600, 1_800, DOLLAR)
    assert redeemed.ancestry == (target_id(1, "erc4626", VAULT), VAULT)
    assert config.settings.votes == Votes()


def test_what_is_read_must_have_the_tokens_that_the_table_says(tmp_path: Path) -> None:
    entries = load(tmp_path, SPOT + MEAN + SUMS + REDEEMED + FIXED).entries
    expected = {(one.protocol, one.address): one.expect.get("tokens") for one in entries}
    assert expected == {
        ("uniswap_v2", PAIR): (COIN, DOLLAR),
        ("erc4626", VAULT): (COIN,),
        ("uniswap_v3_twap", POOL): (COIN, DOLLAR),
        ("uniswap_v2_twap", PAIR): (COIN, DOLLAR),
    }


def test_pyth_is_told_by_the_id_of_its_price(tmp_path: Path) -> None:
    price_id = "0x" + "Ab" * 32
    keys = {"address": FEED, "id": price_id, "heartbeat": "1h"}
    (source,) = load(tmp_path, price("pyth", **keys)).settings.prices
    assert source.feed_id == target_id(1, "pyth", FEED, price_id.lower())
    assert (source.heartbeat, source.most_confidence) == (3_600, 0.01)
    wrong = problems(tmp_path, price("pyth", **{**keys, "id": "0x12"}, most_confidence=2))
    assert "64 hexadecimal digits" in wrong["prices[0].id"]
    assert "out of range" in wrong["prices[0].most_confidence"]


def test_the_native_coin_has_the_price_of_its_wrapper_by_each_of_its_names(tmp_path: Path) -> None:
    keys = f'wrapped_native = "{COIN}"\n'
    found = load(tmp_path, CHAINLINK, chain=keys).settings.prices[1:]
    assert [(one.token, one.source, one.quote) for one in found] == [
        (coin, "wrapped", COIN) for coin in NATIVE_COINS
    ]
    assert {one.ancestry for one in found} == {()}


def test_a_wrapper_that_is_none_is_refused_at_its_key(tmp_path: Path) -> None:
    path = 'chains."eip155:1".wrapped_native'
    wrong = problems(tmp_path, CHAINLINK, chain='wrapped_native = "WETH"\n')
    assert "write an address" in wrong[path]
    native = price("spot", address=PAIR, quote=token(NATIVE_COINS[0]))
    wrong = problems(tmp_path, native, chain=f'wrapped_native = "{COIN}"\n')
    assert "in a circle" in wrong[path]


def test_votes_are_read(tmp_path: Path) -> None:
    config = load(tmp_path, CHAINLINK + "[votes]\noutlier = 0.1\ndisagreement = 0.03\n")
    assert config.settings.votes == Votes(outlier=0.1, disagreement=0.03)


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        (price("oracle"), "prices[0].source", 'unknown source "oracle"'),
        (price("chainlnk"), "prices[0].source", 'did you mean "chainlink"'),
        (price("spot", address=PAIR), "prices[0].quote", "is missing"),
        (price("spot", address=POOL, quote=token(DOLLAR)), "prices[0].address", "add the pool"),
        (price("spot", address=VAULT, quote=token(DOLLAR)), "prices[0].address", "add the pool"),
        (price("redemption", address=PAIR, quote=token(DOLLAR)), "prices[0].address", "the vault"),
        (price("redemption", address=VAULT, quote=token(DOLLAR)), "prices[0].token", "its share"),
        (price("spot", address=PAIR, quote=token(COIN)), "prices[0].quote", "the token itself"),
        (price("fixed", value=0), "prices[0].value", "above 0"),
        (price("fixed", value=1.0, window="1h"), "prices[0].window", "unknown key"),
        (
            price("uniswap_v3_twap", address=POOL, quote=token(DOLLAR), window="5s"),
            "prices[0].window",
            "10s to 7d",
        ),
        (
            price("spot", address=PAIR, quote=token(DOLLAR), least_depth=-1),
            "prices[0].least_depth",
            "at least 0",
        ),
        (
            price("chainlink", address=FEED, heartbeat="1h", derived_from="no"),
            "prices[0].derived_from",
            "write a list",
        ),
        (CHAINLINK + CHAINLINK, "prices[1].token", "has this price source already"),
        (
            SPOT + price("spot", token=token(DOLLAR), address=PAIR, quote=token(COIN)),
            "prices[1].quote",
            "in a circle",
        ),
        (
            SPOT + price("spot", token=token(SHARE), address=PAIR, quote=token(DOLLAR)),
            "prices[1].quote",
            "another source says",
        ),
        ("[votes]\noutlier = 1.5\n", "votes.outlier", "out of range"),
        ("[votes]\noutlie = 0.1\n", "votes.outlie", 'did you mean "outlier"'),
        ("[votes]\ndisagreement = nan\n", "votes.disagreement", "no finite number"),
        ("votes = 3\n", "votes", "write a table"),
    ],
)
def test_what_is_wrong_is_said_at_its_key(tmp_path: Path, text: str, path: str, why: str) -> None:
    if text.startswith("votes"):
        file = tmp_path / "watcher.toml"
        file.write_text(text + HEAD)
        with pytest.raises(ConfigError) as caught:
            load_config(file, {})
        found = {one.path: one.text for one in caught.value.problems}
    else:
        found = problems(tmp_path, text)
    assert why in found[path]


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = (
        price("spot", address="0x12", quote="eip155:2/erc20:" + DOLLAR, least_depth="much")
        + price("fixed", value=-1)
        + "[votes]\noutlier = -1\n"
    )
    assert problems(tmp_path, text).keys() == {
        "prices[0].address",
        "prices[0].quote",
        "prices[0].least_depth",
        "prices[1].value",
        "votes.outlier",
    }


RATE = {"address": FEED, "getter": "getRate", "quote": token(DOLLAR)}


def test_a_rate_is_told_by_its_getter_and_the_tokens_that_it_is_between(tmp_path: Path) -> None:
    (source,) = load(tmp_path, price("redemption_rate", **RATE)).settings.prices
    key = f"getRate/18/{COIN}/{DOLLAR}"
    assert source.feed_id == target_id(1, "redemption_rate", FEED, key)
    assert (source.address, source.quote) == (FEED, DOLLAR)
    (other,) = load(tmp_path, price("redemption_rate", **RATE, decimals=28)).settings.prices
    assert other.feed_id == target_id(1, "redemption_rate", FEED, key.replace("18", "28"))
    wrong = problems(tmp_path, price("redemption_rate", **{**RATE, "getter": "getrate"}))
    assert "getRate" in wrong["prices[0].getter"]
    convert = {**RATE, "getter": "convertToAssets", "decimals": 6}
    wrong = problems(tmp_path, price("redemption_rate", **convert))
    assert "remove it" in wrong["prices[0].decimals"]
    assert "prices[0].quote" in problems(
        tmp_path, price("redemption_rate", **RATE | {"quote": None})
    )
