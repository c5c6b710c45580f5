"""scripts/fuzz: malformed answers through every decoder, chosen by what code they reach."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory

from benchmarks.environments import ROOT, installed
from tests.support.malformed import Choices
from tests.support.malformed_answers import DECODERS
from watcher.errors import SetupError

REQUIREMENTS = Path(__file__).parent / "atheris.txt"
RUNS = 10_000
SEEDS = 200
"""Random inputs to begin with; a fuzzer that begins with none bends nothing for a while."""

SIZE = 40
FAILED = 3
COLUMNS = ("inputs", "bent", "refused", "taken")


class Failed(Exception):
    """A decoder let something out; its text says what and how to repeat it."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("scripts/fuzz", description=__doc__)
    made.add_argument("decoders", nargs="*", metavar="DECODER", help=f"of {', '.join(DECODERS)}")
    made.add_argument("--runs", type=int, default=RUNS, help="inputs of each decoder")
    made.add_argument("--seed", type=int, help="repeats a run")
    made.add_argument("--input", metavar="HEX", help="only this input, without atheris")
    return made


def fuzz(python: Path, decoder: str, *, runs: int, seed: int) -> Mapping[str, int]:
    """The counts of one decoder. Raises Failed with the input that broke it."""
    with TemporaryDirectory(prefix="imbalance-watcher-fuzz-") as corpus:
        random = Random(f"{seed} {decoder}")
        for number in range(SEEDS):
            (Path(corpus) / str(number)).write_bytes(random.randbytes(SIZE))
        line = [str(python), "-m", "tests.fuzz.worker", decoder, str(runs), str(seed), corpus]
        done = subprocess.run(
            line, capture_output=True, text=True, errors="replace", env=_paths(), check=False
        )
    said = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    if done.returncode == 0 and "inputs" in said:
        return {name: int(said[name]) for name in COLUMNS}
    repeat = f"repeat it by scripts/fuzz {decoder} --input {said['input']}" if said else ""
    raise Failed("\n".join([done.stderr[-4_000:], f"{decoder} failed; {repeat}".rstrip("; ")]))


def _paths() -> dict[str, str]:
    """The environment holds atheris alone; what it fuzzes is this checkout with its packages."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    paths = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "PYTHONNOUSERSITE": "1"}


def run(asked: argparse.Namespace) -> int:
    try:
        python = installed(REQUIREMENTS, kind="fuzz")
    except SetupError as error:
        raise SetupError(
            f"atheris does not install on this Python or machine ({error}): "
            "`scripts/test --deep tests/property/test_malformed_answers.py` asks the same decoders."
        ) from None
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1, 2**31)
    print(f"seed {seed}", flush=True)
    print(f"{'decoder':<18}" + "".join(f"{name:>10}" for name in COLUMNS), flush=True)
    totals, failures = dict.fromkeys(COLUMNS, 0), 0
    for decoder in asked.decoders or DECODERS:
        try:
            counts = fuzz(python, decoder, runs=asked.runs, seed=seed)
        except Failed as failed:
            print(failed, file=sys.stderr, flush=True)
            failures += 1
            continue
        _print(decoder, counts)
        totals = {name: totals[name] + counts[name] for name in COLUMNS}
    _print("all", totals)
    return FAILED if failures else 0


def _print(name: str, counts: Mapping[str, int]) -> None:
    print(f"{name:<18}" + "".join(f"{counts[one]:>10,}" for one in COLUMNS), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    made = parser()
    asked = made.parse_args(arguments)
    unknown = [name for name in asked.decoders if name not in DECODERS]
    if unknown:
        made.error(f"no decoder is called {unknown[0]}: there are {', '.join(DECODERS)}")
    if asked.input is not None:
        for decoder in asked.decoders or DECODERS:
            asyncio.run(_one(decoder, bytes.fromhex(asked.input)))
        return 0
    try:
        return run(asked)
    except SetupError as error:
        print(f"fuzz: {error}", file=sys.stderr)
        return 1


async def _one(decoder: str, entropy: bytes) -> None:
    outcome = await DECODERS[decoder](Choices(entropy))
    print(f"{decoder}: {outcome}")


if __name__ == "__main__":
    sys.exit(main())
