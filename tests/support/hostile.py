"""What a contract may answer instead of what it should."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import encode
from hypothesis import strategies as st

from tests.support.answers import EMPTY, REVERTED, data, text, words
from watcher.state import Answer

NAMED: dict[str, Answer] = {
    "empty": EMPTY,
    "reverted": REVERTED,
    "short": data(b"\1" * 31),
    "long": data(b"\0" * 31 + b"\1" + b"\0" * 33),
    "cut": data(b"\1" * 64, length=1_000_000),
    "all ones, seven words": data(b"\xff" * 224),
    "bad UTF-8": data(encode(["bytes"], [b"\xff\xfe\xc0\x80" * 8])),
    "a megabyte": data(b"A" * 1_024, length=2**20),
}
"""Wrong for every function of every supported interface."""

WORDS = st.one_of(
    st.integers(0, 20),
    st.sampled_from([32, 64, 2**112, 2**160 - 1, 2**160, 2**255, 2**256 - 1]),
    st.integers(0, 2**256 - 1),
)

ANSWERS = st.one_of(
    st.lists(WORDS, max_size=6).map(lambda values: words(*values)),
    st.lists(WORDS, min_size=1, max_size=1).map(lambda values: words(*values)),
    st.binary(max_size=200).map(data),
    st.text(max_size=40).filter(lambda value: value.isprintable()).map(text),
    st.sampled_from(
        [
            words(32, 2**255),  # a text's length of 2**255, then pointers to nowhere and to itself
            words(2**255, 5, 5),
            words(0, 0, 0),
        ]
    ),
    st.binary(max_size=64).map(lambda raw: Answer(ok=False, data=raw, length=len(raw))),
    st.binary(max_size=64).map(lambda raw: Answer(ok=True, data=raw, length=2**20)),
)


@st.composite
def _bent(draw: st.DrawFn, real: Answer) -> Answer:
    """One byte is another, most often the last, or some are missing or too many."""
    raw = bytearray(real.data)
    last = max(len(raw) - 1, 0)
    place = draw(st.just(last) | st.integers(0, last))
    match draw(st.sampled_from(["byte", "byte", "byte", "less", "more", "reverted"])):
        case "byte" if raw:
            raw[place] = draw(st.sampled_from([0, 1, 78, 255]) | st.integers(0, 255))
        case "less":
            del raw[place:]
        case "more":
            raw += draw(st.binary(min_size=1, max_size=64))
        case _:
            return Answer(ok=False, data=bytes(raw), length=len(raw))
    return data(bytes(raw))


@st.composite
def around(draw: st.DrawFn, real: Sequence[Answer | None]) -> list[Answer]:
    """The real answers but for a few, which are something like it or anything; None is anything."""
    place = st.integers(0, max(len(real) - 1, 0))
    none: set[int] = set()
    one = place.map(lambda row: {row})
    changed = draw(st.one_of(st.just(none), one, one, st.sets(place)))
    return [
        draw(ANSWERS)
        if answer is None
        else draw(st.one_of(_bent(answer), _bent(answer), ANSWERS))
        if row in changed
        else answer
        for row, answer in enumerate(real)
    ]
