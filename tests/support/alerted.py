"""A history by hand in which rules have fired, one alert is over, and names are hostile."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli_history import LATEST, configuration, fill
from watcher.config import load_config

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


def alerted_history(folder: Path, *, more: str = "") -> Path:
    """The folder, with a configuration and a history in it; `more` are further rules."""
    (folder / "watcher.toml").write_text(configuration() + RULES + more)
    rules = load_config(folder / "watcher.toml", {}).rules
    fill(f"sqlite:///{folder / 'watcher.db'}", LATEST, rules=rules)
    return folder
