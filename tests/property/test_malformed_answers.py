"""Malformed answers through every decoder: our errors come out, or what the type admits.

With --deep more than 100,000 of them; `scripts/fuzz` gives the same decoders to atheris.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.malformed import Choices
from tests.support.malformed_answers import DECODERS

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
