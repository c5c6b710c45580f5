"""Integers of every order of magnitude for hypothesis, and parts of a whole."""

from __future__ import annotations

from hypothesis import strategies as st


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


def portion(whole: int, share: int) -> int:
    """`share` parts of 2**64 of a whole, one unit at least."""
    return max(1, whole * share >> 64)


SHARES = sizes(1, 2**64)
