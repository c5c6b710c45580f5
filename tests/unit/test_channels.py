"""What each kind of receiver is given, and what a stranger's text can do there: nothing."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from tests.support.receiving import notice
from watcher.alerts.channels.addresses import refused_address
from watcher.alerts.channels.alertmanager import alertmanager_body
from watcher.alerts.channels.message import message
from watcher.alerts.channels.receiver import Hidden, apprise_address
from watcher.alerts.channels.text import inert, lines, one_line
from watcher.alerts.channels.webhook import webhook_body
from watcher.service.apprise_child import send
from watcher.state.notice import NoticeKind

HOSTILE = (
    "<img src=x onerror=alert(1)> {{7*7}} @everyone <!channel> <@U123> [free](https://evil.com) "
    "`rm` *b* _i_ ~s~ ||x|| www.evil.com \x1b]0;x\x07\u202egro\u2066 a\r\nb\0"
)


def test_a_webhook_says_what_happened_where() -> None:
    told = json.loads(webhook_body(notice("n1", alert="a1")))
    assert (told["type"], told["timestamp"]) == ("alert.fired", "2022-05-12T06:46:40Z")
    assert told["data"]["id"] == "n1"
    assert told["data"]["alert"] == "a1"
    assert (told["data"]["chain"], told["data"]["block_number"]) == ("eip155:1", 14_761_204)
    assert told["data"]["body"].splitlines()[1] == "A was 5000 throughout"


def test_what_is_of_no_alert_and_no_chain_says_so() -> None:
    summary = notice("n1", kind=NoticeKind.SUMMARY, chain_id=0, target_id="", block_number=None)
    told = json.loads(webhook_body(summary))
    assert told["type"] == "notice.summary"
    assert [told["data"][name] for name in ("alert", "chain", "target")] == [None] * 3


def test_a_notice_has_one_text_however_often_it_is_sent() -> None:
    assert webhook_body(notice("n1")) == webhook_body(notice("n1"))


@pytest.mark.parametrize("at", [-1, 2**63, 2**256])
def test_a_time_that_no_calendar_has_keeps_no_notice_back(at: int) -> None:
    told = notice("n1", at=at)
    assert json.loads(webhook_body(told))["timestamp"] in {
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    }
    assert json.loads(alertmanager_body(told))


def alerts(**changed: Any) -> dict[str, Any]:
    """What Alertmanager is told, by severity."""
    told = json.loads(alertmanager_body(notice("n1", alert="a1", **changed)))
    return {one["labels"]["severity"]: one for one in told}


def test_alertmanager_ends_what_is_resolved_under_the_labels_that_it_knows() -> None:
    fired = alerts()
    assert list(fired) == ["critical"]
    assert fired["critical"]["startsAt"] == "2022-05-12T06:46:40Z"
    assert fired["critical"]["endsAt"].startswith("2023-05-1")
    later = alerts(kind=NoticeKind.RESOLVED, at=1_652_341_600)
    assert later["critical"]["labels"] == fired["critical"]["labels"]
    assert {one["endsAt"] for one in later.values()} == {"2022-05-12T07:46:40Z"}


def test_alertmanager_has_an_alert_at_one_severity_only() -> None:
    worse = alerts(kind=NoticeKind.ESCALATED, severity="critical")
    ended = {severity for severity, one in worse.items() if one["endsAt"] == one["startsAt"]}
    assert (set(worse), ended) == ({"critical", "warning", "info"}, {"warning", "info"})


def test_alertmanager_ends_a_summary_by_itself() -> None:
    [told] = json.loads(alertmanager_body(notice("n1", kind=NoticeKind.SUMMARY)))
    assert told["endsAt"] == "2022-05-12T07:46:40Z"
    assert told["labels"]["alert"] == "n1"


def test_fault_46_no_label_is_from_the_chain() -> None:
    told = notice("n1", alert="a1", title=HOSTILE, body=HOSTILE, target_name=HOSTILE)
    for one in json.loads(alertmanager_body(told)):
        assert set(one["labels"]) == {"alertname", "alert", "severity", "chain", "target"}
        assert "evil" not in json.dumps(one["labels"])
        assert "evil" in one["annotations"]["target_name"]


def test_a_person_reads_what_it_is_where_and_under_which_id() -> None:
    told = message(notice("5f1c9d", alert="a1"))
    assert (told.title, told.mood) == ("[critical] USDT 2.1% under", "failure")
    assert told.body.splitlines()[-1] == "discount · eip155:1 · block 14,761,204 · id 5f1c9d"
    over = message(notice("5f1c9d", kind=NoticeKind.RESOLVED))
    assert (over.title, over.mood) == ("[resolved] USDT 2.1% under", "success")


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_of_notice_has_its_words_for_each_channel(kind: NoticeKind) -> None:
    told = notice("n1", alert="a1", kind=kind)
    assert message(told).title.startswith("[")
    assert json.loads(webhook_body(told))["type"].endswith(f".{kind.value}")
    assert json.loads(alertmanager_body(told))[0]["annotations"]["notice"] == kind.value


def assert_harmless_in_a_chat(text: str) -> None:
    for sign in ("@", "<", ">", "`", "*", "~", "|", "](", "://", "evil.com", "_i_", "\\"):
        assert sign not in text


def test_faults_42_and_45_mentions_links_and_markup_are_plain_text_for_people() -> None:
    told = message(notice("n1", title=HOSTILE, body=HOSTILE, rule=HOSTILE, target_name=HOSTILE))
    for text in (told.title.removeprefix("[critical]"), told.body):
        assert_harmless_in_a_chat(text)
        assert "(at)everyone" in text
        assert "{{7∗7}}" in text
    for one in json.loads(alertmanager_body(notice("n1", title=HOSTILE, body=HOSTILE))):
        assert_harmless_in_a_chat(one["annotations"]["summary"])
        assert_harmless_in_a_chat(one["annotations"]["description"])


class Taken:
    """What a service answers that took a message."""

    status_code, content, text = 200, b"ok", "ok"
    headers: ClassVar[dict[str, str]] = {}

    def json(self) -> dict[str, bool]:
        return {"ok": True}


@pytest.mark.parametrize(
    "url",
    [
        "discord://12345678901234567/abcdefghijklmnop1234567890",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "ntfy://topic",
    ],
)
# What apprise's plugins for other services import is deprecated in newer Pythons.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fault_45_as_apprise_hands_it_to_a_chat(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services themselves are out of reach here; what apprise would post is not."""
    posted: list[str] = []

    def request(_session: object, *_where: str, data: str = "", **_options: object) -> Taken:
        posted.append(data)
        return Taken()

    monkeypatch.setattr("requests.sessions.Session.request", request)
    title, body = f"USDT {HOSTILE}", f"A {HOSTILE}"
    told = message(notice("n1", title=title, body=body))
    asked = {"url": url, "title": told.title, "body": told.body, "mood": told.mood, "send": True}
    assert send(asked)
    [said] = [json.dumps(json.loads(one), ensure_ascii=False) for one in posted]
    assert "(at)everyone" in said
    for sign in ("@", "<!", "<img", "](", "://evil", "evil.com", "`", "\\u001b"):
        assert sign not in said


def test_fault_44_what_moves_a_cursor_is_gone_and_a_title_is_one_line() -> None:
    told = json.loads(webhook_body(notice("n1", title=HOSTILE, body=HOSTILE)))["data"]
    for text in (told["title"], told["body"], message(notice("n1", title=HOSTILE)).title):
        for sign in "\x1b\x07\u202e\u2066\r\0":
            assert sign not in text
    assert "\n" not in told["title"]
    assert "<img" in told["title"], "a program gets the name as it is"


def test_figures_and_names_of_measures_stay_as_they_are() -> None:
    text = "lost_depth 0.71, ln_spot_over_reference −0.021; 2.1% of $0.9 M (1.5e-3), A = 5000."
    assert inert(text) == text


def test_texts_have_an_end() -> None:
    assert len(one_line("x" * 10_000)) == 200
    assert len(lines("x\n" * 10_000)) <= 4_000
    assert one_line("x" * 201).endswith("…")


REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.1.1",
    "169.254.169.254",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "2002:7f00:1::",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2130706433",
    "127.1",
    "0x7f000001",
    "metadata",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_fault_41_nothing_is_sent_to_an_address_inside(address: str) -> None:
    assert refused_address(address, allow_private=False)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_what_anybody_can_reach_may_be_sent_to(address: str) -> None:
    assert refused_address(address, allow_private=False) is None


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::ffff:192.168.1.1", True),
        ("fc00::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::169.254.169.254", False),
        ("2002:a9fe:a9fe::", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_fault_41_ones_own_network_is_allowed_by_name_and_a_clouds_keys_never(
    address: str, allowed: bool
) -> None:
    assert (refused_address(address, allow_private=True) is None) is allowed


def test_a_hidden_text_is_nowhere_but_where_it_is_asked_for() -> None:
    hidden = apprise_address("slack://T0KENAAAA/T0KENBBBB/T0KENCCCCDDDD/#channel")
    assert (hidden.name, repr(hidden)) == ("slack", "Hidden('slack')")
    assert hidden.reveal().endswith("#channel")
    said = hidden.said("POST /T0KENAAAA/t0kenbbbb failed for T0KENCCCCDDDD\x1b[0m")
    assert "t0ken" not in said.lower()
    assert "\x1b" not in said
    mail = apprise_address("mailto://me:p%40ssw0rd@mail.example?to=x@y.example")
    assert "p@ssw0rd" not in mail.said("login with p@ssw0rd refused")
    assert Hidden("abcdef", name="secret").said("an abcdef") == "an ***"


@pytest.mark.parametrize(
    "url", ["", "slack", "slack://", "://x", "sl ack://x", "slack://a b", "a\n://x"]
)
def test_what_is_no_apprise_url_is_told_without_it(url: str) -> None:
    with pytest.raises(ValueError, match="is no apprise URL"):
        apprise_address(url)
