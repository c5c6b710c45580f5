"""Code and storage put at addresses of a local world."""

from __future__ import annotations

from tests.support.world import LocalWorld
from watcher.state import Address, to_address

SOMEWHERE = to_address("0x00000000000000000000000000000000000d15c0")
NOWHERE = to_address("0x00000000000000000000000000000000000f00d5")


def put(node: LocalWorld, code: str, *, at: Address = SOMEWHERE) -> Address:
    node.chain.request("anvil_setCode", at, code)
    return at


def store(node: LocalWorld, address: Address, slot: int, value: str) -> None:
    word = "0x" + value.removeprefix("0x").zfill(64)
    node.chain.request("anvil_setStorageAt", address, hex(slot), word)


def factory_of(node: LocalWorld) -> Address:
    return Address(node.chain.read(node.world.pairs[0].address, "factory()(address)")[0])
