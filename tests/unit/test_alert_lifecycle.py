"""Each rule of an alert's life, one by one."""

from __future__ import annotations

import math

import pytest

from tests.support.alerting import CHAIN, PAIR, SECONDS, Played, a_rule, spot
from watcher.alerts.alarms import Alarms
from watcher.state import Block, Measure, Target
from watcher.state.alert import AlertEvent, EventKind, Past, Routed

NAN = math.nan


def test_it_fires_at_the_first_block_at_which_its_duration_is_over() -> None:
    played = Played()
    played.mine(0.1, 1.1, 1.1)
    assert (played.kinds, played.notices) == (["pending"], [])
    played.mine(1.1)
    assert (played.kinds, played.notices) == (["pending", "fired"], ["fired"])
    assert played.told[0].block_number == 4
    assert played.receivers == [("oncall",)]


def test_time_is_that_of_blocks() -> None:
    played = Played()
    played.mine(0.1, 1.1)
    played.mine(1.1, seconds=23)
    assert played.notices == []
    played.mine(1.1, seconds=1)
    assert played.notices == ["fired"]


def test_a_rule_without_duration_fires_at_once_and_a_threshold_is_no_excess() -> None:
    played = Played(a_rule(duration=0))
    played.mine(1.0)
    assert played.kinds == []
    played.mine(1.1)
    assert played.kinds == ["fired"]


def test_steps_of_a_tenth_over_the_threshold_always_fire() -> None:
    for threshold in (1e-6, 0.02, 1.0, 3e9):
        played = Played(a_rule(when=f"spot_price > {threshold:.7f}", clear=None))
        played.mine(threshold, *[1.1 * threshold] * 3)
        assert played.notices == ["fired"]


def test_a_spike_of_one_block_is_told_apart_and_nobody_is_told() -> None:
    """FAULTS 32."""
    played = Played()
    played.mine(0.1, 5.0, 0.1, 5.0, 5.0, 0.1)
    assert played.kinds == ["pending", "spike", "pending", "passed"]
    assert played.notices == []


def test_a_spike_that_fired_at_once_is_called_one_at_its_end() -> None:
    played = Played(a_rule(duration=0, clear_duration=0))
    played.mine(5.0, 0.1, 5.0, 5.0, 0.1)
    ends = [
        one.detail
        for one in played.events
        if isinstance(one, AlertEvent) and one.kind is EventKind.RESOLVED
    ]
    assert ends == ["held at a single block", ""]


def test_flapping_is_one_open_and_one_close() -> None:
    """FAULTS 39."""
    played = Played(a_rule(escalate=None))
    played.mine(*[1.2] * 3, *[0.4, 1.2] * 20, *[0.7, 1.1] * 20, 0.4, 0.4, 0.4)
    assert played.notices == ["fired", "resolved"]


def test_between_both_thresholds_nothing_ends() -> None:
    played = Played(a_rule(escalate=None))
    played.mine(*[1.2] * 3, *[0.6] * 50)
    assert played.notices == ["fired"]
    played.mine(0.4, 0.4, 0.4)
    assert played.notices == ["fired", "resolved"]


def test_unknown_neither_begins_nor_ends_anything() -> None:
    played = Played()
    played.mine(NAN, NAN, NAN, NAN)
    assert played.kinds == []
    played.mine(1.2, NAN, NAN, NAN, NAN)
    assert played.notices == [], "it fires only while it is known to hold"
    played.mine(1.2)
    assert played.notices == ["fired"]
    played.mine(*[NAN] * 50)
    assert played.notices == ["fired", "escalated"]
    played.mine(0.1, NAN, 0.1)
    assert played.notices == ["fired", "escalated", "resolved"]


def test_it_is_told_again_only_when_it_is_worse_by_the_factor() -> None:
    played = Played(a_rule(escalate=None))
    played.mine(*[1.2] * 3, *[1.4, 1.49, 1.1] * 10)
    assert played.notices == ["fired"]
    played.mine(1.5)
    assert played.notices == ["fired", "worsened"]
    played.mine(1.5, 1.8, 1.2, 1.8)
    assert played.notices == ["fired", "worsened"]
    played.mine(1.875)
    assert played.notices == ["fired", "worsened", "worsened"]


@pytest.mark.parametrize(
    ("when", "told", "same", "worse"),
    [
        ("spot_price < 1", 0.5, 0.41, 0.4),
        ("spot_price < -1", -2.0, -2.49, -2.5),
        ("spot_price > -1", -0.5, -0.41, -0.4),
        ("1 - spot_price > 0.01", 0.9, 0.876, 0.875),
        ("not (spot_price >= 1)", 0.5, 0.41, 0.4),
        ("spot_price > 1 or spot_price > 3", 2.0, 2.49, 2.5),
    ],
)
def test_worse_is_on_the_side_of_the_comparison(
    when: str, told: float, same: float, worse: float
) -> None:
    played = Played(a_rule(when=when, clear=None, duration=0, escalate=None))
    played.mine(told, same)
    assert played.notices == ["fired"]
    played.mine(worse)
    assert played.notices == ["fired", "worsened"]


def test_after_its_end_it_is_new_again() -> None:
    played = Played()
    played.mine(*[1.2] * 3, *[0.1] * 3, *[1.2] * 3)
    assert played.notices == ["fired", "resolved", "fired"]
    assert len({notice.alert for notice in played.told}) == 2


def test_what_nobody_acknowledges_escalates_once() -> None:
    played = Played()
    played.mine(*[1.2] * 3, *[1.2] * 5)
    assert played.notices == ["fired"]
    played.mine(1.2)
    assert played.notices == ["fired", "escalated"]
    assert played.receivers[-1] == ("boss",)
    played.mine(*[1.2] * 50)
    assert played.notices == ["fired", "escalated"]


def test_what_is_acknowledged_does_not_escalate_until_it_is_worse() -> None:
    played = Played()
    played.mine(*[1.2] * 4)
    played.act(EventKind.ACKNOWLEDGED)
    assert played.alert is not None
    assert played.alert.phase(0) == "acknowledged"
    played.mine(*[1.2] * 50)
    assert played.notices == ["fired"]
    played.mine(*[1.6] * 6)
    assert played.notices == ["fired", "worsened"]
    assert played.alert.phase(0) == "firing"
    played.mine(1.6)
    assert played.notices == ["fired", "worsened", "escalated"]


def test_of_what_is_silenced_nobody_is_told_and_its_life_goes_on() -> None:
    played = Played()
    played.mine(*[1.2] * 3)
    tip = played.blocks[-1][0].timestamp
    played.act(EventKind.SILENCED, until=tip + 10 * SECONDS)
    played.mine(*[1.2] * 3, *[9.0] * 6)
    assert played.notices == ["fired"]
    assert played.kinds == ["pending", "fired", "worsened"]
    assert played.alert is not None
    assert played.alert.phase(tip) == "silenced"
    played.mine(9.0)
    assert played.notices == ["fired", "escalated"]


def test_a_restart_with_an_open_alert_is_silent() -> None:
    """FAULTS 40."""
    played = Played()
    played.mine(*[1.2] * 3)
    played.restart()
    played.mine(1.2)
    assert played.notices == ["fired"]


def test_a_duration_runs_on_through_a_restart() -> None:
    played = Played()
    played.mine(1.2, 1.2)
    played.restart()
    played.mine(1.2)
    assert played.notices == ["fired"]


def test_a_condition_that_began_while_nobody_watched_is_told_of() -> None:
    """FAULTS 40."""
    played = Played()
    played.mine(0.1)
    played.restart()
    played.mine(1.2, seconds=3_600)
    played.mine(1.2, 1.2)
    assert played.notices == ["fired"]


@pytest.mark.parametrize("depth", [1, 20])
def test_a_reorg_takes_back_what_it_undoes_once(depth: int) -> None:
    """FAULTS 18."""
    played = Played()
    played.mine(*[0.1] * 20, 1.2, 1.2, 1.2)
    assert played.notices == ["fired"]
    played.drop(depth)
    played.mine(*[0.1] * (depth - 1))
    assert played.notices == ["fired"], "the new branch is not as high yet"
    played.mine(*[0.1] * 20)
    assert played.notices == ["fired", "retracted"]
    assert played.alert is None


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_a_reorg_confirms_what_it_repeats_without_a_word(depth: int) -> None:
    """FAULTS 18."""
    played = Played()
    values = [0.1] * 20 + [1.2] * 4
    played.mine(*values)
    played.drop(depth)
    played.mine(*values[-depth:], 1.2)
    assert played.notices == ["fired"]
    assert ("confirmed" in played.kinds) == (depth > 1), "the block at which it fired has stayed"
    assert played.alert is not None
    assert played.alert.phase(0) == "firing"


def test_an_end_that_a_reorg_undoes_is_told() -> None:
    played = Played()
    played.mine(*[1.2] * 3, *[0.1] * 3)
    assert played.notices == ["fired", "resolved"]
    played.drop(3)
    played.mine(1.2, 1.2)
    assert played.notices == ["fired", "resolved"]
    played.mine(1.2, 1.2)
    assert played.notices == ["fired", "resolved", "fired"]
    assert "reopened" in played.kinds


def test_an_end_that_a_reorg_repeats_is_told_once() -> None:
    played = Played()
    played.mine(*[1.2] * 3, *[0.1] * 3)
    played.drop(3)
    played.mine(*[0.1] * 5)
    assert played.notices == ["fired", "resolved"]
    assert played.alert is None


MEAN = Target(CHAIN, "uniswap_v2_twap", PAIR.address, "pair_oracle", name="mean")


def alarms_with_a_mean() -> Alarms:
    rule = a_rule(duration=0, agrees="ln_spot_over_time_weighted < 0.1", clear_duration=0)
    return Alarms([rule], [PAIR, MEAN], unit="USD")


def look(alarms: Alarms, number: int, mean: float | None) -> tuple[Routed, ...]:
    parent = f"0x{number - 1:064x}"
    block = Block(CHAIN, number, f"0x{number:064x}", parent, 1_000 + number)
    before = Block(CHAIN, number - 1, parent, parent, 999 + number)
    measures = {PAIR.id: spot(1.2)}
    if mean is not None:
        why = "" if mean == mean else "no history"
        measures[MEAN.id] = (Measure("ln_spot_over_time_weighted", mean, 1, (), why),)
    return alarms.step(block, before, faults={}, measures=measures)[1]


def test_nobody_is_told_while_a_second_source_denies_it() -> None:
    alarms = alarms_with_a_mean()
    assert look(alarms, 1, 0.2) == ()
    assert [alert.phase(0) for alert in alarms.open.values()] == ["pending"]
    (told,) = look(alarms, 2, 0.05)
    assert "a second source at the same address agrees" in told.notice.body


@pytest.mark.parametrize("mean", [None, NAN])
def test_a_second_source_that_does_not_know_keeps_nobody_waiting(mean: float | None) -> None:
    (told,) = look(alarms_with_a_mean(), 1, mean)
    assert "no second source that knows is watched" in told.notice.body


def test_alerts_of_a_rule_that_is_gone_end_without_a_word() -> None:
    played = Played()
    played.mine(*[1.2] * 3)
    alarms = Alarms([], [PAIR], unit="USD")
    alarms.restore(played.kept(), measures={}, faults={})
    tip = played.blocks[-1][0]
    after = Block(CHAIN, tip.number + 1, "0x" + "ab" * 32, tip.hash, tip.timestamp + 12)
    (event,), told = alarms.step(after, tip, faults={}, measures={})
    assert (event.kind, event.alert, told) == (EventKind.RESOLVED, played.kept()[0].uid, ())
    assert "no longer asked" in event.detail


def test_a_second_alert_that_a_reorg_leaves_beside_the_first_goes_on_as_it() -> None:
    """The first one's end left the chain, and with it all of the second."""
    played = Played()
    played.mine(*[1.2] * 3, *[0.1] * 3, *[1.2] * 3)
    assert played.notices == ["fired", "resolved", "fired"]
    played.drop(6)
    played.mine(*[1.2] * 9)
    assert played.notices == ["fired", "resolved", "fired", "escalated"]
    assert len(played.kept()) == 1


def test_a_fault_is_a_condition_with_its_reason() -> None:
    alarms = Alarms([a_rule(when="unread", clear=None, duration=0)], [PAIR], unit="USD")
    block = Block(CHAIN, 1, "0x" + "01" * 32, "0x" + "00" * 32, 1_000)
    _, (told,) = alarms.step(block, None, faults={PAIR.id: "reverted: no reserves"}, measures={})
    assert told.notice.title == "WETH/USDC: it cannot be read (reverted: no reserves)"


def test_an_alert_in_words() -> None:
    rule = a_rule(
        name="discount-with-thin-depth",
        when="abs(ln_spot_over_reference) > 0.01 and depth_1pct_money < 2e6",
        clear="abs(ln_spot_over_reference) < 0.006",
        duration=12,
    )
    alarms = Alarms([rule], [PAIR], unit="USD")
    told: tuple[Routed, ...] = ()
    for number, (off, depth) in enumerate([(-0.0105, 1.9e6), (-0.0213, 9e5)], 14_761_204):
        block = Block(CHAIN, number, f"0x{number:064x}", f"0x{number - 1:064x}", 12 * number)
        measures = (
            Measure("ln_spot_over_reference", off, 1),
            Measure("depth_money", depth, 1, (("move", "0.01"), ("token_in", WETH_ADDRESS))),
            Measure("depth_money", 5e6, 1, (("move", "0.01"), ("token_in", USDC_ADDRESS))),
        )
        _, told = alarms.step(block, None, faults={}, measures={PAIR.id: measures})
    notice = told[0].notice
    assert notice.title == (
        "WETH/USDC: WETH trades 2.11% under its reference and only $0.9 M can leave before the "
        "price moves 1%"
    )
    assert (
        notice.body
        == f"""\
What: WETH trades 2.11% under its reference and only $0.9 M can leave before the price moves 1%
Where: WETH/USDC (uniswap_v2, {PAIR.caip10})
At: block 14,761,205 0x{14_761_205:064x}, 1975-08-13 04:01:00 UTC
Since: block 14,761,204 0x{14_761_204:064x}, 12 s
Rule: discount-with-thin-depth (critical): {rule.when.text}, for 12 s
  abs(ln_spot_over_reference): 1.05% when it began, 2.13% now; the rule asks for over 1.00%
  depth_1pct_money: $1.9 M when it began, $0.9 M now; the rule asks for under $2 M
What it means: Whoever sells here loses.
Sure of it: it has held since 2 blocks ago, so it is no spike of one block
Next: told again only once abs(ln_spot_over_reference) is over 2.66% or depth_1pct_money is under \
$0.72 M and after 72 s without an acknowledgement; over when abs(ln_spot_over_reference) < 0.006 \
for 24 s
More: watcher alerts show {notice.alert[:12]}"""
    )


WETH_ADDRESS, USDC_ADDRESS = (coin.address for coin in PAIR.tokens)


def test_an_act_on_an_alert_that_is_not_open_does_nothing() -> None:
    played = Played()
    played.mine(*[1.2] * 3)
    before = played.alert
    played.alarms.act("0" * 64, Past(EventKind.ACKNOWLEDGED, None, canonical=True))
    assert played.alert == before
