"""The demonstration, as a newcomer runs it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import watcher

pytestmark = pytest.mark.e2e


def demo(folder: Path, *arguments: str) -> dict[str, Any]:
    done = watcher("demo", "--json", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_two_runs_with_one_seed_differ_in_nothing_but_durations(tmp_path: Path) -> None:
    first = demo(tmp_path, "--blocks", "14", "--seed", "7")
    second = demo(tmp_path, "--blocks", "14", "--seed", "7")
    assert first.pop("seconds").keys() == second.pop("seconds").keys()
    assert first == second


def test_another_seed_plays_other_blocks(tmp_path: Path) -> None:
    one = demo(tmp_path, "--blocks", "5", "--seed", "1")
    two = demo(tmp_path, "--blocks", "5", "--seed", "2")
    assert [block["hash"] for block in one["blocks"]] != [block["hash"] for block in two["blocks"]]


def test_every_scene_plays_and_everything_that_is_stored_holds(tmp_path: Path) -> None:
    shown = demo(tmp_path, "--blocks", "40", "--seed", "1")
    scenes = {block["scene"] for block in shown["blocks"]}
    assert scenes == {
        "calm",
        "feed_moves",
        "one_side_emptied",
        "reorg",
        "vault_donated",
        "vault_earns",
    }
    checks = shown["checks"]
    assert checks["passed"]
    assert checks["observations_missing"] == 0
    assert checks["states_different"] == 0
    assert checks["recompute_differences"] == 0
    assert len(checks["compared_blocks"]) == 3
    assert checks["states_compared"] == 3 * checks["targets"]
    replaced = [block for block in shown["blocks"] if block["replaced"]]
    assert replaced
    assert all(block["orphaned"] == block["replaced"] for block in replaced)
    assert [block["number"] for block in shown["blocks"]] == sorted(
        {block["number"] for block in shown["blocks"]}
    )


def test_a_kept_demo_recomputes_until_somebody_edits_an_amount(tmp_path: Path) -> None:
    watcher("demo", "--blocks", "5", "--keep", "kept", cwd=tmp_path)
    whole = watcher("recompute", "--config", "kept/watcher.toml", cwd=tmp_path)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    with closing(sqlite3.connect(tmp_path / "kept" / "watcher.db")) as database, database:
        key = database.execute(
            "select max(observation_id) from amount where field = 'reserve0'"
        ).fetchone()[0]
        where = "where observation_id = ? and field = 'reserve0'"
        (raw,) = database.execute(f"select raw from amount {where}", [key]).fetchone()
        more = (int.from_bytes(raw) + 1).to_bytes(32)
        database.execute(f"update amount set raw = ? {where}", [more, key])
    edited = watcher("recompute", "--config", "kept/watcher.toml", cwd=tmp_path)
    assert edited.returncode == 3
    (difference,) = (line for line in edited.stdout.splitlines() if line.startswith("amount ("))
    assert str(key) in difference
    assert f"stored as {int.from_bytes(more)} and recomputes to {int.from_bytes(raw)}" in difference


def test_it_tells_a_story_without_json(tmp_path: Path) -> None:
    told = watcher("demo", "--blocks", "5", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "reorg" in told.stdout
    assert "stored figures recomputed: 0 differ" in told.stdout


def test_a_database_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "watcher.db").write_bytes(b"precious")
    refused = watcher("demo", "--blocks", "5", "--keep", ".", cwd=tmp_path)
    assert refused.returncode == 5
    assert "is there already" in refused.stderr
    assert (tmp_path / "watcher.db").read_bytes() == b"precious"
