"""How scripts/mutate tells mutants of arithmetic from those of words."""

from __future__ import annotations

import pytest

from tests.support.mutants import change, in_words, main, verdict

DIFF = """\
--- watcher/math/exact/shares.py
+++ watcher/math/exact/shares.py
@@ -1,3 +1,3 @@
 def f(a):
-    if a <= 0:
+    if a < 0:
         raise MathError("nothing")
"""


def test_a_diff_is_its_lines() -> None:
    assert change(DIFF) == (["    if a <= 0:"], ["    if a < 0:"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('raise MathError("K")', 'raise MathError("XXKXX")', True),
        ('raise MathError("K")', 'raise MathError("k")', True),
        ('raise MathError("K")', "raise MathError(None)", True),
        ("raise MathError(DIVISION)", "raise MathError(None)", True),
        ("checked(a, 256, OVERFLOW) // b", "checked(a, 256, None) // b", True),
        ("checked(a, 256, OVERFLOW) // b", "checked(a, 256, OVERFLOW) / b", False),
        ("zip(a, b, strict=True)", "zip(a, b, strict=False)", True),
        ("zip(a, b, strict=True)", "zip(a, b, )", True),
        ("zip(a, b, strict=True)", "zip(a, strict=True)", False),
        ('checked(a, 256, "over")', 'checked(a, 257, "over")', False),
        ('checked(a, 256, "over")', 'checked(None, 256, "over")', False),
        ("if a <= 0:", "if a < 0:", False),
    ],
)
def test_words_are_told_from_arithmetic(old: str, new: str, words: bool) -> None:
    assert in_words([old], [new]) is words


def test_a_line_more_is_no_word() -> None:
    assert not in_words(["a"], ["a", "b"])


def test_exit_codes_are_verdicts() -> None:
    codes: list[int | None] = [None, 0, 1, 3, 33, -24, 36]
    told = ["not run", "survived", "killed", "killed", "without tests", "timed out", "timed out"]
    assert [verdict(code) for code in codes] == told


def test_a_module_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["no_such_module"])
    assert ended.value.code == 2
    assert "kyber_dmm" in capsys.readouterr().err
