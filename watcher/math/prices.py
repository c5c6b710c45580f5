"""Reference prices: what a token is judged by, from configured sources."""

from __future__ import annotations

from watcher.math.settings import PriceSource
from watcher.state.observation import Observation
from watcher.state.price import Price, unknown_price
from watcher.state.price_feed import PriceFeed
from watcher.state.token import Address


def reference_price(
    token: Address,
    source: PriceSource | None,
    observation: Observation | None,
    *,
    timestamp: int,
) -> Price:
    """The price of one whole `token` in the unit of account, or NaN with the reason.

    A feed whose answer is zero or negative, or further than its heartbeat from `timestamp`, has no
    price. The reason holds no age, so that it changes only when the verdict does.
    """
    if source is None:
        return unknown_price(token, "no price source is configured")
    if source.source == "fixed":
        return Price(token=token, value=source.value, source="fixed")
    if observation is None:
        return unknown_price(token, "the feed was not read yet", source=source.source)
    feed = observation.state
    if not isinstance(feed, PriceFeed):
        return unknown_price(token, f"the feed is {observation.status}", source=source.source)
    reason = _verdict(feed, heartbeat=source.heartbeat, timestamp=timestamp)
    if reason:
        return unknown_price(token, reason, source=source.source)
    return Price(
        token=token,
        value=feed.answer / 10**feed.decimals,
        source=source.source,
        ancestry=(source.feed_id,),
        updated_at=feed.updated_at,
        dead_band=source.deviation,
    )


def _verdict(feed: PriceFeed, *, heartbeat: int, timestamp: int) -> str:
    if feed.updated_at == 0:
        return "the feed has no finished round"
    if feed.answer <= 0:
        return "the feed answers zero or less"
    if timestamp - feed.updated_at > heartbeat:
        return f"the feed is stale (heartbeat {heartbeat} s)"
    if feed.updated_at - timestamp > heartbeat:
        # Such an answer would never grow stale.
        return "the feed was updated in the future"
    return ""
