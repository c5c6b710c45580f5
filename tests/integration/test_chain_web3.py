"""web3 through our provider: no traffic of its own, and nothing dropped."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from web3.exceptions import ContractLogicError, MultipleFailedRequests, Web3RPCError

from tests.support.faulty_node import CHAIN_ID, Fault, FaultyNode, error, serve
from watcher.chain.client import open_chain
from watcher.chain.faults import EndpointError
from watcher.state import Answer, Static, to_address

POOL = to_address("0x" + "11" * 20)
OFFCHAIN_LOOKUP = bytes.fromhex("556f1830")


def offchain_lookup(url: str) -> dict[str, object]:
    """What a contract reverts with that wants its caller to fetch `url` (EIP-3668)."""
    arguments = encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"],
        [POOL, [url], b"\1\2", b"\3\4\5\6", b"extra"],
    )
    return error(3, "execution reverted", "0x" + (OFFCHAIN_LOOKUP + arguments).hex())


@pytest.mark.parametrize("enabled", [False, True])
async def test_fault_34_a_contract_cannot_make_us_fetch_a_url(
    enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With CCIP-read on, the same contract does get its request: the test can fail."""
    validated = "web3.utils.async_exception_handling.async_validate_ccip_url_host"
    monkeypatch.setattr(validated, allow)
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        node.calls[POOL.lower()] = offchain_lookup(f"http://{host}/gateway/{{sender}}/{{data}}")
        chain.w3.provider.ccip_read_allow_http = True
        if enabled:
            chain.w3.provider.global_ccip_read_enabled = True
        with pytest.raises((ContractLogicError, MultipleFailedRequests)):
            await chain.w3.eth.call({"to": POOL}, 7)
        block = await chain.headers.head()
        (answer,) = await chain.reader.read(block, [Static(POOL, b"")])
    assert isinstance(answer, Answer)
    assert not answer.ok
    assert any("gateway" in path for path in node.paths) is enabled


async def allow(url: str) -> None:
    """Loopback too: web3 would stop this one, but not every inner network."""


async def test_ten_calls_are_ten_requests() -> None:
    node = FaultyNode(calls={POOL.lower(): "0x07"})
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        before = len(node.paths)
        for _ in range(10):
            assert await chain.w3.eth.call({"to": POOL}, 7) == b"\7"
        assert len(node.paths) - before == 10


async def test_a_batch_of_web3s_drops_nothing() -> None:
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        for fault in (Fault.NONE, Fault.SHUFFLED, Fault.SHORT_BATCH, Fault.DOUBLED_ID):
            node.fault = fault
            async with chain.w3.batch_requests() as batch:
                for number in range(5):
                    batch.add(chain.w3.eth.get_block(number))
                blocks = await batch.async_execute()
            assert blocks == [await chain.w3.eth.get_block(number) for number in range(5)]


async def test_errors_of_the_node_are_web3s_and_errors_of_the_way_are_ours() -> None:
    node = FaultyNode()
    async with serve(node) as host, open_chain(CHAIN_ID, f"http://{host}") as chain:
        assert await chain.w3.is_connected()
        node.overrides = {"eth_blockNumber": error(-32603, "broken")}
        with pytest.raises(Web3RPCError, match="broken"):
            await chain.w3.eth.get_block_number()
        node.fault = Fault.UNAUTHORIZED
        with pytest.raises(EndpointError, match="the key is refused"):
            await chain.w3.eth.get_block_number()
        assert await chain.w3.is_connected() is False
        with pytest.raises(EndpointError, match="the key is refused"):
            await chain.w3.is_connected(show_traceback=True)
