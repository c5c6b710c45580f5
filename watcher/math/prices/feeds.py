"""Prices that oracles publish: Chainlink's rounds, and what Pyth last brought to the chain."""

from __future__ import annotations

from watcher.math.bridge import feed_price
from watcher.math.prices.reading import Reading, nothing
from watcher.math.settings import PriceSource
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice


def read_feed(feed: PriceFeed, source: PriceSource, *, timestamp: int) -> Reading:
    """The answer in whole quote tokens; none where it may not be used at `timestamp`."""
    reason = _unusable(feed, heartbeat=source.heartbeat, timestamp=timestamp)
    if reason:
        return nothing(reason)
    return Reading(
        feed.answer / 10**feed.decimals,
        reason=_doubt(feed),
        updated_at=feed.updated_at,
        confidence=source.deviation,
    )


def read_pyth(found: PythPrice, source: PriceSource, *, timestamp: int) -> Reading:
    """The price in whole quote tokens; none where it may not be used at `timestamp`."""
    reason = _unusable_pyth(found, source) or _untimely(
        found.publish_time, heartbeat=source.heartbeat, timestamp=timestamp
    )
    if reason:
        return nothing(reason)
    return Reading(
        feed_price(found),
        updated_at=found.publish_time,
        confidence=found.conf / found.price + source.deviation,
    )


def _unusable_pyth(found: PythPrice, source: PriceSource) -> str:
    if found.publish_time == 0:
        return "the feed has published nothing yet"
    if found.price <= 0:
        return "the feed answers zero or less"
    if found.conf / found.price > source.most_confidence:
        return f"the feed is unsure of its price (most confidence {source.most_confidence:.15g})"
    return ""


def _unusable(feed: PriceFeed, *, heartbeat: int, timestamp: int) -> str:
    if feed.updated_at == 0:
        return "the feed has no finished round"
    if feed.answer <= 0:
        return "the feed answers zero or less"
    if feed.first_decimals not in (None, feed.decimals):
        # Whoever took the decimals for granted reads another price from the same answer.
        return f"the feed's decimals changed from {feed.first_decimals} to {feed.decimals}"
    if feed.first_phase is not None and feed.phase < feed.first_phase:
        return "the feed's round is of an older phase"
    return _untimely(feed.updated_at, heartbeat=heartbeat, timestamp=timestamp) or _at_a_bound(feed)


def _untimely(updated_at: int, *, heartbeat: int, timestamp: int) -> str:
    if timestamp - updated_at > heartbeat:
        return f"the feed is stale (heartbeat {heartbeat} s)"
    if updated_at - timestamp > heartbeat:
        # Such an answer would never grow stale.
        return "the feed was updated in the future"
    return ""


def _at_a_bound(feed: PriceFeed) -> str:
    """An aggregator cuts off at its bounds: what is at one of them may be anything beyond it.

    The bounds are those of the aggregator that stood behind the proxy at identification.
    """
    if feed.first_phase is not None and feed.phase != feed.first_phase:
        return ""
    if feed.min_answer is not None and feed.answer <= feed.min_answer:
        return "the feed is at its least answer"
    if feed.max_answer is not None and feed.answer >= feed.max_answer:
        return "the feed is at its greatest answer"
    return ""


def _doubt(feed: PriceFeed) -> str:
    if feed.answered_in_round < feed.round_id:
        return "the feed's answer is carried over from an earlier round"
    if feed.first_phase is not None and feed.phase > feed.first_phase:
        return "the feed has another aggregator since it was identified"
    return ""
