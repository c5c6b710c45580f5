"""Numbers for hypothesis, of every order of magnitude."""

from __future__ import annotations

from random import Random

from hypothesis import settings
from hypothesis import strategies as st

from tests.support.effort import examples

# As many examples as the usual run has time for; --deep takes its time.
usually = settings(max_examples=examples(40, deep=1000))

UINT112 = 2**112 - 1
UINT256 = 2**256 - 1


def sizes(least: int, most: int) -> st.SearchStrategy[int]:
    """Integers of every order of magnitude: a plain `integers` hardly leaves the largest."""
    bits = most.bit_length()
    edges = st.sampled_from(sorted({least, min(least + 1, most), most}))
    if bits == 0:
        return edges
    spread = st.builds(
        lambda width, digits: min(max(digits >> (bits - width), least), most),
        st.integers(max(least.bit_length(), 1), bits),
        st.integers(0, (1 << bits) - 1),
    )
    return st.one_of(spread, edges)


def spread(least: int, most: int) -> st.SearchStrategy[int]:
    """Of every digit: hypothesis likes small and round numbers, of which nothing is rounded."""
    return st.integers(0, 2**32).map(lambda seed: Random(seed).randint(least, most))


def portion(whole: int, share: int) -> int:
    """`share` parts of 2**64 of a whole, one unit at least."""
    return max(1, whole * share >> 64)


SHARES = sizes(1, 2**64)
DECIMALS = st.sampled_from([0, 2, 6, 8, 18])
