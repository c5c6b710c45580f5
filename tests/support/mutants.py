"""Mutation tests of the exact mathematics: `scripts/mutate MODULE...`.

mutmut changes one thing at a time and runs the tests that reach it (pyproject.toml, tool.mutmut). A
change that no test sees is a survivor: to be killed by a test, or argued where no input can tell it
from the contract. Survivors in words change only what a refusal says, and are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXACT = "watcher/math/exact"
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
LITERAL = re.compile(r'f?"[^"]*"|(?<=MathError\()[A-Z]+(?=\))|(?<=256, )[A-Z]+(?=\))')
"""What a refusal says: a text, or the constant that holds it."""
GUARD = re.compile(r",? ?strict=\w+|, (?=\))")
"""Of zip: it can only find that we ourselves have paired unequal lists."""
SURVIVED, FAILED, NO_TESTS = 0, (1, 3), 33
"""Exit codes of the tests of one mutant, as mutmut keeps them; None is not run, any other is one
that did not end by itself, which a user would see too."""


def verdict(code: int | None) -> str:
    if code is None:
        return "not run"
    if code == SURVIVED:
        return "survived"
    return {NO_TESTS: "without tests"}.get(code, "killed" if code in FAILED else "timed out")


def in_words(removed: Sequence[str], added: Sequence[str]) -> bool:
    """Whether a change is of texts alone, of a text to None, or of zip's guard."""
    if len(removed) != len(added):
        return False
    pairs = zip(removed, added, strict=True)
    return all(
        _plain(old) in (_plain(new), _plain(new).replace("None", "text")) for old, new in pairs
    )


def _plain(line: str) -> str:
    return GUARD.sub("", LITERAL.sub("text", line))


def change(diff: str) -> tuple[list[str], list[str]]:
    """The lines that a unified diff removes, and those that it adds."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    removed = [line[1:] for line in lines if line.startswith("-")]
    return removed, [line[1:] for line in lines if line.startswith("+")]


def _codes(module: str) -> Mapping[str, int | None]:
    meta = ROOT / "mutants" / EXACT / f"{module}.py.meta"
    codes: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return codes


def _shown(name: str) -> tuple[list[str], list[str]]:
    done = subprocess.run(
        [MUTMUT, "show", name], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return change(done.stdout)


def _report(module: str) -> int:
    """Prints a module's figures and its survivors; how many they are that are not in words."""
    codes = _codes(module)
    count = Counter(verdict(code) for code in codes.values())
    shown = {name: _shown(name) for name, code in codes.items() if verdict(code) == "survived"}
    left = {name: both for name, both in shown.items() if not in_words(*both)}
    figures = ", ".join(f"{number} {what}" for what, number in sorted(count.items()))
    print(f"{module}: {len(codes)} mutants, {figures} ({len(shown) - len(left)} of them in words)")
    for name, (removed, added) in left.items():
        print(f"  {name.rpartition('.')[2]}")
        for sign, lines in (("-", removed), ("+", added)):
            print("".join(f"    {sign}{line}\n" for line in lines), end="")
    return len(left) + count["without tests"] + count["not run"]


def main(arguments: Sequence[str] | None = None) -> int:
    known = [path.stem for path in sorted((ROOT / EXACT).glob("[a-z]*.py"))]
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument("modules", nargs="+", choices=known, metavar="MODULE")
    parser.add_argument("--report", action="store_true", help="only tell what ran before")
    given = parser.parse_args(arguments)
    os.nice(19)  # a mutant in about a second must not disturb what else runs
    if not given.report:
        names = [f"watcher.math.exact.{module}.*" for module in given.modules]
        subprocess.run([MUTMUT, "run", "--max-children", "1", *names], cwd=ROOT, check=True)
    return 3 if sum([_report(module) for module in given.modules]) else 0


if __name__ == "__main__":
    sys.exit(main())
