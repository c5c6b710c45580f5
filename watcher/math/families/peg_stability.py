"""Peg stability modules. The stable coin is coin 0, what is minted for it is coin 1; the first is
sold by an exact input alone, the second for an exact output alone, as the contract has it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact.peg_stability import (
    MANTISSA_ONE,
    Module,
    swap_stable_for_vai,
    swap_vai_for_stable,
)
from watcher.math.families.family import Family
from watcher.state.peg_stability import PRICE_DECIMALS, PegStability

STABLE = 0


def module_of(state: PegStability) -> Module:
    return Module(
        fee_in=state.fee_in,
        fee_out=state.fee_out,
        mint_cap=state.mint_cap,
        minted=state.minted,
        held=state.held,
        price=state.oracle_price,
        one_dollar=10 ** (PRICE_DECIMALS - state.stable_decimals),
        paused=state.paused,
    )


def exact_in(state: PegStability, coin_in: int, _coin_out: int, amount_in: int) -> int:
    if coin_in != STABLE:
        raise MathError("the module is asked for an exact output of its stable coin alone")
    return swap_stable_for_vai(module_of(state), amount_in)


def exact_out(state: PegStability, coin_in: int, _coin_out: int, amount_out: int) -> int:
    if coin_in == STABLE:
        raise MathError("the module takes an exact input of its stable coin alone")
    return swap_vai_for_stable(module_of(state), amount_out)


def spot_price(state: PegStability, coin_in: int, _coin_out: int) -> Fraction:
    module = module_of(state)
    if coin_in == STABLE:
        return Fraction(min(module.price, module.one_dollar), MANTISSA_ONE)
    return Fraction(MANTISSA_ONE, max(module.price, module.one_dollar))


FAMILY: Family[PegStability] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=lambda state: replace(state, fee_in=0, fee_out=0),
)
