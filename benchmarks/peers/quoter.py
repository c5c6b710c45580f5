"""One contestant that quotes, in a process of its own: told what to do in lines of JSON.

    python -m benchmarks.peers.quoter degenbot
    > {"v2": {...}, ...}                     all problems, once     < ["v2", ...] what it can quote
    > {"family": "v2", "amounts": [...], "seconds": 0.2}            < {"us": 1.2, "results": [...]}

Standard output is for these answers alone; what a library prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Quote = Callable[[int], int]
Maker = Callable[[Mapping[str, Any]], Quote]

MODULES = {
    "ours": "benchmarks.our_quotes:EXACT",
    "ours_whole": "benchmarks.our_quotes:WHOLE",
    "degenbot": "benchmarks.peers.quotes_degenbot:QUOTES",
    "uniswap_v3_quoter": "benchmarks.peers.quotes_v3_quoter:QUOTES",
    "balancer_maths": "benchmarks.peers.quotes_balancer_maths:QUOTES",
    "curvesim": "benchmarks.peers.quotes_curvesim:QUOTES",
}
"""Module and table of each contestant: from a family to what makes its quotes."""


def timed(quote: Quote, amounts: list[int], seconds: float, *, first: int) -> dict[str, Any]:
    """Microseconds a quote over as many rounds of all amounts as take about `seconds`.

    Each amount is a smallest unit more than in the round before, beginning with `first` more: who
    remembers what was asked has nothing of it, as with the amounts of real trades.
    """
    results = [quote(amount) for amount in amounts]
    gc.collect()
    rounds, taken, more = 1, 0.0, first
    while taken < seconds:
        start = time.perf_counter()
        for step in range(more, more + rounds):
            for amount in amounts:
                quote(amount + step)
        taken = time.perf_counter() - start
        done, more = rounds, more + rounds
        rounds = max(2 * rounds, int(rounds * 1.1 * seconds / max(taken, 1e-6)))
    return {
        "us": 1e6 * taken / done / len(amounts),
        "results": [int(each) for each in results],
        "next": more,
    }


def main(name: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, _, table = MODULES[name].partition(":")
    makers: dict[str, Maker] = getattr(import_module(module), table)
    told = json.loads(sys.stdin.readline())
    quotes = {family: makers[family](data) for family, data in told.items() if family in makers}
    answers.write(json.dumps(list(quotes)) + "\n")
    more = dict.fromkeys(quotes, 1)
    for line in sys.stdin:
        order = json.loads(line)
        family = order["family"]
        found = timed(quotes[family], order["amounts"], order["seconds"], first=more[family])
        more[family] = found.pop("next")
        answers.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
