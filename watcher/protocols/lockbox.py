"""Lockboxes: addresses whose holdings of one token must cover the supply of another, as a bridge's
do for what it mints.

Whoever names the addresses makes the target, so that its name is its key, and its addresses need
not be contracts. What was issued on another chain cannot be read here, so it is configured.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Adapter, Entry, Identification, Option
from watcher.protocols.holdings_plan import addresses
from watcher.protocols.options import address_list, whole_amount
from watcher.state.call import Answer, Call
from watcher.state.lockbox import Lockbox
from watcher.state.target import Target
from watcher.state.token import Address, Token

PROTOCOL = "lockbox"
MOST_HOLDERS = 32


def identify(entry: Entry) -> Identification:
    holders = (entry.address, *addresses(entry.options.get("addresses", "")))
    if len(set(holders)) < len(holders):
        raise RefusedTarget("an address stands among the holders twice: remove it once")
    locked, issued = (addresses(entry.options.get(name, "")) for name in ("locked", "issued"))
    liability = str(entry.options.get("liability", ""))
    if not locked or bool(issued) == bool(liability):
        raise RefusedTarget(
            "a lockbox needs the token that is `locked`, and either the `issued` token of this "
            "chain or the `liability` of another"
        )
    named = (*locked, *issued)
    metadata = yield [call for token in named for call in erc20.metadata_calls(token)]
    tokens = [
        erc20.decode_metadata(token, metadata[2 * row : 2 * row + 2])
        for row, token in enumerate(named)
    ]
    target = Target(
        chain_id=entry.chain_id,
        protocol=PROTOCOL,
        address=entry.address,
        kind=Lockbox.KIND,
        key=entry.key,
        tokens=(tokens[0],),
        share=tokens[1] if issued else None,
        params={"holders": " ".join(holders), "liability": liability},
        name=entry.name,
    )
    try:
        decode(target, (yield calls(target)))
    except ReadError as error:
        raise RefusedTarget(f"a token of {target.label} cannot be read: {error}") from None
    return target


def calls(target: Target) -> list[Call]:
    (locked,) = target.tokens
    issued = [] if target.share is None else [erc20.TOTAL_SUPPLY.call(target.share.address)]
    return [*(erc20.BALANCE_OF.call(locked.address, one) for one in _holders(target)), *issued]


def decode(target: Target, answers: Sequence[Answer]) -> Lockbox:
    (locked,), holders = target.tokens, _holders(target)
    if len(answers) != len(calls(target)):
        raise DecodeError(f"{target.label}: the answers are not those of one reading")
    return Lockbox(
        locked=tuple(erc20.BALANCE_OF.integer(answer) for answer in answers[: len(holders)]),
        issued=(
            erc20.TOTAL_SUPPLY.integer(answers[-1]) if target.share else _liability(target, locked)
        ),
        locked_decimals=locked.decimals,
        issued_decimals=(target.share or locked).decimals,
    )


def _holders(target: Target) -> tuple[Address, ...]:
    return addresses(target.params["holders"])


def _liability(target: Target, locked: Token) -> int:
    """In the locked token's smallest unit, rounded up: what is owed."""
    owed = Fraction(str(target.params["liability"]))
    return ceil(owed * Fraction(10**locked.decimals))


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=Lockbox.KIND,
    title="Lockboxes of bridged tokens",
    identify=identify,
    calls=calls,
    decode=decode,
    named=True,
    trials=(),
    options=(
        Option("addresses", address_list(1, MOST_HOLDERS - 1), "further holders"),
        Option("locked", address_list(1, 1), "the token that they hold for what was issued"),
        Option("issued", address_list(1, 1), "the token of this chain that was issued for it"),
        Option(
            "liability",
            whole_amount,
            "how many whole tokens were issued on another chain, where nothing here tells it",
        ),
    ),
    not_covered=(
        "What was issued on another chain: it is as old as whoever wrote `liability`.",
        "Withdrawals under way, which a bridge counts on one side before the other.",
    ),
)
