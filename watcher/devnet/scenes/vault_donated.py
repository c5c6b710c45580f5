"""Somebody gives a vault so much that its price per share jumps; a holder then cashes in."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from watcher.devnet.moves.trades import small_trades
from watcher.devnet.moves.vaults import give, redeem
from watcher.devnet.places import Vault
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text, percent_text

# In basis points: the gift of the vault's assets, the redemption of the holder's shares.
_GIFT_BPS = (300, 900)
_REDEEMED_BPS = (100, 500)


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    vault = stage.random.choice(stage.world.vaults)
    yield _gift(stage, vault)
    for _ in range(blocks - 2):
        draft = stage.draft()
        small_trades(draft, stage.random, most=2)
        yield step(draft, f"{vault.name} keeps what it was given")
    yield _redemption(stage, vault)


def _gift(stage: Stage, vault: Vault) -> Step:
    draft = stage.draft()
    bps = stage.random.randint(*_GIFT_BPS)
    amount = draft.total_assets(vault) * bps // 10_000
    give(draft, stage.world.actors.keeper, vault, amount)
    small_trades(draft, stage.random, most=1)
    rise = percent_text(Fraction(bps, 10_000))
    given = amount_text(amount, vault.asset)
    return step(draft, f"somebody gives {given} to {vault.name}: its price per share rises {rise}")


def _redemption(stage: Stage, vault: Vault) -> Step:
    draft = stage.draft()
    depositor = stage.world.actors.depositor
    bps = stage.random.randint(*_REDEEMED_BPS)
    redeem(draft, depositor, vault, draft.shares(vault, depositor) * bps // 10_000)
    small_trades(draft, stage.random, most=1)
    part = percent_text(Fraction(bps, 10_000))
    return step(draft, f"a holder of {vault.name} redeems {part} of its shares")


VAULT_DONATED = Scene("vault_donated", play, shortest=2, longest=4)
