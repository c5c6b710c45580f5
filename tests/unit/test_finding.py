"""A finding whose accounts do not add up cannot be made."""

from __future__ import annotations

import pytest

from tests.support.strategies import address
from watcher.state import Address
from watcher.state.finding import (
    Account,
    Finding,
    Proof,
    Role,
    Worth,
    deltas,
    negated,
    nothing,
    total,
)

A, B = address(0xA0), address(0xB0)
WORTH = {A: Worth(2.0, 18), B: Worth(1.0, 6)}


def finding(*accounts: Account, gas: float = 0.0, goal: str = "profit") -> Finding:
    return Finding(
        attack="arbitrage",
        goal=goal,  # type: ignore[arg-type]
        target_ids=("t",),
        proof=Proof.PARTIAL,
        accounts=accounts,
        gas=gas,
        worth=WORTH,
    )


def account(role: Role, *changes: tuple[Address, int]) -> Account:
    return Account(role, "", deltas(*changes))


def test_what_the_attacker_gains_is_what_others_lose() -> None:
    gained = ((A, -(10**18)), (B, 3_500_000))
    found = finding(
        account(Role.ATTACKER, *gained),
        account(Role.LIQUIDITY, (A, 10**18), (B, -3_600_000)),
        account(Role.PROTOCOL, (B, 100_000)),
        gas=0.25,
    )
    assert found.profit == 1.25
    assert found.liquidity_loss == 1.6
    assert found.victims_loss == 0


def test_accounts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        finding(account(Role.ATTACKER, (B, 5_000_000)), account(Role.LIQUIDITY, (B, -4_999_999)))


def test_a_plan_for_profit_that_earns_none_is_refused_and_one_for_griefing_is_not() -> None:
    rows = account(Role.ATTACKER, (B, -5)), account(Role.LIQUIDITY, (B, 5))
    with pytest.raises(ValueError, match="earns none"):
        finding(*rows)
    assert finding(*rows, goal="griefing").profit < 0
    even = account(Role.ATTACKER, (B, 10**6)), account(Role.LIQUIDITY, (B, -(10**6)))
    with pytest.raises(ValueError, match="earns none"):
        finding(*even, gas=1.0)


def test_nothing_has_a_reason_and_something_has_accounts() -> None:
    none = nothing("cycle", ("t",), proof=Proof.EXECUTED, reason="no loop")
    assert (none.profit, none.victims_loss) == (0, 0)
    with pytest.raises(ValueError, match="a reason why"):
        nothing("cycle", ("t",), proof=Proof.EXECUTED, reason="")


def test_deltas_of_one_token_are_one_and_none_is_zero() -> None:
    assert total([deltas((A, 3), (B, 1)), deltas((A, -3), (B, 1))]) == ((B, 2),)
    assert negated(deltas((A, 3))) == ((A, -3),)
