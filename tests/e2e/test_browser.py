"""The pages in a browser: desktop and phone, light and dark, with keyboard and without script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import axe_source, browser, watched_page
from tests.support.cli_history import (
    CALM,
    ETH_USD,
    GONE,
    HOSTILE,
    NEWEST,
    OFF,
    STALE,
    VAULT,
)

if TYPE_CHECKING:
    from httpx import Client
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 700}}
LOOKS = {
    "desktop light": {**DESKTOP, "color_scheme": "light"},
    "desktop dark": {**DESKTOP, "color_scheme": "dark"},
    "phone light": {**PHONE, "color_scheme": "light"},
    "phone dark": {**PHONE, "color_scheme": "dark"},
    "narrow": NARROW,
}
PATHS = (
    "/",
    "/?block=104",
    "/solvency",
    f"/compare?target={CALM.id}&target={OFF.id}@104&target={VAULT.id}",
    "/words",
    f"/targets/{OFF.id}",
    f"/targets/{OFF.id}?block=104",
    f"/targets/{CALM.id}?in=0&out=1&amount=25",
    f"/targets/{STALE.id}",
    f"/targets/{GONE.id}?span=all",
    f"/targets/{VAULT.id}",
    f"/targets/{ETH_USD.id}",
    f"/targets/{HOSTILE.id}",
)
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def base(web: Client) -> str:
    return str(web.base_url).rstrip("/")


def settled(page: Page, path: str) -> None:
    page.goto(path, wait_until="networkidle")


def overflow(page: Page) -> int:
    wide = page.evaluate("document.documentElement.scrollWidth")
    return int(wide) - int(page.evaluate("document.documentElement.clientWidth"))


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_quiet_and_as_wide_as_its_window(
    opened: Browser, base: str, look: str
) -> None:
    with watched_page(opened, base, **LOOKS[look]) as (page, said):
        for path in PATHS:
            settled(page, path)
            assert said == [], path
            assert overflow(page) == 0, path


@pytest.mark.parametrize("look", ["desktop light", "phone dark"])
def test_no_page_has_a_serious_fault_of_access(opened: Browser, base: str, look: str) -> None:
    source = axe_source()
    with watched_page(opened, base, **LOOKS[look]) as (page, _):
        for path in PATHS:
            settled(page, path)
            page.evaluate(source)
            found = page.evaluate("axe.run().then(done => done.violations)")
            grave = [
                (one["id"], one["nodes"][0]["html"][:120])
                for one in found
                if one["impact"] in GRAVE
            ]
            assert grave == [], path


def test_charts_are_drawn_from_their_tables(opened: Browser, base: str) -> None:
    with watched_page(opened, base, **LOOKS["desktop light"]) as (page, _):
        settled(page, f"/targets/{OFF.id}?span=all")
        drawn = page.locator("figure#price canvas")
        assert drawn.count() == 1
        assert page.locator("figure#price .static").is_hidden()
        shown = page.locator("figure#price .key b").first.inner_text()
        last = page.locator("figure#price tbody tr").last.locator("td").nth(1).text_content()
        assert shown == last


def test_arrows_walk_along_a_chart(opened: Browser, base: str) -> None:
    with watched_page(opened, base, **LOOKS["desktop light"]) as (page, _):
        settled(page, f"/targets/{OFF.id}?span=all")
        page.locator("figure#price .plot").focus()
        page.keyboard.press("Home")
        first = page.locator("figure#price tbody tr").first.locator("td").nth(1).text_content()
        assert page.locator("figure#price .key b").first.inner_text() == first


def test_the_slider_shows_what_the_server_has_for_that_block(opened: Browser, base: str) -> None:
    with watched_page(opened, base, **LOOKS["desktop light"]) as (page, said):
        settled(page, f"/targets/{OFF.id}?block={NEWEST}")
        slider = page.locator(".known input[type=range]")
        slider.focus()
        slider.press("Home")
        page.wait_for_url(f"**/targets/{OFF.id}?block=100&span=day")
        page.get_by_role("button", name="Later").wait_for()
        swapped = page.locator("main").inner_text()
        assert page.locator("figure#slippage canvas").count() == 1, "charts are drawn anew"
        settled(page, f"/targets/{OFF.id}?block=100&span=day")
        page.get_by_role("button", name="Later").wait_for()
        assert page.locator("main").inner_text() == swapped
        page.get_by_role("button", name="Later").click()
        page.wait_for_url("**block=101**")
        assert said == []


def test_without_script_everything_is_there(opened: Browser, base: str) -> None:
    options = {**LOOKS["phone light"], "java_script_enabled": False}
    with watched_page(opened, base, **options) as (page, _):
        page.goto(f"/targets/{OFF.id}?span=all")
        assert page.locator("figure#price svg.static").is_visible()
        page.locator("#block").fill("104")
        page.get_by_role("button", name="Show").click()
        assert "block=104" in page.url
        assert page.get_by_text("Nothing later than this is shown.").is_visible()


def test_the_keyboard_reaches_the_content_first(opened: Browser, base: str) -> None:
    with watched_page(opened, base, **LOOKS["desktop light"]) as (page, _):
        settled(page, "/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.wait_for_url("**/#main")
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_theme_is_kept(opened: Browser, base: str) -> None:
    with watched_page(opened, base, **LOOKS["desktop light"]) as (page, said):
        settled(page, "/")
        button = page.locator("[data-theme-toggle]")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        button.click()
        button.click()
        assert button.inner_text() == "Theme: dark"
        settled(page, "/words")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        assert said == []


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_alerts_are_quiet_and_have_no_serious_fault(
    opened: Browser, alerted_web: Client, look: str
) -> None:
    base, source = str(alerted_web.base_url).rstrip("/"), axe_source()
    listed = alerted_web.get("/api/v1/alerts?state=all").json()["items"]
    paths = ["/", "/alerts", "/alerts?block=107", *(f"/alerts/{one['id']}" for one in listed)]
    with watched_page(opened, base, **LOOKS[look]) as (page, said):
        for path in paths:
            settled(page, path)
            assert said == [], path
            assert overflow(page) == 0, path
            page.evaluate(source)
            found = page.evaluate("axe.run().then(done => done.violations)")
            assert [one["id"] for one in found if one["impact"] in GRAVE] == [], path
