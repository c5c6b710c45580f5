"""The plan of an exit: positions are closed and LP tokens burned before anything is sold, for one's
own liquidity is no depth for oneself; vault shares are redeemed as far as the vaults pay; then all
is sold for one token. Every step is exact and changes what follows.

All amounts are in smallest units. What is left over counts for nothing and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.exit.estate import Estate, Position
from watcher.math.exit.sales import Unsold, sell
from watcher.math.exit.world import Watched, World, burned, burned_unwatched, without_position
from watcher.math.families import share_vault
from watcher.state.finding import Deltas, deltas
from watcher.state.kinds import State
from watcher.state.share_vault import UNLIMITED, ShareVault
from watcher.state.token import Address

StepVerb: TypeAlias = Literal["wrap", "close", "burn", "redeem", "sell"]

LIMITED = "the vault does not let so much be redeemed now"
NOT_WATCHED = "the vault is not watched and was not asked what so many shares redeem for: watch it"


@dataclass(frozen=True, slots=True)
class Step:
    """`where` is the contract, or the token id of a position; `target_id` what is watched there, ""
    for nothing. Native coin that is wrapped is given as its wrapper."""

    verb: StepVerb
    where: str
    target_id: str
    gives: Deltas
    takes: Deltas


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """`received` of the token `into` when all `steps` were done in their order. `reference` are all
    tokens that everything comes to without a sale and without the vaults' limits, what is held back
    by a refusal included as it is."""

    into: Address
    steps: tuple[Step, ...]
    received: int
    left: tuple[Unsold, ...]
    reference: Deltas


def exit_plan(estate: Estate, world: World, into: Address) -> ExitPlan:
    """Everything of `estate` sold for `into`, as the contracts would pay it."""
    apart = _Apart(estate, world, limited=True)
    apart.all()
    free = _Apart(estate, world, limited=False)
    free.all()
    done = sell(apart.world, apart.amounts, into, before=world)
    sales = tuple(
        Step(
            "sell",
            world.markets[one.target_id].target.address,
            one.target_id,
            deltas((one.token_in, one.amount_in)),
            deltas((one.token_out, one.amount_out)),
        )
        for one in done.sales
    )
    return ExitPlan(
        into=into,
        steps=(*apart.steps, *sales),
        received=done.received,
        left=tuple(
            replace(one, reason=apart.refused.get(one.token, one.reason)) for one in done.unsold
        ),
        reference=deltas(*free.amounts.items()),
    )


class _Apart:
    """An estate under way from what it is to what can be sold."""

    def __init__(self, estate: Estate, world: World, *, limited: bool) -> None:
        self.amounts: dict[Address, int] = dict(estate.amounts)
        for share, vault in world.vaults.items():
            # named with the vault as a whole and in a holder's hands, they are there once
            if self.amounts.get(share, 0) > vault.state.total_supply:
                self.amounts[share] = vault.state.total_supply
        self.world = world
        self.steps: list[Step] = []
        self.refused: dict[Address, str] = {}
        self._estate = estate
        self._most: Mapping[Address, int] = estate.most if limited else {}

    def all(self) -> None:
        for token, amount in self._estate.native:
            self.steps.append(Step("wrap", token, "", (), deltas((token, amount))))
        for position in self._estate.positions:
            self._close(position)
        for token in self._order():
            if self.amounts.get(token):
                self._redeem(token) if self._leads_to(token)[0] else self._burn(token)

    def _order(self) -> list[Address]:
        """Each claim before all that it leads to, LP tokens before shares where both may come."""
        waiting = {token for token in self._claims() if self.amounts.get(token)}
        for token in list(waiting):
            waiting |= self._below(token)
        order: list[Address] = []
        while waiting:
            led = {into for token in waiting for into in self._leads_to(token)[1] if into != token}
            free = sorted(waiting - led, key=lambda token: (self._leads_to(token)[0], token))
            # in a circle of claims nothing comes first
            following = (free or sorted(waiting))[0]
            order.append(following)
            waiting.remove(following)
        return order

    def _claims(self) -> set[Address]:
        estate, world = self._estate, self.world
        return {*world.lp_tokens, *world.vaults, *estate.pairs, *estate.vaults}

    def _below(self, token: Address) -> set[Address]:
        claims, found, waiting = self._claims(), set[Address](), [token]
        while waiting:
            for into in self._leads_to(waiting.pop())[1]:
                if into in claims and into not in found:
                    found.add(into)
                    waiting.append(into)
        return found

    def _leads_to(self, token: Address) -> tuple[bool, tuple[Address, ...]]:
        """Whether it is a vault's share, and the tokens that it pays in."""
        if token in self.world.vaults:
            return True, (self.world.vaults[token].target.tokens[0].address,)
        if token in self.world.lp_tokens:
            market = self.world.markets[self.world.lp_tokens[token]]
            return False, tuple(each.address for each in market.target.tokens)
        if token in self._estate.pairs:
            pair = self._estate.pairs[token]
            return False, (pair.token0, pair.token1)
        return True, (self._estate.vaults[token].asset,)

    def _close(self, position: Position) -> None:
        paid = deltas((position.token0, position.paid0), (position.token1, position.paid1))
        self.world = without_position(self.world, position)
        self.steps.append(Step("close", str(position.token_id), "", (), paid))
        for token, amount in paid:
            self.amounts[token] = self.amounts.get(token, 0) + amount

    def _burn(self, token: Address) -> None:
        amount, pair = self.amounts[token], self._estate.pairs.get(token)
        target_id = self.world.lp_tokens.get(token, "")
        where: str = token
        try:
            if target_id:
                market = self.world.markets[target_id]
                paid, after = burned(market, amount, at_pair=pair.at_pair if pair else 0)
                self.world = self.world.with_market(after)
                where = market.target.address
            else:
                paid = burned_unwatched(self._estate.pairs[token], amount)
        except MathError as error:
            self.refused[token] = str(error)
            return
        self._exchange("burn", where, target_id, token, amount, paid)

    def _redeem(self, token: Address) -> None:
        held = self.amounts[token]
        amount = min(held, self._most.get(token, held))
        if amount < held:
            self.refused[token] = LIMITED
        if amount == 0:
            return
        watched = self.world.vaults.get(token)
        try:
            paid = self._redeemed(token, amount)
        except MathError as error:
            self.refused[token] = str(error)
            return
        (asset,) = self._leads_to(token)[1]
        target_id = watched.target.id if watched else ""
        coins = ((asset, paid),) if paid else ()
        self._exchange("redeem", token, target_id, token, amount, coins)

    def _redeemed(self, token: Address, amount: int) -> int:
        """What the vault answered for just so many shares, else what it does by its arithmetic."""
        known, watched = self._estate.vaults.get(token), self.world.vaults.get(token)
        if known is not None and amount in known.redemptions:
            return known.redemptions[amount]
        if watched is None:
            raise MathError(NOT_WATCHED)
        return redeemed(watched, amount)

    def _exchange(
        self,
        verb: StepVerb,
        where: str,
        target_id: str,
        token: Address,
        amount: int,
        paid: tuple[tuple[Address, int], ...],
    ) -> None:
        self.amounts[token] -= amount
        for coin, out in paid:
            self.amounts[coin] = self.amounts.get(coin, 0) + out
        self.steps.append(Step(verb, where, target_id, deltas((token, amount)), deltas(*paid)))


def redeemed(vault: Watched, amount: int) -> int:
    """What a watched vault pays for shares, whoever has them: its state's limits are of the holder
    that is configured, and not of this one. Raises MathError where it refuses."""
    state: State = vault.state
    if isinstance(state, ShareVault):
        state = replace(state, max_redeem=UNLIMITED)
    return quotes.quote_exact_in(state, share_vault.SHARE, share_vault.ASSET, amount).amount_out
