"""/metrics, /healthz, /readyz, and the rules for Prometheus that are shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.cli_history import CHAIN, LATEST, NEWEST, NOW, OFF
from tests.support.web import Writer, client_of
from watcher.api.metrics import exposition
from watcher.api.telemetry import ServiceFigures
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "prometheus" / "imbalance_watcher.rules.yml"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (
            sample.name.removeprefix("imbalance_watcher_"),
            frozenset(sample.labels.items()),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, metric: str, /, **labels: str) -> float:
    return found[metric, frozenset({"chain": f"eip155:{CHAIN}", **labels}.items())]


def scraped(client: Client) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


def test_the_history_is_told_as_it_is(web: Client) -> None:
    found = scraped(web)
    assert value(found, "chain_head_block") == NEWEST
    assert value(found, "chain_head_timestamp_seconds") == LATEST
    assert value(found, "chain_head_lag_seconds") == NOW - LATEST
    assert value(found, "chain_blocks") == 11
    assert value(found, "chain_missing_blocks") == 12
    assert value(found, "chain_late") == 0
    states = {
        state: value(found, "targets", state=state)
        for state in ("breached", "blind", "strained", "healthy")
    }
    assert states == {"breached": 1, "blind": 4, "strained": 2, "healthy": 3}
    assert value(found, "target_grade", target=OFF.id, name="off") == 2
    assert found["database_bytes", frozenset()] > 0


def test_events_are_counted_of_configured_endpoints_from_zero(web: Client) -> None:
    found = scraped(web)
    node = {"endpoint": "127.0.0.1:9"}
    assert value(found, "endpoint_events_total", kind="key_refused", **node) == 1
    assert value(found, "endpoint_events_total", kind="value_outvoted", **node) == 0
    assert not any("node-b" in str(labels) for _, labels in found)


def test_fault_46_no_label_is_from_the_chain(web: Client) -> None:
    text = web.get("/metrics").text
    assert 'name="hostile"' in text, "the configuration's own name"
    for said_by_a_contract in ("UNI-V2", "cmd|", "[red]", "WETH"):
        assert said_by_a_contract not in text


def test_a_silent_chain_is_late_and_not_ready(web_folder: Path) -> None:
    with client_of(web_folder, now=NOW + 1_000) as client:
        assert value(scraped(client), "chain_late") == 1
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["problems"] == [f"no new block of eip155:{CHAIN} for too long"]
        assert client.get("/healthz").json() == {"status": "ok"}


def test_a_new_history_is_alive_and_not_ready(web_folder: Path) -> None:
    for file in web_folder.glob("watcher.db*"):
        file.unlink()
    Store.create(f"sqlite:///{web_folder / 'watcher.db'}").close()
    with client_of(web_folder) as client:
        assert client.get("/readyz").json()["problems"] == [
            f"no block of eip155:{CHAIN} is stored yet"
        ]
        found = scraped(client)
        assert value(found, "chain_blocks") == 0
        assert not any(name == "chain_head_block" for name, _ in found)
        assert client.get("/api/v1/targets").status_code == 200
        assert client.get("/api/v1/chains").json()["chains"][0]["newest"] is None


def test_a_history_that_is_watched_is_ready(web: Client) -> None:
    assert web.get("/readyz").json() == {"status": "ready", "problems": []}


def test_a_scrape_sees_the_block_that_came_meanwhile(own_web: Client, web_folder: Path) -> None:
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}") as store:
        Writer(store).commit(NEWEST + 1)
    assert value(scraped(own_web), "chain_head_block") == NEWEST + 1


def service_figures() -> ServiceFigures:
    figures = ServiceFigures()
    figures.ticked(CHAIN, seconds=0.03, orphaned=2, failing=1)
    figures.ticked(CHAIN, seconds=3, orphaned=0, failing=0)
    figures.skipped(CHAIN, 4)
    figures.endpoint(CHAIN, "127.0.0.1:9", ready=False)
    return figures


def test_a_service_in_the_process_is_told_beside(web_folder: Path) -> None:
    with client_of(web_folder, service=service_figures()) as client:
        found = scraped(client)
    assert value(found, "tick_seconds_count") == 2
    assert value(found, "tick_seconds_sum") == pytest.approx(3.03)
    assert value(found, "tick_seconds_bucket", le="0.05") == 1
    assert value(found, "orphaned_blocks_total") == 2
    assert (value(found, "failing_targets"), value(found, "skipped_jobs")) == (0, 4)
    assert value(found, "endpoint_ready", endpoint="127.0.0.1:9") == 0
    assert value(found, "chain_head_block") == NEWEST


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from group["rules"]


def test_the_rules_ask_for_metrics_and_labels_that_are_there(web_folder: Path) -> None:
    with client_of(web_folder, service=service_figures()) as client:
        text = client.get("/metrics").text
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    for rule in rules():
        asked = re.findall(r"(imbalance_watcher_\w+)(?:\{(\w+)[=~!])?", rule["expr"])
        assert asked, rule["alert"]
        for name, label in asked:
            assert name in names, rule["alert"]
            assert not label or label in names[name], rule["alert"]
        shown = " ".join(rule["annotations"].values())
        labels = set(re.findall(r"\$labels\.(\w+)", shown))
        assert labels <= {one for name, _ in asked for one in names[name]}, rule["alert"]


def test_every_rule_has_a_severity_and_says_what_to_do() -> None:
    found = list(rules())
    assert len({rule["alert"] for rule in found}) == len(found) >= 6
    for rule in found:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].strip()


def test_the_exposition_needs_no_service() -> None:
    from watcher.api.metrics import Facts

    text = exposition(Facts(now=1.0, size=5, chains=(), events={}, standings=())).decode()
    assert "imbalance_watcher_database_bytes 5.0" in text
