"""What is kept of the exact mathematics' calls comes back as what it was."""

from __future__ import annotations

import json

import pytest

from tests.support.executions import (
    KEPT,
    RAISED,
    Execution,
    Sample,
    decode,
    encode,
    replayed,
    watching,
)
from watcher.errors import MathError
from watcher.math.exact import constant_product
from watcher.math.exact.concentrated_variants import Variant
from watcher.math.exact.constant_product import get_amount_out
from watcher.math.exact.stable_surge import Surge
from watcher.math.exact.swap_math import SwapStep

VALUES = (
    None,
    True,
    -(2**300),
    "text",
    b"\x00\xff",
    [1, (2, [3])],
    {1: (2, 3), -4: None},
    SwapStep(1, 2, 3, 4),
    Surge(2, 3),
    Variant(),
    constant_product.quote,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_was_through_json(value: object) -> None:
    again = decode(json.loads(json.dumps(encode(value))))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("value", [iter(()), 1.5, lambda: 1], ids=str)
def test_what_a_file_cannot_hold_is_not_kept(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_a_sample_is_of_all_calls_and_leaves_room_for_those_that_raise() -> None:
    sample = Sample("f")
    for i in range(1_000):
        sample.add(Execution([i], {}, i))
        sample.add(Execution([i], {}, i))
        sample.add(Execution([-i], {}, RAISED))
    kept = [json.loads(text) for text in sample.texts()]
    raised = [arguments for arguments, _, outcome in kept if outcome == RAISED]
    assert len(raised) == KEPT // 3
    assert len(kept) == KEPT + KEPT // 3
    assert max(arguments[0] for arguments, *_ in kept) > 500


def test_each_call_is_seen_with_its_outcome_whoever_calls_and_none_afterwards() -> None:
    seen: list[tuple[str, Execution]] = []
    with watching(lambda name, execution: seen.append((name, execution))):
        assert get_amount_out(10, 1_000, 1_000, fee_numerator=997, fee_denominator=1_000) == 9
        with pytest.raises(MathError):
            constant_product.get_amount_out(0, 1, 1, fee_numerator=997, fee_denominator=1_000)
    constant_product.get_amount_out(10, 1_000, 1_000, fee_numerator=997, fee_denominator=1_000)
    named = {"fee_numerator": 997, "fee_denominator": 1_000}
    assert seen == [
        ("constant_product:get_amount_out", Execution([10, 1_000, 1_000], named, 9)),
        ("constant_product:get_amount_out", Execution([0, 1, 1], named, RAISED)),
    ]
    assert [replayed(name, execution) for name, execution in seen] == [9, RAISED]
