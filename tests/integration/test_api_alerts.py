"""Alerts and findings in /api/v1: what it says is what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.alerted import MEANS, RECEIPT_REASON, alerted_history
from tests.support.cli_history import CHAIN, HOSTILE, OFF, USDC, WETH
from tests.support.web import client_of, got
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

V1 = "/api/v1"


def pages(client: Client, path: str, **parameters: Any) -> list[Any]:
    items: list[Any] = []
    while True:
        page = got(client, path, limit=2, **parameters)
        assert len(page["items"]) <= 2
        items += page["items"]
        if page["next"] is None:
            return items
        parameters["cursor"] = page["next"]


def test_alerts_come_newest_first_and_page_by_page(alerted_web: Client) -> None:
    found = [(one["rule"], one["state"], one["open"]) for one in pages(alerted_web, f"{V1}/alerts")]
    assert found == [
        ("unreadable", "firing", True),
        ("discount", "firing", True),
        ("off-a-little", "pending", True),
        ("lopsided", "firing", True),
    ]
    every = pages(alerted_web, f"{V1}/alerts", state="all")
    assert [one["rule"] for one in every if not one["open"]] == ["once-dear"]
    assert len(every) == len(found) + 1


def test_an_alert_says_its_rule_and_its_whole_life(alerted_web: Client) -> None:
    uid = next(one["id"] for one in pages(alerted_web, f"{V1}/alerts") if one["rule"] == "discount")
    found = got(alerted_web, f"{V1}/alerts/{uid}")
    assert found == got(alerted_web, f"{V1}/alerts/{uid[:10]}")
    assert found["target"] == OFF.id
    assert found["chain"] == f"eip155:{CHAIN}"
    assert found["fact"].startswith("WETH trades 2.11% under its reference and only $9,880")
    assert (found["began"]["number"], found["last"]["number"]) == (106, 108)
    rule = found["definition"]
    assert rule["clear"] == "abs(ln_spot_over_reference) < 0.01"
    assert (rule["for_seconds"], rule["escalate_seconds"], rule["means"]) == (24, 1_800, MEANS)
    assert [one["event"] for one in found["events"]] == ["pending", "fired"]
    first = found["events"][1]["figures"][0]
    assert (first["sign"], first["limit"], round(first["value"], 4)) == (">", 0.02, 0.0213)


def test_findings_with_their_receipts(alerted_web: Client) -> None:
    nothing, taken = pages(alerted_web, f"{V1}/findings")
    assert (nothing["profit"], nothing["target"]) == (0, HOSTILE.id)
    assert nothing["reason"].startswith("fees take more")
    assert (taken["profit"], taken["proof"], taken["block"]["number"]) == (1028.85, "partial", 108)
    [receipt] = taken["receipts"]
    assert (receipt["level"], receipt["reason"]) == ("partial", RECEIPT_REASON)
    body = got(alerted_web, f"{V1}/findings/{taken['id']}")["body"]
    assert dict(body["accounts"][0]["deltas"]) == {
        USDC.address: "1234000000",
        WETH.address: str(-(10**17)),
    }
    only = pages(alerted_web, f"{V1}/findings", target="off")
    assert [one["id"] for one in only] == [taken["id"]]


def test_a_finding_of_a_block_that_left_is_shown_when_asked_for(tmp_path: Path) -> None:
    alerted_history(tmp_path)
    with Store.open(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        store.rewind(CHAIN, f"0x{107:064x}")
    with client_of(tmp_path) as client:
        assert pages(client, f"{V1}/findings") == []
        every = pages(client, f"{V1}/findings", retracted=True)
        assert [one["retracted"] for one in every] == [True, True]
        assert [one["rule"] for one in pages(client, f"{V1}/alerts")].count("unreadable") == 1


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("alerts/00000000", 404, "no alert begins with 00000000"),
        ("alerts/zz", 422, "alert: "),
        ("findings/999", 404, "no finding has the number 999"),
        ("findings/0", 422, "finding: "),
        ("findings?target=nosuch", 404, "nosuch"),
        ("alerts?state=closed", 422, "state: "),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    alerted_web: Client, path: str, status: int, said: str
) -> None:
    answer = alerted_web.get(f"{V1}/{path}")
    assert answer.status_code == status
    assert said in answer.json()["error"]
