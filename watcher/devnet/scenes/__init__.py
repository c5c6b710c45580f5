"""The scenes, one module each, in the order in which a short play has room for them."""

from __future__ import annotations

from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.feed_moves import FEED_MOVES
from watcher.devnet.scenes.one_side_emptied import ONE_SIDE_EMPTIED
from watcher.devnet.scenes.reorg import REORG
from watcher.devnet.scenes.vault_donated import VAULT_DONATED
from watcher.devnet.scenes.vault_earns import VAULT_EARNS

EVENTS = (ONE_SIDE_EMPTIED, REORG, VAULT_DONATED, FEED_MOVES, VAULT_EARNS)
SCENES = (CALM, *EVENTS)
