"""The rate at which a wrapper or a staking token redeems, by the getter that its contract has.

Sources: IRateProvider.sol of Balancer (getRate), wstETH.sol of Lido (stEthPerToken), rETH of Rocket
Pool (getExchangeRate), cbETH (exchangeRate), CToken.sol of Compound (exchangeRateStored), Yearn's
vaults (pricePerShare), EIP-4626 (convertToAssets). The address is the token's or a rate provider's.
The key of such a target says what no address does: getter, decimals, token and quote token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import View, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.target import Target
from watcher.state.token import Address, Token, to_address

PROTOCOL = "redemption_rate"
CONVERT = "convertToAssets"
GETTERS = {
    name: view("rates/RateGetters", name)
    for name in (
        "getRate",
        "stEthPerToken",
        "getExchangeRate",
        "exchangeRate",
        "exchangeRateStored",
        "pricePerShare",
        CONVERT,
    )
}
RATE_DECIMALS = 18
MOST_DECIMALS = 77

_KEY = re.compile(r"(\w+)/(\d{1,2})/(0x[0-9a-fA-F]{40})/(0x[0-9a-fA-F]{40})")


class Asked(NamedTuple):
    """What a key says. `decimals` are those of the getter's answer; `convertToAssets` is asked of
    one whole token and answers in the quote token's own."""

    getter: str
    decimals: int
    token: Address
    quote: Address


def key_of(asked: Asked) -> str:
    return "/".join(map(str, asked))


def identify(entry: Entry) -> Identification:
    asked = _asked(entry.key)
    if asked is None:
        raise RefusedTarget(
            f"{entry.address} needs a getter and its tokens: name it in [[prices]], with "
            f'`source = "{PROTOCOL}"` and `getter = "getRate"`'
        )
    code, *answers = yield [
        Code(entry.address),
        *erc20.metadata_calls(asked.token),
        *erc20.metadata_calls(asked.quote),
    ]
    require_code(code, entry.address)
    token = erc20.decode_metadata(asked.token, answers[:2])
    quote = erc20.decode_metadata(asked.quote, answers[2:])
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=RedemptionRate.KIND,
        key=entry.key,
        tokens=(token, quote),
        params={"getter": asked.getter, "decimals": _decimals(asked, quote)},
        name=entry.name or f"{token.symbol or token.address} rate by {asked.getter}",
    )
    try:
        decode(target, (yield calls(target)))
    except ReadError as error:
        raise RefusedTarget(
            f"{entry.address} gives no redemption rate: {error}; fix `getter` or `address`"
        ) from None
    return target


def calls(target: Target) -> list[Call]:
    getter = _getter(target)
    token = target.tokens[0]
    whole = (10**token.decimals,) if getter.name == CONVERT else ()
    return [getter.call(target.address, *whole)]


def decode(target: Target, answers: Sequence[Answer]) -> RedemptionRate:
    (answer,) = answers
    return RedemptionRate(
        rate=_getter(target).integer(answer), decimals=int(target.params["decimals"])
    )


def _asked(key: str) -> Asked | None:
    found = _KEY.fullmatch(key)
    if found is None or found[1] not in GETTERS or int(found[2]) > MOST_DECIMALS:
        return None
    return Asked(found[1], int(found[2]), to_address(found[3]), to_address(found[4]))


def _decimals(asked: Asked, quote: Token) -> int:
    return quote.decimals if asked.getter == CONVERT else asked.decimals


def _getter(target: Target) -> View:
    name = str(target.params.get("getter", ""))
    if name not in GETTERS:
        raise DecodeError(f"{target.label}: its params name no getter of a redemption rate")
    return GETTERS[name]


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=RedemptionRate.KIND,
    title="Redemption rates",
    identify=identify,
    calls=calls,
    decode=decode,
    not_covered=(
        (
            "Whether anybody would redeem at the rate now: no getter tells a queue, a limit "
            "or a pause."
        ),
        (
            "A rate that is accrued only when somebody writes, as exchangeRateStored: it is "
            "told as it stands."
        ),
    ),
    is_source=True,
)
