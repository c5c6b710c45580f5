"""What every ABI promises: it holds the view functions that the adapters call, and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import abis
import watcher.protocols
from abis import load_abi
from tests.support.golden import conversations
from watcher.protocols.interface import (
    ArraysView,
    ListView,
    TextView,
    View,
    abi_type,
    element,
    selector,
)
from watcher.state import Static

FOLDER = Path(abis.__file__).parent
INTERFACES = sorted(
    str(path.relative_to(FOLDER).with_suffix(""))
    for path in FOLDER.rglob("*.json")
    if path.parent.name != "lens"  # our own contracts, compiled
)
ONE_WORD = {
    "address",
    "bool",
    "bytes32",
    *(f"{sign}int{8 * n}" for sign in ("", "u") for n in range(1, 33)),
}
EVERY = pytest.mark.parametrize("interface", INTERFACES)


def views() -> Iterator[tuple[str, View | TextView | ArraysView | ListView]]:
    """Every function that a module of the adapters names, with the module's name."""
    for found in pkgutil.iter_modules(watcher.protocols.__path__):
        module = importlib.import_module(f"watcher.protocols.{found.name}")
        named = dict(vars(module))
        for group in [value for value in named.values() if isinstance(value, dict)]:
            named |= {str(name): value for name, value in group.items()}
        for name, value in named.items():
            if isinstance(value, (View, TextView, ArraysView, ListView)):
                yield f"{found.name}.{name}", value


VIEWS = dict(views())


def types(items: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(map(abi_type, items))


def promised() -> dict[str, set[tuple[str, ...]]]:
    """The result types of each signature; forks of one name may differ."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for interface in INTERFACES:
        for entry in load_abi(interface):
            signature = f"{entry['name']}({','.join(types(entry['inputs']))})"
            found.setdefault(signature, set()).add(types(entry["outputs"]))
    return found


@pytest.mark.parametrize("name", VIEWS)
def test_every_function_that_an_adapter_calls_is_in_an_abi(name: str) -> None:
    match VIEWS[name]:
        case View() as view:
            assert view.outputs in promised()[view.signature]
            assert view.outputs
            assert set(view.outputs) <= ONE_WORD, "a view's results are one word each"
        case ArraysView() as arrays:
            assert arrays.outputs in promised()[arrays.signature]
            assert {part for kind in arrays.outputs for part in element(kind)} <= ONE_WORD
        case TextView() as text:
            assert promised()[f"{text.name}()"] == {("string",)}
        case ListView() as numbers:
            assert promised()[numbers.signature] == {("uint256[]",)}


@EVERY
def test_an_abi_holds_view_functions_that_are_called(interface: str) -> None:
    called = {
        f"{each.name}()" if isinstance(each, TextView) else each.signature
        for each in VIEWS.values()
    }
    entries = load_abi(interface)
    assert entries
    assert len({entry["name"] for entry in entries}) == len(entries)
    for entry in entries:
        assert (entry["type"], entry["stateMutability"]) == ("function", "view"), entry["name"]
        assert f"{entry['name']}({','.join(types(entry['inputs']))})" in called


@EVERY
def test_every_abi_says_where_it_comes_from(interface: str) -> None:
    source = (FOLDER / "SOURCE.md").read_text()
    assert f"`{interface}.json`" in source or f"`{Path(interface).name}.json`" in source


def test_nothing_is_asked_that_is_in_no_abi() -> None:
    known = {selector(signature) for signature in promised()}
    for talk in conversations().values():
        for exchange in [*talk.reading, *(each for asked in talk.rounds for each in asked)]:
            if isinstance(exchange.call, Static):
                assert exchange.call.data[:4] in known, exchange.call
