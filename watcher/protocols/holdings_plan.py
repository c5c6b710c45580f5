"""What is asked about a set of holders, as a target's params keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import DecodeError
from watcher.state.target import Param, Target
from watcher.state.token import Address, to_address

_PAIR = re.compile(r"pair (\d+) (\d+) (0x[0-9a-fA-F]{40}) (\d+)/(\d+)")
_VAULT = re.compile(r"vault (\d+)")


@dataclass(frozen=True, slots=True)
class PairPlan:
    """An LP token; tokens are named by their place. `protocol_share` is taken of the growth of
    sqrt(k) while the factory's feeTo is set."""

    token: int
    token0: int
    token1: int
    factory: Address
    protocol_share: Fraction


@dataclass(frozen=True, slots=True)
class VaultPlan:
    """A vault's share token and its asset, by their places."""

    token: int
    asset: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`factories` are those of `managers`, in the same order; `wrapped` is the place of the token
    that the native coin counts as. The first `assets` tokens are held for themselves, the others
    are the `shares`, each before all that it leads to."""

    holders: tuple[Address, ...]
    managers: tuple[Address, ...]
    factories: tuple[Address, ...]
    wrapped: int | None
    assets: int
    shares: tuple[PairPlan | VaultPlan, ...]

    def to_params(self) -> dict[str, Param]:
        return {
            "holders": " ".join(self.holders),
            "position_managers": " ".join(self.managers),
            "factories": " ".join(self.factories),
            "native": -1 if self.wrapped is None else self.wrapped,
            "assets": self.assets,
            "shares": "; ".join(map(_written, self.shares)),
        }


def plan_of(target: Target) -> Plan:
    """The plan in a target's params. Raises DecodeError where they hold none."""
    try:
        return _plan(target.params, len(target.tokens))
    except (KeyError, ValueError, TypeError):
        raise DecodeError(f"{target.label}: its params are not those of holdings") from None


def _plan(params: Mapping[str, Param], tokens: int) -> Plan:
    written = [one for one in str(params["shares"]).split("; ") if one]
    first = tokens - len(written)
    native = int(params["native"])
    return Plan(
        holders=addresses(params["holders"]),
        managers=addresses(params["position_managers"]),
        factories=addresses(params["factories"]),
        wrapped=None if native < 0 else native,
        assets=first,
        shares=tuple(_read(one, first + row) for row, one in enumerate(written)),
    )


def addresses(text: object) -> tuple[Address, ...]:
    return tuple(map(to_address, str(text).split()))


def _written(share: PairPlan | VaultPlan) -> str:
    if isinstance(share, VaultPlan):
        return f"vault {share.asset}"
    part = share.protocol_share
    return f"pair {share.token0} {share.token1} {share.factory} {part.numerator}/{part.denominator}"


def _read(text: str, token: int) -> PairPlan | VaultPlan:
    vault = _VAULT.fullmatch(text)
    if vault is not None:
        return VaultPlan(token, int(vault[1]))
    pair = _PAIR.fullmatch(text)
    if pair is None:
        raise ValueError(text)
    share = Fraction(int(pair[4]), int(pair[5]))
    return PairPlan(token, int(pair[1]), int(pair[2]), to_address(pair[3]), share)


def places(tokens: Sequence[Address]) -> dict[Address, int]:
    return {token: place for place, token in enumerate(tokens)}
