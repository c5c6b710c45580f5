"""The scenes, one module each: EVENTS in the order in which a short play has room for them, and
TROUBLES, which play when they are asked for by name."""

from __future__ import annotations

from watcher.devnet.scenes.basket_drifts import BASKET_DRIFTS
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.crash import CRASH
from watcher.devnet.scenes.feed_moves import FEED_MOVES
from watcher.devnet.scenes.full_utilization import FULL_UTILIZATION
from watcher.devnet.scenes.one_side_emptied import ONE_SIDE_EMPTIED
from watcher.devnet.scenes.reorg import REORG
from watcher.devnet.scenes.stale_feed import STALE_FEED
from watcher.devnet.scenes.unbacked_mint import UNBACKED_MINT
from watcher.devnet.scenes.vault_donated import VAULT_DONATED
from watcher.devnet.scenes.vault_earns import VAULT_EARNS
from watcher.devnet.scenes.vault_run import VAULT_RUN

EVENTS = (ONE_SIDE_EMPTIED, REORG, VAULT_DONATED, FEED_MOVES, VAULT_EARNS)
TROUBLES = (VAULT_RUN, FULL_UTILIZATION, CRASH, STALE_FEED, BASKET_DRIFTS, UNBACKED_MINT)
SCENES = (CALM, *EVENTS)
BY_NAME = {scene.name: scene for scene in (*SCENES, *TROUBLES)}
