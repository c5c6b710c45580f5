"""Malformed answers through every decoder: our errors come out, or what the type admits.

With --deep more than 100,000 of them; `scripts/fuzz` gives the same decoders to atheris.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.malformed import Choices
from tests.support.malformed_answers import DECODERS
from tests.support.tally import Tally

ENTROPY = st.binary(min_size=40, max_size=40) | st.binary(max_size=40)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("decoder", DECODERS)
@settings(max_examples=examples(100, deep=10_000))
@given(entropy=ENTROPY)
def test_a_malformed_answer_gives_nothing_that_its_type_does_not_admit(
    runner: asyncio.Runner, decoder: str, entropy: bytes
) -> None:
    async def decode() -> None:
        await DECODERS[decoder](Choices(entropy))

    runner.run(decode())


@pytest.mark.parametrize("decoder", DECODERS)
def test_each_decoder_both_refuses_and_takes_what_was_bent(
    runner: asyncio.Runner, decoder: str
) -> None:
    """Else its inputs would all be whole, or all be hopeless."""

    async def decode() -> Mapping[str, int]:
        random, tally = Random(7), Tally()
        for _ in range(200):
            await tally.put(DECODERS[decoder], random.randbytes(40))
        return tally.figures()

    counts = runner.run(decode())
    assert counts["bent"] > counts["inputs"] / 2
    assert counts["refused"] > 0
    assert counts["taken"] > 0
