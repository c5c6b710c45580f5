"""What each token is worth now, and what each of its sources says: part of `watcher check`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from watcher.chain.client import ChainClient
from watcher.config.values import Config
from watcher.math.prices import Book
from watcher.math.prices.pools import NO_HISTORY
from watcher.service.looked import Looked
from watcher.service.observe import observe
from watcher.state.price import Price, PriceStatus, Vote
from watcher.state.target import Target
from watcher.state.token import NATIVE_COINS, Address


async def price_findings(
    config: Config, client: ChainClient, targets: Sequence[Target]
) -> list[Looked]:
    """One finding for each token with a source, at the chain's head, but for a native coin that no
    target holds. Raises ReadError.

    A mean over what the watch itself has seen cannot be known before it began, and is no fault.
    """
    head = await client.headers.head()
    settings = config.settings
    sources = [one for one in settings.prices if one.chain_id == head.chain_id]
    if not sources:
        return []
    read = {one.feed_id for one in sources}
    observed = await observe(client.reader, head, [one for one in targets if one.id in read])
    book = Book(settings, head.chain_id, observed, {}, timestamp=head.timestamp)
    names = _symbols(targets)
    return [
        _finding(names.get(token, token), book.price(token), head.timestamp, settings.unit)
        for token in dict.fromkeys(one.token for one in sources)
        if token in names or token not in NATIVE_COINS
    ]


def _finding(name: str, price: Price, timestamp: int, unit: str) -> Looked:
    said = "; ".join(_said(vote) for vote in price.votes)
    known = f"{price.value:.6g} {unit} by {price.source}, {price.age(timestamp)} s old"
    parts = [known if price.known else f"none by {price.source}"]
    if price.reason and not (said and price.status is PriceStatus.UNAVAILABLE):
        parts.append(f"{price.status}: {price.reason}")
    detail = ", ".join(parts) + (f" ({said})" if said else "")
    return Looked(f"price of {name}", price.known or NO_HISTORY in price.reason, detail)


def _said(vote: Vote) -> str:
    value = "nothing" if math.isnan(vote.value) else f"{vote.value:.6g}"
    return f"{vote.source} {value}" + (f", no vote: {vote.reason}" if vote.reason else "")


def _symbols(targets: Sequence[Target]) -> dict[Address, str]:
    coins = (coin for one in targets for coin in (*one.tokens, *filter(None, [one.share])))
    return {coin.address: coin.symbol for coin in coins if coin.symbol}
