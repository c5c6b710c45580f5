"""The tables of the file: chains, targets, limits."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType

from watcher.alerts.health import Limits
from watcher.chain.endpoint import Endpoint, EndpointOptions, websocket_endpoint
from watcher.config import fields
from watcher.config.section import Section
from watcher.config.values import ChainConfig
from watcher.math.catalogue import CATALOGUE
from watcher.protocols import ADAPTERS, Adapter, Entry
from watcher.protocols.expectation import Expected, parse_expected
from watcher.protocols.options import boolean
from watcher.state.target import Param

MOST_BLOCKS = 1_000_000
MOST_ENDPOINTS = 16


def read_chain(key: str, section: Section) -> ChainConfig | None:
    try:
        chain_id: int | None = fields.chain_id(key)
    except ValueError as error:
        section.problem("", str(error))
        chain_id = None
    name = section.optional("name", fields.text, key)
    endpoints = _endpoints(section)
    quorum = section.optional("quorum", lambda value: _quorum(value, endpoints), None)
    sample = section.optional("sample", lambda value: fields.whole(value, least=0, most=1_000), 20)
    chain = {
        "every_blocks": section.optional("every_blocks", _blocks, 1),
        "confirmations": section.optional("confirmations", _blocks, 12),
        "catch_up_blocks": section.optional("catch_up_blocks", _blocks, 7_200),
    }
    poll = section.optional("poll_seconds", lambda v: fields.number(v, least=0.05, most=3_600), 1.0)
    deadline = section.optional(
        "deadline_seconds", lambda v: fields.number(v, least=0.1, most=600), 20.0
    )
    wrapped_native = section.optional("wrapped_native", fields.address, None)
    flow = section.optional("flow", boolean, True)
    section.finish()
    if chain_id is None or not endpoints:
        return None
    return ChainConfig(
        chain_id=chain_id,
        name=name,
        endpoints=tuple(filter(None, endpoints)),
        quorum=quorum,
        sample=sample,
        poll_seconds=poll,
        deadline_seconds=deadline,
        wrapped_native=wrapped_native,
        flow=flow,
        **chain,
    )


def _endpoints(section: Section) -> list[EndpointOptions | None]:
    """One entry each, None for one that has a problem."""
    sections = section.list("endpoints")
    if not sections:
        section.problem("endpoints", 'name a node: endpoints = [{ url = "${ETH_RPC_URL}" }]')
    if len(sections) > MOST_ENDPOINTS:
        section.problem("endpoints", f"name at most {MOST_ENDPOINTS} endpoints")
    endpoints = [_endpoint(one) for one in sections]
    names: set[str] = set()
    for row, found in enumerate(endpoints):
        if found is None:
            continue
        # Endpoints are told apart by their hosts, and one node has one voice.
        if found.endpoint.name in names:
            text = "is on the host of another endpoint: name each node once"
            section.problem(f"endpoints[{row}].url", text)
        names.add(found.endpoint.name)
    return endpoints


def _endpoint(section: Section) -> EndpointOptions | None:
    url = section.required("url", _url)
    websocket = section.optional("websocket", _websocket, None)
    archive = section.optional("archive", boolean, False)
    racing = section.optional("racing", boolean, False)
    section.finish()
    return None if url is None else EndpointOptions(url, websocket, archive, racing)


def _quorum(value: object, endpoints: list[EndpointOptions | None]) -> int:
    most = max(len(endpoints), 1)
    try:
        return fields.whole(value, least=1, most=most)
    except ValueError:
        raise ValueError(
            f"write how many of the {most} endpoints must agree, 1 to {most}"
        ) from None


def _url(value: object) -> Endpoint:
    if not isinstance(value, str):
        raise ValueError("write the node's URL, http:// or https://")
    return Endpoint(value)


def _websocket(value: object) -> Endpoint:
    if not isinstance(value, str):
        raise ValueError("write the node's websocket URL, ws:// or wss://")
    return websocket_endpoint(value)


def _blocks(value: object) -> int:
    return fields.whole(value, least=1, most=MOST_BLOCKS)


def read_target(section: Section, chain_ids: Set[int]) -> Entry | None:
    chain_id = section.required("chain", lambda value: known_chain(value, chain_ids))
    protocol = section.required("protocol", _protocol)
    address = section.required("address", fields.address)
    name = section.required("name", fields.text)
    if protocol is None:
        # Without its protocol nobody can say which further keys an entry may have.
        return None
    nothing: Mapping[str, Expected] = {}
    expect = section.optional("expect", parse_expected, nothing)
    options: dict[str, Param] = {}
    for option in ADAPTERS[protocol].options:
        value = section.optional(option.name, option.parse, None)
        if value is not None:
            options[option.name] = value
    section.finish()
    if chain_id is None or address is None or name is None:
        return None
    return Entry(
        chain_id=chain_id,
        protocol=protocol,
        address=address,
        name=name,
        key=_key(ADAPTERS[protocol], name, options),
        options=MappingProxyType(options),
        expect=MappingProxyType(dict(expect)),
    )


def _key(adapter: Adapter, name: str, options: Mapping[str, Param]) -> str:
    if adapter.named:
        return name
    return adapter.key(options) if adapter.key else ""


def read_limits(name: str, section: Section) -> Limits | None:
    if name not in CATALOGUE:
        section.problem("", fields.unknown(name, CATALOGUE, what="measure"))
    strained = section.required("strained", fields.positive)
    breached = section.required("breached", fields.positive)
    section.finish()
    if strained is None or breached is None:
        return None
    if strained > breached:
        section.problem("strained", "is above breached: it must be reached first")
    return Limits(strained=strained, breached=breached)


def known_chain(value: object, chain_ids: Set[int]) -> int:
    chain_id = fields.chain_id(value)
    if chain_id not in chain_ids:
        raise ValueError(
            f'chain eip155:{chain_id} is not configured: add [chains."eip155:{chain_id}"]'
        )
    return chain_id


def _protocol(value: object) -> str:
    if isinstance(value, str) and value in ADAPTERS:
        return value
    raise ValueError(fields.unknown(str(value), ADAPTERS, what="protocol"))
