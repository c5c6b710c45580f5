"""Chainlink feeds without a node."""

from __future__ import annotations

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RefusedTarget, RevertedCall
from watcher.protocols import Entry
from watcher.protocols.chainlink import ADAPTER
from watcher.state import PriceFeed, Target

FEED = address(0x70)
ROUND = words(2**64 + 5, 300_000_000_000, 90, 100, 2**64 + 5)


def chain(**feed: Reply) -> FakeChain:
    replies: dict[str, Reply] = {
        "decimals()": words(8),
        "description()": text("ETH / USD"),
        "latestRoundData()": ROUND,
    }
    return FakeChain({FEED: Fake(replies | {f"{name}()": reply for name, reply in feed.items()})})


def identify(found: FakeChain, name: str = "") -> Target:
    return found.identify(ADAPTER, Entry(31337, "chainlink", FEED, name))


def test_a_feed_names_itself() -> None:
    target = identify(chain())
    assert (target.label, dict(target.params)) == ("ETH / USD", {"description": "ETH / USD"})
    assert (target.tokens, target.share) == ((), None)
    assert identify(chain(), "mine").label == "mine"
    assert identify(chain(description=REVERTED)).label == f"chainlink:{FEED}"


def test_the_state_is_the_latest_round() -> None:
    found = chain()
    assert found.read(ADAPTER, identify(found)) == PriceFeed(
        answer=300_000_000_000,
        decimals=8,
        round_id=2**64 + 5,
        answered_in_round=2**64 + 5,
        started_at=90,
        updated_at=100,
    )


def test_an_answer_below_zero_is_kept_as_it_is() -> None:
    found = chain(latestRoundData=words(1, -5, 2, 3, 4))
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, PriceFeed)
    assert state.answer == -5


def test_another_aggregator_may_bring_other_decimals() -> None:
    target = identify(chain())
    state = chain(decimals=words(18)).read(ADAPTER, target)
    assert isinstance(state, PriceFeed)
    assert state.decimals == 18


def test_an_address_without_code_is_no_feed() -> None:
    with pytest.raises(NoCode, match=f"nothing is deployed at {FEED}"):
        identify(FakeChain({}))


@pytest.mark.parametrize(
    ("function", "reply"),
    [
        ("decimals", REVERTED),
        ("latestRoundData", REVERTED),
        ("decimals", EMPTY),
        ("decimals", words(37)),
        ("decimals", words(256)),
        ("latestRoundData", EMPTY),
        ("latestRoundData", words(2**80, 5, 5, 5, 5)),
        ("latestRoundData", words(1, 2, 3, 4)),
    ],
)
def test_a_contract_that_is_no_feed_is_refused(function: str, reply: Reply) -> None:
    with pytest.raises(RefusedTarget, match=f"{FEED} .*(no Chainlink feed)"):
        identify(chain(**{function: reply}))


def test_a_reading_that_fails_is_an_error_and_never_zero() -> None:
    target = identify(chain())
    with pytest.raises(RevertedCall):
        chain(latestRoundData=REVERTED).read(ADAPTER, target)
    with pytest.raises(DecodeError):
        chain(latestRoundData=EMPTY).read(ADAPTER, target)
    with pytest.raises(DecodeError, match="more than any feed has"):
        chain(decimals=words(200)).read(ADAPTER, target)
