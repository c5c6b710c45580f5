"""Alerts on pages: what is open, what it says, and what was known at a block."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.alerted import MEANS, alerted_history
from tests.support.cli_history import FIRST, HOSTILE, LATEST, OFF, TENSE
from tests.support.page_reading import Read, read
from tests.support.web import client_of
from watcher.report.alert_told import known_at
from watcher.state import Block
from watcher.state.alert import Act, EventKind, Kept
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

DISCOUNT = (
    "WETH trades 2.11% under its reference and only $9,880 can leave before the price moves 1%"
)


@pytest.fixture(scope="module")
def alerts(alerted_folder: Path) -> dict[str, Kept]:
    with Store.open(f"sqlite:///{alerted_folder / 'watcher.db'}") as store:
        return {one.rule: one for one in store.alerts(every=True)}


def page(client: Client, path: str, *, status: int = 200) -> Read:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    found = read(answer.text)
    assert found.problems == [], path
    return found


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_open_alerts_come_first_the_worst_first(alerted_web: Client) -> None:
    text = page(alerted_web, "/alerts").text
    assert "4 alerts open" in text
    assert in_order(
        text,
        f"breached off : {DISCOUNT}",
        "blind gone : it cannot be read (reverted: getReserves() reverted)",
        "strained tense : WETH trades 1.50% over its reference",
        "info hostile : spot_price is 2",
        "Over, the newest first",
        "resolved off : spot_price is 2,000",
    )


def test_an_alert_links_to_its_page_and_to_its_target(
    alerted_web: Client, alerts: dict[str, Kept]
) -> None:
    links = page(alerted_web, "/alerts").links
    assert f"/alerts/{alerts['discount'].uid}" in links
    assert f"/targets/{OFF.id}" in links


def test_the_page_of_an_alert_says_all_of_it(alerted_web: Client, alerts: dict[str, Kept]) -> None:
    alert = alerts["discount"]
    text = page(alerted_web, f"/alerts/{alert.uid}").text
    assert f"off: {DISCOUNT}" in text
    assert MEANS in text, "markup in a configuration is text too"
    assert "abs(ln_spot_over_reference) 2.13% 2.13% 2.13% over 2.00%" in text
    assert "depth_1pct_money $9,880 $9,880 $9,880 under $2 M" in text
    assert "pending at block 106" in text
    assert "fired at block 108" in text
    assert "ends when abs(ln_spot_over_reference) < 0.01 , for 24 s" in text
    assert "once abs(ln_spot_over_reference) is over 2.67%" in text
    assert "after 30 min without an acknowledgement" in text
    assert "Nobody has acted on it." in text
    assert f"watcher alerts show {alert.uid[:12]}" in text
    assert f"watcher rules test discount --target {OFF.id[:12]} --from 106" in text


def test_what_is_over_says_neither_now_nor_what_ends_it(
    alerted_web: Client, alerts: dict[str, Kept]
) -> None:
    text = page(alerted_web, f"/alerts/{alerts['once-dear'].uid}").text
    assert "spot_price 2,000 1,957.8 over 1,990" in text
    assert "resolved at block 106" in text
    assert "ends when" not in text
    assert " Now " not in text


def test_a_page_at_a_block_knows_nothing_later(
    alerted_web: Client, alerts: dict[str, Kept]
) -> None:
    text = page(alerted_web, "/alerts?block=107").text
    assert "3 alerts open" in text
    assert f"strained off : {DISCOUNT}" in text, "pending, so not yet breached"
    assert "it cannot be read" not in text
    assert "resolved off : spot_price is 2,000" in text
    before = page(alerted_web, "/alerts?block=105").text
    assert "None has ended by this block." in before
    assert "info off : spot_price is 2,000" in before
    one = page(alerted_web, f"/alerts/{alerts['discount'].uid}?block=107").text
    assert "pending critical, holds since" in one
    assert "fired at block" not in one


def test_before_it_began_there_is_no_alert(alerted_web: Client, alerts: dict[str, Kept]) -> None:
    found = page(alerted_web, f"/alerts/{alerts['discount'].uid}?block={FIRST}", status=404)
    assert "at block 100 this alert had not begun" in found.text
    assert "no alert begins with 00000000" in page(alerted_web, "/alerts/00000000", status=404).text


def test_the_overview_tells_alerts_in_sentences_and_loses_no_target(
    alerted_web: Client, alerts: dict[str, Kept]
) -> None:
    found = page(alerted_web, "/")
    assert f"/alerts/{alerts['discount'].uid}" in found.links
    needs = found.text.partition("What needs a person")[2].partition("Targets, worst first")[0]
    assert f"breached off : {DISCOUNT}" in needs
    assert needs.count(" off :") == 1, "the alert says it, so the limit does not say it again"
    assert "breached hostile" in needs, "an alert that informs takes no limit's place"
    assert "spot_price is 2" not in needs
    assert (
        needs.find("breached hostile") < needs.find("blind ") < needs.find(f"strained {TENSE.name}")
    )


def test_names_from_the_chain_are_text(tmp_path: Path) -> None:
    """FAULTS 44."""
    rule = '[[rules]]\nname = "coin"\nwhen = "value_share > 0.4"\nseverity = "info"\n'
    alerted_history(tmp_path, more=rule + f'targets = ["{HOSTILE.name}"]\n')
    with Store.open(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        alert = next(one for one in store.alerts() if one.rule == "coin")
    with client_of(tmp_path) as client:
        for path in ("/alerts", f"/alerts/{alert.uid}"):
            found = page(client, path)
            assert "value_share of" in found.text
            assert "=X" in found.text or "=cmd|" in found.text, "a symbol of it is named"
            assert not {"\x1b", "\u202e"} & set(client.get(path).text)


def test_what_people_did_is_known_from_its_time_on(alerts: dict[str, Kept]) -> None:
    alert = alerts["discount"]
    at = datetime.fromtimestamp(LATEST - 12, UTC)
    acted = replace(
        alert.events[-1], kind=EventKind.ACKNOWLEDGED, block=None, found_at=at, actor="ada"
    )
    kept = replace(alert, events=(*alert.events, acted))
    last = alert.events[-1].block
    assert last is not None
    cut = known_at(kept, Block(last.chain_id, 109, "0x1", "0x0", LATEST - 12))
    assert cut is not None
    assert cut.events[-1].actor == "ada"
    earlier = known_at(kept, Block(last.chain_id, 108, "0x1", "0x0", LATEST - 13))
    assert earlier is not None
    assert earlier.events == alert.events
    assert known_at(kept, Block(last.chain_id, 105, "0x1", "0x0", LATEST - 60)) is None


def test_who_did_what_is_on_the_page(alerted_folder: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(alerted_folder, tmp_path / "own"))
    at = datetime.fromtimestamp(LATEST, UTC)
    with Store.open(f"sqlite:///{own / 'watcher.db'}") as store:
        uid = next(one.uid for one in store.alerts() if one.rule == "discount")
        act = Act(uid, EventKind.SILENCED, "ada <b>", "known\u202e", at, LATEST + 3_600)
        store.record_act(act)
    with client_of(own) as client:
        text = page(client, f"/alerts/{uid}").text
    assert "silenced by ada <b>, until 2023-11-14 23:13:20 UTC : known" in text
    assert "breached silenced critical" in text
