"""Receivers in the configuration: all problems at once, no secret in any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.receiving import SECRET
from watcher.alerts.channels.receiver import ReceiverKind
from watcher.cli.template import TELLING
from watcher.config import Config, load_config
from watcher.errors import ConfigError

CONFIG = """
[chains."eip155:1"]
endpoints = [{{ url = "https://node.example/" }}]

[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "0x0000000000000000000000000000000000000001"
name = "vault"
virtual_shares = true

{tables}
"""
KEY = "s3cret0key1word"
FULL = f"""
[receivers.oncall]
apprise = "${{SLACK_URL}}"
give_up_after = "2h"

[receivers.desk]
webhook = "https://desk.example/{KEY}"
secret = "${{HOOK_SECRET}}"
deadline_seconds = 3

[receivers.am-1]
alertmanager = "http://10.0.0.7:9093/{KEY}"
allow_private = true

[watchdog]
heartbeat = "https://beat.example/{KEY}"
every = "30s"
silent_after = "5m"
receivers = ["oncall", "am-1"]
"""


def config_of(folder: Path, tables: str, environment: dict[str, str] | None = None) -> Config:
    file = folder / "watcher.toml"
    file.write_text(CONFIG.format(tables=tables))
    return load_config(file, environment or {})


def problems_of(folder: Path, tables: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        config_of(folder, tables)
    assert KEY not in str(caught.value)
    assert SECRET.removeprefix("whsec_") not in str(caught.value)
    return {one.path: one.text for one in caught.value.problems}


def test_everything_that_can_be_said_of_receivers(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(SECRET + "\n")
    environment = {"SLACK_URL": f"slack://{KEY}/b/c", "HOOK_SECRET_FILE": str(keys)}
    config = config_of(tmp_path, FULL, environment)
    oncall, desk, am = config.receivers
    assert [one.kind for one in config.receivers] == [
        ReceiverKind.APPRISE,
        ReceiverKind.WEBHOOK,
        ReceiverKind.ALERTMANAGER,
    ]
    assert (oncall.shown, oncall.give_up_seconds, oncall.allow_private) == ("slack", 7_200, False)
    assert (desk.shown, desk.deadline_seconds) == ("desk.example", 3)
    assert desk.secret is not None
    assert desk.secret.reveal() == SECRET
    assert (am.shown, am.allow_private) == ("10.0.0.7:9093", True)
    watchdog = config.watchdog
    assert watchdog is not None
    assert (watchdog.every_seconds, watchdog.silent_seconds) == (30, 300)
    assert watchdog.receivers == ("oncall", "am-1")


def test_fault_48_no_secret_is_in_what_a_configuration_prints_as(tmp_path: Path) -> None:
    environment = {"SLACK_URL": f"slack://{KEY}/b/c", "HOOK_SECRET": SECRET}
    shown = repr(config_of(tmp_path, FULL, environment))
    assert KEY not in shown
    assert SECRET.removeprefix("whsec_") not in shown
    assert "desk.example" in shown


def test_without_receivers_nobody_is_told(tmp_path: Path) -> None:
    config = config_of(tmp_path, "")
    assert (config.receivers, config.watchdog) == ((), None)


def test_fault_47_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        f"""
        [receivers."a b"]
        apprise = "slack://{KEY}"
        [receivers.two]
        apprise = "slack://{KEY}"
        webhook = "https://x.example/{KEY}"
        secret = "{KEY}"
        [receivers.none]
        aprise = "slack://{KEY}"
        [receivers.unset]
        apprise = "${{NOT_SET}}"
        [receivers.unsigned]
        webhook = "https://x.example/{KEY}"
        [receivers.signed]
        alertmanager = "https://x.example/{KEY}"
        secret = "{SECRET}"
        deadline_seconds = nan
        give_up_after = "0s"
        [watchdog]
        silent_after = "5m"
        recievers = ["x"]
        """,
    )
    assert found == {
        'receivers."a b"': "name it by letters, digits, _ and -, at most 40",
        "receivers.two": "write one of apprise, webhook and alertmanager",
        "receivers.two.secret": "is no secret of Standard Webhooks: write whsec_ and the base64 of "
        "24 to 64 random bytes",
        "receivers.none": "write one of apprise, webhook and alertmanager",
        "receivers.none.aprise": 'unknown key "aprise"; did you mean "apprise"?',
        "receivers.unset.apprise": "environment variable NOT_SET is not set: set it, or "
        "NOT_SET_FILE",
        "receivers.unsigned.secret": 'is missing: write secret = "${NAME}", by which calls are '
        "signed",
        "receivers.signed.secret": "is of a webhook alone: remove it",
        "receivers.signed.deadline_seconds": "nan is no finite number",
        "receivers.signed.give_up_after": 'write a duration such as "90s", "30m" or "24h"',
        "watchdog.receivers": "is missing: say after how long who is told of a silent chain",
        "watchdog.recievers": 'unknown key "recievers"; did you mean "receivers"?',
    }


@pytest.mark.parametrize(
    ("url", "allow", "why"),
    [
        ("file:///etc/passwd", "", "the URL does not begin with http:// or https://"),
        (
            "https://127.0.0.1/x",
            "",
            "the URL's host is this machine: write another, or allow_private",
        ),
        ("https://[::ffff:10.0.0.1]/x", "", "the URL's host is private: write another"),
        ("https://2130706433/x", "", "the URL's host is no IP address"),
        (
            "https://169.254.169.254/x",
            "allow_private = true",
            "cloud keeps its keys: nothing is sent",
        ),
        ("http://desk.example/x", "", "does not begin with https://: only a receiver in your own"),
        ("https://desk.example/x#y", "", "the URL has a part after #"),
    ],
)
def test_fault_41_addresses_that_are_wrong_at_sight(
    tmp_path: Path, url: str, allow: str, why: str
) -> None:
    for kind in ("webhook", "alertmanager"):
        secret = f'secret = "{SECRET}"' if kind == "webhook" else ""
        text = f'[receivers.desk]\n{kind} = "{url}"\n{allow}\n{secret}'
        [(path, said)] = problems_of(tmp_path, text).items()
        assert path == f"receivers.desk.{kind}"
        assert why in said
    [(path, said)] = problems_of(tmp_path, f'[watchdog]\nheartbeat = "{url}"\n{allow}').items()
    assert path == "watchdog.heartbeat"
    assert why in said


def test_a_receiver_of_the_watchdog_must_be_one(tmp_path: Path) -> None:
    text = f'[receivers.oncall]\napprise = "slack://{KEY}"\n[watchdog]\nsilent_after = "5m"\n'
    found = problems_of(tmp_path, text + 'receivers = ["oncal"]')
    assert found == {"watchdog.receivers": 'unknown receiver "oncal"; did you mean "oncall"?'}
    assert problems_of(tmp_path, "[watchdog]\nevery = '1m'") == {
        "watchdog": "write heartbeat, or silent_after and receivers"
    }


def test_the_template_names_each_kind_of_receiver(tmp_path: Path) -> None:
    told = [
        line.removeprefix("# ")
        for line in TELLING.splitlines()
        if line.startswith("# [") or " = " in line
    ]
    environment = {
        "SLACK_URL": "slack://a/b/c",
        "WEBHOOK_SECRET": SECRET,
        "HEARTBEAT_URL": "https://beat.example/x",
    }
    config = config_of(tmp_path, "\n".join(told), environment)
    assert [one.name for one in config.receivers] == ["oncall", "desk", "prometheus"]
    assert config.watchdog is not None
