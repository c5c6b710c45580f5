"""Chainlink price feeds: an aggregator behind its proxy.

Source: AggregatorV3Interface of @chainlink/contracts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import TextView, Views, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.price_feed import PriceFeed
from watcher.state.target import Target
from watcher.state.token import Address

PROTOCOL = "chainlink"

_AGGREGATOR = "chainlink/AggregatorV3"
DECIMALS = view(_AGGREGATOR, "decimals")
LATEST_ROUND_DATA = view(_AGGREGATOR, "latestRoundData")
STATE = Views(DECIMALS, LATEST_ROUND_DATA)
"""What `calls` asks."""
DESCRIPTION = TextView("description")
AGGREGATOR = view(_AGGREGATOR, "aggregator")
MIN_ANSWER = view(_AGGREGATOR, "minAnswer")
MAX_ANSWER = view(_AGGREGATOR, "maxAnswer")
MIN_SUBMISSION_VALUE = view(_AGGREGATOR, "minSubmissionValue")
MAX_SUBMISSION_VALUE = view(_AGGREGATOR, "maxSubmissionValue")

MOST_DECIMALS = 36
DESCRIPTION_LENGTH = 64


def identify(entry: Entry) -> Identification:
    """The feed names itself by its description, such as "ETH / USD".

    What stands behind its proxy now is remembered: the decimals, the phase, and the bounds of the
    aggregator, where it tells them.
    """
    code, description, aggregator_answer, *answers = yield [
        Code(entry.address),
        DESCRIPTION.call(entry.address),
        AGGREGATOR.call(entry.address),
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
        state = decode(target, answers)
    except ReadError as error:
        raise RefusedTarget(f"{entry.address} is no Chainlink feed: {error}") from None
    bounds = yield from _bounds(_address_or(entry.address, aggregator_answer))
    found = {"decimals": state.decimals, "phase": state.phase}
    return replace(target, params={**target.params, **found, **bounds})


def _bounds(aggregator: Address) -> Generator[list[Call], Sequence[Answer], dict[str, str]]:
    """The least and the greatest answer that the aggregator gives, as decimal texts: they may be of
    192 bits. The first aggregators call them submissions; one that tells neither has none."""
    answers = yield [
        one.call(aggregator)
        for one in (MIN_ANSWER, MAX_ANSWER, MIN_SUBMISSION_VALUE, MAX_SUBMISSION_VALUE)
    ]
    for views, pair in (
        ((MIN_ANSWER, MAX_ANSWER), answers[:2]),
        ((MIN_SUBMISSION_VALUE, MAX_SUBMISSION_VALUE), answers[2:]),
    ):
        try:
            least, most = (one.integer(answer) for one, answer in zip(views, pair, strict=True))
        except ReadError:
            continue
        return {"min_answer": str(least), "max_answer": str(most)} if least < most else {}
    return {}


def _address_or(feed: Address, answer: Answer) -> Address:
    """What a proxy reads; a feed that is no proxy is its own aggregator."""
    try:
        return AGGREGATOR.address(answer)
    except ReadError:
        return feed


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
        first_decimals=_integer(target, "decimals"),
        first_phase=_integer(target, "phase"),
        min_answer=_integer(target, "min_answer"),
        max_answer=_integer(target, "max_answer"),
    )


def _integer(target: Target, name: str) -> int | None:
    value = target.params.get(name)
    return None if value is None else int(value)


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=PriceFeed.KIND,
    title="Chainlink price feeds",
    identify=identify,
    calls=calls,
    decode=decode,
    not_covered=(
        "Whether an L2's sequencer is up: that feed is another contract, which is not read.",
    ),
)
