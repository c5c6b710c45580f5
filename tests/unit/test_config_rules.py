"""`[[rules]]` and `[alerts]` of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.alerts import presets
from watcher.alerts.rule import Rule
from watcher.cli.template import RULES
from watcher.config import load_config
from watcher.config.rules import preset_rule
from watcher.errors import ConfigError

HEAD = """
[chains."eip155:1"]
endpoints = [{ url = "http://127.0.0.1:9" }]
[[targets]]
chain = "eip155:1"
protocol = "uniswap_v2"
address = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
name = "pair"
[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "0x00000000000000000000000000000000000000a2"
name = "vault"
[receivers.oncall]
alertmanager = "https://oncall.example"
[receivers.desk]
alertmanager = "https://desk.example"
[receivers.chat]
alertmanager = "https://chat.example"
[receivers.boss]
alertmanager = "https://boss.example"
"""

Load = Callable[[str], dict[str, Rule]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(text: str) -> dict[str, Rule]:
        path = tmp_path / "watcher.toml"
        path.write_text(HEAD + text)
        return {rule.name: rule for rule in load_config(path, {}).rules}

    return loaded


def problems(load: Load, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


CHANGE = "price_per_share_change"

OWN = """
[[rules]]
name = "thin"
when = "depth_1pct_money < 2e6"
severity = "critical"
"""


def test_the_presets_are_in_effect_but_those_that_are_off(load: Load) -> None:
    found = load("")
    assert set(found) == {name for name in presets.names() if not presets.why_off(name)}
    off = {name for name in presets.names() if presets.why_off(name)}
    assert off == {"pool-share", "pool-share-early", "arbitrage-left-open"}
    for name in ("pool-share", "pool-share-early"):
        assert "share" in presets.why_off(name)
        assert preset_rule(name, ()).name == name


@pytest.mark.parametrize("name", presets.names())
def test_each_preset_says_what_it_means_and_clears_only_where_it_does_not_hold(name: str) -> None:
    rule = preset_rule(name, ())
    assert rule.means.endswith(".")
    assert rule.kinds
    assert rule.clear is None or set(rule.when.kinds) == set(rule.clear.kinds)


def test_a_rule_with_all_its_keys(load: Load) -> None:
    rule = load(
        """
[[rules]]
name = "discount"
when = "abs(ln_spot_over_reference) > 0.01 and depth_1pct_money < 2e6"
clear = "abs(ln_spot_over_reference) < 0.006"
agrees = "abs(ln_time_weighted_over_reference) > 0.005"
for = "5m"
clear_for = "10m"
severity = "critical"
repeat = 1.5
escalate = "never"
route = ["oncall", "desk"]
escalate_route = ["boss"]
targets = ["pair"]
means = "who must sell loses"
"""
    )["discount"]
    assert (rule.duration, rule.clear_duration, rule.repeat, rule.escalate) == (300, 600, 1.5, None)
    assert (rule.route, rule.escalate_route, rule.targets) == (
        ("oncall", "desk"),
        ("boss",),
        ("pair",),
    )
    assert rule.names == {
        "ln_spot_over_reference",
        "depth_money",
        "ln_time_weighted_over_reference",
    }


def test_what_clears_a_rule_must_hold_as_long_unless_told(load: Load) -> None:
    rule = load(OWN + 'for = "3m"\n')["thin"]
    assert (rule.duration, rule.clear_duration, rule.escalate) == (180, 180, 1_800)


def test_a_preset_is_changed_by_key_and_keeps_the_rest(load: Load) -> None:
    shipped = load("")["insolvent"]
    found = load('[[rules]]\npreset = "insolvent"\nfor = "1h"\nroute = ["desk"]\n')
    assert found["insolvent"].duration == 3_600
    assert found["insolvent"].route == ("desk",)
    assert found["insolvent"].when.text == shipped.when.text
    assert len(found) == len(load(""))


def test_a_preset_is_switched_off_and_another_on(load: Load) -> None:
    found = load(
        '[[rules]]\npreset = "insolvent"\nenabled = false\n[[rules]]\npreset = "pool-share"\n'
    )
    assert "insolvent" not in found
    assert "pool-share" in found


def test_no_preset_at_all(load: Load) -> None:
    assert set(load("[alerts]\npresets = false\n" + OWN)) == {"thin"}


def test_routes_by_severity_are_for_rules_without_one(load: Load) -> None:
    text = '[alerts]\ncritical = ["oncall"]\nwarning = ["chat"]\n' + OWN + 'route = ["desk"]\n'
    found = load(text)
    assert found["thin"].route == ("desk",)
    assert found["insolvent"].route == ("oncall",)
    assert found["deep-discount"].route == ("chat",)
    assert found["out-of-band"].route == ()


def test_everything_that_is_wrong_is_said_at_once_with_its_place(load: Load) -> None:
    """FAULTS 47."""
    said = problems(
        load,
        """
[[rules]]
name = "one"
when = "lost_dept > 1"
severity = "loud"
[[rules]]
name = "a b"
when = "spot_price > 1"
severity = "info"
for = "soon"
repeat = nan
wen = "x"
[[rules]]
when = 3
[[rules]]
preset = "insolvant"
[[rules]]
name = "two"
when = "price_per_share_change > 0"
severity = "info"
targets = ["pair"]
[[rules]]
name = "three"
when = "spot_price > 1"
clear = "price_per_share > 1"
severity = "info"
targets = ["pairs"]
[[rules]]
name = "two"
when = "spot_price > 1"
severity = "info"
route = ["desk", "desk"]
escalate = "0s"
repeat = -1
[alerts]
loud = ["x"]
""",
    )
    assert said == [
        'alerts.loud: unknown key "loud"',
        'rules[0].when: at character 1: unknown measure "lost_dept"; did you mean "lost_depth"?',
        "rules[0].severity: write one of info, warning, critical",
        "rules[1].name: write a name of letters, digits, dots and dashes, at most 64 of them",
        'rules[1].for: write a duration such as "90s", "30m" or "24h"',
        "rules[1].repeat: nan is no finite number",
        'rules[1].wen: unknown key "wen"; did you mean "when"?',
        "rules[2].name: is missing",
        'rules[2].when: write a condition such as "abs(ln_spot_over_reference) > 0.01"',
        "rules[2].severity: is missing",
        'rules[3].preset: unknown preset "insolvant"; did you mean "insolvent"?',
        f"rules[4].targets: none of them has {CHANGE}: leave the key out, or name others",
        'rules[5].targets: unknown target "pairs"; did you mean "pair"?',
        "rules[5].clear: asks for measures that no target of `when` has",
        "rules[6].repeat: -1 is out of range: write a number from 1.01 to 1000",
        'rules[6].escalate: write a duration such as "90s", "30m" or "24h", or "never"',
        "rules[6].route: a receiver stands in the list twice",
        'rules[6].name: "two" is used twice: choose another',
    ]


def test_who_is_told_is_a_receiver(load: Load) -> None:
    text = '[alerts]\ncritical = ["oncal"]\n' + OWN + 'route = ["nobody-known"]\n'
    assert problems(load, text) == [
        'alerts.critical: unknown receiver "oncal"; did you mean "oncall"?',
        'rules[0].route: unknown receiver "nobody-known"',
    ]


def test_the_example_that_init_writes_is_a_rule(load: Load) -> None:
    example = RULES.replace("# [[rules]]", "[[rules]]").replace('targets = ["usdc-weth"]', "")
    lines = example[example.index("[[rules]]") :].splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines)
    rule = load(text)["discount-of-my-pool"]
    assert (rule.duration, rule.route) == (300, ("oncall",))
