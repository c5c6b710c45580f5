"""The rules that a run of the suite obeys: what may be skipped, what is left for --deep."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

SKIPPED = """
import pytest
def test_that_passes(): pass
def test_that_is_skipped(): pytest.skip({reason!r})
"""

PROPERTY = """
import pytest
from hypothesis import given, settings, strategies
from tests.support.effort import examples

@settings(max_examples=examples(7, deep=40))
@given(strategies.integers())
def test_usual(number): assert isinstance(number, int)

@pytest.mark.deep
def test_only_deep(): pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = deep: only with --deep\n")
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plugins = ("-p", "tests.support.skips", "-p", "tests.support.effort")
    return suite.runpytest_subprocess(*plugins, *arguments)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("no Chromium here", pytest.ExitCode.TESTS_FAILED),
        ("no ../shared/data/vectors", pytest.ExitCode.OK),
        ("WATCHER_FORK_URL is not set", pytest.ExitCode.OK),
    ],
)
def test_strict_skips_fails_a_run_that_skipped_for_any_other_reason(
    suite: pytest.Pytester, reason: str, code: pytest.ExitCode
) -> None:
    suite.makepyfile(SKIPPED.format(reason=reason))
    result = run(suite, "--strict-skips")
    assert result.ret == code
    assert ("NOT RUN" in result.stdout.str()) == (code != pytest.ExitCode.OK)


def test_strict_skips_sees_a_whole_module_that_skips_itself(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_a="import pytest\npytest.skip('no Chromium here', allow_module_level=True)",
        test_b="def test_that_passes(): pass",
    )
    assert run(suite, "--strict-skips").ret == pytest.ExitCode.TESTS_FAILED


def test_the_tally_names_what_did_not_run(suite: pytest.Pytester, tmp_path: Path) -> None:
    suite.makepyfile(SKIPPED.format(reason="no Chromium here"))
    tally = tmp_path / "tally"
    for _ in range(2):
        run(suite, f"--tally={tally}")
    lines = tally.read_text().splitlines()
    assert lines[:2] == ["passed 1", "failed 0"]
    assert lines[2].startswith("not_run ")
    assert lines[2].endswith("::test_that_is_skipped: no Chromium here")
    assert lines[3:] == lines[:3]


def test_a_usual_run_repeats_the_same_few_examples(suite: pytest.Pytester) -> None:
    suite.makepyfile(PROPERTY)
    result = run(suite)
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(
        ["hypothesis: 1 properties, 7 examples passed; profile ci: the same *"]
    )


def test_a_deep_run_prints_the_seed_of_its_many_examples(suite: pytest.Pytester) -> None:
    suite.makepyfile(PROPERTY)
    result = run(suite, "--deep")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "hypothesis profile deep, seed [0-9]*",
            "hypothesis: 1 properties, 40 examples passed; profile deep, seed [0-9]*",
        ]
    )
    given = run(suite, "--deep", "--hypothesis-seed=5")
    given.stdout.fnmatch_lines(["*profile deep, seed 5 *"])
