"""The plan of an exit, by hand: what comes first, what is not one's own, and what is left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.exits import U, X, Y, Z, estate, leave, leave_world, pool_of
from tests.support.strategies import address, pool, stable, ticked, vault
from watcher.errors import MathError
from watcher.math.exit import sales
from watcher.math.exit.estate import Pair, Position, Vault, estate_of, together
from watcher.math.exit.sales import ENDS, NO_WAY
from watcher.math.exit.world import world_of
from watcher.state import ConstantProduct, Lockbox, Target
from watcher.state.finding import deltas

WAD = 10**18


def out(amount: int, reserve_in: int, reserve_out: int) -> int:
    """UniswapV2Library.getAmountOut."""
    return amount * 997 * reserve_out // (reserve_in * 1000 + amount * 997)


def test_one_token_is_sold_where_it_pays_most() -> None:
    thin, deep = pool(100 * WAD, 110 * WAD), pool(10_000 * WAD, 10_000 * WAD)
    watched = [pool_of(1, thin, X, U), pool_of(2, deep, X, U)]
    little, much = leave({X.address: WAD}, watched), leave({X.address: 100 * WAD}, watched)
    assert little.received == out(WAD, 100 * WAD, 110 * WAD)
    assert much.received == out(100 * WAD, 10_000 * WAD, 10_000 * WAD)
    assert [step.where for step in (*little.steps, *much.steps)] == [address(1), address(2)]


def test_half_of_a_pool_is_no_depth_for_its_owner() -> None:
    """Burned first: what it held is sold into what is left, and not into what it held itself."""
    state = pool(1_000 * WAD, 1_000 * WAD, total_supply=1_000 * WAD)
    found = leave({address(1): 500 * WAD}, [pool_of(1, state, X, U)])
    assert [step.verb for step in found.steps] == ["burn", "sell"]
    assert found.received == 500 * WAD + out(500 * WAD, 500 * WAD, 500 * WAD)
    assert found.reference == deltas((X.address, 500 * WAD), (U.address, 500 * WAD))
    assert not found.left


def test_a_vault_of_lp_tokens_is_taken_apart_down_to_tokens() -> None:
    state = pool(1_000 * WAD, 1_000 * WAD, total_supply=1_000 * WAD)
    shares = vault(100 * WAD, 50 * WAD, offset=None)
    lp, other = pool_of(1, state, X, U), pool_of(2, pool(10**24, 10**24), X, U)
    held = pool_of(3, shares, lp[0].share or X)
    found = leave({address(3): 50 * WAD}, [other, lp, held])
    assert [step.verb for step in found.steps] == ["redeem", "burn", "sell"]
    assert found.steps[-1].where == address(2)
    assert found.received == 100 * WAD + out(100 * WAD, 10**24, 10**24)


def test_two_pools_are_passed_where_no_pool_has_both() -> None:
    watched = [
        pool_of(1, pool(10**21, 2 * 10**21), X, Y),
        pool_of(2, pool(10**21, 10**21), Y, U),
        pool_of(3, pool(10**21, 10**21), X, Z),
    ]
    found = leave({X.address: WAD, Y.address: WAD}, watched)
    y = out(WAD, 10**21, 2 * 10**21)
    assert found.received == out(WAD + y, 10**21, 10**21)
    assert [step.gives for step in found.steps] == [
        deltas((X.address, WAD)),
        deltas((Y.address, WAD + y)),
    ]


def test_a_pool_that_nobody_uses_does_not_spoil_the_way_over_a_hub() -> None:
    """X and the wanted token have a tiny pool of their own, and deep ones with Y, which most pools
    have."""
    watched = [
        pool_of(1, pool(WAD, WAD), X, U),
        pool_of(2, pool(10**22, 10**22), X, Y),
        pool_of(3, pool(10**22, 10**22), Y, U),
        pool_of(4, pool(10**22, 10**22), Y, Z),
    ]
    found = leave({X.address: 10 * WAD}, watched)
    through = out(10 * WAD, 10**22, 10**22)
    assert found.received == out(through, 10**22, 10**22)


def test_a_pool_of_many_coins_pays_one_of_them_only() -> None:
    """Else a sale of X for Y would raise the price of what sells Z for it."""
    many = pool_of(1, stable((10**24, 10**24, 10**24), total_supply=3 * 10**24), X, Y, Z)
    watched = [many, pool_of(2, pool(10**24, 10**24), Y, U), pool_of(3, pool(10**20, 10**20), Z, U)]
    watched += [pool_of(4, pool(10**18, 10**18), Y, U)]
    found = leave({X.address: WAD, Z.address: 10 * WAD}, watched)
    assert {step.takes[0][0] for step in found.steps if step.where == address(1)} == {Y.address}


def test_with_too_many_choices_the_best_pool_of_the_deepest_ones_two_tokens_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deepest pool ends within its ticks, or is the worse one for so much: another one of the
    same two tokens takes it."""
    monkeypatch.setattr(sales, "MOST_CHOICES", 0)
    deep = ticked([(-60, 60, 10**24)])
    watched = [
        pool_of(1, deep, X, U),
        pool_of(2, pool(10**22, 10**22), X, U),
        pool_of(3, pool(10**20, 10**20), X, Y),
        pool_of(4, pool(10**20, 10**20), Y, U),
    ]
    found = leave({X.address: 10**22}, watched)
    assert found.received == out(10**22, 10**22, 10**22)
    little = leave({X.address: 10**18}, watched)
    assert [step.where for step in little.steps] == [address(1)]


def test_what_nobody_buys_is_left_and_says_so() -> None:
    found = leave({Z.address: 5, U.address: 7}, [pool_of(1, pool(10**21, 10**21), X, U)])
    assert (found.received, found.steps) == (7, ())
    assert [(each.token, each.amount, each.reason) for each in found.left] == [
        (Z.address, 5, NO_WAY)
    ]


def test_a_vault_pays_no_more_than_it_has_at_hand() -> None:
    state = replace(vault(100 * WAD, 100 * WAD, offset=None), idle_assets=30 * WAD)
    target, _ = held = pool_of(1, state, U)
    found = leave_world(estate_of(target, state), world_of([held]))
    assert found.received == 30 * WAD
    assert [each.amount for each in found.left] == [70 * WAD]
    assert "does not let" in found.left[0].reason
    assert found.reference == deltas((U.address, 100 * WAD))


def test_what_may_not_be_redeemed_is_sold_where_shares_are_traded() -> None:
    held = pool_of(1, vault(100 * WAD, 100 * WAD, offset=None), U)
    share = held[0].share or U
    market = pool_of(2, pool(1_000 * WAD, 900 * WAD), share, U)
    mine = estate({share.address: 10 * WAD}, most={share.address: 6 * WAD})
    found = leave_world(mine, world_of([held, market]))
    assert [step.verb for step in found.steps] == ["redeem", "sell"]
    assert found.received == 6 * WAD + out(4 * WAD, 1_000 * WAD, 900 * WAD)
    both = leave_world(together([mine, mine]), world_of([held, market]))
    assert both.received == 6 * WAD + out(14 * WAD, 1_000 * WAD, 900 * WAD)


def test_liquidity_between_ticks_leaves_before_anything_is_sold() -> None:
    """Two positions of one pool; the first is closed, and only the second one buys."""
    mine, others = (-600, 600, 10**21), (-1_200, 1_200, 10**20)
    state, rest = ticked([mine, others]), ticked([others])
    position = Position(
        1, X.address, U.address, state.sqrt_price_x96, 0, -600, 600, 10**21, 10**19, 10**19
    )
    watched = world_of([pool_of(1, state, X, U)])
    found = leave_world(estate({}, positions=(position,)), watched)
    alone = leave({X.address: 10**19, U.address: 10**19}, [pool_of(1, rest, X, U)])
    assert found.received == alone.received
    assert found.left == alone.left
    unmoved = leave({X.address: 10**19, U.address: 10**19}, [pool_of(1, state, X, U)])
    assert unmoved.received > found.received


def test_pools_that_may_be_a_positions_are_not_sold_in() -> None:
    state = ticked([(-600, 600, 10**21)])
    position = Position(
        1, X.address, U.address, state.sqrt_price_x96, 0, -600, 600, 10**20, WAD, WAD
    )
    twins = [pool_of(1, state, X, U), pool_of(2, state, X, U)]
    found = leave_world(estate({}, positions=(position,)), world_of(twins))
    assert (found.received, [each.amount for each in found.left]) == (WAD, [WAD])
    third = pool_of(3, ticked([(-1_200, 1_200, 10**21)]), X, U)
    found = leave_world(estate({}, positions=(position,)), world_of([*twins, third]))
    assert [step.where for step in found.steps if step.verb == "sell"] == [address(3)]


def test_where_the_liquidity_ends_the_rest_is_kept() -> None:
    state = ticked([(-60, 60, 10**18)])
    found = leave({X.address: 10**24}, [pool_of(1, state, X, U)])
    assert 0 < found.received < 10**18
    assert found.left[0].reason == ENDS
    assert found.left[0].amount + found.steps[0].gives[0][1] == 10**24


def test_no_more_is_sold_than_to_the_last_tick_that_was_read() -> None:
    """As far as the window goes the pool pays what it pays with all of its ticks known."""
    whole = ticked([(-6_000, 6_000, 10**21)])
    window = replace(whole, known_from=-120, known_to=120)
    for sold, bought in ((X, U), (U, X)):
        found = leave({sold.address: 10**24}, [pool_of(1, window, X, U)], into=bought)
        (step,) = found.steps
        ((_, taken),) = step.gives
        all_known = leave({sold.address: taken}, [pool_of(1, whole, X, U)], into=bought)
        assert found.received == all_known.received
        # of 10^21 of liquidity 0.6% of the price is worth about 6 * 10^18
        assert 5.9 * WAD < taken < 6.1 * WAD
        assert found.left[0].amount + taken == 10**24


def test_a_pair_that_is_not_watched_is_burned_and_not_sold_in() -> None:
    state = replace(pool(1_000 * WAD, 1_000 * WAD, total_supply=1_000 * WAD), fee_numerator=1)
    assert isinstance(state, ConstantProduct)
    own = estate({address(9): 100 * WAD}, pairs={address(9): Pair(X.address, U.address, state, 0)})
    found = leave_world(own, world_of([]))
    assert (found.received, found.left[0].amount) == (100 * WAD, 100 * WAD)
    assert [step.target_id for step in found.steps] == [""]


def test_a_vault_that_is_not_watched_pays_what_it_said_and_nothing_else() -> None:
    said = {address(9): Vault(U.address, {50: 60})}
    assert leave_world(estate({address(9): 50}, vaults=said), world_of([])).received == 60
    other = leave_world(estate({address(9): 51}, vaults=said), world_of([]))
    assert (other.received, other.left[0].amount) == (0, 51)
    assert "watch it" in other.left[0].reason


def test_lp_tokens_of_several_coins_are_burned_too() -> None:
    state = stable((10**24, 10**24, 10**24), total_supply=3 * 10**24)
    target, _ = lp = pool_of(1, state, U, X, Y)
    assert target.share is not None
    found = leave({target.share.address: 3 * 10**23}, [lp])
    assert [step.verb for step in found.steps] == ["burn", "sell", "sell"]
    assert 299_000 * WAD < found.received < 300_000 * WAD


def test_a_lockbox_is_left_with_what_it_holds() -> None:
    target = Target(31337, "lockbox", address(5), "lockbox", "box", (X,), name="box")
    assert estate_of(target, Lockbox((3, 4), 7, 18, 18)).amounts == deltas((X.address, 7))
    with pytest.raises(MathError, match="nothing that could be"):
        estate_of(pool_of(1, pool(10**21, 10**21), X, U)[0], pool(10**21, 10**21))
