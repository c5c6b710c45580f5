"""Calls whose outcome real contracts confirmed, asked again without a chain."""

from __future__ import annotations

import pytest

from tests.support.executions import Execution, read_executions, replayed

EXECUTIONS = read_executions()


@pytest.mark.parametrize(("name", "kept"), EXECUTIONS.items(), ids=EXECUTIONS)
def test_the_outcome_is_what_a_contract_confirmed(name: str, kept: list[Execution]) -> None:
    for execution in kept:
        assert replayed(name, execution) == execution.outcome, execution
