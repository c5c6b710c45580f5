"""What scripts/bench makes of its samples; the samples here are numbers, not timings."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import shown
from benchmarks.environments import OURS, REQUIREMENTS, SETS
from benchmarks.figures import PEERS, Mode, Network, Row, Sample, Verdict, rows, verdicts
from benchmarks.peers.question import Question, distinct_calls, flat
from benchmarks.peers.quoter import MODULES
from benchmarks.peers.worker import MAKERS, digest
from benchmarks.quoting import QUOTERS
from benchmarks.reading import ENTRANTS


def sample(name: str, ms: float, **given: object) -> Sample:
    fields: dict[str, object] = {
        "name": name,
        "pairs": 1_000,
        "network": Network.LOOPBACK,
        "mode": Mode.CHANGED,
        "seconds": ms / 1e3,
        "cpu": ms / 2e3,
        "requests": None,
        "sent": None,
        "received": None,
    }
    return Sample(**(fields | given))  # type: ignore[arg-type]


def counted(name: str, ms: float, size: int, **given: object) -> Sample:
    half = size // 2
    wire = {"requests": 1, "sent": half, "received": size - half}
    return sample(name, ms, network=Network.SLOW, **wire, **given)


def judged(*samples: Sample) -> dict[str, Verdict]:
    return {one.claim: one for one in verdicts(rows(samples))}


def test_a_row_has_the_median_and_the_least_of_its_readings() -> None:
    (row,) = rows([sample("ours", ms) for ms in (9, 1, 4)])
    assert row.readings == 3
    assert [row.median_ms, row.min_ms] == pytest.approx([4, 1])
    assert [row.cpu_median_ms, row.cpu_min_ms] == pytest.approx([2, 0.5])
    assert (row.requests, row.bytes) == (None, None)


def test_the_most_that_went_over_the_wire_is_told() -> None:
    (row,) = rows([counted("ours", 50, 700), counted("ours", 50, 900)])
    assert (row.requests, row.bytes) == (1, 900)


def test_networks_modes_and_sizes_are_kept_apart_and_the_fastest_comes_first() -> None:
    found = rows(
        [
            sample("multicall", 30),
            sample("ours", 5),
            sample("ours", 3, mode=Mode.FEW),
            sample("ours", 60, network=Network.SLOW),
            sample("ours", 1, pairs=10),
        ]
    )
    assert [(row.pairs, row.network, row.mode, row.name) for row in found] == [
        (10, Network.LOOPBACK, Mode.CHANGED, "ours"),
        (1_000, Network.LOOPBACK, Mode.FEW, "ours"),
        (1_000, Network.LOOPBACK, Mode.CHANGED, "ours"),
        (1_000, Network.LOOPBACK, Mode.CHANGED, "multicall"),
        (1_000, Network.SLOW, Mode.CHANGED, "ours"),
    ]


def test_the_fastest_peer_is_the_one_to_beat() -> None:
    found = judged(sample("ours", 10), sample("multicall", 50), sample("dank_mids", 900))
    verdict = found["times faster than the fastest library, all changed"]
    assert verdict.by_median == pytest.approx(5)
    assert verdict.detail == "multicall"
    assert verdict.holds(verdict.by_median)


def test_the_peers_read_all_anew_whatever_changed() -> None:
    found = judged(sample("ours", 10), sample("ours", 5, mode=Mode.FEW), sample("multicall", 30))
    assert found["times faster than the fastest library, all changed"].by_median == pytest.approx(3)
    assert found["times faster than the fastest library, 2.5% changed"].by_median == pytest.approx(
        6
    )


def test_what_is_made_by_hand_is_no_library_but_is_judged_too() -> None:
    found = judged(sample("ours", 10), sample("multicall", 50), sample("raw_aggregate3", 20))
    assert found["times faster than the fastest library, all changed"].detail == "multicall"
    of_all = found["times faster than the fastest of all, all changed"]
    assert of_all.by_median == pytest.approx(2)
    assert of_all.detail == "raw_aggregate3"
    assert not of_all.holds(of_all.by_median)


def test_medians_and_minima_are_judged_apart() -> None:
    theirs = [sample("contract_calls", 1_000)]
    found = judged(*(sample("ours", ms) for ms in (9, 11, 12)), *theirs)
    verdict = found["times faster than contract calls, all changed"]
    assert not verdict.holds(verdict.by_median)
    assert verdict.holds(verdict.by_min)


def test_cpu_is_told_per_thousand_pools() -> None:
    found = judged(sample("ours", 40, pairs=5_000))
    verdict = found["client CPU, ms per 1,000 pools, all changed"]
    assert verdict.by_median == pytest.approx(4)


def test_the_bare_client_is_compared_on_the_same_network_and_mode() -> None:
    found = judged(
        sample("ours", 30),
        sample("bare", 10),
        counted("ours", 60, 100),
        counted("bare", 50, 100),
    )
    assert found["times the bare client, all changed"].by_median == pytest.approx(3)
    assert found["times the bare client through 40 ms, all changed"].by_median == pytest.approx(1.2)


@pytest.mark.parametrize(("size", "holds"), [(333, True), (400, False)])
def test_bytes_are_a_part_of_aggregate3s(size: int, holds: bool) -> None:
    found = judged(
        sample("ours", 1), counted("ours", 50, size), counted("raw_aggregate3", 50, 1_000)
    )
    verdict = found["bytes on the wire, part of aggregate3's"]
    assert verdict.by_median == pytest.approx(size / 1_000)
    assert verdict.holds(verdict.by_median) is holds


def test_what_was_not_measured_is_not_judged() -> None:
    assert list(judged(sample("ours", 1))) == ["client CPU, ms per 1,000 pools, all changed"]


@pytest.fixture
def found() -> list[Row]:
    return rows([sample("ours", 10), sample("bare", 2), counted("ours", 50, 1_000)])


def test_a_miss_is_called_a_miss(found: list[Row]) -> None:
    lines = shown.tables(found, verdicts(found)).splitlines()
    (line,) = (one for one in lines if "times the bare client, all changed" in one)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("1,000", "times the bare client, all changed", "at most 2"),
        *("5", "MISS", "5", "MISS"),
    ]


def test_the_tables_columns_stand_below_each_other(found: list[Row]) -> None:
    for table in shown.tables(found, verdicts(found)).split("\n\n"):
        bars = {tuple(m.start() for m in re.finditer(r"\|", line)) for line in table.splitlines()}
        assert len(bars) == 1


def test_json_has_the_rows_and_the_verdicts(found: list[Row]) -> None:
    document = json.loads(shown.as_json(found, verdicts(found)))
    assert [row["name"] for row in document["rows"]] == ["bare", "ours", "ours"]
    by_claim = {one["claim"]: one["pass"] for one in document["verdicts"]}
    assert by_claim["times the bare client, all changed"] is False
    assert by_claim["requests for all pairs"] is True


def test_everyone_is_asked_the_same_distinct_calls() -> None:
    calls = distinct_calls(Question("", [("A", "B", "C"), ("D", "B", "C")], "F"))
    assert len(calls) == len(set(calls)) == 11
    assert calls[-1] == ("F", "feeTo", ())


def test_answers_become_six_integers_a_pair_whatever_they_came_as() -> None:
    zero = "0x" + "00" * 20
    lists = [[1, 2, 99], 3, 4, 5, 6, zero]
    tuples = [(1, 2), 3, 4, 5, 6, 0]
    assert flat(lists) == flat(tuples) == [1, 2, 3, 4, 5, 6, 0]
    assert flat([*tuples[:5], "0x" + "00" * 19 + "01"])[-1] == 1


def test_a_digest_tells_two_readings_apart() -> None:
    assert digest([1, 2]) == digest([1, 2]) != digest([2, 1])


def test_who_takes_part_is_named_alike_everywhere() -> None:
    assert {one.name for one in ENTRANTS} == {"ours", "bare", *PEERS} == MAKERS.keys()
    assert {one.name for one in QUOTERS} == MODULES.keys()
    packages = {one.packages for one in ENTRANTS} | {one.packages for one in QUOTERS}
    assert packages == {OURS, *SETS}


@pytest.mark.parametrize("name", SETS)
def test_the_peers_versions_are_exact_and_without_addresses(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    for line in packages:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), line
