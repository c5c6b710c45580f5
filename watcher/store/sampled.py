"""A stretch of a history in few rows, as quickly over millions of blocks as over ten: what was in
force at evenly spaced blocks, each found by one probe of an index."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, and_, case, column, func, select, values

from watcher.state.block import Block
from watcher.state.canonical import canonical_json
from watcher.state.measure import Measure
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.history import MEASURE_COLUMNS, in_force
from watcher.store.register import IDS, Registered
from watcher.store.rows import block_of, measure_of
from watcher.store.tables import canonical
from watcher.store.values import Figures, NetFlow, Reading, Within

block, target, observation = tables.block, tables.target, tables.observation
computation, measure = tables.computation, tables.measure
window, amount = tables.flow_window, tables.flow_amount

IN, OUT, FEE = "in", "out", "fee"


def block_at(connection: Connection, newest: Block, moment: int) -> Block:
    """The first canonical block at or after the time `moment`, at most `newest`, whose chain it is
    of: block times rise with their numbers, so that a bisection finds it in a few probes."""
    if newest.timestamp < moment:
        return newest
    stored = select(*BLOCK_COLUMNS).where(block.c.chain_id == newest.chain_id, canonical)
    stored = stored.order_by(block.c.number).limit(1)

    def at_least(number: int) -> Block:
        rows = connection.execute(stored.where(block.c.number >= number)).mappings()
        return block_of(rows.one())

    low, high = 0, newest.number
    while low < high:
        middle = (low + high) // 2
        found = at_least(middle)
        if found.timestamp >= moment:
            high = middle
        else:
            low = found.number + 1
    return at_least(low)


def figures_along(
    connection: Connection,
    entry: Registered,
    names: Collection[str],
    *,
    first: int,
    last: int,
    points: int,
) -> tuple[Figures, ...]:
    """The measures `names` in force at `points` evenly spaced blocks from `first` to `last`, oldest
    first, each computation once."""
    probe = _probes(first, last, points)
    newest = (
        select(computation.c.id)
        .join(block, block.c.id == computation.c.block_id)
        .where(computation.c.target_id == entry.id, canonical)
        .where(computation.c.block_number <= probe.c.number)
        .order_by(computation.c.block_number.desc())
        .limit(1)
        .correlate(probe)
        .scalar_subquery()
    )
    along = connection.execute(select(newest).select_from(probe).distinct()).scalars()
    ids = [found for found in along if found is not None]
    found: list[Figures] = []
    for start in range(0, len(ids), IDS):
        query = (
            select(computation.c.id, computation.c.settings_hash, *BLOCK_COLUMNS, *MEASURE_COLUMNS)
            .select_from(computation)
            .join(block, block.c.id == computation.c.block_id)
            .join(measure, measure.c.computation_id == computation.c.id)
            .where(computation.c.id.in_(ids[start : start + IDS]), measure.c.name.in_(names))
            .order_by(computation.c.block_number, computation.c.id)
        )
        rows = connection.execute(query).mappings()
        found += (_figures(list(group)) for _, group in groupby(rows, key=itemgetter("id")))
    return tuple(sorted(found, key=lambda one: one.block.number))


def values_along(
    connection: Connection,
    chain_id: int,
    wanted: Sequence[tuple[str, str, str]],
    *,
    first: int,
    last: int,
    points: int,
) -> dict[str, tuple[float | None, ...]]:
    """By target id, of several targets one figure each, (target id, measure, dims as canonical
    JSON): its value in force at `points` evenly spaced blocks from `first` to `last`."""
    probe = _probes(first, last, points)
    chosen = (
        values(
            column("uid", target.c.uid.type),
            column("name", measure.c.name.type),
            column("dims", measure.c.dims.type),
            name="chosen",
        )
        .data(list(wanted) or [("", "", "")])
        .cte("chosen")
    )
    newest = (
        select(computation.c.id)
        .join(block, block.c.id == computation.c.block_id)
        .where(computation.c.target_id == target.c.id, canonical)
        .where(computation.c.block_number <= probe.c.number)
        .order_by(computation.c.block_number.desc())
        .limit(1)
        .correlate(target, probe)
        .scalar_subquery()
    )
    query = (
        select(target.c.uid, probe.c.number, measure.c.value)
        .select_from(chosen)
        .join(target, target.c.uid == chosen.c.uid)
        .join(probe, probe.c.number >= 0)
        .outerjoin(
            measure,
            (measure.c.computation_id == newest)
            & (measure.c.name == chosen.c.name)
            & (measure.c.dims == chosen.c.dims),
        )
        .where(target.c.chain_id == chain_id)
        .order_by(target.c.uid, probe.c.number)
    )
    rows = connection.execute(query)
    return {uid: tuple(row[2] for row in group) for uid, group in groupby(rows, key=itemgetter(0))}


def within_since(
    connection: Connection,
    entry: Registered,
    figure: Measure,
    within: Within,
    *,
    number: int | None,
    most: int,
) -> int | None:
    """The time of the first computation of the unbroken run, up to block `number`, in which the
    figure of this name and these dims is `within`; of at most `most` computations."""
    recent = (
        select(computation.c.id, computation.c.block_number, block.c.timestamp)
        .join(block, block.c.id == computation.c.block_id)
        .where(computation.c.target_id == entry.id, canonical)
        .order_by(computation.c.block_number.desc())
        .limit(most)
    )
    if number is not None:
        recent = recent.where(computation.c.block_number <= number)
    run = recent.subquery()
    mine = (
        (measure.c.computation_id == run.c.id)
        & (measure.c.name == figure.name)
        & (measure.c.dims == canonical_json(dict(figure.dims)))
    )
    broken = (
        select(run.c.block_number)
        .join(measure, mine)
        .where(~_is_within(within))
        .order_by(run.c.block_number.desc())
        .limit(1)
    )
    last = connection.execute(broken).scalar()
    first = select(func.min(run.c.timestamp)).join(measure, mine)
    if last is not None:
        first = first.where(run.c.block_number > last)
    found: int | None = connection.execute(first).scalar()
    return found


def _is_within(within: Within) -> ColumnElement[bool]:
    """Never null, so that it can be turned round."""
    value, reason = measure.c.value, func.coalesce(measure.c.reason, "")
    if within.least is None:
        return and_(value.is_(None), reason.not_in(within.but))
    size = func.abs(func.coalesce(value, 0.0))
    known = and_(value.is_not(None), size >= within.least)
    return known if math.isinf(within.below) else and_(known, size < within.below)


def readings(
    connection: Connection, entry: Registered, *, first: int, last: int, limit: int
) -> tuple[Reading, ...]:
    """When the target's reading failed between blocks `first` and `last`, and when it came back:
    what was in force at `first`, then each change from or to a failure, at most `limit`."""
    number, moment = observation.c.block_number, block.c.timestamp
    mine = (
        select(number, moment)
        .join(block, block.c.id == observation.c.block_id)
        .where(observation.c.target_id == entry.id, canonical, number.between(first, last))
        .order_by(number)
    )
    failed = connection.execute(mine.where(tables.failed_of(observation)).limit(limit))
    failures = [Reading(row[0], row[1], well=False) for row in failed]
    before = (
        select(observation.c.status, block.c.timestamp)
        .select_from(target)
        .join(observation, observation.c.id == in_force(observation, first - 1))
        .join(block, block.c.id == observation.c.block_id)
        .where(target.c.id == entry.id)
    )
    standing = connection.execute(before).first()
    if standing is not None and standing[0] != "ok":
        failures.insert(0, Reading(first, standing[1], well=False))
    found: list[Reading] = []
    for failure in failures:
        if found and failure.number < found[-1].number:
            continue
        if found and not found[-1].well:
            continue
        found.append(failure)
        well = mine.where(observation.c.status == "ok", number > failure.number).limit(1)
        back = connection.execute(well).first()
        if back is None:
            break
        found.append(Reading(back[0], back[1], well=True))
    return tuple(found)


def net_flows(
    connection: Connection, entry: Registered, *, first: int, last: int, buckets: int
) -> tuple[NetFlow, ...]:
    """What came into the target less what left it, by token, in whole tokens: of each of `buckets`
    equal stretches of the blocks from `first` to `last` in which something flowed."""
    width = max(1, -(-(last - first + 1) // buckets))
    bucket = ((window.c.block_number - first) // width).label("bucket")
    sign = case((amount.c.side == IN, 1.0), (amount.c.side.in_([OUT, FEE]), -1.0), else_=0.0)
    query = (
        select(
            bucket,
            func.min(block.c.timestamp),
            amount.c.token_id,
            func.sum(sign * amount.c.units),
        )
        .select_from(window)
        .join(block, block.c.id == window.c.block_id)
        .join(amount, amount.c.window_id == window.c.id)
        .where(window.c.target_id == entry.id, canonical)
        .where(window.c.block_number.between(first, last))
        .group_by(bucket, amount.c.token_id)
        .order_by(bucket)
    )
    addresses = {token_id: address for address, token_id in entry.token_ids.items()}
    rows = connection.execute(query).all()
    begins: dict[int, int] = {}
    for place, moment, *_ in rows:
        begins[place] = min(moment, begins.get(place, moment))
    return tuple(
        NetFlow(begins[place], addresses[token_id], float(units))
        for place, _, token_id, units in rows
    )


def _probes(first: int, last: int, points: int) -> CTE:
    """Evenly spaced block numbers, both ends among them."""
    steps = min(points, last - first + 1)
    numbers = sorted(
        {first + round(step * (last - first) / max(steps - 1, 1)) for step in range(steps)}
    )
    rows = [(number,) for number in numbers]
    return values(column("number", block.c.number.type), name="probe").data(rows).cte("probe")


def _figures(rows: Sequence[Any]) -> Figures:
    return Figures(block_of(rows[0]), rows[0]["settings_hash"], tuple(map(measure_of, rows)))
