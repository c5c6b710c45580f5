"""Values of the history as the models of /api/v1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from watcher.api.standing import Judged
from watcher.api.v1 import models
from watcher.math.catalogue import CATALOGUE
from watcher.math.definition import Definition
from watcher.math.flow_catalogue import FLOWS
from watcher.state.amount import amounts
from watcher.state.block import Block
from watcher.state.canonical import content_hash, parse_json, state_to_json
from watcher.state.flow import Flow, FlowAmount
from watcher.state.measure import Measure
from watcher.state.target import Target
from watcher.state.token import Address, Token
from watcher.store import Figure, FlowRecord, Gap, Standing, StoredEvent
from watcher.store.lines import Line
from watcher.store.paging import StoredBlock


def chain(chain_id: int) -> str:
    return f"eip155:{chain_id}"


def token_id(chain_id: int, address: str) -> str:
    return f"eip155:{chain_id}/erc20:{address}"


def moment(seconds: int) -> datetime:
    """Block time, whatever a block says: a year that no calendar has is held at its last."""
    return datetime.fromtimestamp(min(max(seconds, 0), 253_402_300_799), UTC)


def block(one: Block) -> models.Block:
    return models.Block(number=one.number, hash=one.hash, time=moment(one.timestamp))


def maybe_block(one: Block | None) -> models.Block | None:
    return None if one is None else block(one)


def stored_block(one: StoredBlock) -> models.StoredBlock:
    return models.StoredBlock(
        number=one.block.number,
        hash=one.block.hash,
        time=moment(one.block.timestamp),
        parent_hash=one.block.parent_hash,
        status=one.status,
        seen_at=one.seen_at,
    )


def gap(one: Gap) -> models.Gap:
    return models.Gap(
        first=one.first,
        last=one.last,
        reason=one.reason,
        found_at=one.found_at,
        filled_at=one.filled_at,
    )


def endpoint_event(one: StoredEvent) -> models.EndpointEvent:
    return models.EndpointEvent(
        endpoint=one.endpoint,
        kind=one.kind.value,
        block_number=one.block_number,
        block_hash=one.block_hash,
        detail=one.detail,
        found_at=one.found_at,
    )


def token(one: Token, chain_id: int) -> models.Token:
    return models.Token(
        token=token_id(chain_id, one.address),
        address=one.address,
        symbol=one.symbol,
        decimals=one.decimals,
    )


def unit_of(name: str) -> str:
    """ "" of a measure that this program no longer has."""
    found = CATALOGUE.get(name) or FLOWS.get(name)
    return found.unit if found else ""


def figure(one: Measure) -> models.Figure:
    return models.Figure(
        name=one.name,
        dims=dict(one.dims),
        value=known(one),
        reason=one.reason or None,
        unit=unit_of(one.name),
        version=one.version,
    )


def known(one: Measure) -> float | None:
    return None if math.isnan(one.value) else one.value


def standing(one: Judged) -> models.Standing:
    return models.Standing(**_standing(one))


def detail(one: Judged, target: Target) -> models.TargetDetail:
    coins = [token(coin, target.chain_id) for coin in target.tokens]
    return models.TargetDetail(
        **_standing(one),
        kind=target.kind,
        tokens=coins,
        share=None if target.share is None else token(target.share, target.chain_id),
        params=dict(target.params),
    )


def _standing(one: Judged) -> dict[str, Any]:
    entry, observed = one.entry, one.observation
    return {
        "id": one.target_id,
        "account": f"eip155:{entry.chain_id}:{entry.address}",
        "chain": chain(entry.chain_id),
        "protocol": entry.protocol,
        "address": entry.address,
        "key": entry.key,
        "label": one.label,
        "state": one.grade.word,
        "state_when_seen": one.seen.word,
        "why": one.why,
        "since": None if one.since is None else moment(one.since),
        "figure": None if one.measure is None else figure(one.measure),
        "status": None if observed is None else observed.status.value,
        "detail": None if observed is None else observed.detail,
        "newest": maybe_block(one.newest),
    }


def history_row(one: Figure) -> models.HistoryRow:
    return models.HistoryRow(
        block=block(one.block),
        name=one.measure.name,
        dims=dict(one.measure.dims),
        value=known(one.measure),
        reason=one.measure.reason or None,
        version=one.measure.version,
    )


def line(one: Line) -> models.Line:
    points = [
        models.Point(
            block=block(point.block),
            value=known(point.measure),
            reason=point.measure.reason or None,
        )
        for point in one.figures
    ]
    return models.Line(dims=dict(one.figures[0].measure.dims), rows=one.rows, points=points)


def observation(target: Target, one: Standing) -> models.Observation:
    state = one.observation.state
    text = None if state is None else state_to_json(state)
    found = () if state is None else amounts(target, state)
    return models.Observation(
        target=target.id,
        as_of=block(one.as_of),
        since=block(one.since),
        status=one.observation.status.value,
        detail=one.observation.detail,
        state_hash=None if text is None else content_hash(text),
        state=None if text is None else _document(text),
        amounts=[
            models.Amount(
                field=each.field,
                token=token_id(target.chain_id, each.token.address),
                raw=str(each.raw),
                units=each.units,
            )
            for each in found
        ],
    )


def flow_window(target: Target, one: FlowRecord) -> models.FlowWindow:
    decimals = {coin.address: coin.decimals for coin in coins(target)}
    decoded = one.window.decoded
    return models.FlowWindow(
        block=block(one.block),
        problem=decoded.problem,
        flows=[_flow(each, target.chain_id, decimals) for each in decoded.flows],
        figures=[figure(each) for each in one.window.measures],
    )


def coins(target: Target) -> Iterable[Token]:
    return target.tokens if target.share is None else (*target.tokens, target.share)


def measure(one: Definition) -> models.Measure:
    return models.Measure(
        name=one.name,
        unit=one.unit,
        formula=one.formula,
        dims=one.dims,
        source=one.source,
        bad=one.bad,
        cannot_say=one.cannot_say,
        version=one.version,
        kinds=list(one.kinds),
    )


def _flow(one: Flow, chain_id: int, decimals: Mapping[Address, int]) -> models.Flow:
    return models.Flow(
        log_index=one.index,
        kind=one.kind.value,
        taker=one.taker,
        amounts=[_flow_amount(each, chain_id, decimals[each.token]) for each in one.amounts],
    )


def _flow_amount(one: FlowAmount, chain_id: int, decimals: int) -> models.FlowAmount:
    return models.FlowAmount(
        side=one.side.value,
        token=token_id(chain_id, one.token),
        raw=str(one.raw),
        units=float(one.raw / 10**decimals),
    )


def _document(text: str) -> dict[str, Any]:
    found = parse_json(text)
    if not isinstance(found, dict):
        raise TypeError("a state is a JSON object")
    return found
