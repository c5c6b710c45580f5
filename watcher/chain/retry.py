"""How long an endpoint that failed is left alone."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.chain.faults import EndpointError, Kind, WrongChain

MOST_DOUBLINGS = 16
"""Beyond it every pause is the longest, and no float overflows."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A failing endpoint is left alone for `first`, then twice as long each time, up to
    `longest`; for what its Retry-After says, up to `longest_asked`; for `refused` after it refused
    the key or was found on another chain.
    """

    first: float = 0.5
    longest: float = 60.0
    longest_asked: float = 600.0
    refused: float = 900.0


DEFAULT_PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Pause:
    """`firm`: the endpoint asked for it, or nothing else can help. Any other pause is cut short
    where no endpoint is left to ask."""

    seconds: float
    firm: bool


def is_refusal(error: EndpointError | WrongChain) -> bool:
    """Whether asking again cannot help: somebody must change the URL or the key."""
    return isinstance(error, WrongChain) or error.kind is Kind.KEY_REFUSED


def pause_after(error: EndpointError | WrongChain, failures: int, patience: Patience) -> Pause:
    """The pause after the `failures`-th failure in a row."""
    if isinstance(error, WrongChain) or is_refusal(error):
        return Pause(patience.refused, firm=True)
    doubled = patience.first * 2.0 ** min(failures - 1, MOST_DOUBLINGS)
    if error.retry_after is not None:
        return Pause(min(error.retry_after, patience.longest_asked), firm=True)
    return Pause(min(doubled, patience.longest), firm=error.kind is Kind.RATE_LIMITED)
