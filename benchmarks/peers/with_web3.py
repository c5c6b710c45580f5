"""web3.py as its documentation shows it: contract calls, and `batch_requests`."""

from __future__ import annotations

from typing import Any

from web3 import HTTPProvider, Web3

from benchmarks.peers.question import ABI, Head, Question, distinct_calls, flat

BATCH = 500
"""Calls in one `batch_requests`."""


def functions(w3: Web3, question: Question) -> list[Any]:
    """A bound contract function for each call."""
    made: dict[str, Any] = {}
    found = []
    for called in distinct_calls(question):
        contract = made.get(called.to)
        if contract is None:
            contract = made[called.to] = w3.eth.contract(called.to, abi=ABI)  # type: ignore[call-overload]
        found.append(getattr(contract.functions, called.name)(*called.arguments))
    return found


class ContractCalls:
    def __init__(self, question: Question) -> None:
        self._functions = functions(Web3(HTTPProvider(question.url)), question)

    def read(self, head: Head) -> list[Any]:
        return [one.call(block_identifier=head.number) for one in self._functions]

    def facts(self, result: list[Any]) -> list[int]:
        return flat(result)


class BatchRequests:
    def __init__(self, question: Question) -> None:
        self._w3 = Web3(HTTPProvider(question.url))
        self._functions = functions(self._w3, question)

    def read(self, head: Head) -> list[Any]:
        values: list[Any] = []
        for at in range(0, len(self._functions), BATCH):
            with self._w3.batch_requests() as batch:
                for one in self._functions[at : at + BATCH]:
                    batch.add(one.call(block_identifier=head.number))
                values += batch.execute()
        return values

    def facts(self, result: list[Any]) -> list[int]:
        return flat(result)
