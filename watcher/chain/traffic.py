"""What goes over the wire to one endpoint, counted."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.chain.endpoint import Endpoint
from watcher.chain.transport import Transport


@dataclass(frozen=True, slots=True)
class Traffic:
    """HTTP requests, and the bytes of their bodies: compression and headers are not counted."""

    requests: int = 0
    sent: int = 0
    received: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.requests + other.requests, self.sent + other.sent, self.received + other.received
        )

    def __sub__(self, other: Traffic) -> Traffic:
        return self + other * -1

    def __mul__(self, times: float) -> Traffic:
        return Traffic(
            round(self.requests * times), round(self.sent * times), round(self.received * times)
        )


class Metered:
    """A transport that counts."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.traffic = Traffic()

    @property
    def endpoint(self) -> Endpoint:
        return self._inner.endpoint

    async def send(self, body: bytes, *, about: str) -> bytes:
        self.traffic += Traffic(1, len(body), 0)
        answer = await self._inner.send(body, about=about)
        self.traffic += Traffic(0, 0, len(answer))
        return answer
