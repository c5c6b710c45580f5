"""Uniswap V2 and its forks: one arithmetic, the fee and the protocol's share of it are data.

Source: Uniswap v2-core 1.0.1, UniswapV2Pair.sol and UniswapV2Factory.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from watcher.errors import DecodeError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import (
    Adapter,
    Columns,
    Entry,
    Identification,
    Option,
    Together,
    Trial,
)
from watcher.protocols.events import event
from watcher.protocols.interface import Views, view
from watcher.protocols.options import proper_fraction
from watcher.protocols.pair_calls import encode
from watcher.protocols.pair_events import BURN, MINT, SWAP, added, pair_events, removed, swapped
from watcher.protocols.pairs import ask_pair, confirm_pair, factory_of
from watcher.state.call import Answer, Call
from watcher.state.constant_product import ConstantProduct
from watcher.state.frozen import make_many
from watcher.state.target import Target
from watcher.state.token import Address

PROTOCOL = "uniswap_v2"

_PAIR = "uniswap_v2/UniswapV2Pair"
_FACTORY = "uniswap_v2/UniswapV2Factory"
TOKEN0 = view(_PAIR, "token0")
TOKEN1 = view(_PAIR, "token1")
FACTORY = view(_PAIR, "factory")
GET_RESERVES = view(_PAIR, "getReserves")
K_LAST = view(_PAIR, "kLast")
GET_PAIR = view(_FACTORY, "getPair")
FEE_TO = view(_FACTORY, "feeTo")
STATE = Views(GET_RESERVES, erc20.BALANCE_OF, erc20.BALANCE_OF, erc20.TOTAL_SUPPLY, K_LAST, FEE_TO)
"""What `calls` asks."""
EVENTS = pair_events(
    event("Sync(uint112 reserve0, uint112 reserve1)"),
    {MINT: added, BURN: removed, SWAP: swapped},
)
TERMS = (
    "fee_numerator",
    "fee_denominator",
    "protocol_share_numerator",
    "protocol_share_denominator",
)


@dataclass(frozen=True, slots=True)
class FactoryTerms:
    """A factory's swap fee, and the protocol's share of the growth of sqrt(k) when switched on."""

    fee: Fraction
    protocol_share: Fraction


UNISWAP = FactoryTerms(fee=Fraction(3, 1000), protocol_share=Fraction(1, 6))

# Ethereum; Uniswap's and Sushi's own deployment pages.
KNOWN_FACTORIES: dict[tuple[int, str], FactoryTerms] = {
    (1, "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"): UNISWAP,
    (1, "0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac"): UNISWAP,
}


def identify(entry: Entry) -> Identification:
    target = yield from identify_pair(entry)
    fee, share = _terms(entry, factory_of(target))
    terms = {
        "fee_numerator": fee.denominator - fee.numerator,
        "fee_denominator": fee.denominator,
        "protocol_share_numerator": share.numerator,
        "protocol_share_denominator": share.denominator,
    }
    return replace(target, params={**target.params, **terms})


def identify_pair(entry: Entry) -> Identification:
    """What the pair takes as a fee is not asked."""
    claim = yield from ask_pair(entry, "Uniswap V2 pair", _PAIR)
    tokens = claim.token0, claim.token1
    target, _ = yield from confirm_pair(
        entry, claim, kind=ConstantProduct.KIND, known=GET_PAIR, by=tokens
    )
    return target


def calls(target: Target) -> list[Call]:
    pair = target.address
    token0, token1 = target.tokens
    return [
        GET_RESERVES.call(pair),
        erc20.BALANCE_OF.call(token0.address, pair),
        erc20.BALANCE_OF.call(token1.address, pair),
        erc20.TOTAL_SUPPLY.call(pair),
        K_LAST.call(pair),
        FEE_TO.call(factory_of(target)),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> ConstantProduct:
    reserve0, reserve1, _, balance0, balance1, supply, k_last, fee_to = STATE.integers(answers)
    fee_numerator, fee_denominator, share, share_denominator, decimals0, decimals1 = _facts(target)
    return ConstantProduct(
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=balance0,
        balance1=balance1,
        total_supply=supply,
        k_last=k_last,
        fee_numerator=fee_numerator,
        fee_denominator=fee_denominator,
        protocol_share_numerator=share if fee_to else 0,
        protocol_share_denominator=share_denominator,
        decimals0=decimals0,
        decimals1=decimals1,
    )


def _states(integers: Columns, facts: Columns) -> list[ConstantProduct]:
    """As `decode`; columns in the order of the state's fields."""
    reserve0, reserve1, _, balance0, balance1, supply, k_last, fee_to = integers
    fee_numerator, fee_denominator, share, share_denominator, *decimals = facts
    share = [one if to else 0 for one, to in zip(share, fee_to, strict=True)]
    amounts = (reserve0, reserve1, balance0, balance1, supply, k_last)
    terms = (fee_numerator, fee_denominator, share, share_denominator)
    return make_many(ConstantProduct, zip(*amounts, *terms, *decimals, strict=True))


def _terms(entry: Entry, factory: Address) -> tuple[Fraction, Fraction]:
    known = KNOWN_FACTORIES.get((entry.chain_id, factory))
    given_fee, given_share = entry.options.get("fee"), entry.options.get("protocol_fee_share")
    if known is None and given_fee is None:
        raise RefusedTarget(
            f"the fee of factory {factory} is not known: give it, `fee = 0.003` for 0.3%"
        )
    fee = Fraction(str(given_fee)) if given_fee is not None else None
    if known is not None and fee is not None and fee != known.fee:
        raise RefusedTarget(
            f"the file says fee = {float(fee):g}, factory {factory} takes {float(known.fee):g}: "
            "remove `fee`"
        )
    terms = known or UNISWAP
    share = Fraction(str(given_share)) if given_share is not None else terms.protocol_share
    return fee if fee is not None else terms.fee, share


def _facts(target: Target) -> tuple[int, ...]:
    """The TERMS, and both tokens' decimals."""
    facts: list[int] = []
    for name in TERMS:
        value = target.params[name]
        if type(value) is not int:
            raise DecodeError(f"{target.label}: params.{name} is not a number")
        facts.append(value)
    token0, token1 = target.tokens
    return (*facts, token0.decimals, token1.decimals)


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=ConstantProduct.KIND,
    title="Uniswap V2 and forks",
    identify=identify,
    calls=calls,
    decode=decode,
    together=Together(STATE, _facts, _states),
    events=EVENTS,
    encode=encode,
    options=(
        Option("fee", proper_fraction, "swap fee as a fraction; needed for an unknown factory"),
        Option(
            "protocol_fee_share",
            proper_fraction,
            'the protocol\'s share of fees while feeTo is set, "1/6" unless told',
        ),
    ),
    trials=(
        Trial(),
        Trial(
            {"fee": "3/1000", "protocol_fee_share": "1/6"},
            assumes="its factory is not one that is known here, and a pair does not tell its fee "
            "(those shown are Uniswap's)",
        ),
    ),
    not_covered=(
        (
            "Tokens that keep a part of each transfer: what a trader receives is less than what "
            "the pair pays, and no pair knows it."
        ),
        "The fee of a factory that is not known here: no view tells it, so that an entry must.",
    ),
)
