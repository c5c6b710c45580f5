"""Targets, their tokens and the settings: what facts point at."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from watcher.errors import InputError, StoreError
from watcher.math.settings import Settings
from watcher.state.canonical import canonical_json
from watcher.state.target import Target
from watcher.state.token import Address, Token
from watcher.store import tables
from watcher.store.bulk import insert_new
from watcher.store.database import POSTGRESQL
from watcher.store.rows import storable

IDS = 500
"""Ids in one query: SQLite takes 32,766 parameters in a statement."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A target with its keys in the tables; `token_ids` by address. `uid` is the stored id, which
    only a damaged row has other than the target's."""

    id: int
    uid: str
    target: Target
    token_ids: dict[Address, int]


class Book:
    """Registered targets looked up once: their ids, tokens and decimals never change. A name or a
    param that another process changed meanwhile may be the old one."""

    def __init__(self) -> None:
        self._known: dict[str, Registered] = {}

    def entries(self, connection: Connection, uids: Collection[str]) -> dict[str, Registered]:
        """Those of `uids` that are registered, by id."""
        known = self._known
        missing = [uid for uid in uids if uid not in known]
        if missing:
            found = {entry.target.id: entry for entry in registered(connection, uids=missing)}
            # A new one, since another thread may be looking into the old.
            known = self._known = {**known, **found}
        return {uid: known[uid] for uid in uids if uid in known}


def register(connection: Connection, targets: Sequence[Target]) -> None:
    """Add what is new; name, params and symbols follow the last registration.

    Tokens and their decimals are facts that stored amounts depend on: a change is refused.
    """
    if connection.dialect.name == POSTGRESQL:
        # Two processes that start at once would both find a target missing and both add it.
        connection.exec_driver_sql("LOCK TABLE token, target IN SHARE ROW EXCLUSIVE MODE")
    known = {entry.target.id: entry for entry in registered(connection)}
    tokens = _tokens(connection)
    for target in targets:
        token_ids = {
            coin.address: _token_id(connection, tokens, coin, target.chain_id)
            for coin in _coins(target)
        }
        entry = known.get(target.id)
        if entry is None:
            _add(connection, target, token_ids)
            continue
        _require_same(entry.target, target)
        if _described(entry.target) != _described(target):
            table = tables.target
            connection.execute(
                update(table).where(table.c.id == entry.id).values(_described(target))
            )


def save_settings(connection: Connection, settings: Settings) -> str:
    row = {"hash": settings.hash, "body": settings.to_json()}
    insert_new(connection, tables.settings, [row])
    return settings.hash


def registered(connection: Connection, *, uids: Collection[str] | None = None) -> list[Registered]:
    """All targets, or those with these ids, in the order of their registration."""
    if uids is None:
        return _registered_where(connection)
    wanted = sorted(uids)
    chunks = [wanted[start : start + IDS] for start in range(0, len(wanted), IDS)]
    found = [
        entry
        for chunk in chunks
        for entry in _registered_where(connection, tables.target.c.uid.in_(chunk))
    ]
    return sorted(found, key=lambda entry: entry.id)


def among(uids: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    """The condition of a few targets by their ids; none of all."""
    return () if uids is None else (tables.target.c.uid.in_(sorted(uids)),)


def entry_of(connection: Connection, target_id: str) -> Registered:
    """Raises InputError when there is no such target."""
    for entry in registered(connection, uids=[target_id]):
        return entry
    raise InputError(f"no stored target has the id {target_id[:12]}: run `watcher once`.")


def _registered_where(connection: Connection, *where: ColumnElement[bool]) -> list[Registered]:
    link, token, target = tables.target_token, tables.token, tables.target
    columns = (token.c.id, token.c.address, token.c.decimals, token.c.symbol)
    query = (
        select(link.c.target_id, link.c.role, *columns)
        .join(token, token.c.id == link.c.token_id)
        .join(target, target.c.id == link.c.target_id)
        .where(*where)
        .order_by(link.c.position)
    )
    coins: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        coins.setdefault(row.target_id, []).append(row)
    rows = connection.execute(select(target).where(*where).order_by(target.c.id))
    return [_registered(row, coins.get(row.id, ())) for row in rows]


def _registered(row: Any, coins: Iterable[Any]) -> Registered:
    by_role: dict[str, list[Token]] = {"token": [], "share": []}
    token_ids = {}
    for coin in coins:
        by_role[coin.role].append(Token(Address(coin.address), coin.decimals, coin.symbol))
        token_ids[Address(coin.address)] = coin.id
    target = Target(
        chain_id=row.chain_id,
        protocol=row.protocol,
        address=Address(row.address),
        kind=row.kind,
        key=row.key,
        tokens=tuple(by_role["token"]),
        share=next(iter(by_role["share"]), None),
        params=json.loads(row.params),
        name=row.name,
    )
    return Registered(id=row.id, uid=row.uid, target=target, token_ids=token_ids)


def _coins(target: Target) -> tuple[Token, ...]:
    return target.tokens if target.share is None else (*target.tokens, target.share)


def _described(target: Target) -> dict[str, str]:
    return {"name": storable(target.name), "params": canonical_json(dict(target.params))}


def _add(connection: Connection, target: Target, token_ids: dict[Address, int]) -> None:
    values = {
        "uid": target.id,
        "chain_id": target.chain_id,
        "protocol": target.protocol,
        "address": target.address,
        "kind": target.kind,
        "key": target.key,
        **_described(target),
    }
    target_id = connection.execute(
        insert(tables.target).values(values).returning(tables.target.c.id)
    ).scalar_one()
    roles = [("token", position, coin) for position, coin in enumerate(target.tokens)]
    if target.share is not None:
        roles.append(("share", 0, target.share))
    if roles:
        connection.execute(
            insert(tables.target_token),
            [
                {
                    "target_id": target_id,
                    "role": role,
                    "position": position,
                    "token_id": token_ids[coin.address],
                }
                for role, position, coin in roles
            ],
        )


def _tokens(connection: Connection) -> dict[tuple[int, str], Any]:
    rows = connection.execute(select(tables.token))
    return {(row.chain_id, row.address): row for row in rows}


def _token_id(
    connection: Connection, tokens: dict[tuple[int, str], Any], coin: Token, chain_id: int
) -> int:
    table = tables.token
    row = tokens.get((chain_id, coin.address))
    symbol = storable(coin.symbol)
    if row is None:
        values = {
            "chain_id": chain_id,
            "address": coin.address,
            "decimals": coin.decimals,
            "symbol": symbol,
        }
        row = connection.execute(insert(table).values(values).returning(table)).one()
    elif row.decimals != coin.decimals:
        raise StoreError(
            f"token {coin.address} of eip155:{chain_id} is stored with {row.decimals} decimals and "
            f"now says {coin.decimals}, which would change what every stored amount means: "
            "remove its targets from the configuration, or begin a new database."
        )
    elif row.symbol != symbol:
        changed = update(table).where(table.c.id == row.id).values(symbol=symbol)
        row = connection.execute(changed.returning(table)).one()
    tokens[chain_id, coin.address] = row
    return int(row.id)


def _require_same(stored: Target, now: Target) -> None:
    def facts(target: Target) -> tuple[object, ...]:
        share = target.share.address if target.share else None
        return (target.kind, tuple(coin.address for coin in target.tokens), share)

    if facts(stored) != facts(now):
        cure = "give it another name" if now.key else "remove it from the configuration"
        raise StoreError(
            f"{now.label} at {now.caip10} is stored with other tokens or another kind than it has "
            f"now: {cure}, or begin a new database."
        )
