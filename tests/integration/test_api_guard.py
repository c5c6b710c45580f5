"""What a request must not do, and what every answer carries: FAULTS 48 to 50."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.cli_history import CHAIN, OFF, configuration
from tests.support.web import client_of, got
from watcher.api.assets import Assets
from watcher.api.guard import POLICY
from watcher.api.tokens import hash_of, new_token
from watcher.cli.app import app as commands
from watcher.config.values import ApiConfig, ApiToken
from watcher.errors import StoreError
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

V1 = "/api/v1"
TOKEN = "tk-" + "q7" * 20
TOKENS = ApiConfig((ApiToken("other", hash_of("another")), ApiToken("grafana", hash_of(TOKEN))))
PLANTED = "k3y" + "z9" * 12
EVERYWHERE = (
    "/",
    "/metrics",
    "/healthz",
    "/readyz",
    "/nothing",
    f"{V1}/openapi.json",
    f"{V1}/chains",
    f"{V1}/chains/eip155:{CHAIN}/blocks",
    f"{V1}/chains/eip155:{CHAIN}/gaps",
    f"{V1}/chains/eip155:{CHAIN}/endpoint-events",
    f"{V1}/targets",
    f"{V1}/targets/{OFF.id}",
    f"{V1}/targets/{OFF.id}/figures",
    f"{V1}/targets/{OFF.id}/observation",
    f"{V1}/targets/{OFF.id}/history",
    f"{V1}/targets/{OFF.id}/series?measure=spot_price",
    f"{V1}/targets/{OFF.id}/flows",
    f"{V1}/targets/nobody",
    f"{V1}/measures",
)


@pytest.fixture
def closed(web_folder: Path) -> Iterator[Client]:
    with client_of(web_folder, api=TOKENS) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", EVERYWHERE)
def test_fault_49_every_answer_has_the_headers_of_security(web: Client, path: str) -> None:
    answer = web.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


def test_the_policy_is_that_of_the_design() -> None:
    parts = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["frame-ancestors"] == "'none'"
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Token {TOKEN}",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:wrong".encode()).decode(),
    ],
)
def test_fault_49_a_bad_token_is_401(closed: Client, header: str) -> None:
    for path in EVERYWHERE:
        answer = closed.get(path, headers={"Authorization": header} if header else {})
        if path in ("/healthz", "/readyz"):
            assert answer.status_code == 200
            continue
        assert answer.status_code == 401, path
        assert "watcher token" in answer.text
        assert answer.headers["www-authenticate"].startswith(("Bearer", "Basic"))


def test_the_token_opens_as_bearer_and_as_a_browsers_password(closed: Client) -> None:
    assert closed.get(f"{V1}/targets", headers=bearer(TOKEN)).status_code == 200
    password = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    assert closed.get(f"{V1}/targets", headers={"Authorization": f"basic {password}"}).is_success


def test_all_tokens_are_compared_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from watcher.api import tokens

    compared: list[str] = []

    def compare(given: str, known: str) -> bool:
        compared.append(known)
        return hmac.compare_digest(given, known)

    monkeypatch.setattr(tokens, "compare_digest", compare)
    assert tokens.who("Bearer another", TOKENS.tokens) == "other"
    assert tokens.who("Bearer nobody", TOKENS.tokens) is None
    assert compared == [one.sha256 for one in TOKENS.tokens] * 2


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=1000000000", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=", "limit"),
        ("cursor=nonsense", "cursor"),
        ("from=-1", "from"),
        ("to=9223372036854775808", "to"),
        ("order=random()", "order"),
        ("measure=';DROP TABLE block;--", "measure"),
        ("form=5", "form"),
        ("&".join(["measure=depth"] * 21), "measure"),
    ],
)
def test_fault_49_what_is_out_of_bounds_is_422(web: Client, query: str, named: str) -> None:
    answer = web.get(f"{V1}/targets/{OFF.id}/history?{query}")
    assert answer.status_code == 422, answer.text
    said = answer.json()["error"]
    assert said.startswith(f"{named}: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    "text",
    [
        "' OR 1=1 --",
        "x'; DROP TABLE target; --",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%00",
        "%ff%fe",
        "{{7*7}}",
        "<img src=x onerror=alert(1)>",
        "a" * 200,
    ],
)
def test_fault_49_sql_and_paths_find_nothing(web: Client, text: str) -> None:
    answer = web.get(f"{V1}/targets/{text}/figures")
    assert answer.status_code == 404
    assert "49" not in answer.text.replace(text, "")
    assert len(got(web, f"{V1}/targets")["targets"]) == 10


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/x/..%2f..%2fapp.py",
        "/static//etc/passwd",
        "/static/0000000000000000/icon.svg",
        "/static/x/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_fault_49_no_path_leads_out_of_the_static_files(web: Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_static_files_are_named_by_their_content_and_kept_for_ever(web: Client) -> None:
    answer = web.get(Assets().url("icon.svg"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_fault_49_nothing_is_written(web: Client, method: str) -> None:
    for path in EVERYWHERE:
        if path in ("/", "/nothing"):
            continue
        answer = web.request(method, path, content=b"{}")
        assert answer.status_code == 405, path
        assert {"GET"} <= set(answer.headers["allow"].split(", ")) <= {"GET", "HEAD"}
        assert "GET only" in answer.json()["error"]


def test_the_apps_store_cannot_write(web_folder: Path) -> None:
    with Store.open(f"sqlite:///{web_folder / 'watcher.db'}", read_only=True) as store:
        with pytest.raises(StoreError, match="readonly"):
            store.record_gap(CHAIN, 1, 2, "no")
        assert store.gaps(CHAIN)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "10.0.0.1", "[", ""])
def test_without_tokens_only_this_machine_is_answered(web: Client, host: str) -> None:
    answer = web.get(f"{V1}/targets", headers={"Host": host})
    assert answer.status_code == 421
    assert "configure [[api.tokens]]" in answer.json()["error"]
    assert web.get("/healthz", headers={"Host": host}).status_code == 200
    for good in ("localhost:1", "127.0.0.1", "[::1]:8080"):
        assert web.get(f"{V1}/targets", headers={"Host": good}).status_code == 200


def test_with_tokens_any_name_is_answered(closed: Client) -> None:
    answer = closed.get(f"{V1}/targets", headers={"Host": "watch.example", **bearer(TOKEN)})
    assert answer.status_code == 200


def test_a_page_says_what_is_wrong_as_a_page(web: Client) -> None:
    answer = web.get("/<b>nothing</b>", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "there is nothing at this address" in answer.text
    assert "<b>" not in answer.text


def test_what_nobody_foresaw_is_500_without_its_text(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Store) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr(Store, "extent", fail)
    answer = web.get(f"{V1}/chains")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert PLANTED not in answer.text


def test_a_history_that_cannot_be_read_is_503(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Store) -> None:
        raise StoreError(f"/secret/{PLANTED}.db: database is locked.")

    monkeypatch.setattr(Store, "extent", fail)
    answer = web.get(f"{V1}/chains")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert PLANTED not in answer.text
    assert web.get("/healthz").status_code == 200


def test_fault_48_a_planted_key_is_found_nowhere(
    web_folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key of a node, the password of a database and the tokens: in no answer and no log."""
    text = configuration().replace("http://127.0.0.1:9", f"http://127.0.0.1:9/{PLANTED}")
    text += f'[[api.tokens]]\nname = "grafana"\nsha256 = "{hash_of(TOKEN)}"\n'
    (web_folder / "watcher.toml").write_text(text)
    secrets = (PLANTED, TOKEN, hash_of(TOKEN), "wrong-" + PLANTED[::-1])
    caplog.set_level(logging.DEBUG)
    said = []
    with client_of(web_folder) as client:
        for path in EVERYWHERE:
            for headers in (bearer(TOKEN), bearer(secrets[-1]), {}):
                answer = client.get(path, headers=headers)
                said.append(answer.text + repr(dict(answer.headers)))
    said += [caplog.text, *capsys.readouterr()]
    for secret in secrets:
        assert secret not in "\n".join(said)


def test_fault_48_a_token_in_place_of_its_hash_is_not_repeated(
    web_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = configuration() + f'[[api.tokens]]\nname = "grafana"\nsha256 = "{TOKEN}"\n'
    (web_folder / "watcher.toml").write_text(text)
    monkeypatch.chdir(web_folder)
    done = CliRunner().invoke(commands, ["serve"])
    assert done.exit_code == 5
    assert "api.tokens[0].sha256: write the token's SHA-256" in done.stderr
    assert TOKEN not in done.stderr + done.stdout


def test_fault_47_all_that_is_wrong_with_tokens_is_told_at_once(
    web_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = f'sha256 = "{hash_of(TOKEN)}"\n'
    text = configuration() + "[api]\ntoken = 5\n"
    text += f'[[api.tokens]]\nname = "a"\n{good}'
    text += f'[[api.tokens]]\nname = "a"\n{good}'
    text += f'[[api.tokens]]\n{good}secret = "x"\n'
    (web_folder / "watcher.toml").write_text(text)
    monkeypatch.chdir(web_folder)
    done = CliRunner().invoke(commands, ["serve"])
    assert done.exit_code == 5
    assert sorted(line.split(": ", 1)[1] for line in done.stderr.splitlines()) == [
        'api.token: unknown key "token"; did you mean "tokens"?',
        "api.tokens[1].name: names another token already: choose another",
        "api.tokens[2].name: is missing",
        'api.tokens[2].secret: unknown key "secret"',
    ]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "watch.example"])
@pytest.mark.parametrize("command", [["serve"], ["run", "--serve"]], ids=" ".join)
def test_fault_50_elsewhere_than_here_needs_tokens(
    web_folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], host: str
) -> None:
    monkeypatch.chdir(web_folder)
    done = CliRunner().invoke(commands, [*command, "--host", host, "--port", "0"])
    assert done.exit_code == 5
    assert done.stderr == (
        f"watcher.toml: api.tokens: is missing, and --host {host} can be reached from other "
        "machines: `watcher token NAME` makes a token, or serve on 127.0.0.1\n"
    )


def test_a_port_that_is_taken_is_said(web_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watcher.api.server import listen

    monkeypatch.chdir(web_folder)
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(commands, ["serve", "--port", port])
    assert done.exit_code == 2
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in done.stderr


def test_a_token_is_made_and_known_by_its_hash() -> None:
    done = CliRunner().invoke(commands, ["token", "grafana", "--json"])
    made = json.loads(done.stdout)
    assert hash_of(made["token"]) == made["sha256"]
    assert len(made["token"]) >= 43
    shown = CliRunner().invoke(commands, ["token", 'a"b']).stdout.splitlines()
    assert shown[2:4] == ["[[api.tokens]]", 'name = "a\\"b"']
    assert shown[0].removeprefix("token").strip() != made["token"]
    assert new_token() != new_token()


def test_a_history_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watcher.toml").write_text(configuration())
    monkeypatch.chdir(tmp_path)
    done: Any = CliRunner().invoke(commands, ["serve", "--port", "0"])
    assert done.exit_code == 5
    assert "watcher.db does not exist: run `watcher db upgrade`" in done.stderr
