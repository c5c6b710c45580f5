"""How hard hypothesis tries: the same examples every time, or with --deep many random ones."""

import os
import random
import re
from collections.abc import Generator

import pytest
from hypothesis import settings

PASSING = re.compile(r"- (\d+) passing, ")

settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile(
    "deep",
    derandomize=False,
    database=None,
    deadline=None,
    print_blob=True,
    max_examples=1000,
)
settings.load_profile("ci")


def examples(usual: int, *, deep: int) -> int:
    """The number of examples for `@settings(max_examples=...)`: real contracts take time."""
    return deep if settings.get_current_profile_name() == "deep" else usual


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("watcher").addoption(
        "--deep",
        action="store_true",
        default=os.environ.get("WATCHER_DEEP", "0") not in {"", "0"},
        help="many random examples; the seed is printed (also: WATCHER_DEEP=1)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before hypothesis' own plugin, which takes the seed up, and before any test is imported."""
    if config.getoption("--deep"):
        settings.load_profile("deep")
        if config.option.hypothesis_seed is None:
            config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
        # Many examples on a real contract take longer than a hung test may.
        config.option.timeout = 3600.0
    config.pluginmanager.register(_Effort(config), "watcher-effort")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--deep"):
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    if deep:
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if item not in deep]


class _Effort:
    """Counts the examples that passed."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.properties = 0
        self.passed = 0

    def pytest_report_header(self) -> str:
        return f"hypothesis profile {self._profile()}"

    def _profile(self) -> str:
        if not self.config.getoption("--deep"):
            return "ci: the same examples every time"
        seed = self.config.option.hypothesis_seed
        return f"deep, seed {seed} (again: --deep --hypothesis-seed={seed})"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        statistics = getattr(item, "hypothesis_statistics", None)
        if call.when == "call" and statistics:
            self.properties += 1
            self.passed += sum(int(count) for count in PASSING.findall(statistics))
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.properties:
            terminalreporter.line(
                f"hypothesis: {self.properties} properties, {self.passed:,} examples passed;"
                f" profile {self._profile()}"
            )
