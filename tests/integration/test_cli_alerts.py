"""`watcher rules` and `watcher alerts`, on a history in which two rules have fired."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.cli_history import (
    CALM,
    HOSTILE,
    LATEST,
    NEWEST,
    NOW,
    OFF,
    Run,
    configuration,
    document,
    fill,
    table,
)
from watcher.cli.app import app
from watcher.config import load_config

RULES = """
[alerts]
presets = false
critical = ["oncall"]
[receivers.oncall]
alertmanager = "https://oncall.example"
[[rules]]
name = "discount"
when = "abs(ln_spot_over_reference) > 0.02 and depth_1pct_money < 2e6"
clear = "abs(ln_spot_over_reference) < 0.01"
for = "24s"
severity = "critical"
means = "Who must sell loses."
targets = ["calm", "off", "tense", "gone"]
[[rules]]
name = "unreadable"
when = "unread"
severity = "warning"
[[rules]]
name = "off-a-little"
when = "abs(ln_spot_over_reference) > 0.01"
for = "1h"
severity = "warning"
targets = ["tense"]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "watcher.toml").write_text(RULES.partition("[alerts]")[0] + configuration() + RULES)
    rules = load_config(folder / "watcher.toml", {}).rules
    fill(f"sqlite:///{folder / 'watcher.db'}", LATEST, rules=rules)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for file in made.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def ids(run: Run) -> dict[str, str]:
    return {row["rule"]: row["id"] for row in document(run("alerts", "list", "--json"))}


def test_what_an_alert_tells_waits_for_its_receivers(run: Run) -> None:
    """What the block made in its own transaction, and then what a person does."""

    def waiting() -> list[tuple[str, str, str]]:
        rows = document(run("notify", "list", "--json"))
        return sorted((row["receiver"], row["title"], row["status"]) for row in rows)

    before = waiting()
    assert before
    assert {(receiver, status) for receiver, _, status in before} == {("oncall", "pending")}
    acked = run("alerts", "ack", ids(run)["discount"], "--why", "looking", "--who", "me")
    assert acked.exit_code == 0, acked.output
    assert len(waiting()) == len(before) + 1


def test_rules_are_listed_with_their_units_and_targets(run: Run) -> None:
    found = document(run("rules", "check", "--json"))
    discount, unreadable, little = found["rules"]
    units = "depth_money: unit of account, ln_spot_over_reference: natural logarithm"
    assert discount["units"] == units
    assert (discount["targets"], discount["route"]) == ("calm, off, tense, gone", "oncall")
    assert "vault" in unreadable["targets"]
    assert (little["targets"], little["for"]) == ("tense", "60 min")
    assert found["off"].keys() == {"arbitrage-left-open", "pool-share", "pool-share-early"}
    done = run("rules", "check")
    assert "off: pool-share, because a share says nothing" in done.stderr


def test_open_alerts_are_listed_the_worst_first(run: Run) -> None:
    lines = table(run("alerts", "list"))
    assert [line[:4] for line in lines[1:]] == [
        ["firing", "critical", OFF.name, "discount"],
        ["firing", "warning", "gone", "unreadable"],
        ["pending", "warning", "tense", "off-a-little"],
    ]
    assert lines[1][4] == "abs(ln_spot_over_reference) 2.13%, depth_1pct_money $9,880"


def test_one_alert_and_its_whole_life(run: Run) -> None:
    alert = ids(run)["discount"]
    done = run("alerts", "show", alert)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "discount on off: firing (critical)"
    assert lines[1].endswith("and depth_1pct_money < 2e6, for 24 s")
    assert "Who must sell loses." in lines
    assert [line.split()[1:3] for line in lines[-2:]] == [["106", "pending"], ["108", "fired"]]
    found = document(run("alerts", "show", alert, "--json"))
    assert found["definition"]["when"].startswith("abs(")
    assert [one["event"] for one in found["events"]] == ["pending", "fired"]
    assert found["events"][1]["figures"][0]["limit"] == 0.02
    assert len(found["id"]) == 64


def test_an_acknowledgement_and_a_silence_say_who_and_why(run: Run) -> None:
    alert = ids(run)["discount"]
    done = run("alerts", "ack", alert, "--why", "selling stopped", "--who", "ada")
    assert (done.exit_code, done.stdout) == (0, "")
    assert document(run("alerts", "list", "--json"))[0]["state"] == "acknowledged"
    done = run("alerts", "silence", alert, "--for", "2h", "--why", "known", "--who", "bob")
    assert done.exit_code == 0
    assert document(run("alerts", "list", "--json"))[0]["state"] == "silenced"
    events = document(run("alerts", "show", alert, "--json"))["events"]
    assert [(one["event"], one["who"], one["detail"]) for one in events[-2:]] == [
        ("acknowledged", "ada", "selling stopped"),
        ("silenced", "bob", "known"),
    ]
    assert events[-1]["until"] == "2023-11-15T00:13:23Z"
    assert "by bob until 2023-11-15T00:13:23Z: known" in run("alerts", "show", alert).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["alerts", "show", "zz"], "'zz' is no alert: write the first digits of its id"),
        (["alerts", "show", "%"], "'%' is no alert"),
        (["alerts", "show", "00000000"], "no alert begins with 00000000"),
        (["alerts", "ack", "ID", "--why", " "], "--why: write one line of at most 500"),
        (["alerts", "ack", "ID", "--why", "a\nb"], "--why: write one line of at most 500"),
        (["alerts", "ack", "ID", "--why", "x", "--who", "\x1b[2J"], "--who: write one line"),
        (["alerts", "silence", "ID", "--for", "2x", "--why", "x"], "--for 2x: write a duration"),
        (["rules", "test", "discont"], 'unknown rule "discont"; did you mean "discount"?'),
        (["rules", "test", "--from", "May"], "--from May: write a block number or a UTC date"),
        (["rules", "test", "--from", "2030-01-01"], "no block of these is stored"),
        (["rules", "test", "discount", "--target", "vault"], "none of these rules is asked of"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    run: Run, arguments: list[str], said: str
) -> None:
    done = run(*(ids(run)["discount"] if one == "ID" else one for one in arguments))
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_target_is_never_better_than_its_alerts(run: Run) -> None:
    states = {row["target"]: row for row in document(run("status", "--json"))["targets"]}
    assert states[OFF.name]["state"] == "breached"
    assert states[OFF.name]["why"].startswith("discount: abs(ln_spot_over_reference) 2.13%")
    assert states["gone"]["state"] == "blind"
    assert states["tense"]["state"] == "strained"
    assert states[CALM.name]["state"] == "healthy"


def test_the_history_is_played_to_the_rules(run: Run) -> None:
    found = document(run("rules", "test", "--json"))
    rows = {row["rule"]: row for row in found["rules"]}
    assert (rows["discount"]["fired"], rows["discount"]["open for"]) == (1, "24 s")
    assert (rows["unreadable"]["fired"], rows["off-a-little"]["fired"]) == (1, 0)
    assert found["stretch"][0]["blocks"] == 11
    assert [(one["target"], one["block"]) for one in found["alerts"]] == [
        ("off", 108),
        ("gone", 108),
    ]
    part = document(run("rules", "test", "--json", "--to", str(NEWEST - 3)))
    assert part["alerts"] == []
    day = document(run("rules", "test", "--json", "--from", "2023-11-14", "--to", "2023-11-14"))
    assert day["stretch"] == found["stretch"]


def test_presets_can_be_tried_before_they_are_switched_on(run: Run) -> None:
    (row,) = document(run("rules", "test", "pool-share-early", "--json"))["rules"]
    assert row["rule"] == "pool-share-early"
    done = run("rules", "test", "deep-discount", "--list", "--target", "off")
    assert done.exit_code == 0
    assert "0 alerts, 0 a day" in done.stderr


def test_hostile_symbols_stay_in_their_line(run: Run) -> None:
    """FAULTS 44."""
    every = run("rules", "check", "--format", "csv")
    assert HOSTILE.name in every.stdout
    assert "\x1b" not in every.stdout


def test_a_line_of_the_table_names_few_of_many_targets(run: Run) -> None:
    table, every = run("rules", "check").stdout, document(run("rules", "check", "--json"))
    assert " and 2 more" in table
    assert every["rules"][0]["targets"] == "calm, off, tense, gone"
