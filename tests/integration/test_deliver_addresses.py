"""Where notices may go: no redirect, no address inside, and by apprise what it knows."""

from __future__ import annotations

import socket
from collections import deque
from dataclasses import replace
from typing import Any

import pytest

from tests.support.receiving import KEY, Reception, Say, notice, receiving, webhook
from watcher.alerts.channels.receiver import Receiver, ReceiverKind, apprise_address
from watcher.chain.endpoint import Endpoint
from watcher.service.sending import ask, look_at, tell


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_fault_41_a_redirect_is_not_followed(status: int) -> None:
    inside, desk = Reception(), Reception()
    async with receiving(inside) as target, receiving(desk) as host:
        desk.plan.append(Say(status, location=f"http://{target}/inside"))
        outcome = await tell(webhook("desk", host), notice("n1"))
    assert not outcome.taken
    assert "redirects are not followed" in outcome.detail
    assert inside.calls == []


@pytest.mark.parametrize("kind", [ReceiverKind.WEBHOOK, ReceiverKind.ALERTMANAGER])
async def test_fault_41_a_name_that_comes_to_an_address_inside_is_refused_as_it_connects(
    kind: ReceiverKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a rebinding: whoever looked before was told another address."""
    desk = Reception()
    async with receiving(desk) as host:
        port = int(host.rpartition(":")[2])
        real = socket.getaddrinfo

        def rebound(name: Any, *arguments: Any, **options: Any) -> Any:
            if name == "desk.example":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
            return real(name, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        outside = replace(
            webhook("desk", host),
            kind=kind,
            address=Endpoint(f"http://desk.example:{port}/{KEY}"),
            allow_private=False,
        )
        outcome = await tell(outside, notice("n1"))
        assert not outcome.taken
        assert "is this machine: write another, or allow_private = true" in outcome.detail
        assert desk.calls == []
        looked = await look_at(outside)
        assert (looked.taken, "is this machine" in looked.detail) == (False, True)
        assert (await tell(replace(outside, allow_private=True), notice("n1"))).taken
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))
            ],
        )
        keys = await tell(replace(outside, allow_private=True), notice("n1"))
        assert "is where a cloud keeps its keys: nothing is sent there" in keys.detail
        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        beat = await ask(outside.address, allow_private=False, deadline=2)  # type: ignore[arg-type]
        assert not beat.taken
        assert len(desk.calls) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
async def test_fault_41_this_machine_by_any_name_is_refused(host: str) -> None:
    desk = Reception()
    async with receiving(desk) as at:
        port = at.rpartition(":")[2]
        receiver = webhook("desk", f"{host}:{port}", allow_private=False)
        assert not (await tell(receiver, notice("n1"))).taken
        assert not (await look_at(receiver)).taken
    assert desk.calls == []


def by_apprise(host: str, **changed: Any) -> Receiver:
    given: dict[str, Any] = {"allow_private": True, "deadline_seconds": 20.0, **changed}
    url = f"json://user:{KEY}@{host}/path/"
    return Receiver("oncall", ReceiverKind.APPRISE, apprise_address(url), **given)


async def test_apprise_carries_a_message_to_a_service() -> None:
    service = Reception()
    async with receiving(service) as host:
        outcome = await tell(by_apprise(host), notice("n1", title="<b> @everyone"))
    assert outcome.taken, outcome.detail
    [told] = service.documents()
    assert told["title"] == "[critical] ‹b› (at)everyone"
    assert told["type"] == "failure"
    assert told["message"].splitlines()[-1].endswith("id n1")


async def test_faults_41_and_48_apprise_reaches_nothing_inside_and_says_no_key() -> None:
    service, inside = Reception(), Reception()
    async with receiving(service) as host, receiving(inside) as target:
        refused = await tell(by_apprise(host, allow_private=False), notice("n1"))
        assert (refused.taken, service.calls) == (False, [])
        assert (
            "json: its address is this machine: write another, or allow_private" in refused.detail
        )
        service.plan.append(Say(307, location=f"http://{target}/inside"))
        redirected = await tell(by_apprise(host), notice("n1"))
        assert (redirected.taken, inside.calls) == (False, [])
        service.plan.append(Say(500))
        failed = await tell(by_apprise(host), notice("n1"))
        assert not failed.taken
        for outcome in (refused, redirected, failed):
            assert KEY not in outcome.detail


async def test_a_service_of_apprise_that_hangs_is_ended() -> None:
    service = Reception(plan=deque([Say(delay=60)]))
    async with receiving(service) as host:
        outcome = await tell(by_apprise(host, deadline_seconds=2.0), notice("n1"))
    assert (outcome.taken, outcome.seconds < 4) == (False, True)
    assert "did not take it within 2 s" in outcome.detail


async def test_what_apprise_knows_is_asked_without_sending() -> None:
    known = Receiver("a", ReceiverKind.APPRISE, apprise_address("json://desk.example/x"))
    assert (await look_at(known)).taken
    unknown = await look_at(replace(known, address=apprise_address(f"nosuch://{KEY}")))
    assert not unknown.taken
    assert "apprise knows no such service" in unknown.detail
