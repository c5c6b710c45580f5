"""What a user reads when something is wrong: one sentence each, the cure in it, no secret."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import WATCHER, environment, watcher

pytestmark = pytest.mark.e2e

SECRET = "k3y-that-nobody-may-see-9f2c"
PAIR = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
TOKEN = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
VALID = f"""
[chains."eip155:31337"]
endpoints = [{{ url = "http://user:{SECRET}@127.0.0.1:9/{SECRET}?key={SECRET}" }}]
[[targets]]
chain = "eip155:31337"
protocol = "uniswap_v2"
address = "{PAIR}"
name = "pair"
fee = 0.003
[[prices]]
token = "eip155:31337/erc20:{TOKEN}"
source = "chainlink"
address = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"
heartbeat = "1h"
deviation = 0.005
"""


def run(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "watcher.toml").write_text(text)
    done = watcher(*arguments, cwd=folder)
    everything = done.stdout + done.stderr
    for file in folder.iterdir():
        if file.name != "watcher.toml":
            everything += file.read_bytes().decode("latin-1")
    assert SECRET not in everything
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("command", ["once", "run"])
def test_an_unreachable_node_is_named_by_its_host_alone(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, VALID, command)
    assert done.returncode == 4
    assert "nothing listens at 127.0.0.1:9: start the node or fix the endpoint's URL" in done.stderr


def test_check_lists_an_unreachable_node(tmp_path: Path) -> None:
    done = run(tmp_path, VALID, "check")
    assert done.returncode == 5
    assert "nothing listens at 127.0.0.1:9" in done.stdout


def test_debug_shows_where_but_no_secret(tmp_path: Path) -> None:
    (tmp_path / "watcher.toml").write_text(VALID)
    done = watcher("--debug", "once", cwd=tmp_path)
    assert "Traceback" in done.stderr
    assert SECRET not in done.stderr


def test_every_problem_of_the_file_is_told_at_once(tmp_path: Path) -> None:
    wrong = (
        VALID.replace("0xB4e1", "0xb4e1", 1)
        .replace("deviation = 0.005", "deviation = nan")
        .replace('name = "pair"', 'name = "pair"\nfeee = 1')
    )
    done = run(tmp_path, wrong, "run")
    assert done.returncode == 5
    assert [line.removeprefix("watcher.toml: ") for line in done.stderr.splitlines()] == [
        f"targets[0].address: wrong checksum (EIP-55); if you typed it, expected {PAIR}",
        'targets[0].feee: unknown key "feee"; did you mean "fee"?',
        "prices[0].deviation: nan is no finite number",
    ]


def test_a_misspelt_variable_is_told(tmp_path: Path) -> None:
    (tmp_path / "watcher.toml").write_text(VALID)
    done = watcher("once", cwd=tmp_path, extra={"WATCHER_CONFGI": "x"})
    assert done.returncode == 5
    assert 'unknown variable "WATCHER_CONFGI"; did you mean "WATCHER_CONFIG"?' in done.stderr


def test_no_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    done = watcher("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "`watcher init`" in done.stderr


def test_what_init_writes_is_valid_once_its_node_is_named(tmp_path: Path) -> None:
    assert watcher("init", cwd=tmp_path).returncode == 0
    unset = watcher("once", cwd=tmp_path)
    assert unset.returncode == 5
    assert "environment variable ETH_RPC_URL is not set" in unset.stderr
    done = watcher("once", cwd=tmp_path, extra={"ETH_RPC_URL": "http://127.0.0.1:9"})
    assert done.returncode == 4, done.stderr
    again = watcher("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_a_reader_that_has_gone_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "watcher.toml").write_text(VALID)
    pipe = 'set -o pipefail; "$@" | head -n 1 > first'
    done = subprocess.run(
        ["bash", "-c", pipe, "bash", *WATCHER, "demo", "--blocks", "30"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        (">&-", 0, ""),
        ("> /dev/full", 5, "watcher: the output cannot be written: No space left on device\n"),
    ],
)
def test_an_output_that_takes_nothing(tmp_path: Path, output: str, code: int, said: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$@" {output}', "bash", *WATCHER, "paths"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, said)
