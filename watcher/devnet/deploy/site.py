"""Setting up: transactions are collected, then mined in as few blocks as their gas allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from watcher.devnet.artifacts import Artifacts
from watcher.devnet.calldata import call_data, creation_data
from watcher.devnet.local_chain import CALL_GAS, LocalChain, Transaction
from watcher.state.token import Address, to_address

# Gas of a creation: 200 a byte of code that stays, 16 a byte of the transaction, and the
# constructor's own work; the creation code is a little longer than what stays.
_GAS_A_BYTE = 216
_CONSTRUCTOR_GAS = 600_000


class Site:
    """Where one world is built. Addresses are known before anything is mined."""

    def __init__(self, chain: LocalChain, artifacts: Artifacts) -> None:
        self.chain = chain
        self._artifacts = artifacts
        self._queue: list[Transaction] = []
        self._nonces: dict[Address, int] = {}

    def creation_code(self, contract: str) -> str:
        """Without a constructor's arguments, in hexadecimal after 0x."""
        return self._artifacts[contract].bytecode

    def upcoming(self, sender: Address, *, after: int) -> Address:
        """The address of a contract whose creation is queued after so many transactions more."""
        return created_address(sender, self._nonce(sender) + after)

    def create(
        self,
        sender: Address,
        contract: str,
        *args: Any,
        libraries: Mapping[str, str] | None = None,
    ) -> Address:
        """Queue a contract's creation; the address it will have. `libraries` are the addresses
        that its code is linked with."""
        artifact = self._artifacts[contract]
        if libraries is not None:
            artifact = artifact.linked(libraries)
        data = creation_data(artifact.bytecode, _constructor(artifact.abi), *args)
        gas = _CONSTRUCTOR_GAS + _GAS_A_BYTE * (len(data) // 2)
        nonce = self._queue_up(Transaction(sender, None, data, f"creating {contract}", gas=gas))
        return created_address(sender, nonce)

    def send(
        self,
        sender: Address,
        to: Address,
        signature: str,
        *args: Any,
        value: int = 0,
        gas: int = CALL_GAS,
    ) -> None:
        """Queue a call."""
        label = signature.partition("(")[0]
        data = call_data(signature, *args)
        self._queue_up(Transaction(sender, to, data, label, value=value, gas=gas))

    def mine(self, *, seconds: int | None = None) -> None:
        """Mine all that is queued, the last of it `seconds` after what was before (None: as usual);
        SetupError when any of it fails."""
        limit = self.chain.gas_limit()
        block: list[Transaction] = []
        for transaction in self._queue:
            if sum(queued.gas for queued in block) + transaction.gas > limit:
                self.chain.mine(block)
                block = []
            block.append(transaction)
        self.chain.mine(block, seconds=seconds)
        self._queue.clear()
        self._nonces.clear()

    def _queue_up(self, transaction: Transaction) -> int:
        nonce = self._nonce(transaction.sender)
        self._nonces[transaction.sender] = nonce + 1
        self._queue.append(transaction)
        return nonce

    def _nonce(self, sender: Address) -> int:
        """Of the next transaction that is queued."""
        if sender not in self._nonces:
            self._nonces[sender] = self.chain.nonce(sender)
        return self._nonces[sender]


def created_address(sender: Address, nonce: int) -> Address:
    """Where a creation puts its contract: the last 20 bytes of keccak(rlp([sender, nonce]))."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    short = nonce != 0 and nonce < 0x80
    item = number if short else bytes([0x80 + len(number)]) + number
    payload = b"\x94" + bytes.fromhex(sender[2:]) + item
    return to_address(keccak(bytes([0xC0 + len(payload)]) + payload)[12:])


def _constructor(abi: tuple[Any, ...]) -> tuple[str, ...]:
    for entry in abi:
        if entry["type"] == "constructor":
            return tuple(collapse_if_tuple(argument) for argument in entry["inputs"])
    return ()
