"""/api/v1 over a history made by hand: what it says is what is stored."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli_history import CHAIN, FIRST, NEWEST, NOW, OFF, STALE, TARGETS, USDC, WETH
from tests.support.web import LIE, Writer, block, got, hashed
from watcher.api.standing import FRESH_SECONDS
from watcher.math.catalogue import DEFINITIONS
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

V1 = "/api/v1"
TARGET = f"{V1}/targets/{OFF.id}"


def test_chains_say_what_is_stored_and_what_is_missing(web: Client) -> None:
    [chain] = got(web, f"{V1}/chains")["chains"]
    assert chain["chain"] == f"eip155:{CHAIN}"
    assert chain["blocks"] == NEWEST - FIRST + 1, "the orphaned block is none of them"
    assert chain["newest"] == {
        "number": NEWEST,
        "hash": hashed(NEWEST),
        "time": "2023-11-14T22:13:20Z",
    }
    assert (chain["missing_blocks"], chain["late"]) == (12, False)


def test_blocks_come_newest_first_and_page_by_page(web: Client) -> None:
    numbers: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = got(web, f"{V1}/chains/eip155:{CHAIN}/blocks", limit=4, **cursor)
        numbers += [one["number"] for one in page["items"]]
        assert len(page["items"]) <= 4
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert numbers == list(range(NEWEST, FIRST - 1, -1))
    some = got(web, f"{V1}/chains/eip155:{CHAIN}/blocks", **{"from": 103, "to": 104})
    assert [one["number"] for one in some["items"]] == [104, 103]
    assert {one["status"] for one in some["items"]} <= {"latest", "safe", "finalized"}


def test_gaps_and_what_befell_endpoints(web: Client) -> None:
    first = got(web, f"{V1}/chains/eip155:{CHAIN}/gaps", limit=1)
    assert first["items"][0]["filled_at"] is not None
    rest = got(web, f"{V1}/chains/eip155:{CHAIN}/gaps", cursor=first["next"])
    assert [(one["first"], one["last"], one["filled_at"]) for one in rest["items"]] == [
        (20, 23, None),
        (30, 33, None),
        (40, 43, None),
    ]
    page = got(web, f"{V1}/chains/eip155:{CHAIN}/endpoint-events", limit=2)
    assert [one["kind"] for one in page["items"]] == ["agrees_again", "value_outvoted"]
    assert page["items"][1]["detail"] == LIE, "hostile text is text"
    assert page["items"][1]["block_hash"] == hashed(102)
    last = got(web, f"{V1}/chains/eip155:{CHAIN}/endpoint-events", cursor=page["next"])
    assert [one["kind"] for one in last["items"]] == ["key_refused"]
    assert last["next"] is None


def test_targets_stand_as_status_says(web: Client) -> None:
    shown = got(web, f"{V1}/targets")
    assert shown["unit"] == "USD"
    states = [(one["state"], one["label"]) for one in shown["targets"]]
    assert states[:3] == [("breached", "hostile"), ("blind", "stale"), ("blind", "gone")]
    off = next(one for one in shown["targets"] if one["label"] == "off")
    assert off["why"] == "WETH 2.11% under reference, depth to 1% $9,880"
    assert off["id"] == OFF.id
    assert off["account"] == f"eip155:{CHAIN}:{OFF.address}"
    assert off["figure"]["name"] == "ln_spot_over_reference"
    assert off["figure"]["unit"] == "natural logarithm"
    assert (NOW - datetime.fromisoformat(off["since"]).timestamp()) == 51
    assert off["newest"]["hash"] == hashed(NEWEST)
    unread = next(one for one in shown["targets"] if one["label"] == "unread")
    assert (unread["status"], unread["newest"]) == (None, None)


def test_a_new_block_is_judged_within_a_second(own_web: Client, web_folder: Path) -> None:
    def newest() -> set[int]:
        found = got(own_web, f"{V1}/targets")["targets"]
        return {one["newest"]["number"] for one in found if one["newest"]}

    assert newest() == {NEWEST}
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as store:
        Writer(store).commit(NEWEST + 1)
    time.sleep(FRESH_SECONDS + 0.05)
    assert newest() == {NEWEST + 1}


def test_since_when_is_the_same_whoever_remembers(web_folder: Path) -> None:
    """Block by block: what is remembered of the block before, what was undone, and what is new."""
    from watcher.cli.verdicts import Memory, verdicts
    from watcher.config import load_config

    config = load_config(web_folder / "watcher.toml", {})
    memory: Memory = {}
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as store:
        writer = Writer(store)

        def since(memory: Memory | None) -> dict[str, int | None]:
            found = verdicts(config, store, now=NOW, memory=memory)
            return {one.label: one.finding.since for one in found}

        changes = (1_950_000, 1_945_000, 2_000_000, 2_001_000, 1_800_000, 1_950_000)
        for number, usdc in enumerate(changes, start=NEWEST + 1):
            writer.commit(number, usdc=usdc)
            assert since(memory) == since(None)
        store.rewind(CHAIN, hashed(NEWEST + 2))
        assert since(memory) == since(None)
        assert since(None)["off"] == block(106).timestamp
        for number in range(NEWEST + 3, NEWEST + 3 + 60):
            writer.commit(number, usdc=1_950_000 - number)
        assert since(memory) == since(None)


@pytest.mark.parametrize("name", ["off", OFF.address, OFF.caip10, OFF.id, OFF.id[:8]])
def test_a_target_is_found_by_any_of_its_names(web: Client, name: str) -> None:
    found = got(web, f"{V1}/targets/{name}")
    assert found["id"] == OFF.id
    assert [one["token"] for one in found["tokens"]] == [
        f"eip155:{CHAIN}/erc20:{WETH.address}",
        f"eip155:{CHAIN}/erc20:{USDC.address}",
    ]
    assert found["share"]["symbol"] == "UNI-V2"
    assert found["kind"] == "constant_product"


def test_figures_at_any_block_are_those_of_the_store(web: Client, web_history: Path) -> None:
    with Store.open(f"sqlite:///{web_history}") as store:
        for number in (None, 100, 105, 106):
            asked = {} if number is None else {"block": number}
            shown = got(web, f"{TARGET}/figures", **asked)
            stored = store.figures_as_of(OFF.id, number)
            assert stored is not None
            assert shown["computed_at"]["hash"] == stored.block.hash
            assert shown["as_of"]["number"] == (number or NEWEST)
            assert shown["settings_hash"] == stored.settings_hash
            assert [(one["name"], one["dims"], one["value"]) for one in shown["figures"]] == [
                (one.name, dict(one.dims), None if one.reason else one.value)
                for one in stored.measures
            ]


def test_what_is_unknown_is_null_with_its_reason(web: Client) -> None:
    shown = got(web, f"{V1}/targets/{STALE.id}/figures")["figures"]
    [spot] = [one for one in shown if one["name"] == "ln_spot_over_reference"]
    assert spot["value"] is None
    assert (
        spot["reason"]
        == f"no reference for {STALE.tokens[0].address}: the feed is stale (heartbeat 60 s)"
    )
    assert all((one["value"] is None) == (one["reason"] is not None) for one in shown)


def test_the_state_at_a_block_is_exact(web: Client) -> None:
    before = got(web, f"{TARGET}/observation", block=105)
    after = got(web, f"{TARGET}/observation", block=109)
    assert before["state"]["reserve1"] == "2000000000000"
    assert after["state"]["reserve1"] == "1957800000000"
    assert (after["as_of"]["number"], after["since"]["number"]) == (109, 106)
    amounts = {one["field"]: one for one in after["amounts"]}
    assert amounts["reserve1"]["raw"] == "1957800000000"
    assert amounts["reserve1"]["units"] == 1_957_800.0
    assert amounts["reserve0"]["token"] == f"eip155:{CHAIN}/erc20:{WETH.address}"
    gone = got(web, f"{V1}/targets/gone/observation")
    assert (gone["status"], gone["state"], gone["amounts"]) == ("reverted", None, [])


def test_flows_are_exact_and_page_by_page(web: Client) -> None:
    page = got(web, f"{TARGET}/flows", limit=1)
    [window] = page["items"]
    assert window["block"]["hash"] == hashed(106)
    [swap] = window["flows"]
    assert swap["amounts"][0] == {
        "side": "in",
        "token": f"eip155:{CHAIN}/erc20:{WETH.address}",
        "raw": str(2**70),
        "units": 2**70 / 10**18,
    }
    assert {one["name"] for one in window["figures"]} >= {"trade_volume", "unexplained_flow"}
    assert page["next"] is None
    vault = got(web, f"{V1}/targets/vault/flows")
    assert [one["problem"] for one in vault["items"]] == ["log 9 is no Deposit event"]
    assert got(web, f"{TARGET}/flows", to=105)["items"] == []


def test_the_catalogue_is_the_programs(web: Client) -> None:
    answer = web.get(f"{V1}/measures")
    found = {one["name"]: one for one in answer.json()["measures"]}
    assert set(found) == {one.name for one in DEFINITIONS}
    spot = found["spot_price"]
    assert (spot["unit"], spot["bad"][:4]) == ("token 1 per token 0", "none")
    assert "max-age" in answer.headers["cache-control"]


def test_what_is_not_there_is_404_with_a_hint(web: Client) -> None:
    for path, hint in (
        ("/targets/offf", "did you mean off"),
        (f"/targets/{'0' * 64}", "no stored target has the id"),
        ("/chains/eip155:5/blocks", f"there are eip155:{CHAIN}"),
        (f"/targets/{OFF.id}/figures?block=99", "the history begins at 100"),
        (f"/targets/{OFF.id}/observation?block=111", "the newest is 110"),
        ("/nothing", "openapi.json lists what there is"),
    ):
        answer = web.get(V1 + path)
        assert answer.status_code == 404, path
        assert hint in answer.json()["error"]


def test_an_answer_is_kept_until_it_changes(web: Client) -> None:
    first = web.get(f"{TARGET}/figures")
    tag = first.headers["etag"]
    again = web.get(f"{TARGET}/figures", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = web.get(f"{TARGET}/figures?block=105", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_every_time_is_utc_and_every_integer_of_a_state_a_text(web: Client) -> None:
    text = web.get(f"{TARGET}/observation").text
    assert json.loads(text)["as_of"]["time"].endswith("Z")
    state = json.loads(text)["state"]
    assert all(not isinstance(value, int) or value < 256 for value in state.values())
    assert block(NEWEST).hash in text


def test_the_description_lists_every_path_and_no_other_method(web: Client) -> None:
    described = got(web, f"{V1}/openapi.json")
    assert set(described["paths"]) == {
        f"{V1}{path}"
        for path in (
            "/chains",
            "/chains/{chain}/blocks",
            "/chains/{chain}/gaps",
            "/chains/{chain}/endpoint-events",
            "/targets",
            "/targets/{target}",
            "/targets/{target}/figures",
            "/targets/{target}/observation",
            "/targets/{target}/history",
            "/targets/{target}/series",
            "/targets/{target}/flows",
            "/measures",
            "/alerts",
            "/alerts/{alert}",
            "/findings",
            "/findings/{finding}",
        )
    }
    assert {method for path in described["paths"].values() for method in path} == {"get"}
    assert len(TARGETS) == 9
