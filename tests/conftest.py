"""What every test run has; each module says what it brings."""

pytest_plugins = [
    "tests.support.effort",
    "tests.support.logs",
    "tests.support.skips",
    "tests.support.sockets",
    "tests.support.postgres",
    "tests.support.proof",
    "tests.support.executions",
    "tests.support.world",
    "tests.support.cli_history",
    "tests.support.web",
    "tests.support.alerted",
]
