"""Conditions of rules: what they may say, what they say of figures, and where they are wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.alerts.expression import FUNCTIONS, KINDS, SHORTHANDS, expression
from watcher.alerts.syntax import MOST_CHARACTERS, MOST_DEPTH, SyntaxProblem, parse
from watcher.alerts.values import UNREAD, Rows, Truth
from watcher.math.catalogue import CATALOGUE
from watcher.state import Measure
from watcher.state.alert import Gauge

PAIR, COINS, VAULT = "constant_product", "stableswap", "share_vault"
NAN = math.nan


def measure(name: str, value: float, **dims: str) -> Measure:
    why = "the feed is stale" if math.isnan(value) else ""
    return Measure(name, value, 1, tuple(sorted(dims.items())), why)


def rows(*measures: Measure) -> Rows:
    found: dict[str, list[Measure]] = {}
    for one in measures:
        found.setdefault(one.name, []).append(one)
    return found


def discount(value: float, *depths: float) -> Rows:
    deep = [measure("depth_money", x, move="0.01", token_in=f"0x{n}") for n, x in enumerate(depths)]
    return rows(measure("ln_spot_over_reference", value), *deep)


def truth(text: str, of: Rows, kind: str = PAIR) -> Truth:
    return expression(text).by_kind[kind].truth(of)


def gauges(text: str, of: Rows, kind: str = PAIR) -> tuple[Gauge, ...]:
    return expression(text).by_kind[kind].gauges(of)


DISCOUNT = "abs(ln_spot_over_reference) > 0.01 and depth_1pct_money < 2e6"


@pytest.mark.parametrize(
    ("value", "depths", "said"),
    [
        (-0.02, (9e5, 3e6), True),
        (0.02, (9e5, 3e6), True),
        (0.02, (2e6, 3e6), False),
        (0.01, (9e5, 9e5), False),
        (NAN, (9e5, 9e5), None),
        (NAN, (3e6, 3e6), False),
        (0.02, (NAN, 3e6), None),
        (0.0, (NAN, 3e6), False),
        (0.02, (), None),
    ],
)
def test_the_example_of_the_manual(value: float, depths: tuple[float, ...], said: Truth) -> None:
    assert truth(DISCOUNT, discount(value, *depths)) is said


@pytest.mark.parametrize("one", [True, False, None])
@pytest.mark.parametrize("other", [True, False, None])
def test_truth_has_three_values(one: Truth, other: Truth) -> None:
    """Kleene's strong logic, of `and`, `or` and `not`."""
    value = {True: 2.0, False: 0.0, None: NAN}
    seen = rows(measure("idle_share", value[one]), measure("exit_fee", value[other]))
    left, right = "idle_share > 1", "exit_fee > 1"
    both = False if False in (one, other) else None if None in (one, other) else True
    either = True if True in (one, other) else None if None in (one, other) else False
    assert truth(f"{left} and {right}", seen, VAULT) is both
    assert truth(f"{left} or {right}", seen, VAULT) is either
    assert truth(f"not ({left})", seen, VAULT) is (None if one is None else not one)


def test_a_comparison_holds_of_any_row_and_says_which() -> None:
    seen = rows(
        measure("ln_spot_over_reference", 0.001, token="0xA"),
        measure("ln_spot_over_reference", -0.03, token="0xB"),
        measure("ln_spot_over_reference", NAN, token="0xC"),
    )
    text = "abs(ln_spot_over_reference) > 0.02"
    assert truth(text, seen, COINS) is True
    (gauge,) = gauges(text, seen, COINS)
    assert (gauge.value, gauge.dims, gauge.limit) == (0.03, (("token", "0xB"),), 0.02)
    assert truth("abs(ln_spot_over_reference) > 0.04", seen, COINS) is None
    assert truth("max(abs(ln_spot_over_reference)) > 0.02", seen, COINS) is None


def test_rows_are_chosen_by_their_dimensions() -> None:
    seen = rows(
        measure("slippage", 0.1, token_in="0xA", size="1000"),
        measure("slippage", 0.4, token_in="0xA", size="100000"),
        measure("slippage", 0.2, token_in="0xaB", size="100000"),
    )
    assert truth("slippage[size=1e3] > 0.15", seen) is False
    assert truth("slippage[size=1e5, token_in=0xAb] > 0.3", seen) is False
    assert truth("slippage[size=100000] > 0.3", seen) is True
    assert truth("slippage[size=7] > 0.3", seen) is None
    assert truth("min(slippage[size=100000]) > 0.15", seen) is True


def test_rows_of_both_sides_meet_by_their_dimensions() -> None:
    seen = rows(
        measure("depth_money", 10.0, move="0.01", token_in="0xA"),
        measure("depth_money", 90.0, move="0.01", token_in="0xB"),
        measure("arbitrage_value", 30.0),
    )
    assert truth("depth_money < arbitrage_value", seen) is True
    assert truth("depth_money - depth_money == 0", seen) is True
    assert truth("depth_money / 0 > 1", seen) is None
    assert truth("sum(depth_money) == 100 and max(depth_money, 50) == 50", seen) is True
    (gauge,) = gauges("50 > depth_money", seen)
    assert (gauge.figure, gauge.sign, gauge.value) == ("depth_money", "<", 10.0)
    (gauge,) = gauges("not (depth_money >= 20)", seen)
    assert (gauge.sign, gauge.value) == ("<", 10.0)


def test_unknown_is_never_false_without_a_word() -> None:
    seen = rows(measure("ln_spot_over_reference", NAN))
    for sign in ("<", "<=", ">", ">=", "==", "!="):
        assert truth(f"ln_spot_over_reference {sign} 0", seen) is None
    assert truth("unknown(ln_spot_over_reference)", seen) is True
    assert truth("unknown(ln_spot_over_reference)", discount(0.0)) is False
    assert truth("unknown(ln_spot_over_reference)", {}) is True
    (gauge,) = gauges("ln_spot_over_reference > 0", seen)
    assert math.isnan(gauge.value)
    assert gauge.reason == "the feed is stale"


def test_what_cannot_be_read() -> None:
    seen = {UNREAD: (Measure(UNREAD, 1.0, 1, reason="reverted"),)}
    assert truth("unread", seen) is True
    assert truth("not unread", seen) is False
    assert truth("unread", {}) is False
    assert expression("unread").kinds == KINDS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at character 1: something is missing at the end"),
        (
            "lost_dept > 1",
            'at character 1: unknown measure "lost_dept"; did you mean "lost_depth"?',
        ),
        ("1 > abz(spot_price)", 'at character 5: unknown function "abz"; did you mean "abs"?'),
        ("spot_price", "at character 1: a number is no condition"),
        ("spot_price > 1 > 2", "at character 16: compare two at a time"),
        ("spot_price = 1", "at character 12: write == to compare"),
        ("(spot_price > 1", "at character 16: ) is missing after what ( opened"),
        ("spot_price > 1)", "at character 15: ) is not expected here"),
        ("spot_price > import", 'unknown measure "import"'),
        ("spot_price > ;", "at character 14: ; has no meaning here"),
        ("spot_price > 1 and", "at character 19: something is missing at the end"),
        ("1 > 2", "at character 1: it names no measure"),
        ("spot_price[size=1] > 1", "spot_price of a constant_product has no size: it has none"),
        ("depth_money[size=1] > 1", "it has move, token_in"),
        ("value_share > depth_money", "one side is in fraction, the other in unit of account"),
        ("value_share + arbitrage_value > 1", "one side is in fraction, the other in unit of"),
        ("depth > depth_ladder[move=0.01]", "one side has rows by"),
        ("price_per_share > spot_price", "no kind of target has all of price_per_share, spot_"),
        ("abs(spot_price > 1) > 1", "at character 16: a number is expected here, and this is a"),
        ("not spot_price", "at character 5: a number is no condition"),
        ("abs(spot_price, 1) > 1", "abs takes one argument"),
        ("unread > 1", "unread is a condition, not a number"),
        ("depth_1pct_money[move=0.01] > 1", "depth_1pct_money has no dimensions to choose from"),
        ("spot_price > 1" + " or spot_price > 1" * 60, "write at most"),
        ("(" * 50 + "spot_price > 1" + ")" * 50, f"nested more than {MOST_DEPTH} deep"),
        ("-" * 100 + "spot_price > 1", f"nested more than {MOST_DEPTH} deep"),
        ("not " * 100 + "spot_price > 1", f"nested more than {MOST_DEPTH} deep"),
        ("x" * (MOST_CHARACTERS + 1), f"write at most {MOST_CHARACTERS} characters"),
        ("__import__('os').system('id') > 1", "at character 12: ' has no meaning here"),
        ("spot_price.real > 1", "at character 11: . has no meaning here"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        expression(text)
    assert said in str(caught.value)


WORDS = (
    *("and", "or", "not", "(", ")", "[", "]", "=", ",", "<", ">=", "==", "+", "-", "*", "/"),
    *("1", "2e6", "0.01", "0xAB", '"a b"', "move", UNREAD, *FUNCTIONS, *SHORTHANDS),
    *("depth_money", "spot_price", "price_per_share", "value_share", "\u202e", "𝟙", "'", "."),
)


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.text(max_size=60))
@example("1e999 < spot_price")
def test_whatever_is_written_is_a_condition_or_a_problem(text: str) -> None:
    """And a condition answers of whatever figures there are, missing ones among them."""
    try:
        found = expression(text)
    except SyntaxProblem as problem:
        place = problem.at
        found = None
    if found is None:
        assert 0 <= place <= len(text)
        return
    some = rows(*(measure(name, 1.0) for name in found.names))
    for condition in found.by_kind.values():
        for of in ({}, some):
            assert condition.truth(of) in (True, False, None)
            for gauge in condition.gauges(of):
                assert gauge.figure


@given(
    st.recursive(
        st.sampled_from(
            [
                "holdings_value > 1",
                "unread",
                "abs(holdings_value - 2) <= 3 * holdings_value_partial",
            ]
        ),
        lambda below: st.one_of(
            below.map(lambda a: f"not ({a})"),
            st.tuples(below, below).map(lambda two: f"({two[0]}) and ({two[1]})"),
            st.tuples(below, below).map(lambda two: f"({two[0]}) or ({two[1]})"),
        ),
        max_leaves=6,
    ),
    st.sampled_from([0.0, 1.5, NAN]),
    st.sampled_from([0.0, 1.5, NAN]),
)
def test_it_says_what_python_would_say_where_all_is_known(text: str, x: float, y: float) -> None:
    """And where something is unknown, nothing that is known is contradicted."""
    unread = math.isnan(x)
    seen = dict(rows(measure("holdings_value", x), measure("holdings_value_partial", y)))
    if unread:
        seen[UNREAD] = (Measure(UNREAD, 1.0, 1, reason="reverted"),)
    said = truth(text, seen, "holdings")
    possible = {
        eval(text, {"abs": abs, "holdings_value": a, "holdings_value_partial": b, "unread": unread})
        for a in ([x] if x == x else [0.0, 1.5, 9.0, -7.0])
        for b in ([y] if y == y else [0.0, 1.5, 9.0, -7.0])
    }
    if said is not None:
        assert possible == {said}
    elif x == x and y == y:
        raise AssertionError(f"unknown, though everything is known: {possible}")


def test_the_shorthands_and_the_catalogue_do_not_meet() -> None:
    assert not {UNREAD, *SHORTHANDS, *FUNCTIONS} & CATALOGUE.keys()
    for text in SHORTHANDS.values():
        parse(text)
