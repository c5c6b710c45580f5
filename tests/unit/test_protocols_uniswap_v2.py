"""Uniswap V2 and forks without a node: what is confirmed, refused and decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RefusedTarget, RevertedCall
from watcher.protocols import Entry
from watcher.protocols.uniswap_v2 import ADAPTER, KNOWN_FACTORIES
from watcher.state import Address, ConstantProduct, Target, to_address
from watcher.state.target import Param

PAIR, FACTORY, AAA, BBB = (address(number) for number in (0x10, 0x20, 0x30, 0x40))
UNISWAP = next(name for chain, name in KNOWN_FACTORIES if chain == 1)


def token(symbol: str, decimals: int, *, balance: int = 0) -> Fake:
    return Fake(
        {
            "decimals()": words(decimals),
            "symbol()": text(symbol),
            "balanceOf(address)": words(balance),
        }
    )


def chain(pair: Mapping[str, Reply] | None = None, *, factory: Address = FACTORY) -> FakeChain:
    """A pair of AAA (18 decimals) and BBB (6), with the named replies instead of its own."""
    replies: dict[str, Reply] = {
        "token0()": address_word(AAA),
        "token1()": address_word(BBB),
        "factory()": address_word(factory),
        "getReserves()": words(1_000, 2_000, 7),
        "kLast()": words(1_999_000),
        "totalSupply()": words(1_414),
        "decimals()": words(18),
        "symbol()": text("UNI-V2"),
    }
    return FakeChain(
        {
            PAIR: Fake(replies | {f"{name}()": reply for name, reply in (pair or {}).items()}),
            factory: Fake(
                {
                    "getPair(address,address)": address_word(PAIR),
                    "feeTo()": address_word(address(0)),
                }
            ),
            AAA: token("AAA", 18, balance=1_001),
            BBB: token("BBB", 6, balance=2_000),
        }
    )


def entry(options: Mapping[str, Param] | None = None, *, chain_id: int = 31337) -> Entry:
    given = {"fee": "3/1000"} if options is None else options
    return Entry(chain_id, "uniswap_v2", PAIR, "mine", options=given)


def identify(found: FakeChain, asked: Entry | None = None) -> Target:
    return found.identify(ADAPTER, asked or entry())


def test_a_pair_is_identified_by_what_it_says() -> None:
    target = identify(chain())
    assert [(each.symbol, each.decimals) for each in target.tokens] == [("AAA", 18), ("BBB", 6)]
    assert target.share is not None
    assert (target.share.address, target.share.symbol) == (PAIR, "UNI-V2")
    assert (target.name, target.kind, target.key) == ("mine", "constant_product", "")
    assert dict(target.params) == {
        "factory": FACTORY,
        "fee_numerator": 997,
        "fee_denominator": 1000,
        "protocol_share_numerator": 1,
        "protocol_share_denominator": 6,
    }


def test_the_state_is_what_the_pair_answers() -> None:
    found = chain()
    state = found.read(ADAPTER, identify(found))
    assert state == ConstantProduct(
        reserve0=1_000,
        reserve1=2_000,
        balance0=1_001,
        balance1=2_000,
        total_supply=1_414,
        k_last=1_999_000,
        fee_numerator=997,
        fee_denominator=1000,
        protocol_share_numerator=0,
        protocol_share_denominator=6,
        decimals0=18,
        decimals1=6,
    )


def test_the_protocols_share_counts_while_fee_to_is_set() -> None:
    found = chain()
    target = identify(found)
    found.contracts[FACTORY] = Fake({"feeTo()": address_word(address(9))})
    state = found.read(ADAPTER, target)
    assert isinstance(state, ConstantProduct)
    assert (state.protocol_share_numerator, state.protocol_share_denominator) == (1, 6)


def test_an_unknown_factory_needs_its_fee() -> None:
    with pytest.raises(RefusedTarget, match=f"fee of factory {FACTORY} is not known: give it"):
        identify(chain(), entry({}))


def test_a_known_factory_brings_its_terms() -> None:
    known = to_address(UNISWAP)
    target = identify(chain(factory=known), entry({}, chain_id=1))
    assert (target.params["fee_numerator"], target.params["fee_denominator"]) == (997, 1000)
    assert target.params["protocol_share_denominator"] == 6
    same = identify(chain(factory=known), entry({"fee": "3/1000"}, chain_id=1))
    assert same.params == target.params
    with pytest.raises(RefusedTarget, match=r"fee = 0\.002, factory .* takes 0\.003: remove `fee`"):
        identify(chain(factory=known), entry({"fee": "1/500"}, chain_id=1))
    with pytest.raises(RefusedTarget, match="is not known"):
        identify(chain(factory=known), entry({}, chain_id=56))  # another chain's contract


def test_the_terms_of_a_fork_are_given() -> None:
    options = {"fee": "1/400", "protocol_fee_share": "8/25"}
    params = identify(chain(), entry(options)).params
    assert (params["fee_numerator"], params["fee_denominator"]) == (399, 400)
    assert (params["protocol_share_numerator"], params["protocol_share_denominator"]) == (8, 25)
    free = identify(chain(), entry({"fee": "0/1", "protocol_fee_share": "0/1"})).params
    assert (free["fee_numerator"], free["fee_denominator"]) == (1, 1)


def test_an_address_without_code_is_no_pair() -> None:
    found = chain()
    del found.contracts[PAIR]
    with pytest.raises(NoCode, match=f"nothing is deployed at {PAIR}"):
        identify(found)


@pytest.mark.parametrize(
    "reply", [REVERTED, EMPTY, words(2**160)], ids=["reverts", "empty", "high"]
)
@pytest.mark.parametrize("function", ["token0", "token1", "factory"])
def test_a_contract_that_is_no_pair_is_refused(function: str, reply: Reply) -> None:
    with pytest.raises(RefusedTarget, match=f"{PAIR} is no Uniswap V2 pair: {function}"):
        identify(chain({function: reply}))


@pytest.mark.parametrize(
    "contract",
    [
        None,
        Fake({}),
        Fake({"getPair(address,address)": EMPTY}),
        Fake({"getPair(address,address)": address_word(address(0))}),
        Fake({"getPair(address,address)": address_word(address(0x11))}),
        Fake({"getPair(address,address)": words(2**255)}),
    ],
    ids=["no code", "reverts", "empty", "zero", "another pair", "no address"],
)
def test_a_pair_that_its_factory_does_not_know_is_refused(contract: Fake | None) -> None:
    found = chain()
    del found.contracts[FACTORY]
    if contract is not None:
        found.contracts[FACTORY] = contract
    with pytest.raises(RefusedTarget, match=f"factory {FACTORY} does not know {PAIR}"):
        identify(found)


@pytest.mark.parametrize("reply", [REVERTED, EMPTY, words(256), words(78), words(255)])
def test_decimals_are_never_assumed(reply: Reply) -> None:
    found = chain()
    found.contracts[BBB] = Fake({"decimals()": reply, "symbol()": text("BBB")})
    with pytest.raises(RefusedTarget, match=f"token {BBB} .*it cannot be watched"):
        identify(found)


@pytest.mark.parametrize("decimals", [0, 77])
def test_unusual_decimals_are_taken(decimals: int) -> None:
    found = chain()
    found.contracts[BBB] = token("BBB", decimals)
    assert identify(found).tokens[1].decimals == decimals


def test_a_token_without_a_symbol_is_watched_all_the_same() -> None:
    found = chain()
    found.contracts[BBB] = Fake({"decimals()": words(6)})
    assert identify(found).tokens[1].symbol == ""


@pytest.mark.parametrize("function", ["getReserves", "kLast", "totalSupply"])
def test_a_reading_that_fails_is_an_error_and_never_zero(function: str) -> None:
    target = identify(chain())
    with pytest.raises(RevertedCall):
        chain({function: REVERTED}).read(ADAPTER, target)
    with pytest.raises(DecodeError):
        chain({function: EMPTY}).read(ADAPTER, target)


def test_reserves_over_their_type_are_refused() -> None:
    target = identify(chain())
    with pytest.raises(DecodeError, match="no uint112"):
        chain({"getReserves": words(2**112, 5, 5)}).read(ADAPTER, target)


def test_a_target_without_its_params_is_refused() -> None:
    target = identify(chain())
    broken = replace(target, params={**target.params, "fee_numerator": "997"})
    with pytest.raises(DecodeError, match="fee_numerator is not a number"):
        chain().read(ADAPTER, broken)
