"""The newest block of a real Anvil, read by its hash while Anvil makes the next."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from watcher.chain.anvil import run_anvil
from watcher.chain.client import open_chain
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.state import Answer, Static, to_address

pytestmark = pytest.mark.anvil

CONTRACT = to_address(f"0x{0xC0DE:040x}")
CODE = "0x36600c575f545f5260205ff35b435f555b60205f205062" + "00ffff5a1160105700"
"""Asked with nothing, it answers with slot 0. Sent anything, it stores the block's number there and
hashes until its gas is used up, so that the block takes its time."""

BLOCKS = 60
ACCOUNT = to_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")


async def test_every_read_is_of_its_block(toolchain: Toolchain) -> None:
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        chain.request("anvil_setCode", CONTRACT, CODE)
        ended = Event()
        miner = Thread(target=mine, args=(chain, ended))
        miner.start()
        numbers = set()
        racing = EndpointOptions(Endpoint(anvil.url), racing=True)
        async with open_chain(chain.chain_id, [racing]) as client:
            while not ended.is_set():
                block = await client.headers.head()
                (answer,) = await client.reader.read(
                    block, [Static(CONTRACT, b"", gas_cap=50_000, return_cap=32)]
                )
                assert isinstance(answer, Answer)
                assert int.from_bytes(answer.data) in (0, block.number)
                numbers.add(block.number)
        miner.join()
        assert len(numbers) > BLOCKS // 4


def mine(chain: LocalChain, ended: Event) -> None:
    try:
        for _ in range(BLOCKS):
            chain.mine([Transaction(ACCOUNT, CONTRACT, "0x01", "hashing", gas=14_000_000)])
    finally:
        ended.set()
