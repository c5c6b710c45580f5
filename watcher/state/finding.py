"""What an attack would take, computed from states, and what that rests on.

A finding excludes the block: equal states, prices and terms give equal findings. Token amounts are
exact, in smallest units; money is in the unit of account at the prices before the attack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, TypeAlias

from watcher.state.token import Address

Attack: TypeAlias = Literal[
    "arbitrage",
    "cycle",
    "oracle_push",
    "pool_pricing",
    "round_trip",
    "sandwich",
    "share_price",
]
Goal: TypeAlias = Literal["profit", "griefing"]
"""What the plan is the best for: the attacker's gain, or the harm that it does to others."""

Verb: TypeAlias = Literal[
    "swap", "add", "remove", "deposit", "redeem", "give", "borrow", "exchange"
]
"""`exchange` is elsewhere, at the reference price; `give` gets nothing back; `borrow` is not
repaid."""

Deltas: TypeAlias = tuple[tuple[Address, int], ...]
"""By how much each token of somebody changes; no token twice, none by nothing."""


class Role(StrEnum):
    """The closed set of whom an attack gives to or takes from, but for gas."""

    ATTACKER = "attacker"
    VICTIM = "victim"
    LIQUIDITY = "liquidity"
    PROTOCOL = "protocol"
    LENDER = "lender"


class Proof(StrEnum):
    """How far a simulation can go: every leg, all legs but those priced at the reference, none."""

    EXECUTED = "executed"
    PARTIAL = "partial"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class Account:
    """By how much somebody has more than without the attack. `name` tells those of one role apart:
    a target's id, or a word."""

    role: Role
    name: str
    deltas: Deltas


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a plan: `actor` gives and takes this at `target_id`, "" for elsewhere."""

    actor: Role
    verb: Verb
    target_id: str
    gives: Deltas
    takes: Deltas


Plan: TypeAlias = tuple[Action, ...]
"""Actions in their order, of no protocol's own words: adapters encode them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something assumed, or a threshold: a named figure, None where the name says all. `unit` is
    "" for a plain number."""

    name: str
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What the profit would be if `what` changed so."""

    what: str
    profit: float


@dataclass(frozen=True, slots=True)
class Worth:
    """The reference price of one whole token and its decimals."""

    price: float
    decimals: int

    @property
    def unit(self) -> Fraction:
        """Money for one smallest unit, exactly."""
        return Fraction(self.price) * Fraction(1, 10**self.decimals)


NO_WORTH: Mapping[Address, Worth] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """One attack at its best size, or why there is none.

    `accounts` are everybody whose tokens change against what would have been without the attack:
    of each token they add up to nothing, which building a finding checks. `gas` is paid by the
    attacker beside them. `capital` is what the attacker must have at once, `size` what the size of
    the attack is chosen by. `assumptions` are what the figures rest on, `break_evens` where the
    profit ends, `proof` is how far a simulation could show it; nothing here was simulated.
    `reason` says why the profit is 0, "" where it is not.
    """

    attack: Attack
    goal: Goal
    target_ids: tuple[str, ...]
    proof: Proof
    reason: str = ""
    accounts: tuple[Account, ...] = ()
    gas: float = 0.0
    worth: Mapping[Address, Worth] = field(default_factory=lambda: NO_WORTH)
    capital: Deltas = ()
    size: Deltas = ()
    plan: Plan = ()
    assumptions: tuple[Condition, ...] = ()
    break_evens: tuple[Condition, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.reason) == bool(self.accounts):
            raise ValueError("a finding has accounts, or a reason why it has none")
        left = total(account.deltas for account in self.accounts)
        if left:
            raise ValueError(f"the accounts of a finding do not add up: {left}")
        if self.accounts and self.goal == "profit" and self.profit <= 0:
            raise ValueError("a plan for profit earns none")

    @property
    def profit(self) -> float:
        """The attacker's gain after gas; 0 where there is no attack."""
        return float(self.money_of(Role.ATTACKER) - Fraction(self.gas)) if self.accounts else 0.0

    def money_of(self, role: Role) -> Fraction:
        """What all of a role have more, in money."""
        deltas = total(account.deltas for account in self.accounts if account.role is role)
        return sum((amount * self.worth[token].unit for token, amount in deltas), Fraction(0))

    @property
    def victims_loss(self) -> float:
        """Of those who trade or deposit; what the pools lose is `liquidity_loss`."""
        return float(-self.money_of(Role.VICTIM))

    @property
    def liquidity_loss(self) -> float:
        return float(-self.money_of(Role.LIQUIDITY))


def nothing(
    attack: Attack,
    target_ids: tuple[str, ...],
    *,
    proof: Proof,
    reason: str,
    goal: Goal = "profit",
    assumptions: tuple[Condition, ...] = (),
    break_evens: tuple[Condition, ...] = (),
) -> Finding:
    """A finding of 0."""
    return Finding(
        attack=attack,
        goal=goal,
        target_ids=target_ids,
        proof=proof,
        reason=reason,
        assumptions=assumptions,
        break_evens=break_evens,
    )


def total(parts: Iterable[Deltas]) -> Deltas:
    """Deltas of several together."""
    sums = Counter[Address]()
    for part in parts:
        for token, amount in part:
            sums[token] += amount
    return tuple(sorted((token, amount) for token, amount in sums.items() if amount))


def deltas(*changes: tuple[Address, int]) -> Deltas:
    return total([changes])


def negated(changes: Deltas) -> Deltas:
    return tuple((token, -amount) for token, amount in changes)
