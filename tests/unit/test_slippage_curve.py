"""What trades of every size lose, and the plot of it in text and as a file."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from tests.support.strategies import pool, stable, target_of, ticked, vault
from watcher.cli.app import app
from watcher.cli.plots import Line, Plot, svg, text
from watcher.errors import MathError
from watcher.math.slippage_curve import SPAN, slippage_curve
from watcher.state import Block, State
from watcher.state.snapshot import Snapshot, snapshot_to_json

E18 = 10**18
GAMMA = 0.997


def test_of_a_constant_product_each_point_is_the_closed_form() -> None:
    found = slippage_curve(pool(1_000 * E18, 7_000 * E18), 0, 1, points=31)
    assert len(found) == 31
    for point in found:
        u = point.amount_in / (1_000 * E18)
        assert point.slippage == pytest.approx(1 - GAMMA / (1 + GAMMA * u), abs=1e-12)
        assert point.price_impact == pytest.approx(u / (1 + u), abs=1e-12)
    assert found[-1].slippage == pytest.approx(0.5, abs=1e-3)
    assert found[-1].amount_in / found[0].amount_in == pytest.approx(SPAN, rel=1e-9)


@pytest.mark.parametrize("state", [stable(), ticked([(-60_000, 60_000, 10**24)])])
def test_a_larger_size_loses_more(state: State) -> None:
    losses = [point.slippage for point in slippage_curve(state, 1, 0, points=21)]
    assert losses == sorted(losses)
    assert losses[-1] <= 0.5


def test_an_empty_pool_has_no_curve() -> None:
    with pytest.raises(MathError):
        slippage_curve(pool(0, 0), 0, 1, points=5)


PLOT = Plot(
    title="<a pool> & more",
    x_axis="size",
    y_axis="lost",
    lines=[
        Line("first", [(0.01, 0.0), (0.1, 0.1), (1.0, 0.5)]),
        Line("second", [(0.01, 0.25), (1.0, 0.25)]),
    ],
)


def test_a_plot_is_an_image_with_every_line_and_point() -> None:
    root = ElementTree.fromstring(svg(PLOT))
    spaced = "{http://www.w3.org/2000/svg}"
    lines = [each.attrib["points"].split() for each in root.iter(f"{spaced}polyline")]
    assert [len(points) for points in lines] == [3, 2]
    (first, _, last) = [tuple(map(float, point.split(","))) for point in lines[0]]
    assert first[0] < last[0], "sizes to the right"
    assert first[1] > last[1], "losses upwards"
    said = [each.text for each in root.iter(f"{spaced}text")]
    assert {"<a pool> & more", "lost", "first", "second", "50%", "0%"} <= set(said)


def test_a_plot_in_text_has_its_marks_where_the_points_are() -> None:
    title, *field = text(PLOT)
    assert title == "<a pool> & more"
    top = next(line for line in field if "50%" in line)
    assert top.endswith("*")
    assert "  0% |*" in next(line for line in field if " 0% |" in line)
    assert field[-1].endswith("lost: * first, + second")


def run(file: Path, *more: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["slippage", "--state", str(file), *more])
    return found.exit_code, found.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, stable((10**24, 10**12), decimals=(18, 6)))


def written(folder: Path, state: State) -> Path:
    block = Block(
        chain_id=31337,
        number=7,
        hash="0x" + "ab" * 32,
        parent_hash="0x" + "cd" * 32,
        timestamp=1_000,
    )
    path = folder / "state.json"
    path.write_text(snapshot_to_json(Snapshot(block, target_of(state), state)))
    return path


def test_the_command_tells_both_ways_and_draws(file: Path, tmp_path: Path) -> None:
    drawing = tmp_path / "drawn.svg"
    code, said = run(file, "--plot", str(drawing))
    assert code == 0, said
    assert "slippage, T0 in" in said
    assert "slippage, T1 in" in said
    assert "logarithmic" in said
    assert len(list(ElementTree.parse(drawing).getroot().iter())) > 20


def test_the_command_as_json_is_exact(file: Path) -> None:
    code, said = run(file, "--json")
    assert code == 0, said
    rows = json.loads(said)
    assert len({row["in"] for row in rows}) == 2
    exact = slippage_curve(stable((10**24, 10**12), decimals=(18, 6)), 0, 1, points=61)
    assert rows[0]["amount_out"] == str(exact[0].amount_out)
    assert rows[0]["slippage"] == exact[0].slippage


def test_what_exchanges_nothing_ends_with_3(tmp_path: Path) -> None:
    code, said = run(written(tmp_path, vault(0, 0, offset=None)))
    assert code == 3
    assert "exchanges nothing there" in said
