"""The baskets of the file: addresses that are watched together, which part of each token there
should be, and what is owed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watcher.config import fields
from watcher.config.section import Section
from watcher.protocols import Entry
from watcher.state.target import target_id
from watcher.state.token import Address

HOLDINGS = "holdings"
MOST_HOLDERS = 64
SUM_WITHIN = 1e-9

Parts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Basket:
    """`target_ids` are the holdings that make it up. Tokens are named as people name them, by
    symbol or address: `targets` are the parts of the whole that each should be, within `band`;
    `owed` whole tokens that are owed whoever asks; `issued_by` the ids of targets whose whole
    supply of shares is owed; `exit_to` what everything is sold for, "" where nobody says it."""

    name: str
    chain_id: int
    target_ids: tuple[str, ...]
    targets: Parts
    band: float
    owed: Parts
    issued_by: tuple[str, ...]
    exit_to: str


class BasketReader:
    """Reads `[[baskets]]` against the entries of the same file."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._names = {entry.name.lower() for entry in entries}

    def read(self, section: Section) -> Basket | None:
        nothing: Parts = MappingProxyType({})
        name = section.required("name", self._name)
        holders = section.required("holders", _holders)
        targets = section.optional("targets", _weights, nothing)
        band = section.optional("band", lambda v: fields.number(v, least=0.0, most=1.0), 0.0)
        owed = section.optional("owed", _amounts, nothing)
        exit_to = section.optional("exit_to", fields.text, "")
        no_names: tuple[str, ...] = ()
        issuers = section.optional("issued_by", _names, no_names)
        section.finish()
        if holders is None or name is None:
            return None
        chain_id = holders[0][0]
        return Basket(
            name=name,
            chain_id=chain_id,
            target_ids=self._held(section, holders, chain_id),
            targets=targets,
            band=band,
            owed=owed,
            issued_by=self._issuers(section, issuers, chain_id),
            exit_to=exit_to,
        )

    def _name(self, value: object) -> str:
        name = fields.text(value)
        if name.lower() in self._names:
            raise ValueError(f'"{name}" is used twice: choose another')
        self._names.add(name.lower())
        return name

    def _held(
        self, section: Section, holders: Sequence[tuple[int, Address]], chain_id: int
    ) -> tuple[str, ...]:
        found = {
            (entry.chain_id, entry.address): _id(entry)
            for entry in self._entries
            if entry.protocol == HOLDINGS
        }
        ids = []
        for row, holder in enumerate(holders):
            at = f"holders[{row}]"
            if holder[0] != chain_id:
                section.problem(at, "is on another chain than the first: make two baskets")
            elif holder not in found:
                section.problem(
                    at,
                    f"no {HOLDINGS} entry of [[targets]] has the address {holder[1]}: add one that "
                    "names what it holds",
                )
            else:
                ids.append(found[holder])
        return tuple(dict.fromkeys(ids))

    def _issuers(self, section: Section, names: Sequence[str], chain_id: int) -> tuple[str, ...]:
        known = {entry.name: _id(entry) for entry in self._entries if entry.chain_id == chain_id}
        for row, name in enumerate(names):
            if name not in known:
                said = fields.unknown(name, known, what="target")
                section.problem(f"issued_by[{row}]", said)
        return tuple(known[name] for name in names if name in known)


def _id(entry: Entry) -> str:
    return target_id(entry.chain_id, entry.protocol, entry.address, entry.key)


def _holders(value: object) -> tuple[tuple[int, Address], ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_HOLDERS:
        raise ValueError(f"write a list of 1 to {MOST_HOLDERS} CAIP-10 accounts")
    return tuple(map(_account, value))


def _account(value: object) -> tuple[int, Address]:
    chain, _, address = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not chain:
        raise ValueError('write a CAIP-10 account such as "eip155:1:0x..."')
    return fields.chain_id(chain), fields.address(address)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("write a list of names of [[targets]]")
    return tuple(map(fields.text, value))


def _amounts(value: object) -> Parts:
    return _parts(value, "whole tokens")


def _weights(value: object) -> Parts:
    found = _parts(value, "parts")
    if found and not math.isclose(sum(found.values()), 1.0, abs_tol=SUM_WITHIN):
        raise ValueError(f"the parts add up to {sum(found.values()):g}: make it 1")
    return found


def _parts(value: object, what: str) -> Parts:
    if not isinstance(value, Mapping):
        raise ValueError(f"write a table of {what} by token, {{ USDC = 0.5 }}")
    return {fields.text(token): fields.positive(part) for token, part in value.items()}
