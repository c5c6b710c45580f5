"""Chainlink feeds without a node."""

from __future__ import annotations

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RefusedTarget, RevertedCall
from watcher.protocols import Entry
from watcher.protocols.chainlink import ADAPTER
from watcher.state import PriceFeed, Target

FEED = address(0x70)
AGGREGATOR = address(0x71)
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
    assert target.label == "ETH / USD"
    assert dict(target.params) == {"description": "ETH / USD", "decimals": 8, "phase": 1}
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
        first_decimals=8,
        first_phase=1,
    )


@pytest.mark.parametrize("names", [("minAnswer", "maxAnswer"), ("minSubmissionValue",) * 2])
def test_the_bounds_are_those_of_the_aggregator_behind_the_proxy(names: tuple[str, str]) -> None:
    least, most = names if names[0] != names[1] else (names[0], "maxSubmissionValue")
    aggregator = Fake({f"{least}()": words(1), f"{most}()": words(10**20)})
    found = chain(aggregator=address_word(AGGREGATOR))
    found.contracts[AGGREGATOR] = aggregator
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, PriceFeed)
    assert (state.min_answer, state.max_answer) == (1, 10**20)


def test_a_feed_that_is_no_proxy_has_its_own_bounds_and_nonsense_is_none() -> None:
    for bounds in ((-5, 10**20), (7, 7)):
        found = chain(minAnswer=words(bounds[0]), maxAnswer=words(bounds[1]))
        state = found.read(ADAPTER, identify(found))
        assert isinstance(state, PriceFeed)
        kept = bounds if bounds[0] < bounds[1] else (None, None)
        assert (state.min_answer, state.max_answer) == kept


def test_an_answer_below_zero_is_kept_as_it_is() -> None:
    found = chain(latestRoundData=words(1, -5, 2, 3, 4))
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, PriceFeed)
    assert state.answer == -5


def test_another_aggregator_may_bring_other_decimals() -> None:
    target = identify(chain())
    state = chain(decimals=words(18)).read(ADAPTER, target)
    assert isinstance(state, PriceFeed)
    assert (state.decimals, state.first_decimals) == (18, 8)


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
