"""One decoder under atheris, in the environment that has it: prints its counts as JSON.

Run by `scripts/fuzz`: `python -m tests.fuzz.worker DECODER RUNS SEED CORPUS`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback

import atheris

with atheris.instrument_imports(include=["watcher"]):
    from tests.support.malformed_answers import DECODERS
    from tests.support.tally import Tally

LONGEST = 64
"""Bytes of an input; a decoder's choices take about 40."""


def main(name: str, runs: int, seed: str, corpus: str) -> None:
    tally, decoder, runner = Tally(), DECODERS[name], asyncio.Runner()

    def test_one_input(entropy: bytes) -> None:
        try:
            runner.run(tally.put(decoder, entropy))
        except BaseException:  # noqa: BLE001 - whatever a decoder lets out is the finding
            traceback.print_exc()
            _end({"input": entropy.hex()}, 1)
        if tally.inputs == runs:
            _end(tally.figures(), 0)

    options = [f"-seed={seed}", f"-max_len={LONGEST}", "-len_control=0", corpus]
    atheris.Setup([sys.argv[0], *options], test_one_input)
    atheris.Fuzz()


def _end(said: object, code: int) -> None:
    """At once: libFuzzer would go on, and write files of its own."""
    sys.stderr.flush()
    print(json.dumps(said), flush=True)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
