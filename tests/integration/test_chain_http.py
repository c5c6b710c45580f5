"""What HTTP does to us: every fault by name, over a real connection on loopback."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from tests.support.faulty_node import CHAIN_ID, Fault, FaultyNode, serve
from watcher.chain.client import open_chain
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.transport import HttpTransport, http_session
from watcher.errors import ConfigError
from watcher.state import Answer, Call, Static, to_address

CALLS: list[Call] = [Static(to_address(f"0x{i:040x}"), b"\1") for i in range(1, 41)]
SENTENCES = {
    Fault.UNAUTHORIZED: "answered 401 to eth_chainId: the key is refused; check the endpoint's URL",
    Fault.FORBIDDEN: "answered 403 to eth_chainId: the key is refused; check the endpoint's URL",
    Fault.TOO_MANY: "answered 429 to eth_chainId: too many requests; "
    "wait for 7 s or use another endpoint",
    Fault.BAD_GATEWAY: "answered 502 to eth_chainId: the node or its proxy has a fault; "
    "try again or use another",
    Fault.NOT_FOUND: "answered 404 to eth_chainId: nothing speaks JSON-RPC there; "
    "check the endpoint's URL",
    Fault.BAD_REQUEST: "answered 400 to eth_chainId (bad request): "
    "it does not take this request; check the endpoint's URL",
    Fault.NO_CONTENT: "answered 204 to eth_chainId: nothing speaks JSON-RPC there; "
    "check the endpoint's URL",
    Fault.REDIRECT: "answered 302 to eth_chainId: redirects are not followed; "
    "put the final URL into the endpoint",
    Fault.ALWAYS_413: "answered 413 to eth_chainId: the request is too large for it",
    Fault.HTML: "answered eth_chainId with an HTML page: check that the endpoint's URL is a node's",
    Fault.EMPTY: "answered eth_chainId with nothing: check that the endpoint's URL is a node's",
    Fault.HANG: "did not answer eth_chainId within 0.3 s: "
    "the node is slow or hangs; try again or use another endpoint",
    Fault.DRIP: "did not answer eth_chainId within 0.3 s: "
    "the node is slow or hangs; try again or use another endpoint",
    Fault.ENDLESS: "answered eth_chainId with more than 2,000,000 bytes and was cut off: "
    "ask for less at once",
    Fault.BOMB: "answered eth_chainId with more than 2,000,000 bytes and was cut off: "
    "ask for less at once",
    Fault.CUT: "broke off its answer to eth_chainId: try again or use another endpoint",
    Fault.CLOSE: "closed the connection at eth_chainId: try again or use another endpoint",
    Fault.NOT_HTTP: "did not answer eth_chainId in HTTP: check the endpoint's URL",
    Fault.BAD_GZIP: "broke off its answer to eth_chainId: try again or use another endpoint",
}
KINDS = {
    Fault.UNAUTHORIZED: Kind.KEY_REFUSED,
    Fault.FORBIDDEN: Kind.KEY_REFUSED,
    Fault.TOO_MANY: Kind.RATE_LIMITED,
    Fault.BAD_GATEWAY: Kind.NODE_FAULT,
    Fault.NOT_FOUND: Kind.NOT_JSON_RPC,
    Fault.BAD_REQUEST: Kind.REQUEST_REFUSED,
    Fault.NO_CONTENT: Kind.NOT_JSON_RPC,
    Fault.REDIRECT: Kind.REDIRECTED,
    Fault.ALWAYS_413: Kind.REQUEST_TOO_LARGE,
    Fault.HTML: Kind.NOT_JSON_RPC,
    Fault.EMPTY: Kind.NOT_JSON_RPC,
    Fault.HANG: Kind.TIMEOUT,
    Fault.DRIP: Kind.TIMEOUT,
    Fault.ENDLESS: Kind.ANSWER_TOO_LONG,
    Fault.BOMB: Kind.ANSWER_TOO_LONG,
    Fault.CUT: Kind.UNREACHABLE,
    Fault.CLOSE: Kind.UNREACHABLE,
    Fault.NOT_HTTP: Kind.UNREACHABLE,
    Fault.BAD_GZIP: Kind.UNREACHABLE,
}


async def fault_at(url: str, **options: Any) -> EndpointError:
    """What `open_chain` raises."""
    with pytest.raises(EndpointError) as caught:
        async with open_chain(CHAIN_ID, url, **options):
            pass
    return caught.value


@pytest.mark.parametrize("fault", SENTENCES)
async def test_each_fault_has_a_sentence_that_names_host_and_cure(fault: Fault) -> None:
    node = FaultyNode(fault)
    async with serve(node) as host:
        started = time.monotonic()
        error = await fault_at(f"http://{host}/key", deadline=0.3, response_cap=2_000_000)
        assert time.monotonic() - started < 1.0
    assert str(error) == f"{host} {SENTENCES[fault]}"
    assert (error.kind, error.endpoint) == (KINDS[fault], host)
    assert node.paths == ["POST /key"]


async def test_fault_05_the_deadline_covers_a_connection_that_is_never_accepted() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        host, port = deaf.getsockname()
        # The second connection waits in the kernel's queue, a third is not even completed.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex((host, port))
        error = await fault_at(f"http://{host}:{port}", deadline=0.3)
        for filler in fillers:
            filler.close()
    assert error.kind is Kind.TIMEOUT


async def test_fault_16_an_error_page_without_end_is_cut_off() -> None:
    async with serve(FaultyNode(Fault.ENDLESS_ERROR)) as host:
        error = await fault_at(f"http://{host}", deadline=5.0)
    assert error.kind is Kind.NODE_FAULT
    assert len(str(error)) < 300


async def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host, port = taken.getsockname()
        error = await fault_at(f"http://{host}:{port}/key")
    assert str(error) == (
        f"nothing listens at {host}:{port}: start the node or fix the endpoint's URL"
    )


async def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    error = await fault_at("http://node-a.invalid:8545/key")
    assert str(error) == "the host of node-a.invalid:8545 is not known: check the endpoint's URL"


async def test_tls_to_a_port_without_tls() -> None:
    async with serve(FaultyNode()) as host:
        error = await fault_at(f"https://{host}/key", deadline=5.0)
    assert error.kind is Kind.UNREACHABLE
    assert str(error) == (f"no trusted TLS connection to {host}: check its certificate and the URL")


async def test_an_unusable_url_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="does not begin with http"):
        async with open_chain(CHAIN_ID, "localhost:8545/key"):
            pass


async def test_fault_09_the_wrong_chain_is_refused_before_anything_is_read() -> None:
    node = FaultyNode(chain_id=5)
    async with serve(node) as host:
        with pytest.raises(WrongChain, match="is on chain 5"):
            async with open_chain(CHAIN_ID, f"http://{host}"):
                pass
    assert [body["method"] for body in node.sent] == ["eth_chainId"]


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.BATCH_413, Fault.BATCH_400])
async def test_what_the_node_takes_is_found_out_over_http(fault: Fault) -> None:
    node = FaultyNode(fault, batch_limit=7, calls={c.to.lower(): "0x07" for c in CALLS})  # type: ignore[union-attr]
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        head = await chain.headers.head()
        assert await chain.reader.read(head, CALLS) == [Answer(True, b"\7", 1)] * 40
        posts = len(node.paths)
        assert await chain.reader.read(head, CALLS) == [Answer(True, b"\7", 1)] * 40
    expected = {Fault.NONE: 1, Fault.BATCH_413: 8, Fault.BATCH_400: 40}
    assert len(node.paths) - posts == expected[fault]


async def test_fault_16_one_answer_over_the_cap_costs_no_other() -> None:
    node = FaultyNode(calls={c.to.lower(): "0x07" for c in CALLS})  # type: ignore[union-attr]
    node.calls[f"0x{3:040x}"] = "0x" + "ab" * 100_000
    async with (
        serve(node) as host,
        open_chain(CHAIN_ID, f"http://{host}", response_cap=100_000) as chain,
    ):
        answers = await chain.reader.read(await chain.headers.head(), CALLS)
    assert [i for i, a in enumerate(answers, 1) if a != Answer(True, b"\7", 1)] == [3]
    assert str(answers[2]).startswith(f"{host} answered eth_call with more than 100,000 bytes")


async def test_an_error_status_with_a_json_rpc_error_is_that_error() -> None:
    body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no such tag"}}'

    async with serve(FaultyNode(status_400_body=body)) as host, http_session(connections=1) as web:
        transport = HttpTransport(web, Endpoint(f"http://{host}"), response_cap=10_000)
        assert await transport.send(b"{}", about="eth_getBlockByNumber") == body


async def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        assert await chain.headers.head() == node.head


async def test_leaving_the_context_ends_the_connections() -> None:
    async with serve(FaultyNode()) as host:
        async with open_chain(CHAIN_ID, f"http://{host}") as chain:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await chain.headers.head()
