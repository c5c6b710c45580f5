"""`watcher report` from a stored history: as of its block, recomputable, hostile names as text."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.support import cli_history
from tests.support.cli_history import FIRST, LATEST, NEWEST, SECONDS, Run

filled, folder, run = cli_history.filled, cli_history.folder, cli_history.run


def _json(done: Result) -> Any:
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def _figures(document: Any, origin: str) -> dict[str, Any]:
    return {each["id"]: each["value"] for each in document["figures"] if each["from"] == origin}


def test_a_report_says_its_block_and_its_period(run: Run) -> None:
    stamp = _json(run("report", "off", "--format", "json"))["stamp"]
    assert stamp["block"] == NEWEST
    assert stamp["timestamp"] == LATEST
    assert stamp["period"].startswith(f"blocks {FIRST} to {NEWEST}, ")


def test_nothing_later_than_its_block_enters(run: Run) -> None:
    document = _json(run("report", "off", "--to", "105", "--format", "json"))
    last = LATEST - SECONDS * (NEWEST - 105)
    assert document["stamp"]["timestamp"] == last
    blocks = [block for section in document["sections"] for block in section["blocks"]]
    times = [row[0] for block in blocks if "chart" in block for row in block["rows"]]
    charted = [at for at in times if at > 1_000_000]
    assert all(at <= last for at in charted)
    newest = _json(run("report", "off", "--format", "json"))
    assert _figures(newest, "state")["price"] != _figures(document, "state")["price"]


def test_the_history_begins_where_it_is_told(run: Run) -> None:
    stamp = _json(run("report", "off", "--from", "103", "--format", "json"))["stamp"]
    assert stamp["period"].startswith("blocks 103 to ") or stamp["period"].startswith("blocks 106")


@pytest.mark.parametrize("name", ["off", "vault", "tense"])
def test_the_file_beside_it_gives_its_figures_again(run: Run, folder: Path, name: str) -> None:
    done = run("report", name, "--out", "r.html")
    assert done.exit_code == 0, done.stderr
    assert "wrote r.html" in done.stderr
    again = _json(run("report", "--state", "r.state.json", "--format", "json"))
    rows = list(csv.DictReader((folder / "r.figures.csv").read_text().splitlines()))
    stored = {
        row["id"]: float(row["value"]) if row["value"] else None
        for row in rows
        if row["from"] == "state"
    }
    assert len(stored) > 10
    assert _figures(again, "state") == stored
    first = (folder / "r.html").read_bytes()
    run("report", name, "--out", "r.html")
    assert (folder / "r.html").read_bytes() == first


def test_names_from_the_chain_are_text_in_every_format(run: Run) -> None:
    page = run("report", "hostile").stdout
    assert "[/b][red]" in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "style=" not in page
    words = run("report", "hostile", "--format", "md").stdout
    assert "\\[/b\\]\\[red\\]" in words
    assert "\x1b" not in words


def test_an_unknown_price_is_told_with_its_reason(run: Run) -> None:
    document = _json(run("report", "stale", "--format", "json"))
    by_id = {each["id"]: each for each in document["figures"]}
    assert by_id["discount"]["value"] is None
    assert "OLD" in by_id["discount"]["reason"] or "no reference" in by_id["discount"]["reason"]
    price = next(part for part in document["parts"] if part["name"] == "Price")
    assert price["grade"] is None
    assert price["found"].startswith("not graded: ")


def test_a_list_writes_one_of_each(run: Run, folder: Path) -> None:
    (folder / "names.txt").write_text("off  # a pool\n\nvault\n")
    (folder / "out").mkdir()
    done = run("report", "--list", "names.txt", "--format", "md", "--out", "out")
    assert done.exit_code == 0, done.stderr
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert [name for name in names if name.endswith(".md")] == ["report-off.md", "report-vault.md"]
    assert len(names) == 6


def test_a_notes_file_fills_the_box(run: Run, folder: Path) -> None:
    (folder / "notes.md").write_text("## Redemption\nBy nobody.\n## Decision\nLeave\n")
    page = run("report", "off", "--notes", "notes.md").stdout
    assert "By nobody." in page
    assert re.search(r'class="tick on"></span>Leave', page)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name a target, a file with --state, or several"),
        (("off", "--state", "x.json"), "name a target, a file with --state, or several"),
        (("--state", "x.json", "--to", "3"), "a file has one block"),
        (("off", "--from", "9", "--to", "3"), "--from 9 is after --to 3"),
        (("ETH / USD",), "no report is made of a price_feed"),
        (("off", "--notes", "none.toml"), "none.toml cannot be read"),
        (("off", "--out", "no/such/r.html"), "no/such/r.html cannot be written"),
        (("--list", "watcher.toml", "--out", "nowhere"), "nowhere is no folder"),
    ],
)
def test_a_wrong_request_is_one_sentence(run: Run, arguments: tuple[str, ...], why: str) -> None:
    done = run("report", *arguments)
    assert done.exit_code == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
