"""scripts/fuzz but for atheris: its inputs can be repeated, and what it is asked is checked."""

from __future__ import annotations

import pytest

from tests.fuzz import __main__ as fuzz
from tests.support import malformed_answers
from tests.support.malformed import Choices
from tests.support.malformed_answers import DECODERS, Outcome


def test_an_input_is_repeated_without_atheris(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["hex_data", "logs", "--input", ""]) == 0
    assert capsys.readouterr().out == "hex_data: refused\nlogs: taken\n"


def test_what_a_decoder_lets_out_comes_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lets_out(choices: Choices) -> Outcome:
        raise OverflowError(choices.some(3))

    monkeypatch.setitem(malformed_answers.DECODERS, "hex_data", lets_out)
    with pytest.raises(OverflowError):
        fuzz.main(["hex_data", "--input", "0102"])


def test_a_decoder_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fuzz.main(["hexdata"])
    assert ended.value.code == 2
    said = capsys.readouterr().err.split("there are")[1]
    assert all(name in said for name in DECODERS)
