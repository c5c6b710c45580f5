"""Debian's Chromium, driven by playwright, and axe-core by its hash."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from watcher.cli.session import cache_folder
from watcher.devnet.fetch import fetch, package_folder
from watcher.devnet.lock import read_lock
from watcher.errors import SetupError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL_SECONDS = 300
LOCK = Path(__file__).with_name("axe.json")


def find_chromium() -> str:
    """Its path; installed by apt where root may, else the test is not run and says why."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        found = shutil.which("chromium")
    if found is None:
        pytest.skip("Chromium is not installed: `apt install chromium` brings it")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    with sync_playwright() as driver:
        # Chromium refuses its sandbox to root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = driver.chromium.launch(executable_path=path, args=arguments)
        yield opened
        opened.close()


@contextmanager
def watched_page(opened: Browser, base: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page of its own, and what its console, its scripts and its requests elsewhere say; a
    violation of the Content-Security-Policy is an error of the console."""
    said: list[str] = []
    context = opened.new_context(base_url=base, **options)
    page = context.new_page()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda asked: _note(said, asked.url, base))
    yield page, said
    context.close()


def _note(said: list[str], url: str, base: str) -> None:
    if not url.startswith(base):
        said.append(f"a request elsewhere: {url}")


def axe_source() -> str:
    packages = read_lock(LOCK.read_text("utf-8")).packages
    try:
        fetch(packages, cache=cache_folder())
    except SetupError as error:
        pytest.skip(f"axe-core could not be fetched: {error}")
    folder = package_folder(packages[0], cache=cache_folder())
    return (folder / packages[0].files[0]).read_text("utf-8")
