"""scripts/bench: measurements that compare us with what others have written."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from benchmarks import figures, head, measuring, quoting, serving, shown, storing, ticking
from benchmarks.reading import ENTRANTS, measure
from watcher.devnet.artifacts import prepare
from watcher.devnet.fetch import default_cache
from watcher.errors import SetupError

SIZES = (1_000, 5_000)
ROUNDS = 5


def parser() -> argparse.ArgumentParser:
    names = [one.name for one in ENTRANTS]
    made = argparse.ArgumentParser("scripts/bench", description=__doc__)
    commands = made.add_subparsers(required=True)
    read = commands.add_parser(
        "read", help="from a block to the states of real pairs, ours against others"
    )
    read.add_argument("--pairs", type=int, nargs="+", default=list(SIZES), help="how many pairs")
    read.add_argument("--rounds", type=int, default=ROUNDS, help="how often each reads")
    read.add_argument("--only", nargs="+", choices=names, default=names, help="who takes part")
    read.add_argument("--json", action="store_true", help="print JSON, not tables")
    read.set_defaults(run=run_read)
    late = commands.add_parser("head", help="from a head's first being seen to its commit")
    late.add_argument("--blocks", type=int, default=60, help="blocks whose median is taken")
    late.add_argument("--pairs", type=int, default=1_000, help="how many pairs are watched")
    late.add_argument("--mode", choices=["websocket", "polling"], help="one of the two alone")
    late.set_defaults(run=run_head)
    quoters = [one.name for one in quoting.QUOTERS]
    quote = commands.add_parser("math", help="one exact quote of each family, ours against others")
    quote.add_argument("--rounds", type=int, default=ROUNDS, help="how often each quotes")
    quote.add_argument("--only", nargs="+", choices=quoters, default=quoters, help="who takes part")
    quote.add_argument("--json", action="store_true", help="print JSON, not tables")
    quote.set_defaults(run=run_math)
    store = commands.add_parser("store", help="a block's rows written, and history read back")
    store.add_argument("--pairs", type=int, default=1_000, help="how many targets change a block")
    store.add_argument("--blocks", type=int, default=20, help="blocks that are there before")
    store.add_argument("--rounds", type=int, default=ROUNDS, help="blocks that are timed")
    store.set_defaults(run=run_store)
    service = commands.add_parser("service", help="a tick's time, split, and its memory")
    service.add_argument("--pairs", type=int, default=1_000, help="how many pairs are watched")
    service.add_argument("--rounds", type=int, default=ROUNDS, help="ticks of each kind")
    service.set_defaults(run=run_service)
    measures = commands.add_parser("measures", help="all measures of pools of mixed kinds")
    measures.add_argument("--pools", type=int, default=1_000, help="how many there are")
    measures.add_argument("--rounds", type=int, default=ROUNDS, help="how often they are measured")
    measures.set_defaults(run=run_measures)
    api = commands.add_parser("api", help="many clients of a history that is being written")
    api.add_argument("--measures", type=int, default=200_000, help="how many there are before")
    api.add_argument("--targets", type=int, default=50, help="of how many pairs they are")
    api.add_argument("--clients", type=int, default=50, help="each asks once a second")
    api.add_argument("--seconds", type=float, default=20.0, help="of each number of clients")
    api.set_defaults(run=run_api)
    return made


def run_api(asked: argparse.Namespace) -> None:
    serving.run(
        measures=asked.measures,
        targets=asked.targets,
        clients=asked.clients,
        seconds=asked.seconds,
    )


def run_measures(asked: argparse.Namespace) -> None:
    measuring.run(pools=asked.pools, rounds=asked.rounds)


def run_service(asked: argparse.Namespace) -> None:
    ticking.run(pairs=asked.pairs, rounds=asked.rounds)


def run_store(asked: argparse.Namespace) -> None:
    storing.run(pairs=asked.pairs, blocks=asked.blocks, rounds=asked.rounds)


def run_math(asked: argparse.Namespace) -> None:
    found = quoting.measure(["ours", *asked.only], rounds=asked.rounds)
    print(quoting.as_json(found) if asked.json else quoting.tables(found))


def run_read(asked: argparse.Namespace) -> None:
    toolchain = prepare(default_cache())
    names = {"ours", *asked.only}
    work = measure(toolchain, sorted(names), sizes=asked.pairs, rounds=asked.rounds)
    found = figures.rows(asyncio.run(work))
    judged = figures.verdicts(found)
    print(shown.as_json(found, judged) if asked.json else shown.tables(found, judged))


def run_head(asked: argparse.Namespace) -> None:
    head.run(blocks=asked.blocks, count=asked.pairs, mode=asked.mode)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    try:
        asked.run(asked)
    except SetupError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
