"""The policies that a node over HTTP is dealt with by, each alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.faulty_node import FaultyNode, MemoryTransport, make_chain
from tests.support.linked import BreakableTransport, Clock
from watcher.chain.compare import compare
from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.lag import DEFAULT_LIMITS, Heard, lag
from watcher.chain.rate import BURST, LEAST, WINDOW, Paced, Rate, items_in
from watcher.chain.retry import Patience, pause_after
from watcher.chain.sample import Sampler, contract_of
from watcher.chain.votes import most
from watcher.errors import Unavailable
from watcher.state import Answer, Call, Static, to_address

CHAIN = make_chain(300)


def failed(kind: Kind, *, retry_after: float | None = None) -> EndpointError:
    return EndpointError("failed", endpoint="x", kind=kind, retry_after=retry_after)


# How long it is left alone


def test_pauses_double_up_to_the_longest() -> None:
    patience = Patience(first=1.0, longest=10.0)
    pauses = [
        pause_after(failed(Kind.TIMEOUT), n, patience).seconds for n in (1, 2, 3, 4, 5, 5_000)
    ]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_what_the_node_asks_for_is_kept_to_and_bounded() -> None:
    limited = failed(Kind.RATE_LIMITED, retry_after=90.0)
    pause = pause_after(limited, 3, Patience(longest=60.0))
    assert (pause.seconds, pause.firm) == (90.0, True)
    endless = failed(Kind.RATE_LIMITED, retry_after=1e12)
    assert pause_after(endless, 1, Patience(longest_asked=600.0)).seconds == 600.0
    assert pause_after(failed(Kind.RATE_LIMITED), 1, Patience()).firm
    assert not pause_after(failed(Kind.TIMEOUT), 1, Patience()).firm


def test_a_refusal_is_final_for_a_long_time() -> None:
    wrong = WrongChain(endpoint="x", found=1, expected=2)
    for error in (failed(Kind.KEY_REFUSED), wrong):
        pause = pause_after(error, 1, Patience(refused=900.0))
        assert (pause.seconds, pause.firm) == (900.0, True)


# The rate


def test_a_rate_is_unlimited_until_the_node_names_its_limit() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(1_000):
        assert rate.delay() == 0.0
        rate.book(500)
    assert rate.per_second is None


def test_fault_02_a_limit_halves_the_rate_once_and_it_grows_back_slowly() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(int(WINDOW)):
        rate.book(100)
        clock.now += 1.0
    rate.limited()
    assert rate.per_second == 50.0
    rate.limited()  # what was under way with it
    assert rate.per_second == 50.0
    clock.now += 10.0
    assert rate.per_second == pytest.approx(100.0)
    rate.limited()
    assert rate.per_second == pytest.approx(50.0)
    for _ in range(20):
        clock.now += 1.1
        rate.limited()
    assert rate.per_second == LEAST
    clock.now += 1e6
    assert rate.per_second is None


def test_a_limited_endpoint_gets_no_more_than_its_rate() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(int(WINDOW)):
        rate.book(40)
        clock.now += 1.0
    rate.limited()
    started, sent = clock.now, 0
    while clock.now < started + 10.0:
        clock.now += rate.delay()
        rate.book(10)
        sent += 10
    grown = 20.0 * 10.0 + 2.0 * 10.0**2 / 2  # the rate at the start, and its growth over 10 s
    assert grown * 0.8 < sent <= grown + 20.0 * BURST + 10


async def test_what_would_wait_too_long_is_refused_as_rate_limited() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.limited()
    transport = BreakableTransport(FaultyNode())
    paced = Paced(transport, rate, longest_wait=1.0)
    body = b'[{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}]'
    await paced.send(
        body.replace(b"}]", b"},".ljust(2) + b",".join([body[1:-1]] * 99) + b"]"), about="x"
    )
    with pytest.raises(EndpointError) as caught:
        await paced.send(body, about="eth_chainId")
    assert caught.value.kind is Kind.RATE_LIMITED
    assert caught.value.retry_after == pytest.approx(100 / LEAST - BURST)
    assert transport.bodies == 1


async def test_429_lowers_the_rate() -> None:
    rate = Rate(Clock())
    transport = BreakableTransport(FaultyNode())
    transport.fail(Kind.RATE_LIMITED)
    with pytest.raises(EndpointError):
        await Paced(transport, rate, longest_wait=1.0).send(b"{}", about="x")
    assert rate.per_second == LEAST


async def test_other_failures_leave_the_rate() -> None:
    rate = Rate(Clock())
    transport = BreakableTransport(FaultyNode())
    transport.fail(Kind.NODE_FAULT)
    with pytest.raises(EndpointError):
        await Paced(transport, rate, longest_wait=1.0).send(b"{}", about="x")
    assert rate.per_second is None
    assert isinstance(transport, MemoryTransport)


def test_each_item_of_a_batch_counts() -> None:
    one = b'{"jsonrpc":"2.0","id":1,"method":"a","params":["\\"jsonrpc\\":"]}'
    assert items_in(one) == 1
    assert items_in(b"[" + b",".join([one] * 7) + b"]") == 7
    assert items_in(b"") == 1


# Lag


@pytest.mark.parametrize(
    ("highest", "agreed", "stood", "wall", "reason"),
    [
        (5, 5, 0.0, 1_060.0, ""),
        (5, 7, 0.0, 1_060.0, ""),
        (5, 8, 0.0, 1_060.0, "its head is 3 blocks behind the others"),
        (9, 5, 0.0, 1_060.0, "its head went back from block 9 to 5"),
        (5, 5, 120.0, 1_060.0, ""),
        (5, 5, 121.0, 1_060.0, "its head has stood at block 5 for 121 s"),
        (5, 5, 0.0, 1_000.0, ""),
        (5, 5, 0.0, 999.0, "its head's time is 61 s in the future"),
    ],
)
def test_fault_10_what_makes_a_head_lag(
    highest: int, agreed: int, stood: float, wall: float, reason: str
) -> None:
    heard = Heard(CHAIN[5], since=100.0, highest=highest)
    assert CHAIN[5].timestamp == 1_060
    assert lag(heard, agreed, now=100.0 + stood, wall=wall, limits=DEFAULT_LIMITS) == reason


def test_a_head_that_is_given_again_stands_since_it_was_first_given() -> None:
    heard = Heard(CHAIN[5], since=100.0, highest=5).then(CHAIN[5], now=130.0)
    assert heard.since == 100.0
    heard = heard.then(CHAIN[4], now=140.0)
    assert (heard.since, heard.highest) == (140.0, 5)


# Samples


def calls_of(count: int) -> list[Call]:
    pools = [to_address(f"0x{0xAA0000 + row:040x}") for row in range(count)]
    return [Static(pool, bytes([at])) for pool in pools for at in (1, 2)]


def test_a_short_watch_list_is_compared_whole() -> None:
    assert Sampler(20).draw(CHAIN[0], calls_of(64)) == list(range(128))


def test_without_a_part_nothing_is_drawn() -> None:
    assert Sampler(0).draw(CHAIN[0], calls_of(16)) == []


@pytest.mark.parametrize("count", [40, 160, 1_000])
def test_every_contract_is_looked_at_in_its_turn_and_whole(count: int) -> None:
    sampler, calls = Sampler(20, least=16), calls_of(count)
    size = max(-(-count // 20), 16)
    last: dict[object, int] = {}
    longest = 0
    for block in CHAIN:
        drawn = sampler.draw(block, calls)
        contracts = {contract_of(calls[at]) for at in drawn}
        assert (len(contracts), len(drawn)) == (size, 2 * size)
        for one in contracts:
            longest = max(longest, block.number - last.get(one, -1))
            last[one] = block.number
    assert len(last) == count
    assert longest <= -(-count // -(-size // 2))  # half of each sample goes by age


def test_a_sample_can_be_repeated_and_differs_from_block_to_block() -> None:
    calls = calls_of(400)
    assert Sampler(20).draw(CHAIN[7], calls) == Sampler(20).draw(CHAIN[7], calls)
    assert Sampler(20).draw(CHAIN[7], calls) != Sampler(20).draw(CHAIN[8], calls)


# Comparing


def said(text: str) -> Answer | Unavailable:
    """`-` is no answer, `!` a revert, anything else data."""
    match text:
        case "-":
            return Unavailable("pruned")
        case "!":
            return Answer(False, b"why", 3)
    return Answer(True, text.encode(), len(text))


@pytest.mark.parametrize(
    ("votes", "believed", "decided", "liars"),
    [
        ("xxx", "abc", "x", ""),
        ("xyx", "abc", "x", "b"),
        ("yxx", "abc", "x", "a"),
        ("x-x", "abc", "x", ""),
        ("x--", "abc", None, ""),
        ("xy-", "abc", "undecided", ""),
        ("xyz", "abc", "undecided", ""),
        ("xxyy", "abcd", "undecided", ""),
        ("xxyz", "abcd", "undecided", ""),
        ("xxxy", "abcd", "x", "d"),
        ("!!x", "abc", "!", "c"),
        ("!x!", "abc", "!", "b"),
        ("xyx", "ac", "x", "b"),
        ("yxx", "bc", "x", "a"),
        ("yx-", "bc", "x", "a"),
        ("-y-", "ac", None, ""),
    ],
)
def test_fault_12_a_majority_of_who_is_believed_decides(
    votes: str, believed: str, decided: str | None, liars: str
) -> None:
    given_ = {who: said(text) for who, text in zip("abcd", votes, strict=False)}
    verdict = compare({7: given_}, believed=list(believed))
    assert verdict.undecided == ([7] if decided == "undecided" else [])
    expected = {} if decided in (None, "undecided") else {7: said(decided)}
    assert verdict.decided == expected
    assert verdict.liars == {who: [7] for who in liars}


def test_answers_that_were_cut_at_another_length_differ() -> None:
    votes = {
        0: {who: Answer(True, b"x", length) for who, length in zip("abc", (1, 1, 9), strict=True)}
    }
    assert compare(votes, believed="abc").liars == {"c": [0]}


@given(st.dictionaries(st.integers(0, 9), st.sampled_from("xyz"), max_size=10))
def test_most_is_the_one_value_with_more_votes_than_any_other(votes: dict[int, str]) -> None:
    won = most(votes)
    counts = {value: list(votes.values()).count(value) for value in votes.values()}
    best = [value for value, count in counts.items() if count == max(counts.values())]
    if len(best) == 1:
        assert won is not None
        assert (won.value, won.votes) == (best[0], counts[best[0]])
    else:
        assert won is None
