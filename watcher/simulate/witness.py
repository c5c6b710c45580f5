"""The prestate witness: what an execution read of the chain, enough to run it without a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.state.token import Address, to_address

NO_CODE = "0x"


@dataclass(frozen=True, slots=True)
class Slot:
    index: int
    value: int


@dataclass(frozen=True, slots=True)
class Account:
    """`code` is 0x and hex, `balance` in wei."""

    address: Address
    balance: int
    nonce: int
    code: str
    storage: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """Accounts in the order of their addresses, slots in that of their numbers."""

    accounts: tuple[Account, ...]

    @property
    def slots(self) -> int:
        return sum(len(account.storage) for account in self.accounts)


READ = {
    "eth_getBalance": "balance",
    "eth_getTransactionCount": "nonce",
    "eth_getCode": "code",
    "eth_getStorageAt": "storage",
}
"""The methods by which a fork reads what it executes on."""


class Reads:
    """What was read, as it comes."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], int] = {}
        self._code: dict[str, str] = {}
        self._storage: dict[tuple[str, int], int] = {}
        self._seen: set[str] = set()

    def note(self, method: str, params: list[object], result: object) -> None:
        """Keep one answer of a method of READ; others are of no account."""
        kind = READ.get(method)
        if kind is None or not isinstance(result, str):
            return
        address = str(params[0]).lower()
        self._seen.add(address)
        if kind == "code":
            self._code[address] = result
        elif kind == "storage":
            self._storage[address, int(str(params[1]), 16)] = int(result, 16)
        else:
            self._values[address, kind] = int(result, 16)

    def witness(self) -> Witness:
        storage: dict[str, list[Slot]] = {}
        for (address, index), value in sorted(self._storage.items()):
            storage.setdefault(address, []).append(Slot(index, value))
        return Witness(
            tuple(
                Account(
                    address=to_address(address),
                    balance=self._values.get((address, "balance"), 0),
                    nonce=self._values.get((address, "nonce"), 0),
                    code=self._code.get(address, NO_CODE),
                    storage=tuple(storage.get(address, ())),
                )
                for address in sorted(self._seen)
            )
        )


def overrides(witness: Witness) -> Mapping[Address, dict[str, object]]:
    """As a state override gives it to an empty chain; storage as `state`, whole."""
    return {
        account.address: {
            "balance": hex(account.balance),
            "nonce": hex(account.nonce),
            "code": account.code,
            "state": {word(slot.index): word(slot.value) for slot in account.storage},
        }
        for account in witness.accounts
    }


def word(value: int) -> str:
    return f"0x{value:064x}"
