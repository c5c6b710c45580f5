"""A key in an endpoint's URL is in no text that this program makes, whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.support.faulty_node import CHAIN_ID, Fault, FaultyNode, error, serve
from watcher.chain.client import ChainClient, open_chain
from watcher.errors import ReadError, WatcherError
from watcher.state import Call, Code, Static, to_address

USER, PASSWORD = "planted-user", "pLanted-Pa55"
PATH_KEY, QUERY_KEY = "pl4nted0path1key2", "pl4nted7query8key9"
BASIC = "cGxhbnRlZC11c2VyOnBMYW50ZWQtUGE1NQ"
SECRETS = (USER, PASSWORD, PATH_KEY, QUERY_KEY, BASIC)
CALLS: list[Call] = [Static(to_address(f"0x{i:040x}"), b"") for i in range(1, 4)]
CALLS.append(Code(to_address("0x" + "11" * 20)))

Use = Callable[[ChainClient], Awaitable[Any]]


def with_key(host: str, scheme: str = "http") -> str:
    return f"{scheme}://{USER}:{PASSWORD}@{host}/v3/{PATH_KEY}?apikey={QUERY_KEY}"


def texts(thrown: BaseException | None, seen: set[int]) -> Iterator[str]:
    """All that an exception can be printed as, with everything that it is chained to."""
    if thrown is None or id(thrown) in seen:
        return
    seen.add(id(thrown))
    yield from (str(thrown), repr(thrown), repr(thrown.args), repr(getattr(thrown, "__dict__", "")))
    yield from getattr(thrown, "__notes__", [])
    yield from traceback.format_exception(thrown)
    yield from texts(thrown.__cause__, seen)
    yield from texts(thrown.__context__, seen)
    if isinstance(thrown, BaseExceptionGroup):
        for inner in thrown.exceptions:
            yield from texts(inner, seen)


def patience(fault: Fault) -> float:
    """Seconds; short only for a node that lets it pass, since a busy machine is slow as well."""
    return 1.0 if fault in {Fault.HANG, Fault.DRIP} else 10.0


def assert_clean(thrown: BaseException | None, caplog: pytest.LogCaptureFixture) -> None:
    shown = [*texts(thrown, set()), caplog.text]
    shown += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    for secret in SECRETS:
        for text in shown:
            assert secret.lower() not in text.lower()


async def head(chain: ChainClient) -> object:
    return await chain.headers.head()


async def read(chain: ChainClient) -> object:
    answers = await chain.reader.read(FaultyNode().head, CALLS)
    for answer in answers:
        if isinstance(answer, ReadError):
            raise answer
    return answers


async def block_range(chain: ChainClient) -> object:
    return await chain.headers.range(1, 5)


async def web3_call(chain: ChainClient) -> object:
    return await chain.w3.eth.get_block_number()


async def web3_batch(chain: ChainClient) -> object:
    async with chain.w3.batch_requests() as batch:
        batch.add(chain.w3.eth.get_block(1))
        batch.add(chain.w3.eth.get_block(2))
        return await batch.async_execute()


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
SURVIVED = {
    Fault.SHORT_BATCH,
    Fault.DOUBLED_ID,
    Fault.FOREIGN_ID,
    Fault.EXTRA_REPLY,
    Fault.TRUE_AS_ID,
    Fault.SHUFFLED,
    Fault.BATCH_AS_OBJECT,
    Fault.BATCH_AS_ONE_ERROR,
    Fault.BATCH_413,
    Fault.BATCH_400,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_shows_the_key(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    node = FaultyNode(batch_limit=2)
    thrown: list[BaseException] = []
    async with (
        serve(node) as host,
        open_chain(
            CHAIN_ID, with_key(host), deadline=patience(fault), response_cap=300_000
        ) as chain,
    ):
        node.fault = fault
        for use in (head, read, block_range, web3_call, web3_batch):
            try:
                await use(chain)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must be clean
                thrown.append(error)
    for one in thrown:
        assert isinstance(one, WatcherError)
        assert_clean(one, caplog)
    assert_clean(None, caplog)
    assert bool(thrown) is (fault not in SURVIVED)


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.ECHO, Fault.HANG, Fault.REDIRECT])
async def test_a_failed_start_does_not_show_the_key(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(FaultyNode(fault)) as host:
        with pytest.raises(ReadError) as caught:
            async with open_chain(CHAIN_ID, with_key(host), deadline=patience(fault)):
                pass
    assert_clean(caught.value, caplog)
    assert host in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        with_key("127.0.0.1:1"),
        with_key("127.0.0.1:1", "https"),
        with_key("node-a.invalid"),
        with_key("127.0.0.1:99999"),
        with_key("[::1"),
        with_key("x.example", "file"),
        with_key("x.example", "ws"),
        with_key("x.example") + "#part",
        with_key("x.example") + "\r\n",
        with_key("x" * 70 + ".example"),
    ],
)
async def test_a_url_that_cannot_be_used_is_not_shown(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WatcherError) as caught:
        async with open_chain(CHAIN_ID, url, deadline=2.0):
            pass
    assert_clean(caught.value, caplog)


async def test_the_node_saying_the_key_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    """Per item, as one error for a batch, and in what web3 raises."""
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, with_key(host)) as chain:
        url = with_key(host)
        said = error(-32000, f"no quota for {url} ({USER} {PASSWORD} {PATH_KEY} {BASIC})", url)
        node.overrides = {"eth_call": said, "eth_getCode": said, "eth_blockNumber": said}
        answers = await chain.reader.read(node.head, CALLS)
        for answer in answers:
            assert isinstance(answer, ReadError)
            assert "no quota for ***" in str(answer)
            assert_clean(answer, caplog)
        with pytest.raises(Exception, match="no quota") as caught:
            await web3_call(chain)
        assert_clean(caught.value, caplog)


async def test_the_parts_of_a_client_show_the_host_alone() -> None:
    async with serve(FaultyNode()) as host, open_chain(CHAIN_ID, with_key(host)) as chain:
        parts = [chain, chain.endpoint, chain.reader, chain.headers, chain.w3, chain.w3.provider]
        for part in parts:
            for secret in SECRETS:
                assert secret not in f"{part} {part!r}"
        assert host in repr(chain)


async def test_the_key_does_reach_the_node() -> None:
    """Or the tests above would prove nothing."""
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, with_key(host)):
        pass
    assert node.paths == [f"POST /v3/{PATH_KEY}"]
    assert node.authorizations == [f"Basic {BASIC}=="]
    assert node.queries == [f"apikey={QUERY_KEY}"]
