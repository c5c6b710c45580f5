"""What every adapter promises. A new one is held to it by being in ADAPTERS and recorded.

Its targets and their real answers are what `scripts/golden --record` found in the local world.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import watcher.protocols
from tests.support.answers import cut, drive
from tests.support.effort import examples
from tests.support.golden import Conversation, conversations
from tests.support.hostile import NAMED, around
from tests.support.strategies import usually
from watcher.chain.lens_program import fits
from watcher.cli.template import TEMPLATE
from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import ADAPTERS, Adapter
from watcher.state import (
    Answer,
    Balance,
    BlockTime,
    Call,
    Code,
    Slot,
    State,
    Static,
    Target,
    Ticks,
)
from watcher.state.call import DEFAULT_GAS_CAP, DEFAULT_MOST_TICKS, DEFAULT_RETURN_CAP
from watcher.state.kinds import KINDS
from watcher.state.snapshot import snapshot_from_json, snapshot_to_json
from watcher.state.ticks import return_cap, walk_of

ROOT = Path(__file__).parents[2]
FOLDER = Path(watcher.protocols.__file__).parent
RECORDED = conversations()
LONGEST = 600
"""Characters of a sentence: a contract's answer must not make it longer."""

PURE = {
    "__future__", "abis", "bisect", "collections", "dataclasses", "decimal", "enum", "eth_abi",
    "eth_utils", "fractions", "functools", "itertools", "math", "re", "struct", "types", "typing",
    "unicodedata", "watcher.errors", "watcher.math", "watcher.protocols", "watcher.state",
}  # fmt: skip
IMPURE_BUILTINS = {"open", "input", "print", "eval", "exec", "compile", "__import__", "breakpoint"}

EVERY = pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)
TALKS = pytest.mark.parametrize("talk", RECORDED.values(), ids=RECORDED)
Answering = Callable[[Sequence[Call]], Sequence[Answer]]


@EVERY
def test_every_adapter_has_been_recorded(adapter: Adapter) -> None:
    protocols = {talk.entry.protocol for talk in RECORDED.values()}
    assert adapter.protocol in protocols, (
        f"put a {adapter.protocol} contract into the local world, then run scripts/golden --record"
    )


@EVERY
def test_it_says_what_it_is(adapter: Adapter) -> None:
    assert ADAPTERS[adapter.protocol] is adapter
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", adapter.protocol)
    assert (FOLDER / f"{adapter.protocol}.py").is_file()
    assert adapter.kind in KINDS
    assert adapter.title.strip() == adapter.title != ""
    assert "\n" not in adapter.title
    names = [option.name for option in adapter.options]
    assert len(set(names)) == len(names)
    assert all(option.help.strip() for option in adapter.options)


@EVERY
def test_people_can_read_of_it(adapter: Adapter) -> None:
    assert f"\n| `{adapter.protocol}` | " in (ROOT / "README.md").read_text()
    for option in adapter.options:
        assert re.search(rf"^(# )?{option.name} = ", TEMPLATE, re.MULTILINE), option.name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@EVERY
@usually
@given(value=JSON)
def test_an_option_is_parsed_or_refused_by_a_sentence(adapter: Adapter, value: object) -> None:
    for option in adapter.options:
        try:
            found = option.parse(value)
        except ValueError as error:
            is_sentence(str(error))
        else:
            assert isinstance(found, (str, int, bool))
            assert option.parse(found) == found


@EVERY
def test_what_discovery_tries_is_what_a_configuration_may_say(adapter: Adapter) -> None:
    parsers = {option.name: option.parse for option in adapter.options}
    undiscovered = adapter.named or adapter.key is not None
    assert bool(adapter.trials) != undiscovered, "what somebody made up is nothing to discover"
    for trial in adapter.trials:
        assert {
            name: parsers[name](value) for name, value in trial.options.items()
        } == trial.options
        if trial.assumes:
            is_sentence(trial.assumes)
            assert trial.options, "there must be something to give"
    assert len({str(dict(trial.options)) for trial in adapter.trials}) == len(adapter.trials)


@TALKS
def test_a_trial_of_discovery_comes_to_every_recorded_target(talk: Conversation) -> None:
    """But for options that only a person knows, which the trial then says."""
    real = {each.call: each.answer for asked in talk.rounds for each in asked}

    def answering(calls: Sequence[Call]) -> list[Answer]:
        return [real[call] for call in calls]

    known = talk.snapshot.target.params
    if not ADAPTERS[talk.entry.protocol].trials:
        return
    wishes = [option.name for option in ADAPTERS[talk.entry.protocol].options if option.wish]
    wanted = {name: value for name, value in talk.entry.options.items() if name in wishes}
    for trial in ADAPTERS[talk.entry.protocol].trials:
        entry = replace(talk.entry, options={**wanted, **trial.options})
        target = identified(replace(talk, entry=entry), answering)
        if target is not None and (trial.assumes or target.params == known):
            return
    pytest.fail("no trial comes to it")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_nothing_in_it_reads_a_clock_a_file_or_a_network(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        for name in names:
            parts = name.split(".")
            assert parts[0] in PURE or ".".join(parts[:2]) in PURE, f"{path.name} imports {name}"
        if isinstance(node, ast.Name):
            assert node.id not in IMPURE_BUILTINS, f"{path.name} uses {node.id}"


@EVERY
def test_every_way_of_configuring_it_that_is_recorded_is_its_own(adapter: Adapter) -> None:
    known = {option.name for option in adapter.options}
    for talk in RECORDED.values():
        if talk.entry.protocol == adapter.protocol:
            assert talk.entry.options.keys() <= known
            for option in adapter.options:
                if option.name in talk.entry.options:
                    given_value = talk.entry.options[option.name]
                    assert option.parse(given_value) == given_value


@TALKS
def test_what_it_asks_is_bounded_and_always_the_same(talk: Conversation) -> None:
    adapter, target = ADAPTERS[talk.entry.protocol], talk.snapshot.target
    calls = adapter.calls(target)
    assert calls
    assert calls == adapter.calls(target)
    first, again = (next(adapter.identify(talk.entry)) for _ in range(2))
    assert first == again
    rounds = [talk.reading, *talk.rounds]
    for call in [*calls, *(exchange.call for asked in rounds for exchange in asked)]:
        assert isinstance(call, (Static, Code, Balance, Slot, Ticks, BlockTime))
        if isinstance(call, Static):
            assert len(call.data) >= 4
            assert 0 < call.gas_cap <= DEFAULT_GAS_CAP
            assert 0 < call.return_cap <= DEFAULT_RETURN_CAP
        if isinstance(call, Code):
            assert 0 < call.return_cap <= 64 * 1024
        if isinstance(call, Ticks):
            assert 0 < call.gas_cap <= DEFAULT_GAS_CAP
            assert 0 < call.most_ticks <= DEFAULT_MOST_TICKS
            assert fits(call)


@TALKS
def test_every_real_answer_fits_its_cap(talk: Conversation) -> None:
    for exchange in [*talk.reading, *(exchange for asked in talk.rounds for exchange in asked)]:
        if isinstance(exchange.call, Ticks):
            assert walk_of(exchange.answer).whole
        # of a revert nobody reads the sentence
        if isinstance(exchange.call, Static) and exchange.answer.ok:
            assert exchange.answer.length == len(exchange.answer.data) <= exchange.call.return_cap


@TALKS
def test_the_target_is_the_entrys_and_of_the_adapters_kind(talk: Conversation) -> None:
    adapter, target, entry = ADAPTERS[talk.entry.protocol], talk.snapshot.target, talk.entry
    named = (target.chain_id, target.protocol, target.address, target.key)
    assert named == (entry.chain_id, entry.protocol, entry.address, entry.key)
    assert target.kind == adapter.kind == talk.snapshot.state.KIND
    assert target.label


@TALKS
@pytest.mark.parametrize("wrong", NAMED)
def test_one_wrong_answer_is_an_error_and_never_another_figure(
    talk: Conversation, wrong: str
) -> None:
    adapter, target = ADAPTERS[talk.entry.protocol], talk.snapshot.target
    for row, exchange in enumerate(talk.reading):
        answers = talk.answers
        answers[row] = fitted(exchange.call, NAMED[wrong])
        state = decoded(adapter, target, answers)
        assert state is None or state == talk.snapshot.state, exchange.call


@TALKS
@pytest.mark.parametrize("wrong", NAMED)
def test_nothing_but_wrong_answers_is_an_error(talk: Conversation, wrong: str) -> None:
    adapter, target = ADAPTERS[talk.entry.protocol], talk.snapshot.target
    answers = [fitted(exchange.call, NAMED[wrong]) for exchange in talk.reading]
    with pytest.raises(ReadError):
        adapter.decode(target, answers)


@TALKS
@pytest.mark.parametrize("wrong", NAMED)
def test_one_wrong_answer_never_gives_another_target(talk: Conversation, wrong: str) -> None:
    real = {each.call: each.answer for asked in talk.rounds for each in asked}
    for bad in real:
        answers = {**real, bad: NAMED[wrong]}

        def answering(
            calls: Sequence[Call], known: Mapping[Call, Answer] = answers
        ) -> list[Answer]:
            # After a wrong answer an adapter may go on to contracts that nobody has recorded.
            return [fitted(call, known.get(call, NAMED[wrong])) for call in calls]

        target = identified(talk, answering)
        assert target is None or facts(target) == facts(talk.snapshot.target), bad


@TALKS
@settings(max_examples=examples(100, deep=2000))
@given(drawn=st.data())
def test_no_answers_give_anything_but_a_state_or_a_read_error(
    talk: Conversation, drawn: st.DataObject
) -> None:
    adapter, target = ADAPTERS[talk.entry.protocol], talk.snapshot.target
    calls = [each.call for each in talk.reading]
    answers = list(map(fitted, calls, drawn.draw(around(talk.answers))))
    state = decoded(adapter, target, answers)
    if state is not None:
        assert state.KIND == adapter.kind
        # What is exported is checked again as a stranger's: decimals and every type's range.
        snapshot = replace(talk.snapshot, state=state)
        assert snapshot_from_json(snapshot_to_json(snapshot)) == snapshot


@TALKS
@settings(max_examples=examples(100, deep=2000))
@given(drawn=st.data())
def test_no_answers_identify_a_target_but_by_a_sentence(
    talk: Conversation, drawn: st.DataObject
) -> None:
    real = {each.call: each.answer for asked in talk.rounds for each in asked}

    def answers(calls: Sequence[Call]) -> list[Answer]:
        return list(map(fitted, calls, drawn.draw(around([real.get(call) for call in calls]))))

    target = identified(talk, answers)
    if target is not None:
        adapter = ADAPTERS[talk.entry.protocol]
        assert (target.address, target.kind) == (talk.entry.address, adapter.kind)
        coins = [*target.tokens, *filter(None, [target.share])]
        assert all(0 <= token.decimals <= 77 for token in coins)
        assert all(token.symbol.isprintable() for token in coins)


def is_sentence(text: str) -> None:
    assert 0 < len(text) < LONGEST
    assert "\n" not in text


def fitted(call: Call, answer: Answer) -> Answer:
    """As the reader gives it: cut at the call's cap."""
    if isinstance(call, Ticks):
        return cut(answer, return_cap(call))
    return cut(answer, call.return_cap) if isinstance(call, (Static, Code)) else answer


def decoded(adapter: Adapter, target: Target, answers: Sequence[Answer]) -> State | None:
    """The state, or None after an error that is one of ours and a sentence."""
    try:
        return adapter.decode(target, answers)
    except ReadError as error:
        is_sentence(str(error))
        return None


def identified(talk: Conversation, answers: Answering) -> Target | None:
    """The target, or None after an error that is one of ours and a sentence."""
    try:
        return drive(ADAPTERS[talk.entry.protocol], talk.entry, answers)
    except (ReadError, RefusedTarget) as error:
        is_sentence(str(error))
        return None


def facts(target: Target) -> object:
    """All of a target but its texts, which are for people."""
    coins = [(coin.address, coin.decimals) for coin in [*target.tokens, target.share] if coin]
    params = {name: value for name, value in target.params.items() if isinstance(value, int)}
    return target.id, target.kind, coins, params
