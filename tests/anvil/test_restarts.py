"""What a later start of the service identifies otherwise than an earlier one did."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.real_vaults import RealVault, deploy_vaults
from tests.support.world import LocalWorld
from watcher.config import load_config
from watcher.devnet.artifacts import Toolchain
from watcher.service.observe import observe
from watcher.service.once import watch_once
from watcher.service.prepare import connect
from watcher.state import Block, Observation, ShareVault, Target
from watcher.store import Store

pytestmark = pytest.mark.anvil

CONFIG = """
unit = "USD"
database = "sqlite:///watcher.db"
[chains."eip155:{chain}"]
endpoints = [{{ url = "{url}" }}]
[[targets]]
chain = "eip155:{chain}"
protocol = "erc4626"
address = "{vault}"
name = "vault"
"""


def test_a_vault_that_has_earned_since_is_told_as_before(
    fork_site: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    """One of solady's without virtual shares: until it has earned, it converts as one with them."""
    vault = deploy_vaults(fork_site, toolchain.artifacts, ["solady plain"])["solady plain"][2]
    file = tmp_path / "watcher.toml"
    file.write_text(
        CONFIG.format(chain=vault.chain.chain_id, url=vault.chain.url, vault=vault.address)
    )
    config = load_config(file, {})

    def start(total_assets: int) -> tuple[Block, Observation]:
        """The service looks at the chain once, as a process that has just begun."""
        hold(vault, total_assets, 10**18)
        with Store.open(config.database) as store:
            (ticked,) = asyncio.run(watch_once(config, store))
            (observation,) = ticked.tick.observations
            return ticked.block, observation

    def again(target: Target, block: Block) -> Observation:
        async def ask() -> Observation:
            async with connect(config.chains[0]) as client:
                observed = await observe(client.reader, block, [target])
                return observed[target.id]

        return asyncio.run(ask())

    Store.create(config.database).close()
    first = start(10**18)
    second = start(2 * 10**18)
    with Store.open(config.database) as store:
        (target,) = store.targets()
        assert (target.params["virtual_shares"], target.params["otherwise"]) == (1, "full")
    for block, stored in (first, second):
        assert again(target, block) == stored
    assert [shares_of(one) for _, one in (first, second)] == [1, 0]


def shares_of(observation: Observation) -> int:
    assert isinstance(observation.state, ShareVault)
    return observation.state.virtual_shares


def hold(vault: RealVault, total_assets: int, total_supply: int) -> None:
    """Two blocks: what is put into the storage is seen at what is the newest block then, too."""
    vault.chain.mine()
    for (contract, slot), value in vault.storage(total_assets, total_supply).items():
        vault.chain.request("anvil_setStorageAt", contract, f"0x{slot:064x}", f"0x{value:064x}")
    vault.chain.mine()
