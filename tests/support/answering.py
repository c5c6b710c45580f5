"""A contract on the chain that is told what to answer; what it is not told it does as before."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import Transaction
from watcher.protocols.interface import selector
from watcher.state import Address, to_address

GAS = 20_000_000


@dataclass(frozen=True, slots=True)
class Answering:
    """What stands at `address` now; each word to it is a block."""

    node: LocalWorld
    address: Address

    def answer(self, signature: str, data: bytes, *, length: int | None = None) -> None:
        """`data`, followed by zeros to `length` bytes."""
        whole = len(data) if length is None else length
        self._tell("answerWith(bytes4,bytes,uint256)", selector(signature), data, whole)

    def refuse(self, signature: str) -> None:
        self._tell("refuse(bytes4)", selector(signature))

    def answer_as_before(self, signature: str) -> None:
        self._tell("answerAsBefore(bytes4)", selector(signature))

    def _tell(self, signature: str, *args: object) -> None:
        sender = self.node.world.actors.keeper
        data = call_data(signature, *args)
        self.node.chain.mine([Transaction(sender, self.address, data, "telling", gas=GAS)])


def answering(node: LocalWorld, toolchain: Toolchain, address: Address) -> Answering:
    """Put it in front of the code at `address`, whose storage stays."""
    chain = node.chain
    code = chain.request("eth_getCode", address, "latest")
    kept = to_address(keccak(bytes.fromhex(address[2:]))[12:])
    chain.request("anvil_setCode", kept, code)
    site = Site(chain, toolchain.artifacts)
    made = site.create(node.world.actors.keeper, "Answering", kept)
    site.mine()
    chain.request("anvil_setCode", address, chain.request("eth_getCode", made, "latest"))
    return Answering(node, address)
