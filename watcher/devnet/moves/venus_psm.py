"""Swaps in peg stability modules, both ways."""

from __future__ import annotations

from random import Random

from watcher.devnet.deploy.venus_psm import SWAP_IN, SWAP_OUT
from watcher.devnet.draft import Draft
from watcher.devnet.places import PegModule
from watcher.devnet.text import amount_text

# Of what a module holds, in basis points.
_SMALL_BPS = (1, 30)


def swap_in(draft: Draft, module: PegModule, amount: int) -> str:
    """The whale's, who has allowed the modules to take its coins."""
    whale = draft.world.actors.whale
    draft.fund(whale, module.stable, amount)
    label = f"a swap into {module.name}"
    draft.send(whale, module.address, SWAP_IN, whale, amount, label=label)
    return f"{amount_text(amount, module.stable)} for VAI"


def swap_out(draft: Draft, module: PegModule, amount: int) -> str:
    """The whale's, who holds the VAI that were minted at first."""
    whale = draft.world.actors.whale
    label = f"a swap out of {module.name}"
    draft.send(whale, module.address, SWAP_OUT, whale, amount, label=label)
    return f"VAI for {amount_text(amount, module.stable)}"


def small_swaps(draft: Draft, random: Random) -> list[str]:
    """In one block of four; more goes out than in, so that no cap is reached."""
    if not draft.world.peg_modules or random.randrange(4):
        return []
    module = random.choice(draft.world.peg_modules)
    part = random.randint(*_SMALL_BPS)
    amount = max(draft.stable_held(module) * part // 10_000, 1_000)
    if random.randrange(3):
        return [swap_out(draft, module, amount)]
    return [swap_in(draft, module, amount // 2)]
