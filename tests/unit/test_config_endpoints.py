"""The endpoints of a chain in the configuration: all problems at once, no key in any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.config import ChainConfig, load_config
from watcher.errors import ConfigError

CONFIG = """
[chains."eip155:1"]
{chain}

[[targets]]
chain = "eip155:1"
protocol = "erc4626"
address = "0x0000000000000000000000000000000000000001"
name = "vault"
virtual_shares = true
"""
KEY = "s3cret0key"
URLS = [f"https://node-{letter}.example/{KEY}" for letter in "abc"]
ENDPOINTS = ", ".join(f'{{ url = "{url}" }}' for url in URLS)
BROKEN = f"""
endpoints = [
  {{ url = "ftp://x.example/{KEY}", archive = "yes" }},
  {{ url = "{URLS[0]}", websocket = "https://x.example/{KEY}", archiv = true }},
  {{ url = "{URLS[0]}/2" }},
  {{ }},
]
quorum = true
"""


def chain_of(folder: Path, chain: str) -> ChainConfig:
    file = folder / "watcher.toml"
    file.write_text(CONFIG.format(chain=chain))
    return load_config(file, {}).chain(1)


def problems_of(folder: Path, chain: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        chain_of(folder, chain)
    assert KEY not in str(caught.value)
    at = 'chains."eip155:1".'
    return {one.path.removeprefix(at): one.text for one in caught.value.problems}


def test_one_endpoint_is_enough(tmp_path: Path) -> None:
    chain = chain_of(tmp_path, f'endpoints = [{{ url = "{URLS[0]}" }}]')
    (only,) = chain.endpoints
    assert (only.endpoint.url, only.archive, only.websocket) == (URLS[0], False, None)
    assert (chain.quorum, chain.sample) == (None, 20)


def test_everything_that_can_be_said_of_endpoints(tmp_path: Path) -> None:
    full = f'{{ url = "{URLS[1]}", websocket = "wss://node-b.example/{KEY}", archive = true }}'
    text = f'endpoints = [{{ url = "{URLS[0]}" }}, {full}]\nquorum = 2\nsample = 0'
    chain = chain_of(tmp_path, text)
    assert [one.endpoint.name for one in chain.endpoints] == ["node-a.example", "node-b.example"]
    assert [one.archive for one in chain.endpoints] == [False, True]
    assert chain.websocket is chain.endpoints[1].websocket
    assert chain.websocket is not None
    assert (chain.quorum, chain.sample) == (2, 0)
    assert KEY not in repr(chain)


@pytest.mark.parametrize(
    ("chain", "problems"),
    [
        ("endpoints = []", {"endpoints": 'name a node: endpoints = [{ url = "${ETH_RPC_URL}" }]'}),
        (f"endpoints = [{ENDPOINTS}]\nquorum = 4", {"quorum": "write how many of the 3 endpoints"}),
        (f"endpoints = [{ENDPOINTS}]\nquorum = 0", {"quorum": "write how many of the 3 endpoints"}),
        (f"endpoints = [{ENDPOINTS}]\nsample = -1", {"sample": "write a whole number from 0 to"}),
        (f"endpoints = [{ENDPOINTS}]\nsample = 0.5", {"sample": "write a whole number"}),
        (
            BROKEN,
            {
                "endpoints[0].url": "the URL does not begin with http:// or https://",
                "endpoints[0].archive": "write true or false",
                "endpoints[1].websocket": "the URL does not begin with ws:// or wss://",
                "endpoints[1].archiv": 'unknown key "archiv"; did you mean "archive"?',
                "endpoints[2].url": "is on the host of another endpoint: name each node once",
                "endpoints[3].url": "is missing",
                "quorum": "write how many of the 4 endpoints must agree, 1 to 4",
            },
        ),
    ],
)
def test_all_problems_at_once(tmp_path: Path, chain: str, problems: dict[str, str]) -> None:
    found = problems_of(tmp_path, chain)
    assert found.keys() == problems.keys()
    for path, text in problems.items():
        assert found[path].startswith(text)
