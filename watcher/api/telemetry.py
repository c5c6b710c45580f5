"""Figures of a service that runs in this process: what no history holds."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PREFIX = "imbalance_watcher"
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)


class ServiceFigures:
    """In a registry of its own. No label is from a chain: what a contract says is hostile text, and
    there may be any number of it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        chain = ["chain"]
        self._ticks = Histogram(
            f"{PREFIX}_tick_seconds",
            "From the first read of a block to its commit.",
            chain,
            buckets=SECONDS,
            registry=self.registry,
        )
        self._orphaned = Counter(
            f"{PREFIX}_orphaned_blocks",
            "Blocks that were given up after a reorg.",
            chain,
            registry=self.registry,
        )
        self._failing = Gauge(
            f"{PREFIX}_failing_targets",
            "Targets that could not be read at the newest block.",
            chain,
            registry=self.registry,
        )
        self._skipped = Gauge(
            f"{PREFIX}_skipped_jobs",
            "Looks at the head that were due while the one before still worked.",
            chain,
            registry=self.registry,
        )
        self._ready = Gauge(
            f"{PREFIX}_endpoint_ready",
            "1 while the endpoint answers, keeps up and agrees with the others.",
            ["chain", "endpoint"],
            registry=self.registry,
        )

    def ticked(self, chain_id: int, *, seconds: float, orphaned: int, failing: int) -> None:
        chain = f"eip155:{chain_id}"
        self._ticks.labels(chain).observe(seconds)
        self._orphaned.labels(chain).inc(orphaned)
        self._failing.labels(chain).set(failing)

    def skipped(self, chain_id: int, jobs: int) -> None:
        self._skipped.labels(f"eip155:{chain_id}").set(jobs)

    def endpoint(self, chain_id: int, endpoint: str, *, ready: bool) -> None:
        """`endpoint` is its host and port, never its URL."""
        self._ready.labels(f"eip155:{chain_id}", endpoint).set(ready)
