"""Baskets of the file: what is read, and what is refused with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.strategies import address
from watcher.config import Config, load_config
from watcher.errors import ConfigError
from watcher.state.target import target_id

HOLDER, TOKEN = address(0xB0), address(0xC0)
CONFIG = f"""
[chains."eip155:1"]
endpoints = [{{ url = "http://127.0.0.1:9" }}]
[[targets]]
chain = "eip155:1"
protocol = "holdings"
address = "{HOLDER}"
name = "chest"
tokens = ["{TOKEN}"]
[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "{address(0xA9)}"
name = "vault"
[[baskets]]
name = "treasury"
holders = ["eip155:1:{HOLDER}"]
"""


def load(folder: Path, more: str = "", text: str = CONFIG) -> Config:
    file = folder / "watcher.toml"
    file.write_text(text + more)
    return load_config(file, {})


def test_a_basket_is_of_the_holdings_at_its_addresses(tmp_path: Path) -> None:
    more = (
        'targets = { WETH = 0.5, USDC = 0.3, wstETH = 0.2 }\nband = 0.05\nexit_to = "USDC"\n'
        'owed = { USDC = 12.5 }\nissued_by = ["vault"]\n'
    )
    (basket,) = load(tmp_path, more).baskets
    assert (basket.name, basket.chain_id, basket.band) == ("treasury", 1, 0.05)
    entry = load(tmp_path).entries[0]
    held = target_id(1, "holdings", HOLDER, entry.key)
    assert basket.target_ids == (held,)
    assert basket.issued_by == (target_id(1, "erc4626", address(0xA9)),)
    assert basket.targets == {"WETH": 0.5, "USDC": 0.3, "wstETH": 0.2}
    assert (dict(basket.owed), basket.exit_to) == ({"USDC": 12.5}, "USDC")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[chains", "[chains", ""),
        (f'holders = ["eip155:1:{HOLDER}"]', "", "holders: is missing"),
        (HOLDER + '"]', address(0xB1) + '"]', "no holdings entry of [[targets]] has the address"),
        ('holders = ["eip155:1', 'holders = ["eip155:7', "no holdings entry"),
        ('name = "treasury"', 'name = "Vault"', '"Vault" is used twice'),
        ('name = "treasury"', 'name = "t"\nband = 2', "from 0 to 1"),
        ('name = "treasury"', 'name = "t"\ntargets = { A = 0.5 }', "add up to 0.5: make it 1"),
        ('name = "treasury"', 'name = "t"\nissued_by = ["vaul"]', 'did you mean "vault"?'),
        ('name = "treasury"', 'name = "t"\nowed = { USDC = -1 }', "write a number at least 0"),
        ('name = "treasury"', 'name = "t"\nbands = 1', 'unknown key "bands"'),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = CONFIG.replace(old, new)
    if not said:
        assert load(tmp_path, text=text).baskets
        return
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text=text)
    assert said in str(refused.value)
