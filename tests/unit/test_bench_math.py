"""What scripts/bench math asks and makes of the answers; the timings here are numbers."""

from __future__ import annotations

import json

import pytest

from benchmarks.peers.quoter import timed
from benchmarks.problems import CROSSED, SPACING, Problem, problems
from benchmarks.quoting import MINE, Ruling, Timing, as_json, measure, rulings, tables
from watcher.math.exact import concentrated
from watcher.math.families.concentrated import pool_of
from watcher.math.quotes import quote_exact_in
from watcher.state import Concentrated

PROBLEMS = problems()


def timing(
    name: str, us: float, *, family: str = "v2", wrong: int = 0, compiled: str = ""
) -> Timing:
    return Timing(
        family=family,
        title="a pool",
        name=name,
        compiled=compiled,
        median_us=us,
        min_us=us / 2,
        wrong=wrong,
        quotes=16,
    )


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.family)
def test_a_problem_is_the_same_for_everyone_and_ours_is_what_a_quote_says(problem: Problem) -> None:
    assert len(set(problem.amounts)) == len(problem.amounts) > 1
    for amount in problem.amounts:
        assert problem.exact(amount) == quote_exact_in(problem.state, 0, 1, amount).amount_out
    told = json.loads(json.dumps(problem.data))
    assert told.keys() == problem.data.keys()


def test_every_swap_of_the_long_problem_goes_over_twenty_ticks_and_stays_clear_of_the_next() -> (
    None
):
    """Also with the smallest units that are added while it is timed."""
    problem = next(one for one in PROBLEMS if one.family == f"v3_{CROSSED}_ticks")
    assert isinstance(problem.state, Concentrated)
    pool = pool_of(problem.state)
    for amount in (problem.amounts[0], problem.amounts[-1] + 10**6):
        swapped = concentrated.swap(pool, amount, zero_for_one=True)
        assert swapped.ticks_crossed == CROSSED
        assert swapped.tick // SPACING == -CROSSED


def test_no_amount_is_quoted_twice_while_it_is_timed() -> None:
    asked: list[int] = []

    def quote(amount: int) -> int:
        asked.append(amount)
        return amount * 2

    found = timed(quote, [10**6, 10**7], 0.001, first=1)
    assert found["results"] == [2 * 10**6, 2 * 10**7]
    assert len(set(asked)) == len(asked)
    again = timed(quote, [10**6, 10**7], 0.001, first=found["next"])
    assert len(set(asked)) == len(asked) - len(again["results"])
    assert found["us"] > 0


def ruled(*rows: Timing) -> dict[str, Ruling]:
    return {one.claim: one for one in rulings(rows)}


def test_the_fastest_python_peer_that_is_right_is_the_one_to_beat() -> None:
    found = ruled(
        timing("ours", 10),
        timing("ours_whole", 1),
        timing("curvesim", 2, compiled="gmpy2"),
        timing("uniswap_v3_quoter", 3, wrong=1),
        timing("degenbot", 12),
        timing("balancer_maths", 40),
    )
    [(claim, ruling)] = found.items()
    assert claim == "times as fast as degenbot: a pool"
    assert (ruling.figure, ruling.holds) == (1.2, True)
    [slower] = ruled(timing("ours", 10), timing("degenbot", 9)).values()
    assert not slower.holds


def test_twenty_ticks_have_a_bound_of_their_own() -> None:
    family = f"v3_{CROSSED}_ticks"
    for us, holds in ((200, True), (201, False)):
        [ruling] = ruled(timing("ours", us, family=family)).values()
        assert (ruling.figure, ruling.holds) == (us, holds)


def test_tables_and_json_say_the_same() -> None:
    rows = [timing("ours", 4), timing("degenbot", 2, wrong=3)]
    text = tables(rows)
    assert "| a pool | degenbot | 2.00" in text
    assert "0.50" in text
    assert "3 of 16" in text
    told = json.loads(as_json(rows))
    assert [one["name"] for one in told["rows"]] == ["ours", "degenbot"]
    assert told["rulings"] == []


def test_ours_alone_is_measured_in_processes_of_its_own() -> None:
    found = measure(MINE, rounds=1, seconds=0.001)
    assert {(one.family, one.name) for one in found} == {
        (problem.family, name) for problem in PROBLEMS for name in MINE
    }
    assert {one.wrong for one in found} == {0}
