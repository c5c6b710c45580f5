"""A skipped test is not a passed one: which reasons there may be, and what a run says about them.

`--strict-skips` fails the run on any other reason; `--tally FILE` appends the counts and the skips
for scripts/test, which adds several runs up.
"""

from pathlib import Path

import pytest

ALLOWED = ("no ../shared/data", "WATCHER_FORK_URL is not set")
PREFIX = "Skipped: "

Report = pytest.TestReport | pytest.CollectReport


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("watcher")
    group.addoption(
        "--strict-skips",
        action="store_true",
        help="fail when a test was skipped for a reason that is not one of the allowed ones",
    )
    group.addoption("--tally", metavar="FILE", help="append the counts and the skips to FILE")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Skips(config), "watcher-skips")


class _Skips:
    def __init__(self, config: pytest.Config) -> None:
        self.strict = bool(config.getoption("--strict-skips"))
        tally = config.getoption("--tally")
        self.tally = Path(tally) if tally else None
        self.not_run: list[tuple[str, str]] = []
        self.excused: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: Report) -> None:
        if report.outcome != "skipped" or hasattr(report, "wasxfail"):
            return
        reason = _reason(report)
        kind = self.excused if reason.startswith(ALLOWED) else self.not_run
        kind.append((report.nodeid, reason))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.strict and self.not_run and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.strict and self.not_run:
            terminalreporter.section("NOT RUN")
            for nodeid, reason in self.not_run:
                terminalreporter.line(f"{nodeid}: {reason}")
            terminalreporter.line("No test may be skipped for such a reason here (--strict-skips).")
        if self.tally is not None:
            self._write_tally(terminalreporter, self.tally)

    def _write_tally(self, terminalreporter: pytest.TerminalReporter, file: Path) -> None:
        count = {key: len(reports) for key, reports in terminalreporter.stats.items()}
        failed = count.get("failed", 0) + count.get("error", 0)
        lines = [
            f"passed {count.get('passed', 0) + count.get('xfailed', 0)}",
            f"failed {failed}",
            *(f"skipped {nodeid}: {reason}" for nodeid, reason in self.excused),
            *(f"not_run {nodeid}: {reason}" for nodeid, reason in self.not_run),
        ]
        with file.open("a") as out:
            out.writelines(line + "\n" for line in lines)


def _reason(report: Report) -> str:
    match report.longrepr:
        case (_, _, str(reason)):
            return reason.removeprefix(PREFIX)
        case other:
            return str(other)
