"""web3-ethereum-defi's multicall reader, in this process and with large batches.

Its own default is 40 calls a batch in eight processes, which is slower on a machine like ours.
"""

from __future__ import annotations

import datetime
from typing import Any

from eth_abi import decode
from eth_defi.event_reader.multicall_batcher import EncodedCall, MultiprocessMulticallReader
from web3 import HTTPProvider, Web3

from benchmarks.peers.question import (
    SELECTORS,
    Called,
    Head,
    Question,
    distinct_calls,
    flat,
)

BATCH = 1_000
RESERVES = ("uint112", "uint112", "uint32")


class EthereumDefi:
    def __init__(self, question: Question) -> None:
        w3 = Web3(HTTPProvider(question.url))
        self._reader = MultiprocessMulticallReader(w3, batch_size=BATCH)
        self._calls = [_call(i, one) for i, one in enumerate(distinct_calls(question))]

    def read(self, head: Head) -> list[Any]:
        results = self._reader.process_calls(
            block_identifier=head.number,
            calls=self._calls,
            timestamp=datetime.datetime.fromtimestamp(head.timestamp, datetime.UTC),
        )
        values: list[Any] = [None] * len(self._calls)
        for one in results:
            values[one.call.extra_data["number"]] = _value(one.call.func_name, one.result)
        return values

    def facts(self, result: list[Any]) -> list[int]:
        return flat(result)


def _call(number: int, called: Called) -> EncodedCall:
    return EncodedCall.from_keccak_signature(
        address=called.to,
        function=called.name,
        signature=bytes.fromhex(SELECTORS[called.name]),
        data=b"".join(bytes(12) + bytes.fromhex(one[2:]) for one in called.arguments),
        extra_data={"number": number},
    )


def _value(name: str, data: bytes) -> Any:
    if name == "getReserves":
        return decode(RESERVES, data)
    return int.from_bytes(data, "big")
