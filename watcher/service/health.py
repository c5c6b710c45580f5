"""How each chain of a service is doing: what readiness is made of."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.chain.health import EndpointHealth
from watcher.state.block import Block


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """One chain as the service sees it.

    `stopped` says why the chain is watched no more; `failing` why its last job did not read it.
    `skipped` jobs were due while the one before still worked; `woken` came from a new head that the
    node announced. `heads` is whether it is subscribed to those now.
    `endpoints` is how each stood after the last job; `agreed` whether enough of them answered,
    agreed and kept up.
    """

    chain_id: int
    newest: Block | None = None
    failing: str = ""
    stopped: str = ""
    skipped: int = 0
    woken: int = 0
    heads: bool = False
    endpoints: tuple[EndpointHealth, ...] = ()
    agreed: bool = False

    @property
    def ready(self) -> bool:
        """The chain is watched, its last job read it, and enough endpoints keep up."""
        read = not self.stopped and not self.failing and self.newest is not None
        return read and self.agreed
