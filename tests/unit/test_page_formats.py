"""Numbers on pages: Python writes them, and the script of the pages writes them alike."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from watcher.api.pages import shown
from watcher.report.formats import FORMATS, MINUS, THIN

SCRIPT = Path(__file__).parents[2] / "watcher" / "api" / "static" / "app.js"

# What app.js finds in a browser before a page is there.
BROWSER = """
const element = { classList: { add() {} }, setAttribute() {}, removeAttribute() {} };
globalThis.document = { documentElement: element, addEventListener() {} };
globalThis.window = globalThis;
require(process.argv[2]);
const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
const plain = value => value === "NaN" ? NaN : value === "inf" ? Infinity : value;
const out = {};
for (const [name, write] of Object.entries(globalThis.watcherFormats))
  out[name] = values.map(value => write(plain(value)));
process.stdout.write(JSON.stringify(out));
"""


def numbers() -> list[float | None]:
    """Edges of every rule, and random ones of every size."""
    source = random.Random(9)
    edges = [0.0, 0.5, 0.005, 0.00005, 0.004999, 0.995, 0.9995, 0.99949, 1.0, 2.5, 9.995, 9.994]
    edges += [99.94, 99.95, 999.4, 999.5, 1e3, 9_995.0, 999_499.0, 999_500.0, 1e6, 1.005e6, 1e9]
    edges += [9.995e8, 1e12, 9.99e14, 1e15, 3e20, 1e-5, 1.25e-7, 123_456_789.0, 0.125, 1.005, 2.675]
    sizes = [source.uniform(1, 10) * 10.0 ** source.randint(-9, 16) for _ in range(600)]
    halves = [source.randint(0, 10**6) / 2**k for k in (1, 2, 3, 7) for _ in range(50)]
    positive = [*edges, *sizes, *halves]
    return [None, math.nan, *positive, *(-value for value in positive if value)]


def plain(value: float | None) -> float | str | None:
    return "NaN" if value is not None and math.isnan(value) else value


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """By format, what the script makes of `numbers`."""
    node = shutil.which("node")
    assert node is not None, "scripts/setup asks for node"
    runner = tmp_path_factory.mktemp("node") / "formats.cjs"
    runner.write_text(BROWSER)
    done = subprocess.run(
        [node, str(runner), str(SCRIPT)],
        input=json.dumps([plain(value) for value in numbers()]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Mapping[str, list[str]] = json.loads(done.stdout)
    return found


def test_the_script_has_the_same_formats(written: Mapping[str, list[str]]) -> None:
    assert set(written) == set(FORMATS)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_script_writes_what_python_writes(written: Mapping[str, list[str]], name: str) -> None:
    expected = [FORMATS[name](value) for value in numbers()]
    pairs = zip(numbers(), written[name], expected, strict=True)
    assert [(v, js, py) for v, js, py in pairs if js != py] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1_234_567.0, f"1{THIN}234{THIN}567"),
        (-0.5, f"{MINUS}0.500000"),
        (2000.0, f"2{THIN}000.00"),
        (1e-7, f"1.00000e{MINUS}07"),
    ],
)
def test_six_digits(value: float, text: str) -> None:
    assert shown.number(value) == text


def test_prices_near_a_peg_show_a_hundredth_of_a_per_mille() -> None:
    assert shown.any_price(0.97887) == "0.97887"
    assert shown.any_price(2_000.0) == f"2{THIN}000.00"


def test_nothing_is_written_with_an_ascii_minus_or_a_comma() -> None:
    for name, write in FORMATS.items():
        for value in (-1_234.5678, -0.01, 1_234_567.0):
            assert not re.search(r"[-,]", write(value)), (name, value)
