"""One contestant in a process: told what to do in lines of JSON, so that imports cost nothing.

    python -m benchmarks.peers.worker multicall
    > {"url": ..., "pairs": ...}      a Question, once: clients are made    < ready
    > {"number": 7, "hash": ...}      a Head: one reading at that block     < {"seconds": ..., ...}

Standard output is for these answers alone; what a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module

from benchmarks.peers.question import Contestant, Head, Question

MAKERS = {
    "ours": "benchmarks.ours:Ours",
    "bare": "benchmarks.bare:BareLens",
    "raw_batch": "benchmarks.bare:RawBatch",
    "raw_aggregate3": "benchmarks.bare:RawAggregate3",
    "contract_calls": "benchmarks.peers.with_web3:ContractCalls",
    "batch_requests": "benchmarks.peers.with_web3:BatchRequests",
    "multicall": "benchmarks.peers.with_multicall:PypiMulticall",
    "dank_mids": "benchmarks.peers.with_dank_mids:DankMids",
    "ethereum_defi": "benchmarks.peers.with_ethereum_defi:EthereumDefi",
}
"""Module and class of each contestant."""

READY = "ready\n"


def digest(facts: list[int]) -> str:
    """Equal for contestants that read the same."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Measured:
    """One reading: wall seconds, CPU seconds of this process's threads, and what was read."""

    seconds: float
    cpu: float
    digest: str


def measured(contestant: Contestant, head: Head) -> Measured:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = contestant.read(head)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measured(wall, cpu, digest(contestant.facts(result)))


def main(name: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, _, kind = MAKERS[name].partition(":")
    make = getattr(import_module(module), kind)
    contestant = make(Question(**json.loads(sys.stdin.readline())))
    answers.write(READY)
    for line in sys.stdin:
        head = Head(**json.loads(line))
        answers.write(json.dumps(asdict(measured(contestant, head))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
