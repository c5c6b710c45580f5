"""Does each state still hash to its name?"""

from __future__ import annotations

from sqlalchemy import Connection, LargeBinary, func, select, type_coerce

from watcher.errors import InputError
from watcher.state.canonical import content_hash, state_to_json
from watcher.store import tables
from watcher.store.check import BATCH, parse_state
from watcher.store.difference import Difference, Tally
from watcher.store.register import Registered

state, observation = tables.state, tables.observation

KEY = type_coerce(state.c.hash, LargeBinary)


def check_target(entry: Registered, tally: Tally) -> None:
    target = entry.target
    if entry.uid != target.id:
        tally.note(
            Difference("target", f"id {entry.id}", "uid", entry.uid, target.id, target.label)
        )


class StateCheck:
    """Parses each body and hashes what it says again."""

    def __init__(self, connection: Connection, tally: Tally, since: int | None) -> None:
        self.tally = tally
        self.after = b""
        self.query = select(KEY, state.c.kind, state.c.version, state.c.body)
        if since is not None:
            used = select(observation.c.state_hash).where(observation.c.block_number >= since)
            self.query = self.query.where(state.c.hash.in_(used))
        self.total = connection.execute(
            select(func.count()).select_from(self.query.subquery())
        ).scalar_one()

    def step(self, connection: Connection) -> int:
        query = self.query.where(self.after < KEY).order_by(KEY).limit(BATCH)
        rows = connection.execute(query).all()
        for state_hash, kind, version, body in rows:
            self._check(state_hash.hex(), kind, version, body)
            self.after = state_hash
        return len(rows)

    def _check(self, state_hash: str, kind: str, version: int, body: bytes) -> None:
        self.tally.states += 1
        row = f"hash {state_hash}"
        try:
            parsed = parse_state(body)
        except (InputError, ValueError) as error:
            self.tally.note(Difference("state", row, "body", "damaged bytes", f"nothing: {error}"))
            return
        recomputed = content_hash(state_to_json(parsed))
        if recomputed != state_hash:
            self.tally.note(Difference("state", row, "hash", state_hash, recomputed))
        named = f"{kind} v{version}", f"{parsed.KIND} v{parsed.VERSION}"
        if named[0] != named[1]:
            self.tally.note(Difference("state", row, "kind", *named))
