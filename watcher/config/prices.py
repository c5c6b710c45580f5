"""The tables of the file that say what tokens are judged by: `[[prices]]` and `[votes]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from watcher.config import fields
from watcher.config.section import Section
from watcher.config.sections import known_chain
from watcher.config.values import ChainConfig
from watcher.math.settings import PriceSource, SourceKind, Votes
from watcher.protocols import Entry
from watcher.protocols.expectation import TOKENS
from watcher.protocols.options import WINDOW
from watcher.protocols.pyth import PRICE_ID
from watcher.protocols.redemption_rate import (
    CONVERT,
    GETTERS,
    MOST_DECIMALS,
    PROTOCOL,
    RATE_DECIMALS,
    Asked,
    key_of,
)
from watcher.state.target import target_id
from watcher.state.token import NATIVE_COINS, Address

MOST_WINDOW = 7 * 86_400
MOST_DERIVED = 16
MOST_CONFIDENCE = 0.01
POOLS = ("uniswap_v2", "uniswap_v3", "pancake_v3", "algebra_integral")
VAULTS = ("erc4626",)


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """One source with the table that says it, and under which key its quote. `entry` is the target
    that it reads, and which tokens the chain must confirm of it; it is one of the `[[targets]]`
    where `watched`."""

    section: Section
    source: PriceSource
    entry: Entry | None = None
    watched: bool = False
    key: str = "quote"


class Reader:
    """Reads `[[prices]]` beside the chains and the targets that are configured."""

    def __init__(self, chain_ids: Set[int], targets: Sequence[Entry]) -> None:
        self._chain_ids = chain_ids
        self._targets = targets
        self._kinds: Mapping[SourceKind, Callable[[Section, PriceSource], PriceEntry | None]] = {
            "chainlink": self._chainlink,
            "fixed": self._fixed,
            "pyth": self._pyth,
            "redemption": self._redemption,
            "redemption_rate": self._redemption_rate,
            "spot": self._spot,
            "uniswap_v2_twap": self._mean,
            "uniswap_v3_twap": self._mean,
        }

    def read(self, section: Section) -> PriceEntry | None:
        token = section.required("token", self._token)
        kind = section.required("source", self._kind)
        if kind is None:
            # Without its kind nobody can say which further keys a source may have.
            return None
        chain_id, address = token or (0, Address(""))
        found = self._kinds[kind](section, PriceSource(chain_id, address, kind))
        section.finish()
        return found if token is not None else None

    def _fixed(self, section: Section, source: PriceSource) -> PriceEntry | None:
        value = section.required("value", fields.positive)
        return None if value is None else PriceEntry(section, replace(source, value=value))

    def _chainlink(self, section: Section, source: PriceSource) -> PriceEntry | None:
        address = section.required("address", fields.address)
        heartbeat = section.required("heartbeat", fields.seconds)
        quote = section.optional("quote", self._token, None)
        common = self._common(section, source, quote)
        if address is None or heartbeat is None or common is None:
            return None
        entry = Entry(source.chain_id, "chainlink", address)
        return PriceEntry(section, _of(entry, replace(common, heartbeat=heartbeat)), entry)

    def _pyth(self, section: Section, source: PriceSource) -> PriceEntry | None:
        address = section.required("address", fields.address)
        price_id = section.required("id", _price_id)
        heartbeat = section.required("heartbeat", fields.seconds)
        most = section.optional("most_confidence", _deviation, MOST_CONFIDENCE)
        quote = section.optional("quote", self._token, None)
        common = self._common(section, source, quote)
        if address is None or price_id is None or heartbeat is None or common is None:
            return None
        entry = Entry(source.chain_id, "pyth", address, key=price_id)
        found = replace(common, heartbeat=heartbeat, most_confidence=most)
        return PriceEntry(section, _of(entry, found), entry)

    def _mean(self, section: Section, source: PriceSource) -> PriceEntry | None:
        address = section.required("address", fields.address)
        quote = section.required("quote", self._token)
        window = section.optional("window", _window, WINDOW)
        common = self._pool(section, source, quote)
        if address is None or common is None:
            return None
        entry = Entry(
            source.chain_id,
            source.source,
            address,
            key=str(window),
            expect={TOKENS: _sorted(common)},
        )
        return PriceEntry(section, _of(entry, replace(common, window=window)), entry)

    def _spot(self, section: Section, source: PriceSource) -> PriceEntry | None:
        quote = section.required("quote", self._token)
        common = self._pool(section, source, quote)
        entry = self._watched(section, source, POOLS, "pool")
        if entry is None or common is None:
            return None
        return self._expecting(section, common, entry, _sorted(common))

    def _redemption(self, section: Section, source: PriceSource) -> PriceEntry | None:
        quote = section.required("quote", self._token)
        common = self._common(section, source, quote)
        entry = self._watched(section, source, VAULTS, "vault")
        if entry is None or common is None:
            return None
        if entry.address != source.token:
            section.problem("token", "is not the vault: its share is the token at its own address")
            return None
        return self._expecting(section, common, entry, (Address(common.quote),))

    def _redemption_rate(self, section: Section, source: PriceSource) -> PriceEntry | None:
        address = section.required("address", fields.address)
        getter = section.required("getter", _getter)
        decimals = section.optional("decimals", _decimals, None)
        quote = section.required("quote", self._token)
        common = self._common(section, source, quote)
        if address is None or getter is None or common is None or not common.quote:
            return None
        if getter == CONVERT and decimals is not None:
            section.problem("decimals", f"{CONVERT} answers in those of the quote: remove it")
            return None
        scale = RATE_DECIMALS if decimals is None else decimals
        asked = Asked(getter, scale, source.token, Address(common.quote))
        entry = Entry(source.chain_id, PROTOCOL, address, key=key_of(asked))
        return PriceEntry(section, _of(entry, common), entry)

    def _expecting(
        self, section: Section, source: PriceSource, entry: Entry, tokens: tuple[Address, ...]
    ) -> PriceEntry | None:
        """A price is of the tokens that its table says, or none: the chain must confirm them."""
        if entry.expect.get(TOKENS, tokens) != tokens:
            section.problem("quote", f"is not what [[targets]] expects of {entry.name}: fix one")
            return None
        expecting = replace(entry, expect={**entry.expect, TOKENS: tokens})
        return PriceEntry(section, _of(entry, source), expecting, watched=True)

    def _pool(
        self, section: Section, source: PriceSource, quote: tuple[int, Address] | None
    ) -> PriceSource | None:
        least = section.optional("least_depth", lambda v: fields.number(v, least=0.0), 0.0)
        found = self._common(section, source, quote)
        return None if found is None or not quote else replace(found, least_depth=least)

    def _common(
        self, section: Section, source: PriceSource, quote: tuple[int, Address] | None
    ) -> PriceSource | None:
        deviation = section.optional("deviation", _deviation, 0.0)
        nothing: tuple[Address, ...] = ()
        derived_from = section.optional("derived_from", _addresses, nothing)
        found = replace(source, deviation=deviation, derived_from=derived_from)
        if quote is None:
            return found
        if quote[0] != source.chain_id and source.chain_id:
            section.problem("quote", "is on another chain than the token")
            return None
        if quote[1] == source.token:
            section.problem("quote", "is the token itself: name what the source answers in")
            return None
        return replace(found, quote=quote[1])

    def _watched(
        self, section: Section, source: PriceSource, protocols: Sequence[str], what: str
    ) -> Entry | None:
        address = section.required("address", fields.address)
        if address is None or not source.chain_id:
            return None
        for entry in self._targets:
            at = (entry.chain_id, entry.address)
            if at == (source.chain_id, address) and entry.protocol in protocols:
                return entry
        section.problem(
            "address",
            f"no {' or '.join(protocols)} entry of [[targets]] has this address: add the {what}",
        )
        return None

    def _token(self, value: object) -> tuple[int, Address]:
        chain_id, address = fields.token(value)
        known_chain(f"eip155:{chain_id}", self._chain_ids)
        return chain_id, address

    def _kind(self, value: object) -> SourceKind:
        for kind in self._kinds:
            if kind == value:
                return kind
        raise ValueError(fields.unknown(str(value), self._kinds, what="source"))


def native_sources(section: Section, chain: ChainConfig) -> list[PriceEntry]:
    """What a chain's table says its native coin is worth, by each of the coin's names."""
    if chain.wrapped_native is None:
        return []
    return [
        PriceEntry(
            section,
            PriceSource(chain.chain_id, coin, "wrapped", quote=chain.wrapped_native),
            key="wrapped_native",
        )
        for coin in NATIVE_COINS
    ]


def read_votes(section: Section) -> Votes:
    usual = Votes()
    votes = Votes(
        outlier=section.optional("outlier", _distance, usual.outlier),
        disagreement=section.optional("disagreement", _distance, usual.disagreement),
    )
    section.finish()
    return votes


def check_sources(prices: Sequence[PriceEntry]) -> None:
    """Note what is said twice or against one another, and tokens that are priced in a circle."""
    expected: dict[str, object] = {}
    seen: set[tuple[object, ...]] = set()
    edges: dict[tuple[int, str], set[str]] = {}
    for one in prices:
        source = one.source
        named = (source.chain_id, source.token, source.source, source.feed_id)
        if named in seen:
            one.section.problem("token", "has this price source already: remove one of them")
        seen.add(named)
        if one.entry is not None and one.watched:
            tokens = one.entry.expect[TOKENS]
            if expected.setdefault(source.feed_id, tokens) != tokens:
                one.section.problem("quote", "is not what another source says of this pool")
        if source.quote:
            edges.setdefault((source.chain_id, source.token), set()).add(source.quote)
    for one in prices:
        source = one.source
        if source.quote and _leads_to(edges, source.chain_id, source.quote, source.token):
            one.section.problem(
                one.key, "is priced in this token itself, in a circle: remove one of the sources"
            )


def _leads_to(
    edges: Mapping[tuple[int, str], set[str]], chain_id: int, start: str, end: str
) -> bool:
    waiting, seen = [start], set[str]()
    while waiting:
        token = waiting.pop()
        if token == end:
            return True
        if token not in seen:
            seen.add(token)
            waiting += edges.get((chain_id, token), ())
    return False


def _of(entry: Entry, source: PriceSource) -> PriceSource:
    found = target_id(entry.chain_id, entry.protocol, entry.address, entry.key)
    return replace(source, feed_id=found, address=entry.address)


def _sorted(source: PriceSource) -> tuple[Address, ...]:
    """The tokens of a pool as all Uniswap's and their forks' have them."""
    both = (source.token, Address(source.quote))
    return tuple(sorted(both, key=lambda token: int(token or "0", 16)))


def _price_id(value: object) -> str:
    if isinstance(value, str) and PRICE_ID.fullmatch(value.lower()):
        return value.lower()
    raise ValueError("write the price's id, 0x and 64 hexadecimal digits")


def _getter(value: object) -> str:
    if value in GETTERS:
        return str(value)
    raise ValueError(fields.unknown(str(value), GETTERS, what="getter"))


def _decimals(value: object) -> int:
    return fields.whole(value, least=0, most=MOST_DECIMALS)


def _window(value: object) -> int:
    seconds = fields.seconds(value)
    if not 10 <= seconds <= MOST_WINDOW:
        raise ValueError("write a window from 10s to 7d")
    return seconds


def _deviation(value: object) -> float:
    return fields.number(value, least=0.0, most=0.5)


def _distance(value: object) -> float:
    return fields.number(value, least=0.0, most=1.0)


def _addresses(value: object) -> tuple[Address, ...]:
    if not isinstance(value, list) or len(value) > MOST_DERIVED:
        raise ValueError(f"write a list of at most {MOST_DERIVED} addresses")
    return tuple(fields.address(one) for one in value)
