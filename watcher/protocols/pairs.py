"""How pools of two tokens are identified: by what they say of themselves, and by a factory that
knows them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from watcher.errors import ReadError, RefusedTarget
from watcher.protocols import erc20
from watcher.protocols.adapter import Entry
from watcher.protocols.interface import Value, View, require_code, view
from watcher.state.call import Answer, Call, Code
from watcher.state.target import Param, Target
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Claim:
    """What a pool says of itself: `what` it would be, such as "Uniswap V2 pair", and `facts` that
    were asked beside its tokens and factory."""

    what: str
    token0: Address
    token1: Address
    factory: Address
    facts: tuple[Value, ...]
    share: tuple[Answer, ...]


Asking = Generator[list[Call], Sequence[Answer], Claim]
Confirming = Generator[list[Call], Sequence[Answer], tuple[Target, list[Answer]]]


def ask_pair(entry: Entry, what: str, interface: str, *facts: View) -> Asking:
    """Ask the pool for its tokens, its factory and `facts`, one word each. `interface` is its ABI,
    with token0, token1 and factory. Raises RefusedTarget where it answers otherwise."""
    pool = entry.address
    views = [*(view(interface, name) for name in ("token0", "token1", "factory")), *facts]
    code, *answers = yield [
        Code(pool),
        *(one.call(pool) for one in views),
        *erc20.metadata_calls(pool),
    ]
    require_code(code, pool)
    try:
        token0, token1, factory = (
            one.address(answer) for one, answer in zip(views[:3], answers, strict=False)
        )
        told = [one.decode(answer)[0] for one, answer in zip(facts, answers[3:], strict=False)]
    except ReadError as error:
        raise RefusedTarget(f"{pool} is no {what}: {error}; remove the entry") from None
    return Claim(what, token0, token1, factory, tuple(told), tuple(answers[len(views) :]))


def confirm_pair(
    entry: Entry,
    claim: Claim,
    *,
    kind: str,
    known: View,
    by: Sequence[object],
    also: Sequence[Call] = (),
    params: Mapping[str, Param] | None = None,
) -> Confirming:
    """Ask the factory, by its view `known` of `by`, whether the pool is its own: it answers the
    pool's address or true. The target, and the answers to `also`, asked in the same round.
    """
    pool, tokens = entry.address, (claim.token0, claim.token1)
    known_answer, *answers = yield [
        known.call(claim.factory, *by),
        *also,
        *(call for token in tokens for call in erc20.metadata_calls(token)),
    ]
    if not _is(known, known_answer, pool):
        raise RefusedTarget(
            f"its factory {claim.factory} does not know {pool} as the pair of {claim.token0} and "
            f"{claim.token1}: it is no {claim.what}, remove the entry"
        )
    others, metadata = answers[: len(also)], answers[len(also) :]
    target = Target(
        chain_id=entry.chain_id,
        protocol=entry.protocol,
        address=pool,
        kind=kind,
        key=entry.key,
        tokens=(
            erc20.decode_metadata(claim.token0, metadata[:2]),
            erc20.decode_metadata(claim.token1, metadata[2:]),
        ),
        share=erc20.decode_metadata(pool, claim.share),
        params={"factory": claim.factory, **(params or {})},
        name=entry.name,
    )
    return target, others


def factory_of(target: Target) -> Address:
    return Address(str(target.params["factory"]))


def _is(known: View, answer: Answer, pool: Address) -> bool:
    """Whether the factory answered this pool; one that answers otherwise or not at all is none."""
    try:
        return known.decode(answer)[0] in (pool, True)
    except ReadError:
        return False
