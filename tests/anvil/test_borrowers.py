"""Who borrowed, from the logs of the real markets: those whom the world let borrow, no others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.adapters import entries, identified
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.cli.app import app
from watcher.devnet.configuration import to_toml
from watcher.devnet.draft import Draft
from watcher.errors import InputError
from watcher.service.borrowers import borrowers
from watcher.state import Address, Target
from watcher.store import Store

pytestmark = pytest.mark.anvil

DATABASE = "sqlite:///watcher.db"
MARKETS = ("compound_v2", "aave_v3", "morpho_blue")


async def lending(node: LocalWorld, protocol: str) -> list[Target]:
    named = [one for one in entries(node.world) if one.protocol == protocol]
    return [one.target for one in await identified(node.chain, named) if one.target]


def owing(node: LocalWorld, target: Target) -> set[Address]:
    """Of the world's borrowers those who owe the market, by its own word."""
    draft, world = Draft(node.world, node.chain), node.world
    if target.protocol == "morpho_blue":
        return {
            account
            for loan in world.morpho_loans
            if int(loan.market_id, 16) == int(target.key, 16)
            for account in loan.accounts
        }
    market = next(
        one
        for one in world.lending_markets
        if (one.protocol, one.token) == (target.protocol, target.tokens[0])
    )
    account, debt = draft.owed_to(market)
    return {account} if debt else set()


@pytest.mark.parametrize("protocol", MARKETS)
async def test_all_who_owe_a_market_are_found(world_node: LocalWorld, protocol: str) -> None:
    targets = await lending(world_node, protocol)
    assert targets
    async with open_chain(world_node.chain.chain_id, world_node.chain.url) as chain:
        seen = [(target, await borrowers(chain, target, 0, None)) for target in targets]
    for target, found in seen:
        assert set(found) == owing(world_node, target), target.label
        assert all(0 < block <= world_node.chain.head().number for block in found.values())
    assert any(found for _, found in seen)


async def test_what_lends_nothing_is_refused(world_node: LocalWorld) -> None:
    named = [one for one in entries(world_node.world) if one.protocol == "uniswap_v2"][:1]
    (pair,) = await identified(world_node.chain, named)
    assert pair.target is not None
    async with open_chain(world_node.chain.chain_id, world_node.chain.url) as chain:
        with pytest.raises(InputError, match="no lending market"):
            await borrowers(chain, pair.target, 0, None)
        (market, *_) = await lending(world_node, "compound_v2")
        with pytest.raises(InputError, match="give --from and --to in order"):
            await borrowers(chain, market, 5, 4)


async def test_the_command_tells_what_to_paste(
    world_node: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (market, *_) = await lending(world_node, "compound_v2")
    text = to_toml(world_node.world, endpoint_url=world_node.chain.url, database_url=DATABASE)
    (tmp_path / "watcher.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        store.register([market])
    told = await asyncio.to_thread(CliRunner().invoke, app, ["borrowers", market.address])
    assert told.exit_code == 0, told.output
    (account,) = owing(world_node, market)
    assert account in told.stdout
    assert f'accounts = ["{account}"]' in told.stderr
