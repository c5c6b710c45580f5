"""A target as it was measured at a block: its state and the prices that it was judged by."""

from __future__ import annotations

from sqlalchemy import Connection

from watcher.errors import InputError
from watcher.math.prices import priced_tokens
from watcher.math.settings import Settings
from watcher.math.subject import EARLIER, EXIT, PREVIOUS, Subject, assemble, roles, windows
from watcher.state.block import Block
from watcher.state.observation import Observation
from watcher.state.snapshot import Snapshot
from watcher.state.target import Target
from watcher.store import tables
from watcher.store.history import observation_as_of, observations_as_of, settings_as_of
from watcher.store.register import Registered
from watcher.store.trail import in_force_ago


def snapshot(connection: Connection, entry: Registered, number: int | None) -> Snapshot:
    """The target's state with the prices that its measures used at that block.

    Prices are None where nothing was computed yet. Raises InputError where there is no state.
    """
    standing = observation_as_of(connection, entry, number)
    where = f"{entry.target.label} at block {number if number is not None else 'latest'}"
    if standing is None:
        raise InputError(f"{where} had not been read yet: ask for a later block.")
    observed, as_of = standing.observation, standing.as_of
    if observed.state is None:
        raise InputError(
            f"{where} has no state: it is {observed.status} since block {standing.since.number}"
            f"{': ' + observed.detail if observed.detail else ''}."
        )
    chosen = settings_as_of(connection, entry, as_of.number)
    prices = None
    if chosen is not None:
        subject = _subject(connection, entry.target, chosen, as_of)
        prices = tuple(subject.prices[token] for token in priced_tokens(entry.target))
    return Snapshot(block=as_of, target=entry.target, state=observed.state, prices=prices)


def _subject(connection: Connection, watched: Target, chosen: Settings, as_of: Block) -> Subject:
    wanted = {
        role: uid
        for role, uid in roles(watched, chosen).items()
        if role != PREVIOUS and not role.startswith(EXIT)
    }
    found = observations_as_of(
        connection, as_of.number, tables.target.c.uid.in_(set(wanted.values()))
    )
    inputs: dict[str, Observation] = {
        role: found[uid][0]
        for role, uid in wanted.items()
        if uid in found and not role.startswith(EARLIER)
    }
    for uid, window in windows(watched, chosen).items():
        moment = as_of.timestamp - window
        earlier = in_force_ago(connection, as_of.chain_id, uid, moment, window=window)
        if earlier is not None:
            inputs[EARLIER + uid] = earlier.observation
    return assemble(watched, inputs, timestamp=as_of.timestamp, settings=chosen)
