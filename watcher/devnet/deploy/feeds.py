"""Chainlink feeds: a FluxAggregator that one oracle submits to, read through its proxy."""

from __future__ import annotations

from eth_abi.abi import encode

from watcher.devnet.deploy.site import Site
from watcher.devnet.places import PRICE_DECIMALS, Feed, PythFeed
from watcher.state.token import ZERO_ADDRESS, Address, Token

# Seconds after which a round nobody answered may be skipped; with one oracle none stays open.
_ROUND_TIMEOUT = 3_600
_LARGEST_ANSWER = 10**20


def deploy_feed(
    site: Site,
    builder: Address,
    token: Token,
    *,
    pair: str,
    first_answer: int,
    heartbeat: int,
    deviation: float,
) -> Feed:
    """Nobody is paid for an answer, so there is no LINK; anybody may read."""
    payment = 0
    aggregator = site.create(
        builder,
        "FluxAggregator",
        ZERO_ADDRESS,
        payment,
        _ROUND_TIMEOUT,
        ZERO_ADDRESS,
        1,
        _LARGEST_ANSWER,
        PRICE_DECIMALS,
        pair,
    )
    proxy = site.create(builder, "EACAggregatorProxy", aggregator, ZERO_ADDRESS)
    return Feed(pair, token, proxy, aggregator, heartbeat, deviation, first_answer)


def deploy_pyth(site: Site, builder: Address) -> Address:
    """Pyth's contract as its package has it for tests: what is brought needs no signatures, and
    bringing it costs nothing."""
    return site.create(builder, "MockPyth", 60, 0)


def bring_price(
    site: Site, sender: Address, price: PythFeed, *, answer: int, conf: int, published: int
) -> None:
    """Bring a price of 10**-8 dollars, published at a time in seconds, to Pyth's contract."""
    update = price_update(price, answer=answer, conf=conf, published=published)
    site.send(sender, price.contract, "updatePriceFeeds(bytes[])", [update])


def price_update(price: PythFeed, *, answer: int, conf: int, published: int) -> bytes:
    """What `updatePriceFeeds` of the contract for tests takes."""
    one = (answer, conf, -PRICE_DECIMALS, published)
    return encode(
        ["(bytes32,(int64,uint64,int32,uint256),(int64,uint64,int32,uint256))", "uint64"],
        [(bytes.fromhex(price.price_id[2:]), one, one), published],
    )


def start_feed(site: Site, builder: Address, feed: Feed, *, oracle: Address) -> None:
    """Make `oracle` the feed's only one and let it give the first answer."""
    site.send(
        builder,
        feed.aggregator,
        "changeOracles(address[],address[],address[],uint32,uint32,uint32)",
        [],
        [oracle],
        [oracle],
        1,
        1,
        0,
    )
    site.send(oracle, feed.aggregator, "submit(uint256,int256)", 1, feed.first_answer)
