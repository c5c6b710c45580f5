"""A target at a block together with all that its measures use.

The service builds subjects from what it just read, `recompute` from what was stored; both come
through here, so that a stored figure and its recomputation cannot differ in their inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.math.prices import reference_price
from watcher.math.settings import PriceSource, Settings
from watcher.state.canonical import canonical_json, content_hash, state_to_json
from watcher.state.kinds import State
from watcher.state.observation import Observation
from watcher.state.price import Price
from watcher.state.share_vault import ShareVault
from watcher.state.target import Target
from watcher.state.token import Address

SELF = "self"
PREVIOUS = "previous"
PRICE = "price:"

COMPARED = frozenset({ShareVault.KIND})
"""The kinds with measures that compare a state with the one a block earlier."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`state` is None when the target could not be read, `reason` then says why. `previous` is the
    state one block earlier, None when there was none or no measure of the kind compares with it."""

    target: Target
    state: State | None
    previous: State | None
    prices: Mapping[Address, Price]
    reason: str = ""


def source_of(token: Address, target: Target, settings: Settings) -> PriceSource | None:
    """The first source that is configured for `token` on the target's chain."""
    for source in settings.prices:
        if source.token == token and source.chain_id == target.chain_id:
            return source
    return None


def roles(target: Target, settings: Settings) -> dict[str, str]:
    """The observations that a target's measures use: role to target id."""
    found = {SELF: target.id}
    if target.kind in COMPARED:
        found[PREVIOUS] = target.id
    for token in target.tokens:
        source = source_of(token.address, target, settings)
        if source is not None and source.feed_id:
            found[PRICE + token.address] = source.feed_id
    return found


def verdicts(
    settings: Settings, observed: Mapping[str, Observation], *, timestamp: int
) -> dict[tuple[int, Address], str]:
    """Why the first source of each token has no price at `timestamp`, "" where it has one; by chain
    and token. `observed` is what is in force, by target id."""
    found: dict[tuple[int, Address], str] = {}
    for source in settings.prices:
        if (source.chain_id, source.token) not in found:
            price = reference_price(
                source.token, source, observed.get(source.feed_id), timestamp=timestamp
            )
            found[source.chain_id, source.token] = price.reason
    return found


def assemble(
    target: Target,
    observed: Mapping[str, Observation],
    *,
    timestamp: int,
    settings: Settings,
) -> Subject:
    """Build the subject from the observations in force by role; a missing role was never read.

    `timestamp` is the block's, in seconds: it decides whether a price is stale.
    """
    prices = {
        token.address: reference_price(
            token.address,
            source_of(token.address, target, settings),
            observed.get(PRICE + token.address),
            timestamp=timestamp,
        )
        for token in target.tokens
    }
    own, previous = observed.get(SELF), observed.get(PREVIOUS)
    return Subject(
        target=target,
        state=own.state if own else None,
        previous=previous.state if previous else None,
        prices=prices,
        reason="" if own and own.state else _why(own),
    )


def computation_key(
    subject: Subject,
    observed: Mapping[str, Observation],
    *,
    settings_hash: str,
    method_hash: str,
) -> str:
    """Names everything that the measures depend on; equal keys give equal measures."""
    inputs = {
        role: state_to_json(observation.state) if observation.state else observation.status
        for role, observation in observed.items()
    }
    verdicts = {address: price.reason for address, price in subject.prices.items()}
    return content_hash(canonical_json([settings_hash, method_hash, inputs, verdicts]))


def _why(own: Observation | None) -> str:
    return "not read yet" if own is None else f"target is {own.status}"
