"""Our own Anvil driven block by block: it mines what it is given, in that order, at that time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from watcher.chain.anvil import AnvilOptions
from watcher.chain.loopback import rpc
from watcher.devnet.calldata import call_data, returned
from watcher.errors import SetupError
from watcher.state.block import Block
from watcher.state.token import Address, to_address

GENESIS_TIMESTAMP = 1_700_000_000
BLOCK_SECONDS = 12
CALL_GAS = 400_000
# Above any base fee that full set-up blocks lead to, so that no transaction is left waiting.
MAX_FEE_WEI = 100 * 10**9
PRIORITY_FEE_WEI = 10**9


def local_options(
    *, port: int = 0, kept_states: int | None = None, genesis_timestamp: int = GENESIS_TIMESTAMP
) -> AnvilOptions:
    """The Anvil of a local world: always the same genesis, no block but those asked for, and code
    of any size, since Balancer V3's Vault is under the limit only when it is compiled for longer.
    """
    return AnvilOptions(
        port=port,
        genesis_timestamp=genesis_timestamp,
        automine=False,
        code_size_limit=False,
        kept_states=kept_states,
    )


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of a block to come; `label` names it when it fails. No `to` creates."""

    sender: Address
    to: Address | None
    data: str
    label: str
    value: int = 0
    gas: int = CALL_GAS


class Reader(Protocol):
    """Reads contracts at the head of a chain."""

    @property
    def block_seconds(self) -> int: ...

    def read(self, address: Address, signature: str, *args: Any) -> tuple[Any, ...]: ...

    def head(self) -> Block: ...


class LocalChain:
    """An Anvil that was started with `automine=False`; any other node is refused.

    It keeps no account of the chain itself, so rolling back needs no repair here. `block_seconds`
    is what usually lies between two block times.
    """

    def __init__(self, url: str, *, block_seconds: int = BLOCK_SECONDS) -> None:
        self.url = url
        self.block_seconds = block_seconds
        version = self.request("web3_clientVersion")
        if not str(version).lower().startswith("anvil/"):
            raise SetupError(
                f"the local world runs on Anvil alone, and this node is {str(version)[:40]!r}: "
                "give the port of an Anvil that was started for it."
            )
        self.chain_id = int(self.request("eth_chainId"), 16)
        self.accounts = tuple(to_address(account) for account in self.request("eth_accounts"))

    def request(self, method: str, *params: Any) -> Any:
        """Result of one JSON-RPC call; Unavailable when there is none."""
        return rpc(self.url, method, params)

    def head(self) -> Block:
        return self._block(self.request("eth_getBlockByNumber", "latest", False))

    def gas_limit(self) -> int:
        """What all transactions of one block may use together."""
        return int(self.request("eth_getBlockByNumber", "latest", False)["gasLimit"], 16)

    def read(self, address: Address, signature: str, *args: Any) -> tuple[Any, ...]:
        """Call a contract at the head: `read(pair, "getReserves()(uint112,uint112,uint32)")`."""
        call = {"to": address, "data": call_data(signature, *args)}
        return returned(signature, self.request("eth_call", call, "latest"))

    def nonce(self, account: Address) -> int:
        return int(self.request("eth_getTransactionCount", account, "latest"), 16)

    def mine(
        self, transactions: Sequence[Transaction] = (), *, seconds: int | None = None
    ) -> Block:
        """One block with these transactions, in this order, `seconds` after its parent (None: as
        usual).

        Raises SetupError when one of them fails or is left out: the world is then not as planned.
        """
        timestamp = self.head().timestamp + (self.block_seconds if seconds is None else seconds)
        sent = self._send(transactions)
        self.request("evm_setNextBlockTimestamp", timestamp)
        self.request("evm_mine")
        mined = self.request("eth_getBlockByNumber", "latest", False)
        if mined["transactions"] != sent:
            raise SetupError(
                f"Anvil put {len(mined['transactions'])} transactions into block "
                f"{int(mined['number'], 16)} of the local world where {len(sent)} were sent, or in "
                "another order: start the world again."
            )
        self._check(mined["number"], transactions)
        return self._block(mined)

    def roll_back(self, blocks: int) -> Block:
        """Forget the newest blocks, their transactions too; the head is then what was before."""
        self.request("anvil_rollback", blocks)
        return self.head()

    def snapshot(self) -> str:
        return str(self.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Return to a snapshot, which is used up by that."""
        if not self.request("evm_revert", snapshot):
            raise SetupError(f"Anvil has no snapshot {snapshot}: take one before each return.")

    def _send(self, transactions: Sequence[Transaction]) -> list[str]:
        # One by one: a batch is answered concurrently, which would leave the order to chance.
        nonces: dict[Address, int] = {}
        hashes = []
        for transaction in transactions:
            sender = transaction.sender
            nonce = nonces.get(sender)
            nonce = self.nonce(sender) if nonce is None else nonce
            nonces[sender] = nonce + 1
            hashes.append(self.request("eth_sendTransaction", _parameters(transaction, nonce)))
        return hashes

    def _check(self, number: str, transactions: Sequence[Transaction]) -> None:
        if not transactions:
            return
        receipts = self.request("eth_getBlockReceipts", number)
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if int(receipt["status"], 16) == 1:
                continue
            trace = self.request(
                "debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"}
            )
            reason = trace.get("revertReason") or trace.get("error") or "no reason given"
            raise SetupError(
                f"{transaction.label} failed in block {int(number, 16)} of the local world "
                f"({reason}): start the world again."
            )

    def _block(self, header: dict[str, Any]) -> Block:
        return Block(
            chain_id=self.chain_id,
            number=int(header["number"], 16),
            hash=header["hash"],
            parent_hash=header["parentHash"],
            timestamp=int(header["timestamp"], 16),
        )


def _parameters(transaction: Transaction, nonce: int) -> dict[str, str]:
    parameters = {
        "from": transaction.sender,
        "data": transaction.data,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "nonce": hex(nonce),
        "maxFeePerGas": hex(MAX_FEE_WEI),
        "maxPriorityFeePerGas": hex(PRIORITY_FEE_WEI),
    }
    return parameters if transaction.to is None else {**parameters, "to": transaction.to}
