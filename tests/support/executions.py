"""Calls of the exact mathematics in properties that a real contract confirmed, kept to be replayed.

`scripts/golden --executions` runs the properties that carry the marker `proves` with the plugin
below: while one runs on Anvil, each call of a public function or method of watcher/math/exact is
seen with its arguments and its outcome, and when the contract has confirmed the whole property a
few calls of each function are written to tests/golden/data/executions, a file a module.
tests/golden/test_executions.py asks them again without a chain.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

import pytest

import watcher.math.exact
from tests.support.proof import MARKER
from watcher.errors import MathError

EXECUTIONS = Path(__file__).parents[1] / "golden" / "data" / "executions"
PACKAGE = watcher.math.exact.__name__

KEPT = 24
"""Calls of one function."""
LONGEST = 3_000
"""Characters of a call: a pool with hundreds of ticks shows nothing that one with ten does not."""

RAISED = {"raises": MathError.__name__}


@dataclass(frozen=True, slots=True)
class Execution:
    """One call: its arguments and what came of it, as JSON."""

    arguments: Sequence[Any]
    named: Mapping[str, Any]
    outcome: Any


def encode(value: Any) -> Any:
    """As JSON that keeps the type. Raises TypeError for what a file cannot hold."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, FunctionType):
        if "<" in value.__qualname__:
            raise TypeError(value.__qualname__)
        return {"function": _name(value)}
    if is_dataclass(value) or hasattr(value, "_fields"):
        return {"of": _name(type(value)), "with": {k: encode(v) for k, v in _parts(value)}}
    if isinstance(value, tuple):
        return {"tuple": [encode(each) for each in value]}
    if isinstance(value, list):
        return [encode(each) for each in value]
    if isinstance(value, Mapping):
        return {"map": [[encode(key), encode(each)] for key, each in value.items()]}
    raise TypeError(type(value).__name__)


def decode(value: Any) -> Any:
    """What `encode` was given."""
    if isinstance(value, list):
        return [decode(each) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, held), *rest) = value.items()
    match kind:
        case "bytes":
            return bytes.fromhex(held)
        case "function":
            return found(held)
        case "tuple":
            return tuple(decode(each) for each in held)
        case "map":
            return {decode(key): decode(each) for key, each in held}
    ((_, parts),) = rest
    return found(held)(**{key: decode(each) for key, each in parts.items()})


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    names = getattr(value, "_fields", None) or [each.name for each in fields(value) if each.init]
    return ((name, getattr(value, name)) for name in names)


def _name(what: type | FunctionType) -> str:
    return f"{what.__module__.removeprefix(f'{PACKAGE}.')}:{what.__qualname__}"


def found(name: str) -> Any:
    """The function, method or class of such a name, `module:Class.method`, the module one of ours
    or written in full. Raises AttributeError or ModuleNotFoundError where there is none."""
    module, _, path = name.partition(":")
    value: Any = import_module(module if "." in module else f"{PACKAGE}.{module}")
    for part in path.split("."):
        value = getattr(value, part)
    return value


def outcome(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    """What a call gives, as JSON; a MathError is an outcome like any other."""
    try:
        return encode(function(*arguments, **named))
    except MathError:
        return RAISED


def replayed(name: str, execution: Execution) -> Any:
    """The outcome today."""
    named = {key: decode(each) for key, each in execution.named.items()}
    return outcome(found(name), [decode(each) for each in execution.arguments], named)


def read_executions() -> dict[str, list[Execution]]:
    """All that is kept, by the function's name."""
    return {
        f"{file.stem}:{name}": [Execution(*each) for each in kept]
        for file in sorted(EXECUTIONS.glob("*.json"))
        for name, kept in json.loads(file.read_text("utf-8")).items()
    }


def _text(kept: Mapping[str, Sequence[str]]) -> str:
    """A call a line: a file that grows is read in a diff."""
    blocks = [
        f"{json.dumps(name)}: [\n" + ",\n".join(calls) + "\n]"
        for name, calls in sorted(kept.items())
    ]
    return "{\n" + ",\n".join(blocks) + "\n}\n"


class Sample:
    """Some of all calls of one function: as many that raise as a third, the others at random."""

    def __init__(self, name: str) -> None:
        self._dice = random.Random(name)
        self._kept: dict[bool, dict[str, None]] = {False: {}, True: {}}
        self._seen = {False: 0, True: 0}

    def add(self, execution: Execution) -> None:
        raised = execution.outcome is RAISED
        text = json.dumps([execution.arguments, execution.named, execution.outcome])
        kept, most = self._kept[raised], KEPT // 3 if raised else KEPT
        if len(text) > LONGEST or text in kept:
            return
        self._seen[raised] += 1
        if len(kept) < most:
            kept[text] = None
        elif (place := self._dice.randrange(self._seen[raised])) < most:
            del kept[list(kept)[place]]
            kept[text] = None

    def texts(self) -> list[str]:
        return sorted([*self._kept[False], *self._kept[True]], key=lambda text: (len(text), text))


def exact_modules() -> list[ModuleType]:
    return [
        import_module(f"{PACKAGE}.{each.name}")
        for each in iter_modules(watcher.math.exact.__path__)
    ]


def _public(module: ModuleType) -> Iterator[tuple[Any, str, FunctionType]]:
    """Each function of a module and method of its classes, with where it is held."""
    for name, value in list(vars(module).items()):
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if isfunction(value):
            yield module, name, value
        elif isclass(value):
            for key, method in list(vars(value).items()):
                if isfunction(method) and not key.startswith("_"):
                    yield value, key, method


@contextmanager
def watching(see: Callable[[str, Execution], None]) -> Iterator[None]:
    """Lets `see` know each call, whichever module holds the function by whatever name."""
    holders = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("watcher.", "tests."))
    ]
    with ExitStack() as stack:
        for module in exact_modules():
            for holder, name, function in _public(module):
                spy = _spy(function, see)
                stack.enter_context(patch.object(holder, name, spy))
                for other in holders:
                    for alias, value in list(vars(other).items()):
                        if value is function:
                            stack.enter_context(patch.object(other, alias, spy))
        yield


def _spy(function: FunctionType, see: Callable[[str, Execution], None]) -> Callable[..., Any]:
    name = _name(function)

    @wraps(function)
    def spied(*arguments: Any, **named: Any) -> Any:
        given = None
        with suppress(TypeError):
            given = [encode(each) for each in arguments], {k: encode(v) for k, v in named.items()}
        try:
            result = function(*arguments, **named)
        except MathError:
            if given is not None:
                see(name, Execution(*given, RAISED))
            raise
        if given is not None:
            with suppress(TypeError):
                see(name, Execution(*given, encode(result)))
        return result

    return spied


class Recorder:
    """Collects calls of the marked properties, and writes them when all of these passed."""

    def __init__(self) -> None:
        self._samples: dict[str, Sample] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        if item.get_closest_marker(MARKER) is None:
            return (yield)
        with watching(self._see):
            return (yield)

    def _see(self, name: str, execution: Execution) -> None:
        self._samples.setdefault(name, Sample(name)).add(execution)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.testsfailed:
            return
        files: dict[str, dict[str, list[str]]] = {}
        for name, sample in self._samples.items():
            module, _, path = name.partition(":")
            if texts := sample.texts():
                files.setdefault(module, {})[path] = texts
        EXECUTIONS.mkdir(parents=True, exist_ok=True)
        for file in EXECUTIONS.glob("*.json"):
            file.unlink()
        for module, kept in files.items():
            (EXECUTIONS / f"{module}.json").write_text(_text(kept), "utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("watcher").addoption(
        "--record-executions",
        action="store_true",
        help="write tests/golden/data/executions from the properties that real contracts confirm",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record-executions"):
        config.pluginmanager.register(Recorder(), "watcher-executions")
