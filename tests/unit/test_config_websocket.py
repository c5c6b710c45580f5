"""Where a node announces its heads, as the configuration says it."""

from pathlib import Path

import pytest

from watcher.cli.template import TEMPLATE
from watcher.config import load_config
from watcher.errors import ConfigError

KEY = "Secret0123456789Key"
HTTP = "https://node.example/v3/" + KEY


def written(folder: Path, websocket: str) -> Path:
    path = folder / "watcher.toml"
    given = f'{{ url = "{HTTP}", websocket = {websocket} }}'
    text = TEMPLATE.replace('{ url = "${ETH_RPC_URL}" }', given)
    assert given in text
    path.write_text(text)
    return path


def test_a_websocket_is_optional_and_shows_its_host_alone(tmp_path: Path) -> None:
    path = tmp_path / "watcher.toml"
    path.write_text(TEMPLATE)
    assert load_config(path, {"ETH_RPC_URL": HTTP}).chains[0].websocket is None
    [chain] = load_config(written(tmp_path, f'"wss://node.example:444/ws/{KEY}"'), {}).chains
    assert chain.websocket is not None
    assert chain.websocket.name == "node.example:444"
    assert chain.websocket.url == f"https://node.example:444/ws/{KEY}"
    assert KEY not in repr(chain)
    assert chain.websocket.said(f"no such key: {KEY}") == "no such key: ***"


@pytest.mark.parametrize(
    ("websocket", "why"),
    [
        (f'"{HTTP}"', "the URL does not begin with ws:// or wss://"),
        (f'"wss:///{KEY}"', "the URL has no valid host: write ws://HOST:PORT/PATH"),
        ("7", "write the node's websocket URL, ws:// or wss://"),
    ],
)
def test_what_is_no_websocket_is_told_without_its_key(
    tmp_path: Path, websocket: str, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, websocket), {})
    [problem] = caught.value.problems
    assert problem.path.endswith("websocket")
    assert problem.text == why
    assert KEY not in str(caught.value)
