"""What an entry expects beyond its protocol: as it is written, and as the chain confirms it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.strategies import address
from watcher.cli.template import TEMPLATE
from watcher.config import load_config
from watcher.errors import ConfigError
from watcher.protocols import Entry
from watcher.protocols.expectation import Expected, contradiction, parse_expected
from watcher.state import Target, Token

AAA, BBB, CCC = (Token(address(n), 18, symbol) for n, symbol in ((1, "AAA"), (2, "BBB"), (3, "")))
POOL = Target(
    1, "uniswap_v3", address(9), "concentrated", tokens=(AAA, BBB), params={"fee": 500, "on": True}
)
FEED = Target(1, "chainlink", address(8), "price_feed", params={"description": "STETH / ETH"})
FIX_TOKENS = "fix `expect.tokens`, or remove the entry"


def said(target: Target, **expect: Expected) -> str | None:
    return contradiction(Entry(1, target.protocol, target.address, expect=expect), target)


def test_what_the_chain_confirms_is_no_contradiction() -> None:
    assert said(POOL) is None
    assert said(POOL, tokens=(AAA.address, BBB.address), fee=500, on=True) is None
    assert said(FEED, description="STETH / ETH") is None


def test_a_description_is_the_same_in_other_letters() -> None:
    assert said(FEED, description="stETH/ETH") is None
    assert said(FEED, description="ETH / stETH") is not None


@pytest.mark.parametrize(
    ("expect", "sentence"),
    [
        (
            {"tokens": (BBB.address, AAA.address)},
            f"its token 0 is AAA at {AAA.address}, the file says {BBB.address}: {FIX_TOKENS}",
        ),
        (
            {"tokens": (AAA.address,)},
            f"it has 2 tokens, the file says 1: {FIX_TOKENS}",
        ),
        (
            {"fee": 3000},
            "its fee is 500, the file says 3000: fix `expect.fee`, or remove the entry",
        ),
        ({"on": 1}, "its on is True, the file says 1: fix `expect.on`, or remove the entry"),
        ({"feee": 500}, "`expect.feee` is nothing that a uniswap_v3 has: it has fee, on, tokens"),
    ],
)
def test_the_first_contradiction_is_told_with_its_cure(
    expect: dict[str, Expected], sentence: str
) -> None:
    assert said(POOL, **expect) == sentence


def test_a_token_without_a_symbol_is_named_all_the_same() -> None:
    target = Target(1, "erc4626", address(7), "share_vault", tokens=(CCC,))
    found = said(target, tokens=(AAA.address,))
    assert found is not None
    assert "token 0 is a token without a symbol at" in found


@pytest.mark.parametrize(
    "written",
    [
        "tokens",
        {},
        {"tokens": "0x"},
        {"tokens": [1]},
        {"tokens": ["0x" + "ab" * 19]},
        {"tokens": ["0xA0B86991c6218b36c1d19D4a2e9Eb0cE3606eB48"]},
        {"tokens": ["0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"]},
        {"fee": 0.3},
        {"fee": [1]},
    ],
)
def test_what_is_no_expectation_is_refused_at_load(written: object) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_expected(written)


def test_a_wrong_expectation_is_one_of_the_files_problems(tmp_path: Path) -> None:
    file = tmp_path / "watcher.toml"
    file.write_text(
        TEMPLATE.replace("0xA0b86991c", "0xA0b86991C").replace("sizes = [1000,", "sizes = [0,")
    )
    with pytest.raises(ConfigError) as caught:
        load_config(file, {"ETH_RPC_URL": "http://127.0.0.1:1"})
    paths = {problem.path for problem in caught.value.problems}
    assert {"targets[0].expect", "sizes"} <= paths
