"""Targets, their tokens and the settings: what facts point at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from watcher.errors import InputError, StoreError
from watcher.math.settings import Settings
from watcher.state.canonical import canonical_json
from watcher.state.target import Target
from watcher.state.token import Address, Token
from watcher.store import tables
from watcher.store.rows import storable


@dataclass(frozen=True, slots=True)
class Registered:
    """A target with its keys in the tables; `token_ids` by address. `uid` is the stored id, which
    only a damaged row has other than the target's."""

    id: int
    uid: str
    target: Target
    token_ids: dict[Address, int]


def register(connection: Connection, targets: Sequence[Target]) -> None:
    """Add what is new; name, params and symbols follow the last registration.

    Tokens and their decimals are facts that stored amounts depend on: a change is refused.
    """
    known = {entry.target.id: entry for entry in registered(connection)}
    for target in targets:
        token_ids = {
            coin.address: _token_id(connection, coin, target.chain_id) for coin in _coins(target)
        }
        entry = known.get(target.id)
        if entry is None:
            _add(connection, target, token_ids)
            continue
        _require_same(entry.target, target)
        connection.execute(
            update(tables.target).where(tables.target.c.id == entry.id).values(_described(target))
        )


def save_settings(connection: Connection, settings: Settings) -> str:
    table = tables.settings
    if not connection.execute(select(table.c.hash).where(table.c.hash == settings.hash)).first():
        connection.execute(insert(table).values(hash=settings.hash, body=settings.to_json()))
    return settings.hash


def registered(
    connection: Connection, *, chain_id: int | None = None, uid: str | None = None
) -> list[Registered]:
    """All targets, those of one chain, or one, in the order of their registration."""
    table = tables.target
    chosen: list[ColumnElement[bool]] = []
    if chain_id is not None:
        chosen.append(table.c.chain_id == chain_id)
    if uid is not None:
        chosen.append(table.c.uid == uid)
    query = select(table).where(*chosen).order_by(table.c.id)
    coins = _coins_by_target(connection, chosen)
    return [
        _registered(row, coins.get(row["id"], ())) for row in connection.execute(query).mappings()
    ]


def entry_of(connection: Connection, target_id: str) -> Registered:
    """Raises InputError when there is no such target."""
    for entry in registered(connection, uid=target_id):
        return entry
    raise InputError(f"no stored target has the id {target_id[:12]}: run `watcher once`.")


def _coins_by_target(
    connection: Connection, chosen: Sequence[ColumnElement[bool]]
) -> dict[int, list[Any]]:
    link, token = tables.target_token, tables.token
    query = (
        select(
            link.c.target_id,
            link.c.role,
            token.c.id,
            token.c.address,
            token.c.decimals,
            token.c.symbol,
        )
        .join(token, token.c.id == link.c.token_id)
        .join(tables.target, tables.target.c.id == link.c.target_id)
        .where(*chosen)
        .order_by(link.c.position)
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.target_id, []).append(row)
    return found


def _registered(row: Any, coins: Iterable[Any]) -> Registered:
    by_role: dict[str, list[Token]] = {"token": [], "share": []}
    token_ids = {}
    for coin in coins:
        by_role[coin.role].append(Token(Address(coin.address), coin.decimals, coin.symbol))
        token_ids[Address(coin.address)] = coin.id
    target = Target(
        chain_id=row["chain_id"],
        protocol=row["protocol"],
        address=Address(row["address"]),
        kind=row["kind"],
        key=row["key"],
        tokens=tuple(by_role["token"]),
        share=next(iter(by_role["share"]), None),
        params=json.loads(row["params"]),
        name=row["name"],
    )
    return Registered(id=row["id"], uid=row["uid"], target=target, token_ids=token_ids)


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


def _token_id(connection: Connection, coin: Token, chain_id: int) -> int:
    table = tables.token
    row = connection.execute(
        select(table).where(table.c.chain_id == chain_id, table.c.address == coin.address)
    ).first()
    symbol = storable(coin.symbol)
    if row is None:
        values = {
            "chain_id": chain_id,
            "address": coin.address,
            "decimals": coin.decimals,
            "symbol": symbol,
        }
        return int(
            connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
        )
    if row.decimals != coin.decimals:
        raise StoreError(
            f"token {coin.address} of eip155:{chain_id} is stored with {row.decimals} decimals and "
            f"now says {coin.decimals}, which would change what every stored amount means: "
            "remove its targets from the configuration, or begin a new database."
        )
    if row.symbol != symbol:
        connection.execute(update(table).where(table.c.id == row.id).values(symbol=symbol))
    return int(row.id)


def _require_same(stored: Target, now: Target) -> None:
    def facts(target: Target) -> tuple[object, ...]:
        share = target.share.address if target.share else None
        return (target.kind, tuple(coin.address for coin in target.tokens), share)

    if facts(stored) != facts(now):
        raise StoreError(
            f"{now.label} at {now.caip10} is stored with other tokens or another kind than it has "
            "now: remove it from the configuration, or begin a new database."
        )
