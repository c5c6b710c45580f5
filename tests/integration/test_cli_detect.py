"""`watcher detect`, of an imported series and of a stored measure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.support.cli_history import Run, document, filled, folder, run

__all__ = ["filled", "folder", "run"]

START, HOUR = 1_704_067_200, 3_600
JUMP = 250


@pytest.fixture
def entropy(run: Run) -> Run:
    """Calm by the hour, until one side is drained."""
    moves = np.random.default_rng(5).normal(scale=1e-3, size=400)
    moves[JUMP : JUMP + 6] -= 0.1
    levels = np.exp(np.cumsum(moves))
    lines = [f"{START + HOUR * k},{level:.17g}" for k, level in enumerate(levels)]
    Path("pool.csv").write_text("time,H\n" + "\n".join(lines) + "\n")
    assert run("import", "series", "pool.csv", "--source", "made").exit_code == 0
    return run


def test_the_change_is_told_and_judged(entropy: Run) -> None:
    label = datetime.fromtimestamp(START + HOUR * (JUMP + 5), UTC).isoformat()
    asked = ("detect", "--series", "pool/H", "--label", label, "--label", "2024-01-05")
    found = document(entropy(*asked, "--json"))
    (episode,) = found["episodes"]
    assert episode["first"] == datetime.fromtimestamp(START + HOUR * JUMP, UTC).isoformat().replace(
        "+00:00", "Z"
    )
    assert episode["change"] == pytest.approx(-0.1, abs=0.01)
    assert episode["foretells"] is True
    assert found["score"]["leads"] == [5 * HOUR, None]
    done = entropy(*asked)
    assert "foretold 5 h ahead" in done.stdout
    assert "2024-01-05T00:00:00Z: not foretold" in done.stdout
    assert "a sign, not a finding" in done.stderr


def test_a_calm_figure_tells_nothing(entropy: Run) -> None:
    done = entropy("detect", "off", "--step", "12s", "-m", "spot_price")
    assert done.exit_code == 0, done.stderr
    assert "no change is told in 10 values; the first 168 only teach" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one target, or one imported series"),
        (["off", "--series", "pool/H"], "name one target, or one imported series"),
        (["--series", "none"], "no series 'none' is imported"),
        (["--series", "pool/H", "--label", "soon"], "--label 'soon' is no time"),
        (["off", "--as-is", "-m", "spot_price"], "--as-is is for an imported series"),
    ],
)
def test_it_says_what_is_wrong(entropy: Run, arguments: list[str], said: str) -> None:
    done = entropy("detect", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
