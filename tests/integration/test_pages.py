"""The pages, from a real history: what they say, what they do not know, and what was known when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli_history import (
    CALM,
    CHAIN,
    ETH_USD,
    GONE,
    HOSTILE,
    LATEST,
    NEWEST,
    OFF,
    SETTINGS,
    STALE,
    TARGETS,
    TENSE,
    VAULT,
    configuration,
    pair,
)
from tests.support.page_reading import Read, read
from tests.support.web import Writer, client_of
from watcher.api.guard import POLICY
from watcher.math.quotes import quote_exact_in
from watcher.report import formats
from watcher.state import ConstantProduct, Target, Token
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

COMPARED = f"/compare?target={CALM.id}&target={OFF.id}@104&target={VAULT.id}"
EVERY = (
    "/",
    "/?block=104",
    "/?every=true",
    "/alerts",
    "/alerts?block=104",
    "/solvency",
    "/solvency?block=104",
    "/compare",
    COMPARED,
    "/words",
    *(f"/targets/{target.id}" for target in TARGETS),
    *(f"/targets/{target.id}?block=104&span=all" for target in TARGETS),
)


def page(client: Client, path: str, *, status: int = 200) -> Read:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Security-Policy"] == POLICY
    found = read(answer.text)
    assert found.problems == []
    return found


def spaced(number: int) -> str:
    """As a page writes it, and as `read` gives it back."""
    return formats.whole(number).replace(formats.THIN, " ")


def of(target: Target, query: str = "") -> str:
    return f"/targets/{target.id}{query}"


@pytest.mark.parametrize("path", EVERY)
def test_every_page_is_well_formed_and_has_nothing_inline(web: Client, path: str) -> None:
    page(web, path)


@pytest.mark.parametrize("path", EVERY)
def test_every_link_leads_somewhere(web: Client, path: str) -> None:
    for link in page(web, path).links:
        if link.startswith("/"):
            assert web.get(link).status_code == 200, link


def test_the_first_line_answers(web: Client) -> None:
    text = page(web, "/").text
    assert "1 breached, 4 blind, 2 strained, 3 healthy" in text
    assert "WETH 2.11% under reference, depth to 1%" in text


def test_what_needs_a_person_comes_first(web: Client) -> None:
    links = page(web, "/").links[::-1]
    order = [HOSTILE, STALE, OFF, TENSE, CALM]
    places = [links.index(of(target)) for target in order]
    assert places == sorted(places, reverse=True), "the last link to each is that of the table"


def test_figures_stand_with_their_limit_and_reason(web: Client) -> None:
    text = page(web, of(OFF)).text
    assert "WETH against its reference −2.11%" in text
    assert "strained from 1.0%" in text
    assert "WETH / USDC" in text


def test_what_is_not_known_says_why(web: Client) -> None:
    text = page(web, of(STALE)).text
    assert "n/a" in text
    assert "What is not known, and why" in text
    assert "no reference for OLD: the feed is stale" in text
    assert "arbitrage_value" in text[text.index("What is not known") :]


def test_a_reading_that_failed_is_said_and_its_last_state_is_not_the_present(web: Client) -> None:
    text = page(web, of(GONE)).text
    assert "The last reading failed (reverted: getReserves() reverted)" in text
    before = page(web, of(GONE, "?block=107")).text
    assert "The last reading failed" not in before
    assert "healthy" in before


def test_a_gap_in_the_reading_is_a_gap_in_the_chart(web: Client) -> None:
    raw = web.get(of(GONE, "?span=all")).text
    chart = raw[raw.index('id="price"') :]
    table = chart[: chart.index("</figure>")]
    assert table.count('data-v=""') == 2, "one row without spot and reference"


def test_a_vault_has_its_own_figures(web: Client) -> None:
    text = page(web, of(VAULT)).text
    assert "Price per share" in text
    assert "Withdrawable now" in text
    assert "Depth ladder" not in text


def test_a_feed_says_its_answer_and_nothing_of_pools(web: Client) -> None:
    text = page(web, of(ETH_USD)).text
    assert "2 000.00" in text
    assert "What if" not in text


def test_names_from_the_chain_are_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    hostile = _hostile(Token(HOSTILE.tokens[0].address, 18, evil), name=f"</h1>{evil}")
    folder = _history_with(tmp_path, hostile)
    with client_of(folder) as client:
        for path in ("/", of(hostile), f"/compare?target={hostile.id}", "/solvency"):
            found = page(client, path)
            if path != "/solvency":
                assert evil in found.text, path


def test_hostile_symbols_of_the_terminal_are_harmless_here_too(web: Client) -> None:
    text = page(web, of(HOSTILE)).text
    assert "[/b][red]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("target", [CALM, OFF, GONE, STALE, VAULT, ETH_USD, HOSTILE])
@pytest.mark.parametrize("number", [100, 104, 107])
def test_a_page_at_a_block_is_what_it_was_at_that_block(
    web: Client, tmp_path: Path, target: Target, number: int
) -> None:
    """A history that ends there shows the same bytes as the one that went on."""
    now = web.get(of(target, f"?block={number}&span=all")).content
    with client_of(_ended(tmp_path, number)) as client:
        then = client.get(of(target, f"?block={number}&span=all")).content
    assert now == then


@pytest.mark.parametrize("path", ["/?block=104", "/solvency?block=104"])
def test_an_overview_at_a_block_is_what_it_was_at_that_block(
    web: Client, tmp_path: Path, path: str
) -> None:
    with client_of(_ended(tmp_path, 104)) as client:
        assert web.get(path).content == client.get(path).content


def test_nothing_later_than_the_block_is_on_the_page(web: Client) -> None:
    assert "breached" not in page(web, of(OFF, "?block=105")).text.split("What if")[0]
    assert "2.11%" not in page(web, of(OFF, "?block=105")).text
    assert "2.11%" in page(web, of(OFF, "?block=106")).text


def test_a_block_outside_of_the_history_says_where_it_ends(web: Client) -> None:
    text = page(web, of(OFF, "?block=9999"), status=404).text
    assert "block 9999 of eip155:31337 is not stored: the newest is 110" in text


def test_late_data_make_blind_and_say_since_when(web_folder: Path) -> None:
    with client_of(web_folder, now=LATEST + 3_600) as client:
        text = page(client, "/").text
        assert "No new block of eip155:31337 for 1.0 h: is watcher run running?" in text
        assert "No new block came" in page(client, of(CALM)).text


def test_a_trade_that_is_tried_is_the_contracts_own_quote(web: Client) -> None:
    text = page(web, of(CALM, "?in=0&out=1&amount=1.5")).text
    state = ConstantProduct(
        reserve0=1_000 * 10**18,
        reserve1=2_001_000 * 10**6,
        balance0=1_000 * 10**18,
        balance1=2_001_000 * 10**6,
        total_supply=0,
        k_last=0,
        fee_numerator=997,
        fee_denominator=1000,
        protocol_share_numerator=0,
        protocol_share_denominator=1,
        decimals0=18,
        decimals1=6,
    )
    out = quote_exact_in(state, 0, 1, 15 * 10**17).amount_out
    assert f"{spaced(out)} smallest units" in text


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("1e9", "is no amount"),
        ("0.0000000000000000001", "has 19 decimals"),
        ("0", "No quote"),
        ("<b>1</b>", "is no amount"),
    ],
)
def test_a_trade_that_cannot_be_says_why(web: Client, amount: str, said: str) -> None:
    answer = web.get(of(CALM), params={"in": "0", "out": "1", "amount": amount})
    found = read(answer.text)
    assert found.problems == []
    assert said in found.text


def test_compared_targets_are_ranked_where_a_row_can_be(web: Client) -> None:
    text = page(web, COMPARED).text
    assert "off at 104" in text
    row = text[text.index("Against its reference") : text.index("Depth to 1%")]
    assert "calm" in row, "at block 104 the other one was at its reference"
    assert "Largest share not ranked" in text


def test_comparing_what_is_not_there_says_so_and_shows_the_rest(web: Client) -> None:
    text = page(web, f"/compare?target={CALM.id}&add=nobody").text
    assert "no target is called" in text or "nobody" in text
    assert "calm" in text


def test_flow_is_drawn_where_prices_are_known(web: Client) -> None:
    raw = web.get(of(OFF, "?span=all")).text
    flow = raw[raw.index('id="flow"') :]
    flow = flow[: flow.index("</figure>")]
    assert f"{2**70 / 10**18 * 2_000!r}" in flow, "what came in, at the reference price"


def test_an_empty_history_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "watcher.toml").write_text(configuration())
    Store.create(f"sqlite:///{tmp_path / 'watcher.db'}").close()
    with client_of(tmp_path) as client:
        text = page(client, "/").text
        assert "Nothing has been read yet" in text
        assert "watcher once" in text


def test_a_target_that_left_the_configuration_keeps_its_page(web_folder: Path) -> None:
    text = configuration()
    entry = text.index(f'address = "{TENSE.address}"')
    start = text.rindex("[[targets]]", 0, entry)
    end = text.index("[[targets]]", entry)
    (web_folder / "watcher.toml").write_text(text[:start] + text[end:])
    with client_of(web_folder) as client:
        assert "No longer watched" in page(client, of(TENSE)).text
        assert "tense" not in page(client, "/").text


def test_the_slider_knows_how_far_it_reaches(web: Client) -> None:
    assert web.get(f"/chains/{CHAIN}/extent").json() == {"first": 100, "last": NEWEST}


def test_words_say_the_limits_in_force(web: Client) -> None:
    text = page(web, "/words").text
    assert "ln_spot_over_reference 1.0% 3.0%" in text


# Histories of other shapes


def _ended(folder: Path, number: int) -> Path:
    """The shared history up to block `number`."""
    with Store.create(f"sqlite:///{folder / 'watcher.db'}") as store:
        store.register(TARGETS)
        store.save_settings(SETTINGS)
        writer = Writer(store)
        for one in range(100, number + 1):
            writer.commit(one)
        for first in range(10, 50, 10):
            store.record_gap(CHAIN, first, first + 3, "away for too long")
        store.close_gap(CHAIN, 10, 13)
    (folder / "watcher.toml").write_text(configuration())
    return folder


def _hostile(token: Token, *, name: str) -> Target:
    return pair(0xA6, name, token, HOSTILE.tokens[1])


def _history_with(folder: Path, hostile: Target) -> Path:
    with Store.create(f"sqlite:///{folder / 'watcher.db'}") as store:
        others = tuple(one for one in TARGETS if one is not HOSTILE)
        store.register((*others, hostile))
        store.save_settings(SETTINGS)
        Writer(store).commit(100)
    (folder / "watcher.toml").write_text(configuration())
    return folder
