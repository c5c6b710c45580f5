"""Uniswap V4 without a node: its keys, hooks and fees, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.answers import EMPTY, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, RefusedTarget
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.protocols import Entry
from watcher.protocols.uniswap_v4 import (
    ADAPTER,
    ALTERING,
    DYNAMIC_FEE_FLAG,
    HOOKS,
    NATIVE,
    hook_names,
    pool_id,
)
from watcher.state import Answer, Concentrated, Target
from watcher.state.target import Param
from watcher.state.token import ZERO_ADDRESS

MANAGER, VIEWS, BBB = (address(number) for number in (0x10, 0x20, 0x40))
PRICE, LIQUIDITY = get_sqrt_price_at_tick(-7), 10**18
OPTIONS: Mapping[str, Param] = {
    "currency0": ZERO_ADDRESS,
    "currency1": BBB,
    "fee": 3_000,
    "tick_spacing": 60,
    "state_view": VIEWS,
}
TICKS = {-600: LIQUIDITY, 1_200: -LIQUIDITY}
PROTOCOL_FEE = 30 << 12 | 50


def bitmap(data: bytes) -> Answer:
    word = int.from_bytes(data[32:], signed=True)
    bits = [tick // 60 for tick in TICKS]
    return words(sum(1 << bit % 256 for bit in bits if bit // 256 == word))


def info(data: bytes) -> Answer:
    net = TICKS[int.from_bytes(data[32:], signed=True)]
    return words(abs(net), net)


def chain(views: Mapping[str, Reply] | None = None, *, lp_fee: int = 3_000) -> FakeChain:
    """A pool of the native coin and BBB, with the named replies instead of its StateView's own."""
    slot0 = PRICE | (-7 % 2**24) << 160 | PROTOCOL_FEE << 184 | lp_fee << 208
    replies: dict[str, Reply] = {
        "poolManager()": address_word(MANAGER),
        "getSlot0(bytes32)": words(PRICE, -7, PROTOCOL_FEE, lp_fee),
        "getLiquidity(bytes32)": words(LIQUIDITY),
        "getTickBitmap(bytes32,int16)": bitmap,
        "getTickLiquidity(bytes32,int24)": info,
    }
    token: dict[str, Reply] = {"decimals()": words(6), "symbol()": text("BBB")}
    return FakeChain(
        {
            MANAGER: Fake({"extsload(bytes32)": words(slot0)}),
            VIEWS: Fake(replies | dict(views or {})),
            BBB: Fake(token),
        }
    )


def entry(**options: Param) -> Entry:
    given = {**OPTIONS, **options}
    return Entry(31337, "uniswap_v4", MANAGER, "mine", key=pool_id(given), options=given)


def identify(found: FakeChain, asked: Entry | None = None) -> Target:
    return found.identify(ADAPTER, asked or entry())


def state_of(found: FakeChain, target: Target) -> Concentrated:
    state = found.read(ADAPTER, target)
    assert isinstance(state, Concentrated)
    return state


def test_the_id_of_a_key_is_the_one_that_is_live() -> None:
    """Ethereum's pool of ether and USDC at 0.05%, as its Initialize event has it."""
    key: dict[str, Param] = {
        "currency0": ZERO_ADDRESS,
        "currency1": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "fee": 500,
        "tick_spacing": 10,
    }
    live = "0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27"
    assert pool_id(key) == pool_id({**key, "hooks": ZERO_ADDRESS}) == live
    assert pool_id({**key, "hooks": BBB}) != live
    del key["fee"]
    assert pool_id(key) == ""


def test_a_pool_is_identified_by_its_key() -> None:
    target = identify(chain())
    assert target.tokens[0] == NATIVE
    assert (target.tokens[1].symbol, target.tokens[1].decimals) == ("BBB", 6)
    assert (target.address, target.key) == (MANAGER, pool_id(OPTIONS))
    assert (target.params["hooks"], target.params["hook_flags"]) == (ZERO_ADDRESS, "")


def test_the_state_is_what_the_state_view_answers() -> None:
    found = chain()
    assert state_of(found, identify(found)) == Concentrated(
        variant="uniswap_v4",
        sqrt_price_x96=PRICE,
        tick=-7,
        liquidity=LIQUIDITY,
        fee0=3_000,
        fee1=3_000,
        protocol_fee0=50,
        protocol_fee1=30,
        tick_spacing=60,
        ticks=(-600, 1_200),
        liquidity_net=(LIQUIDITY, -LIQUIDITY),
        liquidity_gross=(LIQUIDITY, LIQUIDITY),
        known_from=-887_272,
        known_to=887_272,
        balances=(),
        decimals0=18,
        decimals1=6,
    )


def test_a_dynamic_fee_is_the_blocks_and_a_static_one_the_keys() -> None:
    dynamic = identify(chain(), entry(fee=DYNAMIC_FEE_FLAG, hooks=address(1 << 16)))
    assert state_of(chain(lp_fee=77), dynamic).fee0 == 77
    with pytest.raises(DecodeError, match="the fee 77, its key has 3000"):
        chain(lp_fee=77).read(ADAPTER, identify(chain()))


@pytest.mark.parametrize(("bit", "name"), HOOKS)
def test_a_bit_of_the_hooks_address_is_one_thing_they_do(bit: int, name: str) -> None:
    hooks = address(1 << 20 | bit)
    assert hook_names(hooks) == name
    target = identify(chain(), entry(hooks=hooks))
    assert target.params["hook_flags"] == name
    altering = ("before_swap", "before_swap_returns_delta", "after_swap_returns_delta")
    assert state_of(chain(), target).hooked == bool(bit & ALTERING) == (name in altering)


@pytest.mark.parametrize(
    ("views", "why"),
    [
        ({"poolManager()": address_word(BBB)}, "is no StateView of"),
        ({"getSlot0(bytes32)": words(PRICE, -7, PROTOCOL_FEE, 3_001)}, "is no StateView of"),
        ({"getSlot0(bytes32)": words(PRICE, -8, PROTOCOL_FEE, 3_000)}, "is no StateView of"),
        ({"getSlot0(bytes32)": EMPTY}, "is no PoolManager of Uniswap V4 with the StateView"),
    ],
)
def test_a_state_view_that_says_otherwise_is_refused(views: Mapping[str, Reply], why: str) -> None:
    with pytest.raises(RefusedTarget, match=f"{why}.* fix .*`state_view`"):
        identify(chain(views))


def test_a_key_of_no_pool_is_refused() -> None:
    found = chain({"getSlot0(bytes32)": words(0, 0, 0, 0)})
    found.contracts[MANAGER] = Fake({"extsload(bytes32)": words(0)})
    with pytest.raises(RefusedTarget, match=f"has no pool {pool_id(OPTIONS)}: fix `currency0`"):
        identify(found)


def test_an_id_beside_the_key_is_held_against_it() -> None:
    own = pool_id(OPTIONS)
    assert identify(chain(), entry(pool_id=own)).key == own
    with pytest.raises(RefusedTarget, match=f"with this key is {own}, the entry says 0x11"):
        identify(chain(), entry(pool_id="0x" + "11" * 32))
    with pytest.raises(RefusedTarget, match="is not the id of the pool"):
        identify(chain(), replace(entry(), key="0x" + "11" * 32))


@pytest.mark.parametrize("name", ["currency0", "currency1", "fee", "tick_spacing", "state_view"])
def test_what_a_key_lacks_is_said(name: str) -> None:
    given = {key: value for key, value in OPTIONS.items() if key != name}
    asked = Entry(31337, "uniswap_v4", MANAGER, "mine", key=pool_id(given), options=given)
    with pytest.raises(RefusedTarget, match=f"is known by its key alone: give `{name}`"):
        identify(chain(), asked)


def test_a_fee_is_pips_or_the_flag_of_a_dynamic_one() -> None:
    (fee,) = (option for option in ADAPTER.options if option.name == "fee")
    assert [fee.parse(value) for value in (0, 10**6, DYNAMIC_FEE_FLAG)] == [0, 10**6, 0x800000]
    for wrong in (-1, 10**6 + 1, DYNAMIC_FEE_FLAG + 1, True, 3_000.0):
        with pytest.raises(ValueError, match="write "):
            fee.parse(wrong)
