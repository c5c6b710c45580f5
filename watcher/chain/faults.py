"""What can go wrong between us and one endpoint, as data that policies decide by."""

from __future__ import annotations

from enum import StrEnum

from watcher.errors import Unavailable


class Kind(StrEnum):
    """Why an endpoint gave no usable answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    KEY_REFUSED = "key_refused"
    RATE_LIMITED = "rate_limited"
    REDIRECTED = "redirected"
    REQUEST_TOO_LARGE = "request_too_large"
    REQUEST_REFUSED = "request_refused"
    ANSWER_TOO_LONG = "answer_too_long"
    BATCH_MANGLED = "batch_mangled"
    NOT_JSON_RPC = "not_json_rpc"
    NODE_FAULT = "node_fault"
    WRONG_BLOCK = "wrong_block"


class EndpointError(Unavailable):
    """One endpoint failed as a whole. `status` is HTTP's; `retry_after` seconds, where it said."""

    def __init__(
        self,
        text: str,
        *,
        endpoint: str,
        kind: Kind,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.endpoint = endpoint
        self.kind = kind
        self.status = status
        self.retry_after = retry_after


class Pruned(Unavailable):
    """The endpoint no longer has the state of that block: an archive may."""


class Limited(Unavailable):
    """One read of many met the endpoint's rate limit."""


class WrongChain(Unavailable):
    """The endpoint serves another chain than the configuration says."""

    exit_code = 5

    def __init__(self, *, endpoint: str, found: int, expected: int) -> None:
        super().__init__(
            f"{endpoint} is on chain {found}, the configuration says eip155:{expected}: "
            "fix the endpoint's URL or the chain's key"
        )
        self.endpoint = endpoint
        self.found = found
        self.expected = expected
