"""How each endpoint stands: one state with its reason, from what it did last."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.lag import Heard
from watcher.chain.retry import Patience, is_refusal, pause_after
from watcher.state.endpoint_event import EventKind

log = logging.getLogger(__name__)

Clock = Callable[[], float]


class State(StrEnum):
    READY = "ready"
    LAGGING = "lagging"
    COOLING = "cooling"
    OUTVOTED = "outvoted"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How an endpoint stands now, fit to be shown. `retry_in` are the seconds for which it is left
    alone; `per_second` is the learnt rate, None while it named no limit."""

    endpoint: str
    state: State
    reason: str
    retry_in: float
    head: int | None
    archive: bool
    per_second: float | None


class Health:
    """What is remembered of one endpoint. Each change of state is logged once."""

    def __init__(self, name: str, *, patience: Patience, clock: Clock = time.monotonic) -> None:
        self.name = name
        self.clock = clock
        self.heard: Heard | None = None
        self.fault: EndpointError | WrongChain | None = None
        self.unchecked = False
        """Whether its chain id must be asked again before anything else: it was away."""
        self.disagrees = ""
        self.dispute: EventKind | None = None
        self.lag = ""
        self.failures = 0
        self._patience = patience
        self._free_at = 0.0
        self._firm = False
        self._to_agree = 0
        self._shown = State.READY

    @property
    def state(self) -> State:
        if self.fault is not None and is_refusal(self.fault):
            return State.DISABLED
        if self.disagrees:
            return State.OUTVOTED
        if self.retry_in > 0:
            return State.COOLING
        return State.LAGGING if self.lag else State.READY

    @property
    def reason(self) -> str:
        """Why the state is what it is; "" while all is well."""
        fault = "" if self.fault is None else str(self.fault)
        match self.state:
            case State.OUTVOTED:
                return self.disagrees
            case State.LAGGING:
                return self.lag
            case State.COOLING | State.DISABLED:
                return fault
        return ""

    @property
    def retry_in(self) -> float:
        """Seconds for which it is left alone."""
        return max(self._free_at - self.clock(), 0.0)

    @property
    def firm(self) -> bool:
        """It is left alone even where no other endpoint is left to ask."""
        return self._firm and self.retry_in > 0

    def succeeded(self) -> None:
        """It answered. Fewer failures are held against it with each answer."""
        self.failures = max(self.failures - 1, 0)
        if self.retry_in == 0:
            self.fault = None
        self._tell()

    def failed(self, error: EndpointError | WrongChain) -> None:
        pause = pause_after(error, self.failures + 1, self._patience)
        if self.retry_in > 0 and (self._firm or not pause.firm) and not is_refusal(error):
            return  # it is left alone already: what was under way by then says nothing new
        self.failures += 1
        self.fault, self._firm = error, pause.firm
        self._free_at = self.clock() + pause.seconds
        self.unchecked = not (isinstance(error, EndpointError) and error.kind is Kind.RATE_LIMITED)
        self._tell()

    def lags(self, reason: str) -> None:
        """`reason` is "" when it keeps up."""
        self.lag = reason
        self._tell()

    def outvoted(self, reason: str, *, dispute: EventKind, probation: int) -> None:
        """Its word counts for nothing until it has agreed `probation` times in a row."""
        self.disagrees, self.dispute, self._to_agree = reason, dispute, probation
        self._tell()

    def agreed(self) -> bool:
        """It agreed once more with the others; True when it is believed again by that."""
        if not self.disagrees:
            return False
        self._to_agree -= 1
        if self._to_agree > 0:
            return False
        self.disagrees, self.dispute = "", None
        self._tell()
        return True

    def _tell(self) -> None:
        state = self.state
        if state is self._shown:
            return
        self._shown = state
        if state is State.READY:
            log.info("%s is ready again", self.name)
        else:
            log.warning("%s is %s: %s", self.name, state, self.reason)
