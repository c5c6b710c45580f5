"""Trades over several steps while the impact of the earlier ones decays, by dynamic programming.

A step's trade n of a leg costs n(ε + a·n + b·y), where y is what of the earlier trades still
displaces the price: of it and of n the part ρ is left at the next step. What is not yet traded
bears risk until then. The cost of what remains is a quadratic form of (x, y, 1), x what is still to
be traded, and is found backwards from the last step.

With a = η/τ, b = γ and ρ = 1 it is the model of Almgren and Chriss, Optimal execution of portfolio
transactions (2000). On the curve of a pool that is brought back between the steps, an exchange of n
costs about εn + an², and b = 2a: with ρ = 1 splitting saves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watcher.math.bridge import Floats


@dataclass(frozen=True, slots=True)
class Impact:
    """All (leg,): `fixed` is ε, the cost of a unit; `instant` a, above 0; `lasting` b; `kept` ρ."""

    fixed: Floats
    instant: Floats
    lasting: Floats
    kept: Floats


@dataclass(frozen=True, slots=True)
class Risk:
    """What being off costs in one step: (u + Mx)ᵀS(u + Mx), x (leg,) what is still to be traded,
    `turn` M (asset, leg), `rest` u (asset,) what is off when nothing is left to be traded, `weight`
    S (asset, asset)."""

    turn: Floats
    rest: Floats
    weight: Floats

    def of(self, left: Floats) -> float:
        off = self.rest + self.turn @ left
        return float(off @ self.weight @ off)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`trades` (step, leg), `left` (step, leg) what is still to be traded after each; `costs` and
    `risks` (step,) of each step, in the units of the impact and of the risk."""

    trades: Floats
    left: Floats
    costs: Floats
    risks: Floats


def schedule(
    whole: Floats, impact: Impact, risk: Risk, *, steps: int, last: float | None = None
) -> Schedule:
    """The trades of `steps` steps that cost the least in all, none of them below zero and together
    at most `whole` (leg,).

    With `last` what is left at the end is borne for so many steps' risk instead of being traded in
    the last step whatever it costs."""
    policies = _policies(impact, risk, steps=steps, last=last)
    left, displaced = whole.astype(float), np.zeros(len(whole))
    rows: list[tuple[Floats, Floats, float, float]] = []
    for step, policy in enumerate(policies):
        wished = policy @ np.concatenate([left, displaced, [1.0]])
        traded: Floats = np.clip(wished, 0.0, left)
        cost = float(traded @ (impact.fixed + impact.instant * traded + impact.lasting * displaced))
        left = left - traded
        displaced = impact.kept * (displaced + traded)
        held_for = 1.0 if last is None or step + 1 < steps else last
        rows.append((traded, left, cost, held_for * risk.of(left)))
    return Schedule(
        trades=np.array([row[0] for row in rows]),
        left=np.array([row[1] for row in rows]),
        costs=np.array([row[2] for row in rows]),
        risks=np.array([row[3] for row in rows]),
    )


def _policies(impact: Impact, risk: Risk, *, steps: int, last: float | None) -> list[Floats]:
    """For each step what to trade, as a matrix (leg, 2·leg + 1) on (x, y, 1)."""
    legs = len(impact.fixed)
    size = 2 * legs + 1
    found: list[Floats] = []
    ahead = np.zeros((size, size))
    for step in reversed(range(steps)):
        at_end = step + 1 == steps
        held_for = last if at_end and last is not None else 1.0
        stage = _stage(impact, risk, held_for) + _carried(impact, ahead)
        both, trades = stage[:size, size:], stage[size:, size:]
        if at_end and last is None:
            policy = np.hstack([np.eye(legs), np.zeros((legs, legs + 1))])
        else:
            # where nothing tells one split from another, the least of the equal ones
            policy = -np.asarray(np.linalg.lstsq(trades, both.T, rcond=None)[0], np.float64)
        found.append(policy)
        joined = np.vstack([np.eye(size), policy])
        ahead = joined.T @ stage @ joined
    return found[::-1]


def _stage(impact: Impact, risk: Risk, held_for: float) -> Floats:
    """A step's own cost, a quadratic form of (x, y, 1, n)."""
    legs = len(impact.fixed)
    one, traded = 2 * legs, slice(2 * legs + 1, None)
    form = np.zeros((3 * legs + 1, 3 * legs + 1))
    form[traded, traded] = np.diag(impact.instant)
    displaced, half = slice(legs, one), np.diag(impact.lasting) / 2
    form[displaced, traded] = form[traded, displaced] = half
    form[one, traded] = form[traded, one] = impact.fixed / 2
    off = np.zeros((len(risk.rest), 3 * legs + 1))
    off[:, :legs], off[:, one], off[:, traded] = risk.turn, risk.rest, -risk.turn
    return form + held_for * (off.T @ risk.weight @ off)


def _carried(impact: Impact, ahead: Floats) -> Floats:
    """What the steps ahead cost, as a form of (x, y, 1, n)."""
    legs = len(impact.fixed)
    moved = np.zeros((2 * legs + 1, 3 * legs + 1))
    one, keeps = 2 * legs, np.diag(impact.kept)
    moved[:legs, :legs], moved[:legs, one + 1 :] = np.eye(legs), -np.eye(legs)
    moved[legs:one, legs:one], moved[legs:one, one + 1 :] = keeps, keeps
    moved[one, one] = 1.0
    return moved.T @ ahead @ moved
