"""An endpoint shows its host and nothing else."""

from __future__ import annotations

import pytest

from watcher.chain.endpoint import SAID_CAP, Endpoint, endpoint_name, endpoint_problem

URL = "https://alice:pa55@node-a.example:8443/v3/Abc123Def456Ghi789?apikey=s3cretQ&flag"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "node-a.example:8443"),
        ("http://127.0.0.1:8545", "127.0.0.1:8545"),
        ("https://Node-A.example/KEY", "node-a.example"),
        ("http://[::1]:8545/", "[::1]:8545"),
        ("http://", "an endpoint without a host"),
        ("http://a:99999/", "an endpoint without a host"),
        ("nonsense KEY", "an endpoint without a host"),
    ],
)
def test_the_name_is_host_and_port(url: str, name: str) -> None:
    assert endpoint_name(url) == name


@pytest.mark.parametrize("url", [URL, "http://localhost", "http://[::1]:1/", "HTTPS://x.example"])
def test_a_usable_url_has_no_problem(url: str) -> None:
    assert endpoint_problem(url) is None


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("", "does not begin"),
        ("file:///KEY", "does not begin"),
        ("ftp://x.example/KEY", "does not begin"),
        ("wss://x.example/KEY", "websocket"),
        ("http:///KEY", "no valid host"),
        (f"http://{'x' * 64}.example/KEY", "no valid host"),
        ("http://x.example:0x50/KEY", "cannot be read"),
        ("http://x.example:65536/KEY", "cannot be read"),
        ("http://[::1/KEY", "cannot be read"),
        ("http://x.example/KEY#part", "after #"),
        ("http://x.example/KEY\n", "white space"),
        ("http://x.example/ KEY", "white space"),
        ("http://x.example/KEY\x1b[0m", "control character"),
    ],
)
def test_an_unusable_url_is_described_without_repeating_it(url: str, part: str) -> None:
    problem = endpoint_problem(url)
    assert problem is not None
    assert part in problem
    assert "KEY" not in problem
    with pytest.raises(ValueError, match=part) as caught:
        Endpoint(url)
    assert "KEY" not in repr(caught.value)


def test_repr_and_str_hold_the_host_alone() -> None:
    assert repr(Endpoint(URL)) == str(Endpoint(URL)) == "Endpoint('node-a.example:8443')"


@pytest.mark.parametrize(
    "said",
    [
        URL,
        URL.upper(),
        "unknown key Abc123Def456Ghi789",
        "unknown key abc123def456ghi789!",
        "unknown key Abc123De... (shortened)",
        "path /v3/Abc123Def456Ghi789",
        "user alice, password pa55",
        "apikey s3cretQ is over its limit",
        "Authorization: Basic YWxpY2U6cGE1NQ==",
        "flag",
        "s3cretQ\x00s3cretQ",
    ],
)
def test_what_a_node_says_is_shown_without_the_key(said: str) -> None:
    shown = Endpoint(URL).said(said).lower()
    for secret in ("abc123de", "alice", "pa55", "s3cretq", "ywxpy2u6cge1nq", "flag"):
        assert secret not in shown
    assert "***" in shown


def test_an_encoded_key_is_hidden_decoded_too() -> None:
    endpoint = Endpoint("https://x.example/p%40th-key?token=a%20b%20c%20d")
    assert endpoint.said("p@th-key and a b c d and a%20b%20c%20d") == "*** and *** and ***"


def test_ordinary_words_stay() -> None:
    assert Endpoint("https://x.example/v3/").said("v3: header not found") == "v3: header not found"
    assert Endpoint("https://x.example").said("a / b ? c") == "a / b ? c"


def test_what_a_node_says_is_one_short_line() -> None:
    hostile = "one\r\ntwo\x1b[31m\u202ethree\u2028four\ud800five\tsix\x00" + "x" * 10_000
    shown = Endpoint("http://x.example").said(hostile)
    assert shown.startswith("one two [31m three four five six xxx")
    assert len(shown) == SAID_CAP
    assert shown.isprintable()
    shown.encode()


def test_a_key_at_the_cut_is_not_shown_in_part() -> None:
    shown = Endpoint(URL).said("x" * (SAID_CAP - 10) + " Abc123Def456Ghi789 and so on")
    assert "Abc" not in shown
