"""Real ERC-4626 vaults in any state, for assets of 6, 8 and 18 decimals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from eth_utils.crypto import keccak

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
from watcher.devnet.local_chain import LocalChain
from watcher.protocols import ADAPTERS, Entry
from watcher.state import Address, ShareVault, Target, Token, to_address
from watcher.state.target import Param

ADAPTER = ADAPTERS["erc4626"]
SYMBOLS = ("USDC", "WBTC", "DAI")
"""6, 8 and 18 decimals."""

SOLADY_BALANCES, SOLADY_SUPPLY = 0x87A211A2, 0x05345CDF77EB68F44C
SNEKMATE_BALANCES, SNEKMATE_SUPPLY = 1, 3

COLLECTOR = to_address("0x0000000000000000000000000000000000c011ec")
"""Who gets fees, and what a vault has elsewhere."""


def solady_entry(holder: Address) -> int:
    """Holder and seed, hashed as they lie in memory."""
    seed = SOLADY_BALANCES.to_bytes(12, "big")
    return int.from_bytes(keccak(bytes.fromhex(holder[2:]) + seed))


def vyper_entry(mapping_slot: int, key: Address) -> int:
    """The slot of `mapping[key]` in Vyper's layout."""
    padded = bytes(12) + bytes.fromhex(key[2:])
    return int.from_bytes(keccak(mapping_slot.to_bytes(32, "big") + padded))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a contract keeps its total supply and what a holder has."""

    total_supply: int
    balance: Callable[[Address], int]


# The ERC-20s of solc: slots in the order of declaration. OpenZeppelin's is the assets' too.
OPENZEPPELIN = Layout(2, lambda holder: entry_of(0, holder))
SOLMATE = Layout(2, lambda holder: entry_of(3, holder))
SOLADY = Layout(SOLADY_SUPPLY, solady_entry)
SNEKMATE = Layout(SNEKMATE_SUPPLY, lambda holder: vyper_entry(SNEKMATE_BALANCES, holder))


@dataclass(frozen=True, slots=True)
class RealVault:
    """A deployed vault."""

    chain: LocalChain
    target: Target
    layout: Layout

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
            full_products=bool(params.get("full_products", False)),
        )

    def run(self, state: ShareVault, steps: Sequence[Step], *, gift: int = 0) -> list[Result]:
        """The steps' results in this state, which the vault's getters must confirm; `gift` is the
        part of its assets that somebody sent to it last. The sender holds every share, and all
        assets that there can be beside the vault's."""
        held = state.total_assets, state.total_supply
        found, results = self.observe(*held, steps, gift=gift)
        assert found == replace(state, max_deposit=found.max_deposit, max_mint=found.max_mint)
        return results

    def observe(
        self,
        total_assets: int,
        total_supply: int,
        steps: Sequence[Step],
        *,
        gift: int = 0,
        prelude: Sequence[Step] = (),
    ) -> tuple[ShareVault, list[Result]]:
        """What the adapter reads after the prelude, and the steps' results."""
        before = [
            step(self.asset, "approve(address,uint256)", self.address, UINT256),
            step(self.asset, "transfer(address,uint256)", self.address, gift),
            *prelude,
        ]
        asked = getters(ADAPTER.calls(self.target))
        storage = self.storage(total_assets - gift, total_supply)
        results = simulate(self.chain, storage, [*before, *asked, *steps])
        start, end = len(before), len(before) + len(asked)
        assert all(each.ok for each in results[:start])
        state = ADAPTER.decode(self.target, answers(results[start:end]))
        assert isinstance(state, ShareVault)
        return state, results[end:]

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

    def storage(self, assets: int, supply: int) -> Storage:
        return {
            (self.address, self.layout.total_supply): supply,
            (self.address, self.layout.balance(SENDER)): supply,
            (self.asset, OPENZEPPELIN.balance(self.address)): assets,
            (self.asset, OPENZEPPELIN.balance(SENDER)): UINT256 - assets,
        }


@dataclass(frozen=True, slots=True)
class Making:
    """How a kind is created for an asset, its layout, and the options of its entry."""

    create: Callable[[Site, Address, Token], Address]
    layout: Layout
    options: Mapping[str, Param]


def _openzeppelin(contract: str, offset: int) -> Making:
    return Making(
        lambda site, builder, asset: site.create(
            builder, contract, asset.address, contract, "v", offset
        ),
        OPENZEPPELIN,
        {"virtual_shares": True, "decimals_offset": offset},
    )


def _solady(offset: int | None) -> Making:
    virtual = offset is not None
    options: dict[str, Param] = {"virtual_shares": virtual}
    if offset is not None:
        options["decimals_offset"] = offset
    return Making(
        lambda site, builder, asset: site.create(
            builder, "SoladyVault", asset.address, "solady", "v", virtual, offset or 0
        ),
        SOLADY,
        options,
    )


def _snekmate(offset: int) -> Making:
    return Making(
        lambda site, builder, asset: site.create(
            builder, "SnekmateVault", "snekmate", "v", asset.address, offset, "snekmate", "1"
        ),
        SNEKMATE,
        {"virtual_shares": True, "decimals_offset": offset},
    )


KINDS: Mapping[str, Making] = {
    "openzeppelin": _openzeppelin("OpenZeppelinVault", 0),
    "openzeppelin+3": _openzeppelin("OpenZeppelinVault", 3),
    "openzeppelin+6": _openzeppelin("OpenZeppelinVault", 6),
    "openzeppelin4": _openzeppelin("OpenZeppelin4Vault", 0),
    "openzeppelin4+3": _openzeppelin("OpenZeppelin4Vault", 3),
    "openzeppelin4+6": _openzeppelin("OpenZeppelin4Vault", 6),
    "solady": _solady(0),
    "solady+6": _solady(6),
    "solady plain": _solady(None),
    "snekmate": _snekmate(0),
    "snekmate+3": _snekmate(3),
    "solmate": Making(
        lambda site, builder, asset: site.create(
            builder, "SolmateVault", asset.address, "solmate", "v"
        ),
        SOLMATE,
        {"virtual_shares": False},
    ),
    "fees": Making(
        lambda site, builder, asset: site.create(
            builder, "FeeVault", asset.address, "fees", "v", COLLECTOR
        ),
        OPENZEPPELIN,
        {},
    ),
    "limited": Making(
        lambda site, builder, asset: site.create(
            builder, "LimitedVault", asset.address, "limited", "v", COLLECTOR
        ),
        OPENZEPPELIN,
        {"holder": SENDER},
    ),
}


def deploy_vaults(
    site: LocalWorld, artifacts: Artifacts, kinds: Sequence[str] = tuple(KINDS)
) -> dict[str, list[RealVault]]:
    """Empty vaults by their kind, one for each asset of SYMBOLS."""
    building, builder = Site(site.chain, artifacts), site.world.actors.builder
    entries = [
        Entry(
            site.chain.chain_id,
            ADAPTER.protocol,
            KINDS[kind].create(building, builder, site.world.token(symbol)),
            name=kind,
            options=KINDS[kind].options,
        )
        for kind in kinds
        for symbol in SYMBOLS
    ]
    building.mine()
    found: dict[str, list[RealVault]] = {kind: [] for kind in kinds}
    for target in identified(site.chain, entries):
        found[target.name].append(RealVault(site.chain, target, KINDS[target.name].layout))
    return found
