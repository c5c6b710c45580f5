"""From a block's logs to flows. One target's strange logs are a row, never the tick's end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from watcher.errors import DecodeError, Unavailable
from watcher.protocols import ADAPTERS
from watcher.protocols.events import Events
from watcher.state.block import Block
from watcher.state.flow import Decoded, FlowReading
from watcher.state.log import Log
from watcher.state.target import Target
from watcher.state.token import Address

LOG = structlog.get_logger(__name__)


class BlockLogs(Protocol):
    """What reading flows needs of a chain: one block's logs, as `Logs.at` has them."""

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]: ...


class FlowReader:
    """Reads the logs of the same targets at one block after the other. Targets whose adapter knows
    no events are left out."""

    def __init__(self, logs: BlockLogs, targets: Sequence[Target]) -> None:
        self._logs = logs
        self._decoders: dict[Address, list[_Decoder]] = defaultdict(list)
        topics: dict[str, None] = {}
        for target in targets:
            events = ADAPTERS[target.protocol].events
            if events is not None:
                one = _Decoder(target, events)
                self._decoders[one.emitter].append(one)
                topics |= dict.fromkeys(events.topics)
        self.topics = tuple(topics)
        self.scope = tuple(
            sorted(one.target.id for each in self._decoders.values() for one in each)
        )

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Whose logs are asked for."""
        return tuple(self._decoders)

    async def read(self, block: Block) -> FlowReading | None:
        """None where there is nothing to ask for. Logs that cannot be read are told in the reading.
        Raises StaleBlock where the block has left the chain."""
        if not self.scope:
            return None
        try:
            logs = await self._logs.at(block, self.addresses, self.topics)
        except Unavailable as error:
            LOG.warning("logs not read", chain=block.chain_id, detail=str(error))
            return FlowReading(self.scope, failure=str(error))
        by_address: dict[Address, list[Log]] = defaultdict(list)
        for log in logs:
            by_address[log.address].append(log)
        found = [
            decoded
            for address, written in by_address.items()
            for one in self._decoders[address]
            if (decoded := one.decoded(written)) is not None
        ]
        return FlowReading(self.scope, tuple(found))


class _Decoder:
    """One target and what is made of its logs."""

    def __init__(self, target: Target, events: Events) -> None:
        self.target = target
        self.emitter = events.emitter(target) if events.emitter else target.address
        self._topic1 = events.topic1(target) if events.topic1 else None
        self._events = events

    def decoded(self, logs: Sequence[Log]) -> Decoded | None:
        """None where none of the emitter's logs is the target's."""
        mine = [log for log in logs if self._is_mine(log)]
        if not mine:
            return None
        try:
            flows = self._events.decode(self.target, mine)
        except DecodeError as error:
            return Decoded(self.target.id, (), str(error))
        except Exception as error:
            LOG.exception("decoder failed", target=self.target.id, protocol=self.target.protocol)
            detail = f"the decoder failed with {type(error).__name__}: please report it"
            return Decoded(self.target.id, (), detail)
        return Decoded(self.target.id, tuple(flows)) if flows else None

    def _is_mine(self, log: Log) -> bool:
        """Another target at the same address may know other events."""
        if log.topics[0] not in self._events.topics:
            return False
        return self._topic1 is None or self._topic1 in log.topics[1:2]
