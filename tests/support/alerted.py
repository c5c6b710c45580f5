"""A history by hand in which rules have fired, one alert is over, and names are hostile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli_history import (
    CHAIN,
    HOSTILE,
    LATEST,
    OFF,
    SECONDS,
    USDC,
    WETH,
    configuration,
    fill,
)
from tests.support.web import client_of
from watcher.config import load_config
from watcher.state import Block
from watcher.state.finding import (
    Account,
    Action,
    Condition,
    Finding,
    Proof,
    Role,
    Sensitivity,
    Worth,
    deltas,
    negated,
    nothing,
)
from watcher.store import Store

if TYPE_CHECKING:
    from httpx import Client

MEANS = "Who must sell loses <img src=x onerror=alert(1)>."
RULES = f"""
[alerts]
presets = false
critical = ["oncall"]
[receivers.oncall]
apprise = "json://127.0.0.1:9"
allow_private = true
[[rules]]
name = "discount"
when = "abs(ln_spot_over_reference) > 0.02 and depth_1pct_money < 2e6"
clear = "abs(ln_spot_over_reference) < 0.01"
for = "24s"
severity = "critical"
means = "{MEANS}"
targets = ["calm", "off", "tense", "gone"]
[[rules]]
name = "unreadable"
when = "unread"
severity = "warning"
[[rules]]
name = "off-a-little"
when = "abs(ln_spot_over_reference) > 0.01"
for = "1h"
severity = "warning"
targets = ["tense"]
[[rules]]
name = "once-dear"
when = "spot_price > 1990"
for = "0s"
severity = "info"
targets = ["off"]
[[rules]]
name = "lopsided"
when = "spot_price > 0.5"
severity = "info"
targets = ["hostile"]
"""


FOUND_AT = Block(CHAIN, 108, f"0x{108:064x}", f"0x{107:064x}", LATEST - 2 * SECONDS)
_GAINED = deltas((USDC.address, 1_234 * 10**6), (WETH.address, -(10**17)))
_GIVEN, _GOT = deltas((WETH.address, 10**17)), deltas((USDC.address, 1_234 * 10**6))
TAKEN = Finding(
    attack="arbitrage",
    goal="profit",
    target_ids=(OFF.id,),
    proof=Proof.PARTIAL,
    accounts=(
        Account(Role.ATTACKER, "", _GAINED),
        Account(Role.LIQUIDITY, OFF.id, negated(_GAINED)),
    ),
    gas=5.15,
    worth={USDC.address: Worth(1.0, 6), WETH.address: Worth(2_000.0, 18)},
    capital=_GIVEN,
    size=_GIVEN,
    plan=(
        Action(Role.ATTACKER, "swap", OFF.id, _GIVEN, _GOT),
        Action(Role.ATTACKER, "exchange", "", _GOT, _GIVEN),
    ),
    assumptions=(Condition("nobody competes"), Condition("gas price <b>", 12.5, "gwei")),
    break_evens=(Condition("gas at which it ends", 1_034.0, "unit of account"),),
    sensitivity=(Sensitivity("twice the gas", 1_023.7),),
)
NOTHING = nothing(
    "sandwich", (HOSTILE.id,), proof=Proof.EXECUTED, reason="fees take more than <b>it</b> brings"
)
RECEIPT = '{"made":"by hand"}'
RECEIPT_REASON = "the last leg is priced at the reference"


def alerted_history(folder: Path, *, more: str = "") -> Path:
    """The folder, with a configuration and a history in it, two findings at block FOUND_AT among
    it, of which the first has a receipt; `more` are further rules."""
    (folder / "watcher.toml").write_text(configuration() + RULES + more)
    rules = load_config(folder / "watcher.toml", {}).rules
    fill(f"sqlite:///{folder / 'watcher.db'}", LATEST, rules=rules)
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        (row,) = store.add_findings(OFF.id, FOUND_AT, [TAKEN])
        store.add_receipt(row, level="partial", reason=RECEIPT_REASON, body=RECEIPT)
        store.add_findings(HOSTILE.id, FOUND_AT, [NOTHING])
    return folder


@pytest.fixture(scope="session")
def alerted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """None writes into it."""
    return alerted_history(tmp_path_factory.mktemp("alerted"))


@pytest.fixture(scope="module")
def alerted_web(alerted_folder: Path) -> Iterator[Client]:
    with client_of(alerted_folder) as client:
        yield client
