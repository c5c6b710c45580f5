"""The baskets of the file: addresses that are watched together, which part of each token there
should be, and what is owed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watcher.config import fields
from watcher.config.section import Section
from watcher.math.settings import BasketExit, Owed
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
    supply of shares is owed; `exit_to` what everything is sold for, "" where nobody says it;
    `through` the ids of all that it is sold in, none for all that is watched."""

    name: str
    chain_id: int
    target_ids: tuple[str, ...]
    targets: Parts
    band: float
    owed: Parts
    issued_by: tuple[str, ...]
    exit_to: str
    through: tuple[str, ...] = ()

    @property
    def measured(self) -> BasketExit | None:
        """What is measured of it at each block: its exit, where it says through what and for what
        it is sold."""
        if not (self.target_ids and self.through and self.exit_to):
            return None
        return BasketExit(
            target_ids=self.target_ids,
            through=self.through,
            into=self.exit_to,
            owed=tuple(Owed(token, amount) for token, amount in sorted(self.owed.items())),
            issued_by=self.issued_by,
        )


class BasketReader:
    """Reads `[[baskets]]` against the entries of the same file."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._leading: set[tuple[int, Address]] = set()
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
        through = section.optional("through", _names, no_names)
        if through and not exit_to:
            section.problem("through", "needs `exit_to`, the token that all is sold for")
        section.finish()
        if holders is None or name is None:
            return None
        chain_id = holders[0][0]
        if through and holders[0] in self._leading:
            section.problem("holders", "begin with the first of another basket: change the order")
        self._leading |= {holders[0]} if through else set()
        return Basket(
            name=name,
            chain_id=chain_id,
            target_ids=self._held(section, holders, chain_id),
            targets=targets,
            band=band,
            owed=owed,
            issued_by=self._listed(section, "issued_by", issuers, chain_id),
            exit_to=exit_to,
            through=self._listed(section, "through", through, chain_id),
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

    def _listed(
        self, section: Section, key: str, names: Sequence[str], chain_id: int
    ) -> tuple[str, ...]:
        known = {entry.name: _id(entry) for entry in self._entries if entry.chain_id == chain_id}
        for row, name in enumerate(names):
            if name not in known:
                said = fields.unknown(name, known, what="target")
                section.problem(f"{key}[{row}]", said)
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
