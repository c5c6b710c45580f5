"""What every test run has; fixtures that need a chain are in the folders that use them."""

pytest_plugins = [
    "tests.support.effort",
    "tests.support.skips",
    "tests.support.sockets",
    "tests.support.postgres",
]
