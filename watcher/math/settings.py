"""The settings that measures depend on; everything else in the configuration changes no figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from watcher.state.canonical import canonical_json, content_hash, to_plain
from watcher.state.token import Address

SourceKind: TypeAlias = Literal[
    "chainlink",
    "fixed",
    "pyth",
    "redemption",
    "redemption_rate",
    "spot",
    "uniswap_v2_twap",
    "uniswap_v3_twap",
    "wrapped",
]


@dataclass(frozen=True, slots=True)
class PriceSource:
    """One source of the price of one token of one chain.

    `feed_id` is the target that is read, `address` its contract. It answers in the token `quote`,
    in the unit of account where that is "". A feed is stale after `heartbeat` seconds and does not
    answer anew below the relative move `deviation`; one that tells its confidence is not believed
    where that is over `most_confidence` of its price. A time-weighted price is of the last `window`
    seconds. A pool whose depth to 1% is worth less than `least_depth`, in the unit of account, is
    too thin to be believed.
    `derived_from` are further contracts that the source computes from. A "fixed" source has a
    `value` in the unit of account and neither age nor ancestry; a "wrapped" one says that a native
    coin is worth one `quote`, the token that anybody wraps it into.
    """

    chain_id: int
    token: Address
    source: SourceKind
    feed_id: str = ""
    heartbeat: int = 0
    deviation: float = 0.0
    value: float = 0.0
    address: str = ""
    quote: str = ""
    window: int = 0
    least_depth: float = 0.0
    derived_from: tuple[Address, ...] = ()
    most_confidence: float = 0.0

    @property
    def ancestry(self) -> tuple[str, ...]:
        """The id of what is read, and the addresses that it derives from."""
        return tuple(filter(None, (self.feed_id, self.address, *self.derived_from)))


@dataclass(frozen=True, slots=True)
class Votes:
    """How the sources of one token are weighed, as relative differences beyond their dead bands.

    Of three and more, one further than `outlier` from the median has no vote; those that are left
    make a price *degraded* where they differ by more than `disagreement`.
    """

    outlier: float = 0.05
    disagreement: float = 0.02


@dataclass(frozen=True, slots=True)
class Owed:
    """So many whole tokens, the token by its symbol or address."""

    token: str
    amount: float


@dataclass(frozen=True, slots=True)
class BasketExit:
    """A basket whose exit is measured at each block, as figures of the first of its `target_ids`.

    `through` are the targets that it is sold in; `into`, and the tokens of which whole amounts are
    `owed`, are named as people name them, by symbol or address. `issued_by` are targets whose whole
    supply of shares is owed.
    """

    target_ids: tuple[str, ...]
    through: tuple[str, ...]
    into: str
    owed: tuple[Owed, ...]
    issued_by: tuple[str, ...]

    @property
    def beside(self) -> tuple[str, ...]:
        """All targets that it depends on but the one that has its figures, each once."""
        named = (*self.target_ids[1:], *self.through, *self.issued_by)
        return tuple(dict.fromkeys(one for one in named if one != self.target_ids[0]))


@dataclass(frozen=True, slots=True)
class Settings:
    """`sizes` are trade sizes in the unit of account; of sources of one token the first named is
    the preferred one."""

    unit: str
    sizes: tuple[float, ...]
    prices: tuple[PriceSource, ...]
    votes: Votes = Votes()
    exits: tuple[BasketExit, ...] = ()

    def to_json(self) -> str:
        plain = to_plain(self)
        if not self.exits:
            # settings without any keep the hash that they had before there were any
            del plain["exits"]
        return canonical_json(plain)

    def exit_of(self, target_id: str) -> BasketExit | None:
        """The basket whose figures a target has."""
        return next((one for one in self.exits if one.target_ids[0] == target_id), None)

    @property
    def hash(self) -> str:
        return content_hash(self.to_json())
