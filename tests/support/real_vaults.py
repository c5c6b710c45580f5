"""OpenZeppelin's and solmate's own vaults in any state, for assets of 6, 8 and 18 decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.simulation import (
    RECEIVER,
    SENDER,
    Result,
    Step,
    Storage,
    answers,
    entry_of,
    getters,
    identified,
    simulate,
    step,
)
from tests.support.strategies import UINT256
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.vaults import deploy_openzeppelin, deploy_solmate
from watcher.devnet.local_chain import LocalChain
from watcher.protocols import ADAPTERS, Entry
from watcher.state import Address, ShareVault, Target

ADAPTER = ADAPTERS["erc4626"]
SYMBOLS = ("USDC", "WBTC", "DAI")
"""6, 8 and 18 decimals."""

# Both ERC-20s, solc 0.8.28: slots in the order of declaration. OpenZeppelin's is the assets' too.
TOTAL_SUPPLY = 2
OPENZEPPELIN_BALANCES, SOLMATE_BALANCES = 0, 3


@dataclass(frozen=True, slots=True)
class RealVault:
    """A deployed vault."""

    chain: LocalChain
    target: Target

    @property
    def address(self) -> Address:
        return self.target.address

    @property
    def asset(self) -> Address:
        return self.target.tokens[0].address

    def state(self, total_assets: int, total_supply: int) -> ShareVault:
        assert self.target.share is not None
        params = self.target.params
        return ShareVault(
            total_assets=total_assets,
            total_supply=total_supply,
            idle_assets=total_assets,
            virtual_assets=int(params["virtual_assets"]),
            virtual_shares=int(params["virtual_shares"]),
            refuses_zero=bool(params["refuses_zero"]),
            asset_decimals=self.target.tokens[0].decimals,
            share_decimals=self.target.share.decimals,
        )

    def run(self, state: ShareVault, steps: Sequence[Step], *, gift: int = 0) -> list[Result]:
        """The steps' results in this state, which the vault's getters must confirm; `gift` is the
        part of its assets that somebody sent to it last. The sender holds every share, and all
        assets that there can be beside the vault's."""
        before = [
            step(self.asset, "approve(address,uint256)", self.address, UINT256),
            step(self.asset, "transfer(address,uint256)", self.address, gift),
        ]
        asked = getters(ADAPTER.calls(self.target))
        storage = self._storage(state.total_assets - gift, state.total_supply)
        results = simulate(self.chain, storage, [*before, *asked, *steps])
        start, end = len(before), len(before) + len(asked)
        assert all(each.ok for each in results[:start])
        assert ADAPTER.decode(self.target, answers(results[start:end])) == state
        return results[end:]

    def view(self, name: str, amount: int) -> Step:
        return step(self.address, f"{name}(uint256)", amount)

    def act(self, name: str, amount: int) -> Step:
        """deposit, mint, withdraw or redeem, for the receiver."""
        if name in ("deposit", "mint"):
            return step(self.address, f"{name}(uint256,address)", amount, RECEIVER)
        signature = f"{name}(uint256,address,address)"
        return step(self.address, signature, amount, RECEIVER, SENDER)

    def holding(self, token: Address, holder: Address) -> Step:
        return step(token, "balanceOf(address)", holder)

    def _storage(self, assets: int, supply: int) -> Storage:
        virtual = int(self.target.params["virtual_shares"]) > 0
        balances = OPENZEPPELIN_BALANCES if virtual else SOLMATE_BALANCES
        return {
            (self.address, TOTAL_SUPPLY): supply,
            (self.address, entry_of(balances, SENDER)): supply,
            (self.asset, entry_of(OPENZEPPELIN_BALANCES, self.address)): assets,
            (self.asset, entry_of(OPENZEPPELIN_BALANCES, SENDER)): UINT256 - assets,
        }


def deploy_vaults(site: LocalWorld, artifacts: Artifacts) -> dict[str, list[RealVault]]:
    """Empty vaults by their kind, one for each asset of SYMBOLS."""
    offsets: dict[str, int | None] = {
        "openzeppelin": 0,
        "openzeppelin+3": 3,
        "openzeppelin+6": 6,
        "solmate": None,
    }
    building, builder = Site(site.chain, artifacts), site.world.actors.builder
    entries = []
    for kind, offset in offsets.items():
        for symbol in SYMBOLS:
            asset = site.world.token(symbol)
            if offset is None:
                vault = deploy_solmate(building, builder, asset, name=kind)
            else:
                vault = deploy_openzeppelin(building, builder, asset, name=kind, offset=offset)
            options = {"virtual_shares": vault.virtual_shares, "decimals_offset": offset or 0}
            entries.append(
                Entry(
                    site.chain.chain_id, ADAPTER.protocol, vault.address, name=kind, options=options
                )
            )
    building.mine()
    found: dict[str, list[RealVault]] = {kind: [] for kind in offsets}
    for target in identified(site.chain, entries):
        found[target.name].append(RealVault(site.chain, target))
    return found
