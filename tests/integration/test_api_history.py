"""Histories over HTTP: pages that writing does not move, and lines that keep their extremes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli_history import CHAIN, NEWEST, OFF, USDC
from tests.support.web import Writer, client_of, got, hashed
from watcher.store import Store, lines

if TYPE_CHECKING:
    from httpx import Client

HISTORY = f"/api/v1/targets/{OFF.id}/history"
SERIES = f"/api/v1/targets/{OFF.id}/series"

Row = tuple[int, str, str, float | None]


@pytest.fixture
def writer(web_folder: Path) -> Iterator[Writer]:
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as store:
        yield Writer(store)


def row(one: Any) -> Row:
    return (one["block"]["number"], one["name"], json.dumps(one["dims"]), one["value"])


def pages(client: Client, **asked: Any) -> Iterator[list[Row]]:
    cursor: dict[str, str] = {}
    given: set[str] = set()
    while True:
        page = got(client, HISTORY, **asked, **cursor)
        yield [row(one) for one in page["items"]]
        if page["next"] is None:
            return
        assert page["next"] not in given, "it would go on for ever"
        given.add(page["next"])
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 1_000])
def test_pages_together_are_the_whole_history(
    own_web: Client, writer: Writer, order: str, limit: int
) -> None:
    stored = [
        (one.block.number, one.measure.name, json.dumps(dict(one.measure.dims)))
        for one in writer.store.measure_history(OFF.id)
    ]
    found = [one for page in pages(own_web, limit=limit, order=order) for one in page]
    assert len(stored) > 50
    expected = stored if order == "asc" else stored[::-1]
    assert [one[:3] for one in found] == expected


def test_what_was_orphaned_is_on_no_page(web: Client) -> None:
    found = [one for page in pages(web, limit=100) for one in page]
    assert {number for number, *_ in found} == {100, 106}


def test_blocks_that_come_meanwhile_move_nothing(own_web: Client, writer: Writer) -> None:
    seen: list[Row] = []
    number = NEWEST
    for page in pages(own_web, limit=20, measure=["depth", "spot_price"], to=NEWEST):
        seen += page
        number += 1
        writer.commit(number)
    assert len(seen) == len(set(seen))
    again = got(own_web, HISTORY, limit=1_000, measure=["depth", "spot_price"], to=NEWEST)
    assert seen == [row(one) for one in again["items"]]


def test_newest_first_goes_on_below_what_came_meanwhile(own_web: Client, writer: Writer) -> None:
    asked = {"order": "desc", "limit": 5}
    first = got(own_web, HISTORY, **asked)
    before = got(own_web, HISTORY, **asked, cursor=first["next"])
    writer.commit(NEWEST + 1, fork=0xA)
    assert got(own_web, HISTORY, **asked)["items"][0]["block"]["number"] == NEWEST + 1
    assert got(own_web, HISTORY, **asked, cursor=first["next"]) == before


def test_a_page_whose_beginning_was_undone_is_refused(own_web: Client, writer: Writer) -> None:
    writer.commit(NEWEST + 1, fork=0xA)
    page = got(own_web, HISTORY, order="desc", limit=5)
    assert page["items"][0]["block"]["hash"] == hashed(NEWEST + 1, 0xA)
    writer.store.rewind(CHAIN, hashed(NEWEST))
    answer = own_web.get(HISTORY, params={"order": "desc", "cursor": page["next"]})
    assert answer.status_code == 409
    assert "block 111 of eip155:31337, where this page would go on, has left" in answer.text
    assert "begin again without the cursor" in answer.json()["error"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "\0", "5", "5.6", "1e3.0x00..", "-1", f"{10**18}.{'0' * 64}..", "A" * 5_000, "٣"],
)
def test_a_cursor_of_another_form_is_refused(web: Client, cursor: str) -> None:
    answer = web.get(HISTORY, params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("cursor: ")


@pytest.mark.parametrize("dims", ["", "00", "ff00", "7b7d"])
def test_a_cursor_that_was_never_given_ends_in_no_error(web: Client, dims: str) -> None:
    known = f"100.{hashed(100)[2:]}.depth.{dims}"
    assert web.get(HISTORY, params={"cursor": known}).status_code == 200
    unknown = f"100.{hashed(101)[2:]}.depth.{dims}"
    assert web.get(HISTORY, params={"cursor": unknown}).status_code == 409


def test_a_measure_that_is_not_known_is_refused_with_the_one_meant(web: Client) -> None:
    answer = web.get(HISTORY, params={"measure": "spot_pric"})
    assert answer.status_code == 422
    assert answer.json()["error"] == (
        'measure: unknown measure "spot_pric"; did you mean "spot_price"?'
    )


def test_a_line_begins_with_what_was_in_force(web: Client) -> None:
    whole = got(web, SERIES, measure="spot_price")
    [line] = whole["lines"]
    assert [one["block"]["number"] for one in line["points"]] == [100, 106]
    [later] = got(web, SERIES, measure="spot_price", **{"from": 103})["lines"]
    assert later["points"] == line["points"]
    [last] = got(web, SERIES, measure="spot_price", **{"from": 107})["lines"]
    assert last["points"] == line["points"][1:]
    assert got(web, SERIES, measure="spot_price", to=99)["lines"] == []


def test_one_of_several_lines_can_be_asked_for(web: Client) -> None:
    lines = got(web, SERIES, measure="depth")["lines"]
    assert len(lines) == 2
    [one] = got(web, SERIES, measure="depth", dim=f"token_in={USDC.address}")["lines"]
    assert one in lines
    assert one["dims"] == {"token_in": USDC.address, "move": "0.01"}
    assert len(got(web, SERIES, measure="depth", dim="move=0.01")["lines"]) == 2
    none = ["move=0.01", f"token_in={OFF.address}"]
    assert got(web, SERIES, measure="depth", dim=none)["lines"] == []
    for bad in ("token_in", "=x", "a=\0"):
        assert web.get(SERIES, params={"measure": "depth", "dim": bad}).status_code == 422


def test_long_lines_keep_their_ends_and_extremes(own_web: Client, writer: Writer) -> None:
    highest = NEWEST + 61
    for number in range(NEWEST + 1, NEWEST + 121):
        writer.commit(number, usdc=2_500_000 if number == highest else 2_000_000 + number)
    [whole] = got(own_web, SERIES, measure="spot_price", points=2_000)["lines"]
    [few] = got(own_web, SERIES, measure="spot_price", points=30)["lines"]
    assert whole["rows"] == few["rows"] == len(whole["points"]) == 122
    assert len(few["points"]) <= 30
    assert all(point in whole["points"] for point in few["points"])
    ends = [one["block"]["number"] for one in (few["points"][0], few["points"][-1])]
    assert ends == [100, NEWEST + 120]
    most = max(few["points"], key=lambda one: one["value"])
    assert most["block"] == {
        "number": highest,
        "hash": hashed(highest),
        "time": "2023-11-14T22:25:32Z",
    }


def test_more_rows_than_are_read_at_once_need_their_blocks(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MOST_ROWS", 1)
    answer = web.get(SERIES, params={"measure": "spot_price"})
    assert answer.status_code == 422
    assert "more than 1 rows of spot_price: say which blocks" in answer.json()["error"]
    assert web.get(SERIES, params={"measure": "spot_price", "from": 107}).status_code == 200


def test_the_history_answers_while_another_writes(web_folder: Path) -> None:
    """A reader takes nothing from the writer, and sees whole blocks only."""
    url = f"sqlite:///{web_folder / 'watcher.db'}"
    with Store.open(url) as store, client_of(web_folder) as client:
        with store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE gap SET reason = 'half done'")
            gaps = got(client, f"/api/v1/chains/eip155:{CHAIN}/gaps")["items"]
            assert {one["reason"] for one in gaps} == {"away for too long"}
        gaps = got(client, f"/api/v1/chains/eip155:{CHAIN}/gaps")["items"]
        assert {one["reason"] for one in gaps} == {"half done"}
