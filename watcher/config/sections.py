"""The tables of the file: chains, targets, prices, limits."""

from __future__ import annotations

from collections.abc import Set
from types import MappingProxyType

from watcher.alerts.health import Limits
from watcher.chain.endpoint import Endpoint, websocket_endpoint
from watcher.config import fields
from watcher.config.section import Section
from watcher.config.values import ChainConfig
from watcher.math.catalogue import CATALOGUE
from watcher.math.settings import PriceSource
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.chainlink import PROTOCOL as CHAINLINK
from watcher.state.target import Param, target_id
from watcher.state.token import Address

MOST_BLOCKS = 1_000_000
SOURCES = ("chainlink", "fixed")


def read_chain(key: str, section: Section) -> ChainConfig | None:
    try:
        chain_id: int | None = fields.chain_id(key)
    except ValueError as error:
        section.problem("", str(error))
        chain_id = None
    name = section.optional("name", fields.text, key)
    endpoint, websocket = _endpoint(section)
    chain = {
        "every_blocks": section.optional("every_blocks", _blocks, 1),
        "confirmations": section.optional("confirmations", _blocks, 12),
        "catch_up_blocks": section.optional("catch_up_blocks", _blocks, 7_200),
    }
    poll = section.optional("poll_seconds", lambda v: fields.number(v, least=0.05, most=3_600), 1.0)
    deadline = section.optional(
        "deadline_seconds", lambda v: fields.number(v, least=0.1, most=600), 20.0
    )
    section.finish()
    if chain_id is None or endpoint is None:
        return None
    return ChainConfig(
        chain_id=chain_id,
        name=name,
        endpoint=endpoint,
        poll_seconds=poll,
        deadline_seconds=deadline,
        websocket=websocket,
        **chain,
    )


def _endpoint(section: Section) -> tuple[Endpoint | None, Endpoint | None]:
    """Where the node is asked, and where it announces new heads."""
    endpoints = section.list("endpoints")
    if len(endpoints) != 1:
        section.problem("endpoints", 'give one endpoint: endpoints = [{ url = "${ETH_RPC_URL}" }]')
    found, websocket = None, None
    for endpoint in endpoints:
        found = endpoint.required("url", _url)
        websocket = endpoint.optional("websocket", _websocket, None)
        endpoint.finish()
    return found, websocket


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
    chain_id = section.required("chain", lambda value: _known_chain(value, chain_ids))
    protocol = section.required("protocol", _protocol)
    address = section.required("address", fields.address)
    name = section.required("name", fields.text)
    if protocol is None:
        # Without its protocol nobody can say which further keys an entry may have.
        return None
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
        options=MappingProxyType(options),
    )


def read_price(section: Section, chain_ids: Set[int]) -> tuple[PriceSource, Entry | None] | None:
    """A price source, and its feed's entry where it has one."""
    token = section.required("token", lambda value: _known_token(value, chain_ids))
    source = section.required("source", _source)
    found: tuple[PriceSource, Entry | None] | None = None
    if source == "fixed":
        value = section.required("value", fields.positive)
        if token and value is not None:
            found = PriceSource(token[0], token[1], "fixed", value=value), None
    elif source == "chainlink":
        address = section.required("address", fields.address)
        heartbeat = section.required("heartbeat", fields.seconds)
        deviation = section.optional("deviation", _deviation, 0.0)
        if token and address is not None and heartbeat is not None:
            chain_id = token[0]
            price = PriceSource(
                chain_id,
                token[1],
                "chainlink",
                feed_id=target_id(chain_id, CHAINLINK, address),
                heartbeat=heartbeat,
                deviation=deviation,
            )
            found = price, Entry(chain_id=chain_id, protocol=CHAINLINK, address=address)
    if source is not None:
        section.finish()
    return found


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


def _known_chain(value: object, chain_ids: Set[int]) -> int:
    chain_id = fields.chain_id(value)
    if chain_id not in chain_ids:
        raise ValueError(
            f'chain eip155:{chain_id} is not configured: add [chains."eip155:{chain_id}"]'
        )
    return chain_id


def _known_token(value: object, chain_ids: Set[int]) -> tuple[int, Address]:
    chain_id, address = fields.token(value)
    _known_chain(f"eip155:{chain_id}", chain_ids)
    return chain_id, address


def _protocol(value: object) -> str:
    if isinstance(value, str) and value in ADAPTERS:
        return value
    raise ValueError(fields.unknown(str(value), ADAPTERS, what="protocol"))


def _source(value: object) -> str:
    if isinstance(value, str) and value in SOURCES:
        return value
    raise ValueError(fields.unknown(str(value), SOURCES, what="source"))


def _deviation(value: object) -> float:
    return fields.number(value, least=0.0, most=0.5)
