"""docs/api.md: every example in it is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.web import client_of, got
from watcher.api.telemetry import ServiceFigures
from watcher.config.values import ApiToken

if TYPE_CHECKING:
    from httpx import Client

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
TEXT = PAGE.read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)\n```\n(?:.*?)```json\n(.*?)```", TEXT, re.DOTALL)


def holds(said: Any, found: Any) -> bool:
    """What the page says is there, in this order; what it leaves out may be anything."""
    match said, found:
        case dict(), dict():
            return all(key in found and holds(value, found[key]) for key, value in said.items())
        case list(), list():
            rest = iter(found)
            return all(any(holds(one, other) for other in rest) for one in said)
        case _:
            return bool(said == found and type(said) is type(found))


@pytest.mark.parametrize(("path", "said"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_the_answer_is_as_the_page_says(
    web: Client, alerted_web: Client, path: str, said: str
) -> None:
    of_alerts = path.startswith(("/api/v1/alerts", "/api/v1/findings"))
    found = got(alerted_web if of_alerts else web, path)
    assert holds(json.loads(said), found), json.dumps(found, indent=1)[:3_000]


def test_every_request_of_the_page_has_its_answer_beside_it() -> None:
    assert len(EXAMPLES) == TEXT.count("```http") == TEXT.count("```json") >= 10


def test_every_path_is_on_the_page(web: Client) -> None:
    shown = [path.partition("?")[0] for path, _ in EXAMPLES]
    for path in got(web, "/api/v1/openapi.json")["paths"]:
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        assert any(re.fullmatch(pattern, one) for one in shown), path


def test_the_program_on_the_page_reads_all_pages(web: Client) -> None:
    [program] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {"BASE": str(web.base_url).rstrip("/")}
    exec(program, names)
    assert [(row["block"]["number"], row["value"]) for row in names["rows"]] == [
        (100, 2000.0),
        (106, 1957.8),
    ]


def test_the_token_on_the_page_is_known_by_its_hash() -> None:
    from watcher.api.tokens import who

    [sha256] = re.findall(r'sha256 = "([0-9a-f]{64})"', TEXT)
    assert who("Bearer test", [ApiToken("grafana", sha256)]) == "grafana"
    [asked] = re.findall(r"curl .*? http://127\.0\.0\.1:8080(\S+)", TEXT)
    assert asked in dict(EXAMPLES)


def test_every_metric_is_on_the_page_and_no_other(web_folder: Path) -> None:
    figures = ServiceFigures()
    figures.ticked(1, seconds=1, orphaned=0, failing=0)
    figures.skipped(1, 0)
    figures.endpoint(1, "node", ready=True)
    with client_of(web_folder, service=figures) as client:
        families = re.findall(r"^# TYPE (\S+) \w+$", client.get("/metrics").text, re.MULTILINE)
    listed = re.findall(r"^\| `(imbalance_watcher_\w+)`", TEXT, re.MULTILINE)
    assert len(set(listed)) == len(listed)
    assert {name for name in families if not name.endswith("_created")} == set(listed)
