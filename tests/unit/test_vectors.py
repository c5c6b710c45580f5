"""The vector files are read strictly, every vector is asked, and a miss is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.vectors.__main__ import main
from tests.support.vectors.check import asks, check_paths, judge
from tests.support.vectors.vector import BadVector, Compared, Vector, read_vectors
from watcher.errors import MathError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vectors"

# UniswapV2Library.getAmountOut(1e18, 1e19, 5e18), asserted by Uniswap v2-core's own tests.
GOOD: dict[str, Any] = {
    "family": "uniswap_v2",
    "id": "by-hand",
    "kind": "exact_in",
    "state": {
        "reserves": ["10000000000000000000", "5000000000000000000"],
        "fee": "3",
        "fee_precision": "1000",
    },
    "token_in": 0,
    "token_out": 1,
    "amount_in": "1000000000000000000",
    "expected_out": "453305446940074565",
}


def file_of(folder: Path, *vectors: object) -> Path:
    path = folder / "some.json"
    path.write_text(json.dumps(vectors))
    return path


def run(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, str]:
    code = main([str(path) for path in paths])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_an_exact_vector_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, file_of(tmp_path, GOOD))
    assert code == 0
    assert "uniswap_v2: exact 1 of 1\n" in said


def test_a_miss_is_told_and_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = GOOD | {"id": "wrong", "expected_out": "453305446940074566"}
    code, said = run(capsys, file_of(tmp_path, GOOD, wrong))
    assert code == 3
    assert "uniswap_v2: exact 1 of 2\n" in said
    assert "miss wrong: expected 453305446940074566, got 453305446940074565" in said


def test_a_refusal_is_right_only_where_it_is_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = GOOD["state"] | {"reserves": ["0", "5"]}
    refused = GOOD | {"kind": "revert", "expected_out": None, "state": empty}
    not_refused = GOOD | {"id": "pays", "kind": "revert", "expected_out": None}
    unexpected = GOOD | {"id": "refuses", "state": empty}
    code, said = run(capsys, file_of(tmp_path, refused, not_refused, unexpected))
    assert code == 3
    assert "exact 1 of 3" in said
    assert "miss pays: expected refused, got 453305446940074565" in said
    assert "miss refuses: expected an answer, got refused: INSUFFICIENT_LIQUIDITY" in said


def test_a_family_that_nobody_answers_for_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, file_of(tmp_path, GOOD | {"family": "unheard_of"}, GOOD))
    assert code == 0
    assert "unheard_of: not covered, 1 vectors" in said
    assert "all: exact 1 of 1; not covered 1" in said


def test_a_folder_is_read_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file_of(tmp_path, GOOD)
    (tmp_path / "README.md").write_text("no vectors")
    (tmp_path / "summary.json").write_text('{"vectors": 1}')
    assert run(capsys, tmp_path)[0] == 0


def changed(**fields: object) -> dict[str, object]:
    return GOOD | fields


@pytest.mark.parametrize(
    ("plain", "problem"),
    [
        ({"no": "list"}, "is not an object"),
        (changed(family=None), "family is missing"),
        (changed(state=None), "state is missing"),
        (changed(state=[]), "state is not an object"),
        (changed(state={"reserves": ["1", "2"]}), "by-hand.state: fee_precision is missing"),
        (changed(amount_in=None), "by-hand: amount_in is missing"),
        (changed(amount_in="1.5"), "amount_in is not an integer"),
        (changed(amount_in=True), "amount_in is not an integer"),
        (changed(expected_out=None), "expected_out is missing"),
        (changed(state=GOOD["state"] | {"reserves": ["1"]}), "is not of the form of uniswap_v2"),
        (changed(kind="add:Odd", amount_in="7"), "does not know the kind 'add:Odd'"),
    ],
)
def test_what_is_no_vector_is_told_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], plain: dict[str, object], problem: str
) -> None:
    row = plain if "family" in plain else "text"
    code, said = run(capsys, file_of(tmp_path, row))
    assert code == 2
    assert problem in said


def test_a_missing_file_and_a_broken_one_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, tmp_path / "nowhere")[0] == 2
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert run(capsys, broken)[0] == 2
    broken.write_text("{}")
    assert "is not a list" in run(capsys, broken)[1]


def test_an_answer_may_bring_what_it_is_to_equal(tmp_path: Path) -> None:
    [vector] = read_vectors(file_of(tmp_path, changed(kind="add:Both", expected_out=None)))
    verdict = judge(vector, lambda _: Compared((1, 2), (1, 2), "the rule"))
    assert verdict.exact
    assert verdict.rule == "the rule"
    assert not judge(vector, lambda _: Compared((1, 2), (1, 3))).exact

    def refuses(_: Vector) -> int:
        raise MathError("no")

    assert not judge(vector, refuses).exact


def test_every_family_is_answered_for_once() -> None:
    assert {"uniswap_v2", "curve_stableswap_plain", "saddle"} <= set(asks())


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data/vectors")
def test_every_vector_of_the_covered_families_is_exact() -> None:
    tallies, _ = check_paths([SHARED])
    assert tallies
    misses = [miss for tally in tallies.values() for miss in tally.misses]
    assert misses == []


def test_bad_vectors_are_no_misses() -> None:
    assert not issubclass(BadVector, MathError)
