"""Carrying one request body to one endpoint and its answer back.

`Transport` is the seam of everything that concerns one endpoint: a policy (deadline, retry, rate)
is a transport around a transport. What concerns several endpoints (failover, quorum) goes round
`Reader` and `Headers` instead, since what an endpoint can do is remembered per endpoint.
"""

from __future__ import annotations

import ssl
from typing import Protocol

import aiohttp

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.status import carries_reply, refusal

ERROR_BODY_CAP = 4_096
"""Bytes that are read of an answer that HTTP already calls an error."""

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "imbalance-watcher",
}


class Transport(Protocol):
    @property
    def endpoint(self) -> Endpoint: ...

    async def send(self, body: bytes, *, about: str) -> bytes:
        """Post `body`; `about` names what is asked, for errors. Raises EndpointError."""
        ...


def http_session(*, connections: int) -> aiohttp.ClientSession:
    """A session that takes nothing from the environment (proxies, netrc) and keeps no cookies.

    It has no timeout of its own: `Deadline` bounds the whole.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
    )


class HttpTransport:
    """POST without redirects; an answer is cut off while streaming, once over `response_cap`."""

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, *, response_cap: int
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._response_cap = response_cap

    @property
    def endpoint(self) -> Endpoint:
        return self._endpoint

    async def send(self, body: bytes, *, about: str) -> bytes:
        try:
            return await self._exchange(body, about)
        except (aiohttp.ClientError, OSError) as error:
            fault = self._broken(error, about)
        # Raised here, not above: aiohttp's exceptions hold the URL, and a context would keep them.
        raise fault

    async def _exchange(self, body: bytes, about: str) -> bytes:
        async with self._session.post(
            self._endpoint.url, data=body, allow_redirects=False
        ) as response:
            if response.status == 200:
                return await self._whole(response, about)
            said = await self._beginning(response)
            if carries_reply(response.status, said):
                return said
            raise refusal(
                self._endpoint,
                response.status,
                about=about,
                said=said,
                retry_after=response.headers.get("Retry-After"),
            )

    async def _whole(self, response: aiohttp.ClientResponse, about: str) -> bytes:
        body = bytearray()
        # As the pieces arrive: cut to one size they are copied once more, 2 ms for 2 MB.
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > self._response_cap:
                response.close()
                raise EndpointError(
                    f"{self._endpoint.name} answered {about} with more than "
                    f"{self._response_cap:,} bytes and was cut off: ask for less at once",
                    endpoint=self._endpoint.name,
                    kind=Kind.ANSWER_TOO_LONG,
                )
        return bytes(body)

    async def _beginning(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for piece in response.content.iter_chunked(ERROR_BODY_CAP):
            body += piece
            if len(body) >= ERROR_BODY_CAP:
                response.close()
                break
        return bytes(body[:ERROR_BODY_CAP])

    def _broken(self, error: aiohttp.ClientError | OSError, about: str) -> EndpointError:
        name = self._endpoint.name
        match error:
            case aiohttp.ClientConnectorDNSError():
                text = f"the host of {name} is not known: check the endpoint's URL"
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
                text = f"no trusted TLS connection to {name}: check its certificate and the URL"
            case ssl.SSLError():
                text = f"the TLS connection to {name} broke: check its certificate and the URL"
            case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
                text = f"nothing listens at {name}: start the node or fix the endpoint's URL"
            case aiohttp.ClientConnectorError():
                text = f"{name} cannot be reached: check the network and the endpoint's URL"
            case aiohttp.ClientPayloadError():
                text = f"{name} broke off its answer to {about}: try again or use another endpoint"
            case aiohttp.ClientConnectionError() | ConnectionError():
                text = f"{name} closed the connection at {about}: try again or use another endpoint"
            case _:
                text = f"{name} did not answer {about} in HTTP: check the endpoint's URL"
        return EndpointError(text, endpoint=name, kind=Kind.UNREACHABLE)
