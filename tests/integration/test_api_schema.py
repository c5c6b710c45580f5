"""Schemathesis against the described interface, over a history made by hand; bounded in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.support.cli_history import CHAIN, OFF
from tests.support.effort import examples

if TYPE_CHECKING:
    from httpx import Client

REAL = {"target": OFF.id, "chain": f"eip155:{CHAIN}"}
KEPT = settings(
    max_examples=examples(20, deep=300),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(web: Client) -> Any:
    return schemathesis.openapi.from_url(f"{web.base_url}api/v1/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@KEPT
def test_every_answer_is_as_described(case: Any) -> None:
    """What is drawn from the description alone: mostly of targets that are not there."""
    case.call_and_validate()


@schema.parametrize()
@KEPT
def test_every_answer_about_what_is_there_is_as_described(case: Any) -> None:
    case.path_parameters = {name: REAL[name] for name in case.path_parameters or {}}
    answer = case.call_and_validate()
    assert answer.status_code in (200, 404, 405, 409, 422)
