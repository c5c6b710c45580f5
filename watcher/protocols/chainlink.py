"""Chainlink price feeds: an aggregator behind its proxy.

Source: AggregatorV3Interface of @chainlink/contracts.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import TextView, Views, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.price_feed import PriceFeed
from watcher.state.target import Target

PROTOCOL = "chainlink"

_AGGREGATOR = "chainlink/AggregatorV3"
DECIMALS = view(_AGGREGATOR, "decimals")
LATEST_ROUND_DATA = view(_AGGREGATOR, "latestRoundData")
STATE = Views(DECIMALS, LATEST_ROUND_DATA)
"""What `calls` asks."""
DESCRIPTION = TextView("description")

MOST_DECIMALS = 36
DESCRIPTION_LENGTH = 64


def identify(entry: Entry) -> Identification:
    """The feed names itself by its description, such as "ETH / USD"."""
    code, description, *answers = yield [
        Code(entry.address),
        DESCRIPTION.call(entry.address),
        *_calls(entry),
    ]
    require_code(code, entry.address)
    if not all(answer.ok for answer in answers):
        raise RefusedTarget(
            f"{entry.address} does not answer decimals() and latestRoundData(): "
            "it is no Chainlink feed, or has no finished round yet"
        )
    title = DESCRIPTION.decode(description, most=DESCRIPTION_LENGTH)
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=PriceFeed.KIND,
        key=entry.key,
        params={"description": title},
        name=entry.name or title,
    )
    try:
        decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"{entry.address} is no Chainlink feed: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    return _calls(target)


def _calls(feed: Entry | Target) -> list[Call]:
    """Decimals too, at every block: the owner of a proxy can put another aggregator behind it."""
    return [DECIMALS.call(feed.address), LATEST_ROUND_DATA.call(feed.address)]


def decode(target: Target, answers: Sequence[Answer]) -> PriceFeed:
    decimals, round_id, answer, started_at, updated_at, answered_in = STATE.integers(answers)
    if decimals > MOST_DECIMALS:
        raise DecodeError(f"decimals() answered {decimals}, more than any feed has")
    return PriceFeed(
        answer=answer,
        decimals=decimals,
        round_id=round_id,
        answered_in_round=answered_in,
        started_at=started_at,
        updated_at=updated_at,
    )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=PriceFeed.KIND,
    title="Chainlink price feeds",
    identify=identify,
    calls=calls,
    decode=decode,
)
