"""Holdings taken apart down to tokens that are held for themselves, exactly as the contracts pay.

All addresses count as one holder. Positions are closed one after the other in their order, what
they pay is added to the balances; then each LP token is burned and each vault share redeemed once,
with all that there is of it, before the tokens that it leads to. Amounts are in smallest units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import constant_product
from watcher.math.exact.position_manager import Account, Place, close
from watcher.math.exact.positions import Amounts, FeeGrowth, fee_growth_inside
from watcher.state.holdings import (
    HeldPosition,
    Holdings,
    PairShare,
    PositionPool,
    PositionRange,
    VaultShare,
)

TOO_SMALL = "INSUFFICIENT_LIQUIDITY_BURNED"


class Form(StrEnum):
    """How something is held before it is looked through."""

    TOKEN = "token"  # noqa: S105 - a form of holding, no secret
    PAIR = "pair"
    POSITION = "position"
    VAULT = "vault"


class Unquoted(MathError):
    """The state does not say what redeeming so many shares pays."""

    def __init__(self, token: int, shares: int) -> None:
        self.token, self.shares = token, shares
        super().__init__(f"the vault was not asked what redeeming {shares} shares pays")


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """`amounts` by token; 0 for those that are looked through. `by_form` splits each amount by how
    it was held before, without rounding."""

    amounts: tuple[int, ...]
    by_form: tuple[Mapping[Form, Fraction], ...]


def look_through(state: Holdings, *, redeemable: bool = False) -> LookedThrough:
    """What all that is held comes to. With `redeemable`, of vault shares in the holders' own hands
    only those that `maxRedeem` allows at the block.

    Raises MathError where a contract refuses: there is no figure then. An LP token that is too
    little for one unit of each token pays nothing, which is no refusal.
    """
    held = _Held(len(state.decimals))
    vaults = {vault.token: vault for vault in state.vaults}
    pairs = {pair.token: pair for pair in state.pairs}
    for place in range(len(state.decimals)):
        form = Form.VAULT if place in vaults else Form.PAIR if place in pairs else Form.TOKEN
        held.add(place, form, sum(row[place] for row in state.balances))
    if state.native:
        held.add(state.wrapped, Form.TOKEN, sum(state.native))
    for _, pool, paid in closed_positions(state):
        held.add(pool.token0, Form.POSITION, paid.amount0)
        held.add(pool.token1, Form.POSITION, paid.amount1)
    for token in state.order:
        vault = vaults.get(token)
        if vault is not None and redeemable:
            held.keep_back(token, sum(_beyond(state, vault)))
        paid_out = _redeem(vault, held) if vault else _burn(pairs[token], held)
        held.exchange(token, paid_out)
    return LookedThrough(tuple(map(held.amount, range(len(state.decimals)))), held.by_form())


def unquoted(state: Holdings) -> list[tuple[int, int]]:
    """The redemptions that must still be asked for: token and shares. More may follow from their
    answers; none where a contract refuses anyway."""
    found = []
    for redeemable in (False, True):
        try:
            look_through(state, redeemable=redeemable)
        except Unquoted as missing:
            found.append((missing.token, missing.shares))
        except MathError:
            continue
    return list(dict.fromkeys(found))


class _Held:
    """Amounts under way, each split by its form without rounding."""

    def __init__(self, tokens: int) -> None:
        self._parts: list[dict[Form, Fraction]] = [{} for _ in range(tokens)]

    def amount(self, token: int) -> int:
        """The parts of an amount always sum to a whole number."""
        return int(sum(self._parts[token].values(), Fraction()))

    def add(self, token: int, form: Form, amount: Fraction | int) -> None:
        if amount:
            parts = self._parts[token]
            parts[form] = parts.get(form, Fraction()) + amount

    def keep_back(self, token: int, amount: int) -> None:
        """Leave out shares that are held directly."""
        self.add(token, Form.VAULT, -amount)

    def exchange(self, token: int, paid_out: Sequence[tuple[int, int]]) -> None:
        """All of `token` for amounts of others, each form its part of them."""
        parts, whole = self._parts[token], self.amount(token)
        self._parts[token] = {}
        for into, amount in paid_out:
            for form, part in parts.items():
                self.add(into, form, amount * part / whole)

    def by_form(self) -> tuple[Mapping[Form, Fraction], ...]:
        return tuple(self._parts)


def _beyond(state: Holdings, vault: VaultShare) -> Iterator[int]:
    """What each holder has and may not redeem now."""
    for row, most in zip(state.balances, vault.max_redeem, strict=True):
        yield max(row[vault.token] - most, 0)


def _redeem(vault: VaultShare, held: _Held) -> list[tuple[int, int]]:
    """ERC-4626 redeem, as the vault's own previewRedeem says."""
    shares = held.amount(vault.token)
    if shares == 0:
        return []
    for each in vault.redemptions:
        if each.shares == shares:
            return [(vault.asset, each.assets)]
    raise Unquoted(vault.token, shares)


def _burn(pair: PairShare, held: _Held) -> list[tuple[int, int]]:
    """UniswapV2Pair.burn."""
    liquidity = held.amount(pair.token)
    if liquidity == 0:
        return []
    minted = constant_product.protocol_liquidity(
        pair.reserve0,
        pair.reserve1,
        total_supply=pair.total_supply,
        k_last=pair.k_last,
        share_numerator=pair.protocol_share_numerator,
        share_denominator=pair.protocol_share_denominator,
    )
    try:
        paid = constant_product.burn(
            liquidity + pair.at_pair,
            balance0=pair.balance0,
            balance1=pair.balance1,
            total_supply=pair.total_supply,
            protocol_minted=minted,
        )
    except MathError as error:
        if str(error) == TOO_SMALL:
            return []
        raise
    return [(pair.token0, paid.amount0), (pair.token1, paid.amount1)]


def closed_positions(state: Holdings) -> Iterator[tuple[HeldPosition, PositionPool, Amounts]]:
    """What each position pays, in order: those of one range share the manager's account."""
    accounts = [_manager_account(each) for each in state.ranges]
    for position in state.positions:
        span = state.ranges[position.range]
        pool = state.pools[span.pool]
        nft = Account(
            position.liquidity,
            FeeGrowth(position.inside_last0_x128, position.inside_last1_x128),
            Amounts(position.owed0, position.owed1),
        )
        found = close(_place(pool, span), nft, accounts[position.range])
        accounts[position.range] = found.left
        yield position, pool, found.paid


def _manager_account(span: PositionRange) -> Account:
    return Account(
        span.liquidity,
        FeeGrowth(span.inside_last0_x128, span.inside_last1_x128),
        Amounts(span.owed0, span.owed1),
    )


def _place(pool: PositionPool, span: PositionRange) -> Place:
    inside = fee_growth_inside(
        pool.tick,
        tick_lower=span.tick_lower,
        tick_upper=span.tick_upper,
        growth_global=FeeGrowth(pool.growth0_x128, pool.growth1_x128),
        outside_lower=FeeGrowth(span.lower_outside0_x128, span.lower_outside1_x128),
        outside_upper=FeeGrowth(span.upper_outside0_x128, span.upper_outside1_x128),
    )
    return Place(pool.sqrt_price_x96, pool.tick, span.tick_lower, span.tick_upper, inside)
