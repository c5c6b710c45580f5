"""docs/protocols.md says what the adapters say, of every protocol and of nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.protocols_page import PAGE, page
from watcher.protocols import ADAPTERS, Adapter

DOCUMENT = PAGE.read_text(encoding="utf-8")
SECTION = re.compile(r"^## `(\w+)`: ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = {name: (title, text) for name, title, text in SECTION.findall(DOCUMENT)}
EVERY = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)


def test_the_page_is_what_the_adapters_say() -> None:
    assert DOCUMENT == page(), "adapters or recordings have changed: run scripts/docs"


def test_every_protocol_has_its_section() -> None:
    assert list(SECTIONS) == list(ADAPTERS)


@EVERY
def test_it_says_what_is_not_covered_and_why(adapter: Adapter) -> None:
    _, text = SECTIONS[adapter.protocol]
    assert adapter.not_covered, "is there nothing that its states do not know?"
    for sentence in adapter.not_covered:
        assert re.fullmatch(r"[A-Z][^\n]{20,300}\.", sentence)
        assert f"\n- {sentence}" in text


@EVERY
def test_what_changes_in_an_adapter_changes_the_page(adapter: Adapter) -> None:
    others = [each for each in ADAPTERS.values() if each is not adapter]
    changed = replace(adapter, title="Another", not_covered=("Nothing that was thought of yet.",))
    text = page([*others, changed])
    assert f"## `{adapter.protocol}`: Another\n" in text
    assert "- Nothing that was thought of yet.\n" in text


def test_what_is_read_is_named_by_the_contracts_own_words() -> None:
    _, text = SECTIONS["uniswap_v2"]
    block = text.split("**Read at every block**")[1].split("**")[0]
    assert block.split("\n")[2:5] == [
        "- of the contract: `getReserves()`, `totalSupply()`, `kLast()`",
        "- of each token: `balanceOf(address)`",
        "- of its factory: `feeTo()`",
    ]
