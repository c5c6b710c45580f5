"""watcher notify, and what watcher check says of receivers."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.receiving import KEY, SECRET, Reception, Say, notice, receiving
from watcher.cli.app import app
from watcher.cli.commands.notifying import COLUMNS
from watcher.config import load_config
from watcher.service.receivers import receivers_looked_at
from watcher.store import Store

HOSTILE = "\x1b]0;x\x07 =cmd() [red]@everyone\nnext"


@contextmanager
def in_background(reception: Reception) -> Iterator[str]:
    """The receiver in a thread of its own: the command has a loop of its own."""
    started, ending = threading.Event(), threading.Event()
    hosts: list[str] = []

    async def serve() -> None:
        async with receiving(reception) as host:
            hosts.append(host)
            started.set()
            while not ending.is_set():  # noqa: ASYNC110 - set by another thread
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(10)
        yield hosts[0]
    finally:
        ending.set()
        thread.join()


def configuration(host: str) -> str:
    return f"""
database = "sqlite:///watcher.db"

[chains."eip155:1"]
endpoints = [{{ url = "http://127.0.0.1:1/" }}]

[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "0x0000000000000000000000000000000000000001"
name = "vault"

[receivers.desk]
webhook = "http://{host}/{KEY}"
secret = "{SECRET}"
allow_private = true

[receivers.am]
alertmanager = "http://{host}/{KEY}"
allow_private = true
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "watcher.toml").write_text(configuration("127.0.0.1:1"))
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{folder / 'watcher.db'}") as opened:
        yield opened


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["notify", *arguments])
    assert KEY not in done.output
    assert SECRET.removeprefix("whsec_") not in done.output
    return done


def test_a_test_notice_is_sent_to_all_and_told_of(folder: Path) -> None:
    desk = Reception()
    with in_background(desk) as host:
        (folder / "watcher.toml").write_text(configuration(host))
        done = run("test", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(one["receiver"], one["kind"], one["result"]) for one in told] == [
        ("desk", "webhook", "taken"),
        ("am", "alertmanager", "taken"),
    ]
    assert {one["at"] for one in told} == {host}
    assert (len(desk.got), desk.unsigned) == (2, 1)
    assert not (folder / "watcher.db").exists()


def test_a_test_that_fails_ends_with_4_and_says_why(folder: Path) -> None:
    desk = Reception()
    desk.plan.append(Say(401))
    with in_background(desk) as host:
        (folder / "watcher.toml").write_text(configuration(host))
        done = run("test", "desk")
        assert run("test", "am").exit_code == 0
    assert done.exit_code == 4
    assert "failed" in done.stdout
    assert "answered 401" in done.stdout
    assert "check its URL and secret" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["test", "dsk"], 'unknown receiver "dsk"; did you mean "desk"?'),
        (["retry"], "say which delivery by its id, or --dead"),
        (["retry", "1", "--dead"], "say which delivery by its id, or --dead"),
    ],
)
def test_what_cannot_be_done_is_told(store: Store, arguments: list[str], why: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert why in done.stderr


def test_without_receivers_there_is_nobody_to_test(folder: Path) -> None:
    text = configuration("127.0.0.1:1").partition("[receivers")[0]
    (folder / "watcher.toml").write_text(text)
    done = run("test")
    assert done.exit_code == 2
    assert "names no receiver: write a table [receivers.NAME]" in done.stderr


@pytest.fixture
def filled(store: Store) -> Store:
    outbox = store.outbox
    for uid in ("n1", "n2", "n3"):
        outbox.enqueue(notice(uid, title=f"{uid} {HOSTILE}"), ["desk"])
    for _ in range(2):
        found = outbox.claim("desk", holder="a:1", seconds=30)
        assert found is not None
        if found.notice.uid == "n1":
            outbox.sent(found.id)
        else:
            outbox.kill(found.id, "desk answered 410", reason="it wants no more")
    return store


def test_the_list_tells_what_became_of_each(filled: Store) -> None:
    done = run("list")
    assert done.exit_code == 0, done.output
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == COLUMNS
    assert [line.split()[:3] for line in lines] == [
        ["3", "desk", "pending"],
        ["2", "desk", "dead"],
        ["1", "desk", "sent"],
    ]
    assert lines[1].endswith("it wants no more")
    assert "1 pending, 1 sent, 1 dead" in done.stderr
    assert "\x1b" not in done.stdout


def test_the_list_as_json_and_csv(filled: Store) -> None:
    told = json.loads(run("list", "--json", "--status", "dead").stdout)
    [dead] = told
    assert (dead["notice_uid"], dead["reason"]) == ("n2", "it wants no more")
    assert dead["last_error"] == "desk answered 410"
    assert json.loads(run("list", "--json", "--receiver", "other").stdout) == []
    assert len(json.loads(run("list", "--json", "--limit", "1").stdout)) == 1
    assert run("list", "--format", "csv").stdout.startswith("id,receiver,status,notice_uid,")


def test_putting_back(filled: Store) -> None:
    assert "2 for desk put back; `watcher run` sends it" in run("retry", "2").stdout
    assert "0 put back" in run("retry", "--dead").stdout
    done = run("retry", "1")
    assert done.exit_code == 5
    assert "delivery 1 was sent already" in done.stderr


def test_check_looks_at_each_receiver(folder: Path) -> None:
    text = configuration("10.0.0.7") + f'[receivers.chat]\napprise = "nosuch://{KEY}"\n'
    (folder / "watcher.toml").write_text(text)
    found = asyncio.run(receivers_looked_at(load_config(folder / "watcher.toml", {})))
    assert [(one.what, one.ok) for one in found] == [
        ("receiver desk", True),
        ("receiver am", True),
        ("receiver chat", False),
    ]
    assert found[0].detail == "webhook, 10.0.0.7"
    assert KEY not in str(found)
