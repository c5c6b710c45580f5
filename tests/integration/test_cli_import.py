"""Series from outside: kept once, named, and read beside the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_history import LATEST, Run, document, filled, folder, run
from watcher.store import Store

__all__ = ["filled", "folder", "run"]

DEPEGS = Path(__file__).parents[3] / "shared" / "data" / "depegs"
GIVEN = ("--source", "a study of depegs")


def write(text: str, name: str = "prices.csv") -> str:
    Path(name).write_text(text)
    return name


def test_columns_of_numbers_become_series(run: Run) -> None:
    """Rows in any order, names with blanks, an empty cell, text beside."""
    file = write("UNIX TimeStamp, DAI,USDC ,who\n30,3,,a\n10,1,5,b\n20,2,6,c\n")
    rows = document(run("import", "series", file, *GIVEN, "--unit", "USD", "--json"))
    assert [(row["series"], row["points"]) for row in rows] == [
        ("prices/DAI", 3),
        ("prices/USDC", 2),
    ]
    assert rows[0]["from"] == "1970-01-01T00:00:10Z"
    with Store.open("sqlite:///watcher.db") as store:
        kept = store.read_outside("prices/DAI")
        assert (kept.times, kept.values) == ((10, 20, 30), (1.0, 2.0, 3.0))
        assert (kept.source, kept.unit) == ("a study of depegs", "USD")
        assert store.read_outside(rows[0]["hash"][:12]) == kept


def test_the_same_is_kept_once_and_of_one_name_the_newest_counts(run: Run) -> None:
    first = write("time,x\n2024-01-01,1\n2024-01-02,2\n")
    for _ in range(2):
        assert run("import", "series", first, *GIVEN, "--name", "a").exit_code == 0
    assert len(document(run("import", "list", "--json"))) == 1
    second = write("time,x\n2024-01-01T00:00:00Z,1\n2024-01-02,7\n", "other.csv")
    assert run("import", "series", second, *GIVEN, "--name", "a", "--scale", "2").exit_code == 0
    assert [row["series"] for row in document(run("import", "list", "--json"))] == ["a/x", "a/x"]
    with Store.open("sqlite:///watcher.db") as store:
        assert store.read_outside("a/x").values == (2.0, 14.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,x\n", "has no rows"),
        ("when,x\n1,2\n", "say which it is with --time"),
        ("time,x\n1,2,3\n", "line 2: 3 cells for 2 columns"),
        ("time,x\n1,a\n", "no column of numbers"),
        ("time,x\n1,2\n1,3\n", "line 3: 1 is there twice, and differs"),
        ("time,x\nnever,2\n", "say which it is with --time"),
        ("time,x\n1,2\nnever,2\n", "line 3: 'never' and '2' are not a time and a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_sentence(run: Run, text: str, said: str) -> None:
    done = run("import", "series", write(text), *GIVEN)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_column_that_is_not_there_is_named(run: Run) -> None:
    done = run("import", "series", write("time,x,y\n1,2,3\n"), *GIVEN, "--column", "z")
    assert "has no column 'z': it has x, y" in done.stderr


def test_it_is_correlated_and_compared_with_the_history(run: Run) -> None:
    """The pool that is 2.1% off from its sixth block on, and a series that falls as it does."""
    start = LATEST - 12 * 10
    lines = [f"{start + 12 * k},{2_000 if k < 6 else 1_957.8}" for k in range(11)]
    file = write("time,price\n" + "\n".join(lines) + "\n")
    assert run("import", "series", file, *GIVEN, "--name", "market").exit_code == 0
    asked = ("correlate", "off", "--series", "market/price", "--step", "12s", "--json")
    found = document(run(*asked))
    assert [one["target"] for one in found["series"]] == ["off", "market/price"]
    assert found["series"][1]["beta"] == pytest.approx(1.0, rel=1e-3)
    alone = document(run("correlate", "--series", "market/price", "--step", "12s", "--json"))
    assert alone["series"][0]["max_drawdown"] == pytest.approx(0.0211)
    rows = document(run("compare", "off", "--series", "market/price", "--at", "104", "--json"))
    (row,) = [row for row in rows if row["measure"] == "series"]
    assert (row["market/price"], row["off"]) == (2_000, None)
    missing = run("correlate", "--series", "nothing")
    assert "no series 'nothing' is imported: there is market/price" in missing.stderr
    assert "name a target, or an imported series" in run("correlate").stderr


def test_the_daily_series_of_two_depegs(run: Run) -> None:
    if not DEPEGS.is_dir():
        pytest.skip("no ../shared/data/depegs")
    steth, pool3 = "pool_curve_sETH-ETH.csv", "pool_curve_3Pool_DAI-USDC-USDT.csv"
    rows = document(run("import", "series", str(DEPEGS / steth), *GIVEN, "--name", "st", "--json"))
    assert [row["points"] for row in rows] == [529] * 3
    wanted = ("--column", "USDT Balance", "--scale", "1e-6", "--name", "3pool", "--json")
    rows = document(run("import", "series", str(DEPEGS / pool3), *GIVEN, *wanted))
    assert [(row["series"], row["points"]) for row in rows] == [("3pool/USDT Balance", 498)]
    series = ("--series", "st/steth_pool", "--series", "st/eth_pool")
    found = document(run("correlate", *series, "--step", "1d", "--json"))
    assert found["returns"] > 500
    assert found["correlation"][0][1] > 0.1, "liquidity comes and goes on both sides"
