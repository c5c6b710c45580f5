"""A vault of Yearn's, V2 or V3, with the strategies that owe it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

YearnVersion: TypeAlias = Literal["0.3.4", "0.4.3", "3.1.0"]
"""The apiVersion of V2's, which differ in what a deposit is divided by; the api_version of V3's."""


@dataclass(frozen=True, slots=True)
class YearnStrategy:
    """`debt` is what the vault has lent it, `assets` what it says that it has for the vault,
    `max_withdraw` what it would pay out now: V3's are vaults themselves and say it, of V2's it is
    as much as `assets`."""

    debt: int
    assets: int
    max_withdraw: int


@dataclass(frozen=True, slots=True)
class YearnVault:
    """Assets and shares in their smallest units.

    `total_idle` is what the vault counts as its own: in V2 its balance, which anybody can raise; V3
    keeps account, and `balance` is what really lies there. `total_supply` is without the shares
    that V3 has unlocked by now, `locked_shares` those that V3 still holds itself; `locked_profit`
    is what V2 does not count yet, as it stands at the block. `strategies` are those of V2's queue
    in its order, those that are configured of V3, and only these pay for a withdrawal. `guarded`:
    V2's guests alone may deposit.
    """

    KIND: ClassVar[str] = "yearn_vault"
    VERSION: ClassVar[int] = 1

    version: YearnVersion
    total_idle: int
    total_debt: int
    total_supply: int
    balance: int
    locked_profit: int
    locked_shares: int
    deposit_limit: int
    shutdown: bool
    guarded: bool
    strategies: tuple[YearnStrategy, ...]
    decimals: int

    def problems(self) -> Iterator[str]:
        """Why such a vault cannot be."""
        if self.locked_profit and self.is_v3:
            yield "state.locked_profit is of a V3, which locks shares"
        if self.locked_shares and not self.is_v3:
            yield "state.locked_shares are of a V2, which locks profit"
        if self.locked_shares > self.total_supply:
            yield "state.locked_shares are more than state.total_supply"
        if sum(one.debt for one in self.strategies) > self.total_debt:
            yield "state.strategies owe more than state.total_debt"

    @property
    def is_v3(self) -> bool:
        return self.version == "3.1.0"

    @property
    def total_assets(self) -> int:
        return self.total_idle + self.total_debt
