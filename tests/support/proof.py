"""What a deep run on the real contracts showed: docs/proof.json, and docs/proof.md made from it.

A property that holds our arithmetic to a contract says so with a marker,
`@pytest.mark.proves("kyber_dmm", "KyberDMMPool", moves=("swap", "mint", "burn"))`: the kind of
state, the contracts, and the functions of theirs that it compares. With --deep all calls of these
functions are counted as the chain executes or reverts them, and what passed is written down.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest

from watcher.devnet.artifacts import Artifacts, prepare
from watcher.devnet.fetch import default_cache
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.sources import COMPILED, PREBUILT, VYPER
from watcher.math.quotes import FAMILIES
from watcher.protocols.interface import selector
from watcher.state.kinds import KINDS

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "proof.json"
PAGE = ROOT / "docs" / "proof.md"
MARKER = "proves"

Abi: TypeAlias = Sequence[Mapping[str, Any]]
PASSING = re.compile(r"- (\d+) passing, ")

HEAD = """\
# Proof

Each row is one family of exact mathematics beside a real contract on Anvil: hypothesis draws pools
and moves, from one unit to nearly the whole pool and beyond, and after each move everything that
the contract says must be what ours says, to the wei. **Executed** are the calls of the contract
that went through with our figure; **reverted** those that it refused where ours raises, or where a
test asks for more than our quote to see it refused. A miss fails the test, and is not written here.

`scripts/test --deep` writes docs/proof.json for what it ran and passed, and this page from it; the
seed repeats a run (`--hypothesis-seed`). A commit with a + had changes that were not committed yet.
Contracts that no package holds (the eras of 3pool, tricrypto and others) are held to published
answers of the real pools instead: `scripts/check_vectors`.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One deep run."""

    seed: str
    python: str
    date: str
    commit: str


@dataclass(frozen=True, slots=True)
class Proven:
    """What the properties of one family and some contracts showed in a run. `executed` and
    `reverted` count calls, `examples` those of hypothesis."""

    family: str
    contracts: tuple[str, ...]
    properties: int
    examples: int
    executed: int
    reverted: int
    run: Run

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.family, self.contracts

    def plus(self, other: Proven) -> Proven:
        """Both together."""
        names = ("properties", "examples", "executed", "reverted")
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return replace(self, **sums)


def read_record(text: str) -> list[Proven]:
    return [
        Proven(**{**each, "contracts": tuple(each["contracts"]), "run": Run(**each["run"])})
        for each in json.loads(text)
    ]


def record_text(found: Iterable[Proven]) -> str:
    """In the order of the families' table; then the kinds that exchange nothing."""
    order = list(dict.fromkeys([*FAMILIES, *KINDS]))
    kept = sorted(found, key=lambda each: (order.index(each.family), each.contracts))
    return json.dumps([asdict(each) for each in kept], indent=2) + "\n"


def merged(old: Iterable[Proven], new: Iterable[Proven]) -> list[Proven]:
    """A run replaces what it ran anew, and leaves the rest."""
    return list({each.key: each for each in [*old, *new]}.values())


def page(found: Iterable[Proven]) -> str:
    """The whole text of docs/proof.md."""
    names = [field.name for field in fields(Run)]
    heads = ["family", "contract", "package", "properties", "examples", "executed", "reverted"]
    rows = [[*heads, *names], ["---"] * (len(heads) + len(names)), *map(_row, found)]
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(each: Proven) -> list[str]:
    counts = (each.properties, each.examples, each.executed, each.reverted)
    packages = dict.fromkeys(package_of(name) for name in each.contracts)
    names = ", ".join(f"`{name}`" for name in each.contracts)
    run = asdict(each.run).values()
    return [f"`{each.family}`", names, ", ".join(packages), *(f"{n:,}" for n in counts), *run]


def package_of(contract: str) -> str:
    """Where a contract of the local world comes from, name@version as in the lock. Raises KeyError
    for a name that is none."""
    if contract in PREBUILT or contract in VYPER:
        return (PREBUILT | VYPER)[contract][0]
    for recipe in COMPILED:
        file = recipe.contracts.get(contract.removeprefix(recipe.prefix))
        if file is not None and contract.startswith(recipe.prefix):
            own = [spec for spec in recipe.packages if file.startswith(spec.rpartition("@")[0])]
            return ", ".join(own or recipe.packages)
    raise KeyError(contract)


def selectors(abi: Abi, moves: Iterable[str]) -> frozenset[bytes]:
    """Of all functions of these names, whatever they take."""
    return frozenset(
        selector(f"{each['name']}({','.join(map(_canonical, each['inputs']))})")
        for each in abi
        if each.get("type") == "function" and each["name"] in set(moves)
    )


def _canonical(given: Mapping[str, Any]) -> str:
    kind = str(given["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_canonical, given['components']))}){kind.removeprefix('tuple')}"


def outcomes(asked: Any, answered: Any, known: frozenset[bytes]) -> Iterator[bool]:
    """Whether each call of these functions went through, in one eth_simulateV1."""
    for block, ran in zip(asked["blockStateCalls"], answered, strict=True):
        for call, result in zip(block["calls"], ran["calls"], strict=True):
            if bytes.fromhex(call.get("data", "0x")[2:10]) in known:
                yield int(result["status"], 16) == 1


@contextmanager
def counting(known: frozenset[bytes]) -> Iterator[Counter[bool]]:
    """Counts what simulations on any local chain do with calls of these functions."""
    count: Counter[bool] = Counter()
    real = LocalChain.request

    def request(self: LocalChain, method: str, *params: Any) -> Any:
        answer = real(self, method, *params)
        if method == "eth_simulateV1":
            count.update(outcomes(params[0], answer, known))
        return answer

    with patch.object(LocalChain, "request", request):
        yield count


class Recorder:
    """Collects what the marked properties of one run show; `abi` finds that of a contract."""

    def __init__(self, run: Run, file: Path, abi: Callable[[str], Abi]) -> None:
        self._run = run
        self._file = file
        self._abi = abi
        self._found: list[Proven] = []
        self._missed: set[tuple[str, tuple[str, ...]]] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        marker = item.get_closest_marker(MARKER)
        if marker is None:
            return (yield)
        family, contracts = marker.args[0], marker.args[1:]
        moves = marker.kwargs["moves"]
        known = frozenset().union(*(selectors(self._abi(name), moves) for name in contracts))
        with counting(known) as count:
            try:
                result = yield
            except BaseException:
                self._missed.add((family, contracts))
                raise
        self.add(family, contracts, getattr(item, "hypothesis_statistics", ""), count)
        return result

    def add(
        self, family: str, contracts: tuple[str, ...], statistics: str, count: Counter[bool]
    ) -> None:
        """A property that passed, with hypothesis' own words about it. Raises KeyError for a kind
        or a contract that is none."""
        passed = sum(map(int, PASSING.findall(statistics)))
        if not passed or not count[True]:
            raise ValueError(f"a property of {family} counts nothing: do its `moves` name them?")
        _ = KINDS[family], [package_of(name) for name in contracts]
        self._found.append(
            Proven(family, contracts, 1, passed, count[True], count[False], self._run)
        )

    def pytest_sessionfinish(self) -> None:
        """What missed in one property is not proven by the others."""
        new: dict[tuple[str, tuple[str, ...]], Proven] = {}
        for each in self._found:
            if each.key not in self._missed:
                new[each.key] = new[each.key].plus(each) if each.key in new else each
        if new:
            old = read_record(self._file.read_text("utf-8")) if self._file.exists() else []
            self._file.write_text(record_text(merged(old, new.values())), "utf-8")
            write_page(self._file)


def write_page(file: Path = RECORD) -> None:
    """docs/proof.md beside its record."""
    text = page(read_record(file.read_text("utf-8")))
    file.with_suffix(".md").write_text(text, "utf-8")


@cache
def _artifacts() -> Artifacts:
    return prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache())).artifacts


def this_run(seed: str) -> Run:
    """Of the commit that is checked out, with a + where files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    changed = "+" if git("status", "--porcelain") else ""
    commit = git("rev-parse", "--short=10", "HEAD") + changed
    date = datetime.now(UTC).date().isoformat()
    return Run(seed, platform.python_version(), date, commit)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--deep"):
        seed = str(config.option.hypothesis_seed)
        recorder = Recorder(this_run(seed), RECORD, lambda name: _artifacts()[name].abi)
        config.pluginmanager.register(recorder, "watcher-proof")


if __name__ == "__main__":
    write_page()
