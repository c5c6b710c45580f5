"""The watch-lists that `watcher init --list` writes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from watcher.cli.app import app
from watcher.config import Config, load_config
from watcher.config.lists import list_names, watch_list

FACTS = Path(__file__).parents[3] / "shared" / "data" / "mainnet_watch.json"
NODE = {"ETH_RPC_URL": "http://127.0.0.1:1"}
KINDS = {
    "univ2-pair": "uniswap_v2",
    "univ3-pool": "uniswap_v3",
    "erc4626": "erc4626",
    "chainlink": "chainlink",
}
REFUSED = {"sDAI", "sUSDS"}
"""Vaults of the facts whose shares do not convert by their totals."""


def written(tmp_path: Path, name: str) -> Config:
    file = tmp_path / "watcher.toml"
    done = CliRunner().invoke(app, ["init", "--list", name, str(file)])
    assert done.exit_code == 0, done.output
    return load_config(file, NODE)


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Mapping[str, Any]]:
    if not FACTS.is_file():
        pytest.skip("no ../shared/data/mainnet_watch.json")
    return {entry["address"]: entry for entry in json.loads(FACTS.read_text("utf-8"))["entries"]}


@pytest.mark.parametrize("name", list_names())
def test_a_list_is_a_configuration_without_a_problem(name: str, tmp_path: Path) -> None:
    config = written(tmp_path, name)
    assert len(config.entries) >= 20
    assert config.settings.prices
    assert config.limits


@pytest.mark.parametrize("name", list_names())
def test_every_entry_says_what_the_chain_must_confirm(name: str, tmp_path: Path) -> None:
    for entry in written(tmp_path, name).entries:
        key = "description" if entry.protocol == "chainlink" else "tokens"
        assert entry.expect.get(key), entry.name


@pytest.mark.parametrize("name", list_names())
def test_above_every_entry_stands_the_source_of_its_address(name: str) -> None:
    lines = watch_list(name).splitlines()
    heads = [row for row, line in enumerate(lines) if line.startswith("[[")]
    assert heads
    for row in heads:
        assert lines[row - 1].startswith("# "), lines[row : row + 4]
        assert ":" in lines[row - 1], lines[row - 1]


def test_there_is_a_list_for_ethereum() -> None:
    assert "ethereum" in list_names()


def test_the_list_of_ethereum_is_the_facts_of_the_supported_kinds(
    facts: Mapping[str, Mapping[str, Any]], tmp_path: Path
) -> None:
    listed = {str(entry.address): entry for entry in written(tmp_path, "ethereum").entries}
    wanted = {
        address: fact
        for address, fact in facts.items()
        if fact["kind"] in KINDS and fact["name"] not in REFUSED
    }
    assert set(listed) == set(wanted)
    for address, entry in listed.items():
        fact = wanted[address]
        assert entry.protocol == KINDS[fact["kind"]]
        if entry.protocol == "chainlink":
            assert entry.expect["description"] == f"{fact['base']} / {fact['quote']}"
        else:
            tokens = tuple(token["address"] for token in fact["tokens"])
            assert entry.expect["tokens"] == tokens, entry.name
        assert entry.expect.get("fee") == fact.get("fee")


def test_the_sources_of_the_list_are_those_of_the_facts(
    facts: Mapping[str, Mapping[str, Any]],
) -> None:
    lines = watch_list("ethereum").splitlines()
    for row, line in enumerate(lines):
        if line == "[[targets]]":
            address = lines[row + 3].split('"')[1]
            assert lines[row - 1] == f"# {facts[address]['source']}"


def test_a_token_is_priced_by_the_feed_of_its_own_name(
    facts: Mapping[str, Mapping[str, Any]],
) -> None:
    symbols = {
        token["address"]: token["symbol"]
        for fact in facts.values()
        for token in fact.get("tokens", [])
    }
    for price in tomllib.loads(watch_list("ethereum"))["prices"]:
        symbol, feed = symbols[price["token"].rpartition(":")[2]], facts[price["address"]]
        assert (feed["base"], feed["quote"]) == ("ETH" if symbol == "WETH" else symbol, "USD")


def test_a_list_that_there_is_not_is_refused_and_those_that_are_named(tmp_path: Path) -> None:
    file = tmp_path / "watcher.toml"
    done = CliRunner().invoke(app, ["init", "--list", "etherium", str(file)])
    assert done.exit_code == 2
    assert "write --list ethereum" in done.stderr
    assert not file.exists()
