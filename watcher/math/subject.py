"""A target at a block together with all that its measures use.

The service builds subjects from what it just read, `recompute` from what was stored; both come
through here, so that a stored figure and its recomputation cannot differ in their inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watcher.math.prices import Book, Reading, graph_of, priced_tokens
from watcher.math.prices.pools import read_pair_oracle
from watcher.math.settings import Settings
from watcher.state.canonical import canonical_json, content_hash, state_to_json
from watcher.state.kinds import State
from watcher.state.observation import Observation
from watcher.state.pair_oracle import PairOracle
from watcher.state.price import Price
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.state.yearn_vault import YearnVault

SELF = "self"
PREVIOUS = "previous"
PRICE = "price:"
EARLIER = "earlier:"
EXIT = "exit:"

NOBODY: Mapping[str, Target] = MappingProxyType({})

COMPARED = frozenset({ShareVault.KIND, YearnVault.KIND})
"""The kinds with measures that compare a state with the one a block earlier."""

SHOWING_VOTES = frozenset({RedemptionRate.KIND})
"""The kinds with a measure of each source of their token."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`state` is None when the target could not be read, `reason` then says why. `previous` is the
    state one block earlier, None when there was none or no measure of the kind compares with it.
    `mean` is the time-weighted price of a pair's sums, which its state alone does not tell.
    `beside` are the other targets of a basket that is measured here, and the pools it is sold in.
    """

    target: Target
    state: State | None
    previous: State | None
    prices: Mapping[Address, Price]
    reason: str = ""
    mean: Reading | None = None
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """Another target that the figures depend on; `state` is None where it could not be read."""

    target: Target
    state: State | None


def roles(target: Target, settings: Settings) -> dict[str, str]:
    """The observations that a target's measures use: role to target id.

    The prices' are those of every source that may judge the target, through all quote tokens.
    """
    found = {SELF: target.id}
    if target.kind in COMPARED:
        found[PREVIOUS] = target.id
    graph = graph_of(settings)
    chain_id = target.chain_id
    for source in graph.reachable(chain_id, priced_tokens(target), _judged(target, settings)):
        if source.feed_id:
            row = graph.sources(chain_id, source.token).index(source)
            found[PRICE + source.token + (f":{row + 1}" if row else "")] = source.feed_id
    for target_id in windows(target, settings):
        found[EARLIER + target_id] = target_id
    basket = settings.exit_of(target.id)
    return found if basket is None else found | {EXIT + each: each for each in basket.beside}


def windows(target: Target, settings: Settings) -> dict[str, int]:
    """The targets of whom the measures need what was in force some seconds earlier, by id."""
    reachable = graph_of(settings).reachable(
        target.chain_id, priced_tokens(target), _judged(target, settings)
    )
    found = {
        source.feed_id: source.window for source in reachable if source.source == "uniswap_v2_twap"
    }
    if target.kind == PairOracle.KIND:
        found[target.id] = int(target.params["window"])
    return found


def assemble(
    target: Target,
    observed: Mapping[str, Observation],
    *,
    timestamp: int,
    settings: Settings,
    book: Book | None = None,
    others: Mapping[str, Target] = NOBODY,
) -> Subject:
    """Build the subject from the observations in force by role; a missing role was never read.

    `timestamp` is the block's, in seconds: it decides whether a price is stale. `book` is that of
    the whole block, for a target from which none of its prices comes. `others` are, by id, all
    targets that the roles name.
    """
    if book is None:
        book = judging(target, observed, timestamp=timestamp, settings=settings)
    own, previous = observed.get(SELF), observed.get(PREVIOUS)
    return Subject(
        target=target,
        state=own.state if own else None,
        previous=previous.state if previous else None,
        prices={token: book.price(token) for token in priced_tokens(target)},
        reason="" if own and own.state else _why(own),
        mean=mean_price(target, own, observed.get(EARLIER + target.id), timestamp=timestamp),
        beside=_beside(observed, others),
    )


def _beside(
    observed: Mapping[str, Observation], others: Mapping[str, Target]
) -> tuple[Beside, ...]:
    return tuple(
        Beside(others[one.target_id], one.state)
        for role, one in sorted(observed.items())
        if role.startswith(EXIT)
    )


def judging(
    target: Target,
    observed: Mapping[str, Observation],
    *,
    timestamp: int,
    settings: Settings,
) -> Book:
    """The prices that may judge `target`, from the observations in force by role."""
    return Book(
        settings,
        target.chain_id,
        {one.target_id: one for role, one in observed.items() if role.startswith(PRICE)},
        {one.target_id: one for role, one in observed.items() if role.startswith(EARLIER)},
        timestamp=timestamp,
        judged=_judged(target, settings),
    )


def mean_price(
    target: Target, now: Observation | None, earlier: Observation | None, *, timestamp: int
) -> Reading | None:
    """Whole token 1 for a whole token 0 over the target's window; None where it has no sums."""
    if target.kind != PairOracle.KIND or now is None or not isinstance(now.state, PairOracle):
        return None
    before = earlier.state if earlier is not None else None
    return read_pair_oracle(
        now.state,
        before if isinstance(before, PairOracle) else None,
        timestamp=timestamp,
        is_token0=True,
    )


def computation_key(
    subject: Subject,
    observed: Mapping[str, Observation],
    *,
    settings_hash: str,
    method_hash: str,
) -> str:
    """Names everything that the measures depend on; equal keys give equal measures.

    Of the prices it is what they come to: a vote that changes nothing changes no figure.
    """
    inputs = {
        role: state_to_json(observation.state) if observation.state else observation.status
        for role, observation in observed.items()
        if role in (SELF, PREVIOUS) or role.startswith(EXIT)
    }
    prices = {token: judging_key(subject.target, price) for token, price in subject.prices.items()}
    named = [settings_hash, method_hash, inputs, prices]
    if subject.mean is not None:
        named.append([subject.mean.value.hex(), subject.mean.reason])
    return content_hash(canonical_json(named))


def price_key(price: Price) -> tuple[str, str]:
    """What figures depend on of a price that may judge their target."""
    return price.value.hex(), price.reason


def judging_key(target: Target, price: Price) -> tuple[str, ...]:
    """As `price_key`, with what every source says where the measures of `target` show it."""
    if target.kind not in SHOWING_VOTES:
        return price_key(price)
    said = (text for vote in price.votes for text in (vote.value.hex(), vote.reason))
    return (*price_key(price), *said)


def _judged(target: Target, settings: Settings) -> Target | None:
    return target if graph_of(settings).judges(target) else None


def _why(own: Observation | None) -> str:
    return "not read yet" if own is None else f"target is {own.status}"
