"""Alerts on a chain that grows and reorganises, seen by processes that are killed at will.

What is so is said once more, naively, from the blocks of the branch alone; what people were told
must follow it, each thing once.
"""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.alerting import Played, a_rule
from tests.support.effort import examples
from watcher.state.alert import EventKind
from watcher.state.notice import NoticeKind

VALUES = st.sampled_from([0.1, 0.3, 0.7, 1.2, 1.3, 1.6, 3.0, math.nan])
ON = (NoticeKind.FIRED, NoticeKind.WORSENED, NoticeKind.ESCALATED)


class Alerts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.played = Played(a_rule())

    @rule(value=VALUES, seconds=st.sampled_from([12, 12, 12, 1, 60]), times=st.integers(1, 4))
    def mine(self, value: float, seconds: int, times: int) -> None:
        for _ in range(times):
            self.played.mine(value, seconds=seconds)

    @precondition(lambda self: self.played.blocks)
    @rule(data=st.data())
    def reorganise(self, data: st.DataObject) -> None:
        most = min(len(self.played.blocks), 8)
        self.played.drop(data.draw(st.integers(1, most)))

    @rule()
    def restart(self) -> None:
        self.played.restart()

    @precondition(lambda self: self.played.alert is not None)
    @rule()
    def acknowledge(self) -> None:
        self.played.act(EventKind.ACKNOWLEDGED)

    @invariant()
    def it_fires_where_the_branch_says_so(self) -> None:
        alert = self.played.alert
        if not self._settled:
            return
        assert (alert is not None and alert.fired is not None) == self._fires()

    @invariant()
    def a_new_process_knows_the_same(self) -> None:
        if self._settled:
            assert self.played.restarted().open == self.played.alarms.open

    @invariant()
    def people_are_told_each_thing_once(self) -> None:
        on = False
        for notice in self.played.told:
            if notice.kind is NoticeKind.FIRED:
                assert not on, "told twice that it is so"
                on = True
            elif notice.kind in (NoticeKind.RESOLVED, NoticeKind.RETRACTED):
                assert on, "told that it is over, and nobody knew of it"
                on = False
            else:
                assert on, "told that it is worse, and nobody knew of it"
        uids = [notice.uid for notice in self.played.told]
        assert len(set(uids)) == len(uids)

    @invariant()
    def what_people_know_is_so_or_not_yet_decided(self) -> None:
        if not self._settled:
            return
        ends = [one for one in self.played.told if one.kind not in (ON[1], ON[2])]
        knows = bool(ends) and ends[-1].kind is NoticeKind.FIRED
        if knows == self._fires():
            return
        alert, (tip, value) = self.played.alert, self.played.blocks[-1]
        assert alert is not None, "the last word is wrong, and nothing will mend it"
        assert alert.known is not None
        undecided = math.isnan(value) or value > 1
        assert tip.number < alert.known.number or (knows and undecided)

    @property
    def _settled(self) -> bool:
        """A block has been looked at since the last reorg."""
        return bool(self.played.blocks) and self.played.mined

    def _fires(self) -> bool:
        firing, since, easing = False, None, None
        for block, value in self.played.blocks:
            now = block.timestamp
            if not firing:
                if value > 1:
                    since = since or now
                    firing, easing = now - since >= self.played.rule.duration, None
                elif value <= 1:
                    since = None
            elif value < 0.5:
                easing = easing or now
                if now - easing >= self.played.rule.clear_duration:
                    firing, since = False, None
            elif value >= 0.5:
                easing = None
        return firing


Alerts.TestCase.settings = settings(
    max_examples=examples(60, deep=2_000), stateful_step_count=40, deadline=None
)
TestAlerts = Alerts.TestCase
