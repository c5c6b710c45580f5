"""JSON-RPC 2.0 over a transport: what was asked, what came back, and nothing taken on trust."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.transport import Transport
from watcher.state.strict_json import parse

RATE_LIMIT_CODES = frozenset({-32005, -32029, 429})
"""EIP-1474's "limit exceeded", and what providers use beside it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One method with its parameters as JSON; equal requests have equal texts.

    `reply_bytes` is roughly how long the answer may honestly be, for cutting batches.
    """

    method: str
    params: str
    reply_bytes: int = 1_024


@dataclass(frozen=True, slots=True)
class Result:
    """Whatever JSON the node gave as its result."""

    value: object


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """A node's error. `message` and `data` are fit to be shown; hex `data` is whole."""

    code: int
    message: str
    data: str = ""


Reply: TypeAlias = Result | ErrorObject


def request(method: str, *params: object, reply_bytes: int = 1_024) -> Request:
    return Request(method, json.dumps(params, separators=(",", ":")), reply_bytes)


class JsonRpc:
    """One endpoint asked in JSON-RPC, singly or by the batch."""

    def __init__(
        self, transport: Transport, *, on_limit: Callable[[], None] = lambda: None
    ) -> None:
        """`on_limit` is told of each answer that names the endpoint's rate limit."""
        self._transport = transport
        self._on_limit = on_limit
        self._ids = itertools.count(1)

    @property
    def endpoint(self) -> Endpoint:
        return self._transport.endpoint

    async def call(self, asked: Request) -> Reply:
        """Ask one thing. Raises EndpointError when no reply to it came back."""
        number = next(self._ids)
        body = await self._transport.send(_encoded(number, asked).encode(), about=asked.method)
        answer = self._parsed(body, asked.method)
        if not isinstance(answer, dict) or not self._answers(answer, number):
            raise self._fault(Kind.NOT_JSON_RPC, f"{asked.method} with no JSON-RPC reply")
        return self._reply(answer)

    async def batch(self, asked: Sequence[Request]) -> list[Reply]:
        """Ask all in one request; replies in the order asked, matched by id.

        Raises EndpointError: REQUEST_REFUSED when the node does not take this batch,
        BATCH_MANGLED when replies are missing, doubled or not ours.
        """
        about = _described(asked)
        numbers = [next(self._ids) for _ in asked]
        items = ",".join(map(_encoded, numbers, asked))
        answer = self._parsed(await self._transport.send(f"[{items}]".encode(), about=about), about)
        if isinstance(answer, dict):
            raise self._batch_refused(answer, about)
        if not isinstance(answer, list):
            raise self._fault(Kind.NOT_JSON_RPC, f"{about} with no JSON-RPC reply")
        if len(answer) == 1 < len(asked) and _is_error(answer[0]):
            raise self._batch_refused(answer[0], about)
        by_id = {item["id"]: item for item in answer if isinstance(item, dict) and _numbered(item)}
        if len(answer) != len(asked) or by_id.keys() != set(numbers):
            raise self._fault(Kind.BATCH_MANGLED, f"{about} with missing, doubled or foreign ids")
        return [self._reply(by_id[number]) for number in numbers]

    def _answers(self, answer: dict[object, object], number: int) -> bool:
        if _numbered(answer) and answer["id"] == number:
            return True
        # A node that could not read the request does not know its id.
        return answer.get("id") is None and _is_error(answer)

    def _parsed(self, body: bytes, about: str) -> object:
        with suppress(ValueError):
            return parse(body)
        what = "an HTML page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise self._fault(Kind.NOT_JSON_RPC, f"{about} with {what if body.strip() else 'nothing'}")

    def _reply(self, item: dict[object, object]) -> Reply:
        error = item.get("error")
        if error is not None:
            return self._error(error)
        if "result" in item:
            return Result(item["result"])
        return ErrorObject(0, "neither a result nor an error")

    def _error(self, error: object) -> ErrorObject:
        if not isinstance(error, dict):
            return ErrorObject(0, self.endpoint.said(str(error)[:2_000]))
        code, message, data = error.get("code"), error.get("message"), error.get("data")
        if type(code) is int and code in RATE_LIMIT_CODES:
            self._on_limit()
        if isinstance(data, dict):  # Hardhat wraps the revert data once more
            data = data.get("data")
        return ErrorObject(
            code=code if type(code) is int else 0,
            message=self._shown(message),
            data=data if isinstance(data, str) and _is_hex(data) else self._shown(data),
        )

    def _shown(self, value: object) -> str:
        return self.endpoint.said(value[:2_000]) if isinstance(value, str) else ""

    def _batch_refused(self, item: object, about: str) -> EndpointError:
        error = self._reply(item) if isinstance(item, dict) else ErrorObject(0, "")
        if not isinstance(error, ErrorObject):
            return self._fault(Kind.REQUEST_REFUSED, f"{about} with a single result")
        kind = Kind.RATE_LIMITED if error.code in RATE_LIMIT_CODES else Kind.REQUEST_REFUSED
        return self._fault(kind, f"{about} with error {error.code} ({error.message})")

    def _fault(self, kind: Kind, what: str) -> EndpointError:
        cure = {
            Kind.RATE_LIMITED: "wait or use another endpoint",
            Kind.NOT_JSON_RPC: "check that the endpoint's URL is a node's",
        }.get(kind, "use another endpoint if it goes on")
        name = self.endpoint.name
        return EndpointError(f"{name} answered {what}: {cure}", endpoint=name, kind=kind)


def _encoded(number: int, asked: Request) -> str:
    return f'{{"jsonrpc":"2.0","id":{number},"method":"{asked.method}","params":{asked.params}}}'


def _described(asked: Sequence[Request]) -> str:
    methods = {one.method for one in asked}
    return f"a batch of {len(asked)} {methods.pop() if len(methods) == 1 else 'requests'}"


def _numbered(item: dict[object, object]) -> bool:
    return type(item.get("id")) is int  # True == 1 and 1.0 == 1 would pass for an id


def _is_error(item: object) -> bool:
    return isinstance(item, dict) and item.get("error") is not None


def _is_hex(text: str) -> bool:
    """Whole bytes in hex, perhaps behind the word that Parity and Nethermind put first."""
    digits = text.removeprefix("Reverted ").removeprefix("0x")
    try:
        return len(bytes.fromhex(digits)) * 2 == len(digits)
    except ValueError:
        return False
