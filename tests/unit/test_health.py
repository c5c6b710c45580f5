"""What makes a target healthy, strained, breached or blind."""

from __future__ import annotations

import math

import pytest

from watcher.alerts.health import DEFAULT_LIMITS, Grade, health
from watcher.cli.verdicts import TERMINAL
from watcher.math.prices.pools import EMPTY, NO_HISTORY
from watcher.state import Measure, Status, Target
from watcher.state.token import ZERO_ADDRESS

NAME = "ln_spot_over_time_weighted"


def grade_of(value: float, reason: str = "") -> Grade:
    measure = Measure(NAME, value, 1, (), reason)
    return health(Status.OK, [measure], limits=DEFAULT_LIMITS).grade


@pytest.mark.parametrize("sign", [1, -1])
def test_a_spot_off_its_own_mean_strains_and_breaches(sign: int) -> None:
    assert grade_of(sign * 0.029) is Grade.HEALTHY
    assert grade_of(sign * 0.03) is Grade.STRAINED
    assert grade_of(sign * 0.1) is Grade.BREACHED


def test_a_mean_that_began_with_the_watch_is_no_blindness() -> None:
    assert grade_of(math.nan, NO_HISTORY) is Grade.HEALTHY
    assert grade_of(math.nan, EMPTY) is Grade.BLIND


def test_it_is_said_over_which_time() -> None:
    mean = Target(1, "uniswap_v2_twap", ZERO_ADDRESS, "pair_oracle", params={"window": 1_800})
    say = TERMINAL.off_mean
    assert say("WETH", math.log(1.05), mean) == "WETH 5.00% over its mean over 30 min"
    assert say("WETH", math.log(0.95), mean) == "WETH 5.00% under its mean over 30 min"
    assert say("WETH", 0.0, mean) == "WETH at its mean over 30 min"
