"""A node of another chain, and targets that the chain contradicts."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.command import watcher
from tests.support.world import LocalWorld
from watcher.config import load_config
from watcher.devnet.configuration import to_toml

pytestmark = [pytest.mark.e2e, pytest.mark.anvil]


@pytest.fixture
def config(tmp_path: Path, world_node: LocalWorld) -> Path:
    file = tmp_path / "watcher.toml"
    file.write_text(
        to_toml(
            world_node.world,
            endpoint_url=world_node.chain.url,
            database_url="sqlite:///watcher.db",
        )
    )
    return file


def test_a_node_of_another_chain_is_refused(config: Path) -> None:
    config.write_text(config.read_text().replace("eip155:31337", "eip155:1"))
    done = watcher("once", cwd=config.parent)
    assert done.returncode == 5
    assert re.search(
        r"127\.0\.0\.1:\d+ is on chain 31337, the configuration says eip155:1: "
        r"fix the endpoint's URL or the chain's key",
        done.stderr,
    )


def test_every_refused_target_is_named(config: Path, world_node: LocalWorld) -> None:
    usdc = world_node.world.token("USDC").address
    pair = world_node.world.pair("WETH/USDC").address
    text = config.read_text().replace(pair, usdc, 1)  # the treasury holds its LP tokens
    text = text.replace("decimals_offset = 6", "decimals_offset = 5")
    config.write_text(text)
    done = watcher("once", cwd=config.parent)
    assert done.returncode == 5
    lines = done.stderr.splitlines()
    assert (
        f"watcher.toml: WETH/USDC: {usdc} is no Uniswap V2 pair: token0() reverted; "
        "remove the entry"
    ) in lines
    assert any("oz6-usdc" in line and "`decimals_offset`" in line for line in lines)
    checked = watcher("check", cwd=config.parent)
    assert checked.returncode == 5
    assert checked.stdout.count("wrong") == 2


def test_once_twice_stores_one_block(config: Path) -> None:
    first = watcher("once", "--json", cwd=config.parent)
    second = watcher("once", "--json", cwd=config.parent)
    assert first.returncode == second.returncode == 0
    watched = load_config(config, {}).entries_of(31337)
    assert [looked["changed"] for looked in json.loads(first.stdout)] == [len(watched)]
    assert second.stdout.strip() == "[]"
