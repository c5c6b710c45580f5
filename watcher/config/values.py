"""What a valid configuration says, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from watcher.alerts.channels.receiver import Receiver, Watchdog
from watcher.alerts.health import Limits
from watcher.alerts.rule import Rule
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.config.baskets import Basket
from watcher.config.exploit import ExploitConfig
from watcher.math.settings import Settings
from watcher.protocols import Entry
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """One chain. Times are seconds; `endpoints` show only their hosts, the preferred one first.

    `quorum` endpoints must agree on a block, None as `Links` has it; one contract in `sample` is
    asked of all endpoints at each block, none where it is 0.
    `confirmations` stands in for the node's finalized tag where it has none. A watch that was away
    for more than `catch_up_blocks` goes on at the head and leaves a gap row. `websocket` is where
    the node announces new heads. `wrapped_native` is the token that the native coin is worth.
    `flow`: what flows through the targets is read from each block's logs, for which no block may
    be left out.
    """

    chain_id: int
    name: str
    endpoints: tuple[EndpointOptions, ...]
    quorum: int | None
    sample: int
    every_blocks: int
    confirmations: int
    poll_seconds: float
    deadline_seconds: float
    catch_up_blocks: int
    wrapped_native: Address | None = None
    flow: bool = True

    @property
    def websocket(self) -> Endpoint | None:
        """Where new heads are announced: the first endpoint's that has one."""
        return next((one.websocket for one in self.endpoints if one.websocket is not None), None)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """Who may read over HTTP: `sha256` is of the token, in hexadecimal; `name` is for people."""

    name: str
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Without tokens only this machine is answered."""

    tokens: tuple[ApiToken, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """`database` stays out of texts: it may hold a password. `entries` are the targets of the file
    followed by the feeds that its prices name. Without `exploit` no attack is searched for while
    watching."""

    path: Path
    database: str = field(repr=False)
    settings: Settings
    chains: tuple[ChainConfig, ...]
    entries: tuple[Entry, ...]
    limits: Mapping[str, Limits]
    api: ApiConfig = field(default_factory=ApiConfig)
    baskets: tuple[Basket, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    watchdog: Watchdog | None = None
    rules: tuple[Rule, ...] = ()
    exploit: ExploitConfig | None = None

    @property
    def database_shown(self) -> str:
        """The file, or the server and database: never a user or password."""
        if self.database.startswith("sqlite"):
            return self.database.partition(":///")[2]
        parts = urlsplit(self.database)
        return f"{parts.scheme}://{parts.hostname or 'localhost'}{parts.path}"

    def chain(self, chain_id: int) -> ChainConfig:
        return next(chain for chain in self.chains if chain.chain_id == chain_id)

    def entries_of(self, chain_id: int) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.chain_id == chain_id)


def single_endpoint(chain_id: int, url: str) -> ChainConfig:
    """A chain that no file configures, read once through one node.

    Raises ValueError, with a text that holds nothing of the URL, where it cannot be used.
    """
    return ChainConfig(
        chain_id=chain_id,
        name=f"eip155:{chain_id}",
        endpoints=(EndpointOptions(Endpoint(url)),),
        quorum=None,
        sample=0,
        every_blocks=1,
        confirmations=12,
        poll_seconds=1.0,
        deadline_seconds=20.0,
        catch_up_blocks=7_200,
    )
