"""The commands that read the history, on one made by hand and told as a person would read it."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest

from tests.support.cli_history import (
    LATEST,
    OFF,
    TARGETS,
    USDC,
    WETH,
    Run,
    document,
    table,
)

# status


def test_status_puts_first_what_needs_a_person(run: Run) -> None:
    heading, *lines = table(run("status"))
    assert heading == ["state", "target", "why", "since", "data"]
    words = [(line[0], line[1]) for line in lines]
    assert words == [
        ("breached", "hostile"),
        ("blind", "stale"),
        ("blind", "gone"),
        ("blind", "unread"),
        ("blind", "OLD / USD"),
        ("strained", "off"),
        ("strained", "tense"),
        ("healthy", "2 targets, 1 feed"),
    ]


def why(run: Run, name: str) -> list[str]:
    return next(line[2:] for line in table(run("status", "--all")) if line[1] == name)


def test_status_says_why_and_since_when(run: Run) -> None:
    text, since, data = why(run, "off")
    assert text == "WETH 2.11% under reference, depth to 1% $9,880"
    assert (since, data) == ("51 s", "3 s")


def test_status_names_the_feed_that_is_stale(run: Run) -> None:
    text, since, _ = why(run, "stale")
    assert text == "no reference for OLD: feed OLD / USD is stale (heartbeat 60 s)"
    assert since == "51 s"
    text, since, _ = why(run, "OLD / USD")
    assert text == "is stale (heartbeat 60 s), last answer 2 min before"
    assert since == "63 s"


def test_status_says_what_could_not_be_read(run: Run) -> None:
    text, since, _ = why(run, "gone")
    assert text == "could not be read: reverted, getReserves() reverted"
    assert since == "27 s"
    assert why(run, "unread") == ["not read yet: run `watcher once`"]


def test_status_as_json_lists_every_target(run: Run) -> None:
    rows = {row["target"]: row for row in document(run("status", "--json"))["targets"]}
    assert set(rows) == {target.name for target in TARGETS} | {"unread"}
    off = rows["off"]
    assert off["state"] == "strained"
    assert off["measure"] == "ln_spot_over_reference"
    assert off["value"] == pytest.approx(-0.0213, abs=1e-4)
    assert off["address"] == OFF.address
    assert (off["since_seconds"], off["data_age_seconds"]) == (51, 3)
    assert rows["unread"]["block"] is None


def test_status_ends_with_3_only_when_asked(run: Run) -> None:
    assert run("status").exit_code == 0
    assert run("status", "--exit-code").exit_code == 3


def test_data_that_are_late_make_blind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten polls of a second and five blocks of 12 s are waited for.
    monkeypatch.setattr(time, "time", lambda: LATEST + 70.0)
    assert "healthy" in run("status").stdout
    monkeypatch.setattr(time, "time", lambda: LATEST + 200.0)
    lines = table(run("status"))[1:]
    [late] = [line for line in lines if line[1] == "4 targets, 1 feed"]
    assert late == [
        "blind",
        "4 targets, 1 feed",
        "no new block for 3 min: is `watcher run` running?",
        "3 min",
        "3 min",
    ]
    assert lines[0][0] == "breached"
    assert lines[0][2].strip("\u2068\u2069").endswith("; no new block for 3 min")
    assert not any(line[0] in {"healthy", "strained"} for line in lines)
    rows = document(run("status", "--json"))["targets"]
    calm = next(row for row in rows if row["target"] == "calm")
    assert (calm["state"], calm["state_when_seen"]) == ("blind", "healthy")
    assert run("status", "--exit-code").exit_code == 3


# history


def test_history_shows_the_key_measures_where_something_changed(run: Run) -> None:
    heading, *lines = table(run("history", "off"))
    assert heading == ["block", "time", "measure", "dims", "value", "unit"]
    assert {line[0] for line in lines} == {"100", "106"}
    last = [line[2:] for line in lines[-7:]]
    assert last == [
        ["spot_price", "1,957.80", "USDC per WETH"],
        ["reference_price", "2,000.00", "USDC per WETH"],
        ["ln_spot_over_reference", "−0.0213258", "ln"],
        ["disparity_value", "1.07%"],
        ["depth_money", "WETH in, to 1%", "10,090.8", "USD"],
        ["depth_money", "USDC in, to 1%", "9,877.85", "USD"],
        ["arbitrage_value", "166.305", "USD"],
    ]


def test_history_for_programs_is_in_full(run: Run) -> None:
    rows = document(
        run("history", "off", "-m", "depth_money", "--from", "106", "--to", "106", "--json")
    )
    assert [row["dims"] for row in rows] == [
        {"move": "0.01", "token_in": WETH.address},
        {"move": "0.01", "token_in": USDC.address},
    ]
    assert rows[0]["block"] == 106
    assert rows[0]["time"].endswith("Z")
    assert rows[0]["unit"] == "USD"
    assert rows[0]["reason"] is None
    done = run(
        "history", "off", "-m", "depth_money", "--from", "106", "--to", "106", "--format=csv"
    )
    [first, _] = list(csv.DictReader(io.StringIO(done.stdout)))
    assert json.loads(first["dims"]) == rows[0]["dims"]
    assert float(first["value"]) == rows[0]["value"]


def test_history_says_what_it_leaves_out(run: Run) -> None:
    done = run("history", "off", "--limit", "3")
    assert len(done.stdout.splitlines()) == 4
    assert "only the newest 3 are shown" in done.stderr
    assert run("history", "off", "--limit", "1000").stderr == ""


def test_history_gives_the_reason_where_there_is_no_figure(run: Run) -> None:
    rows = table(run("history", "stale", "-m", "ln_spot_over_reference"))
    assert rows[-1][-1] == "no reference for OLD: the feed is stale (heartbeat 60 s)"
    [*_, last] = document(run("history", "gone", "-m", "spot_price", "--json"))
    assert (last["value"], last["reason"]) == (None, "target is reverted")


def test_history_suggests_the_measure_that_was_meant(run: Run) -> None:
    done = run("history", "off", "-m", "spot_pric")
    assert done.exit_code == 2
    assert done.stderr == 'watcher: unknown measure "spot_pric"; did you mean "spot_price"?\n'
    done = run("history", "off", "-m", "price_per_share")
    assert done.exit_code == 2
    assert "price_per_share is no measure of a constant_product" in done.stderr
