"""`watcher exploit --prove`, `findings` and `prove`, as a user runs them on a watched chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.world import LocalWorld
from watcher.cli.app import app
from watcher.config import load_config
from watcher.devnet.draft import Draft
from watcher.devnet.moves.trades import sell
from watcher.simulate.receipt import receipt_from_json
from watcher.store import Store

pytestmark = pytest.mark.anvil

Run = Callable[..., Result]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def folder(fork_site: LocalWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A watched chain whose pair is 15% off another pool."""
    world, chain = fork_site.world, fork_site.chain
    pair, other = world.pair("DAI/USDC"), world.coin_pool("ng:DAI/USDC")
    draft = Draft(world, chain)
    sell(draft, world.actors.trader, pair, pair.token0, 10**5 * 10**pair.token0.decimals)
    chain.mine(draft.transactions, seconds=draft.seconds)
    targets = (
        ("uniswap_v2", pair.address, "pair", f'fee = "{pair.fee}"\nprotocol_fee_share = "1/6"\n'),
        ("curve_stableswap", other.address, "curve", ""),
        ("erc4626", world.vault("solmate-dai").address, "vault", ""),
    )
    text = f'[chains."eip155:{chain.chain_id}"]\nendpoints = [{{ url = "{chain.url}" }}]\n'
    for protocol, address, name, more in targets:
        text += f'[[targets]]\nchain = "eip155:{chain.chain_id}"\nprotocol = "{protocol}"\n'
        text += f'address = "{address}"\nname = "{name}"\n{more}'
    for token in (pair.token0, pair.token1):
        text += f'[[prices]]\ntoken = "eip155:{chain.chain_id}/erc20:{token.address}"\n'
        text += 'source = "fixed"\nvalue = 1.0\n'
    found = tmp_path_factory.mktemp("proving")
    (found / "watcher.toml").write_text(text)
    return found


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def without_node(folder: Path) -> Iterator[None]:
    """The configuration names a node that does not answer."""
    file = folder / "watcher.toml"
    before = file.read_text()
    url = before.split('url = "')[1].split('"')[0]
    file.write_text(before.replace(url, NOWHERE))
    yield
    file.write_text(before)


def test_plans_are_simulated_and_their_receipts_are_stored(run: Run) -> None:
    assert run("once").exit_code == 0
    done = run("exploit", "pair", "--prove", "--json", "--victim", "200000")
    found = {each["class"]: each for each in document(done)["findings"]}
    for attack, level in (
        ("cycle", "executed"),
        ("sandwich", "executed"),
        ("arbitrage", "partial"),
    ):
        receipt = found[attack]["receipt"]
        assert receipt is not None, found[attack]
        assert (receipt["level"], found[attack]["executed"]) == (level, True), found[attack]
        assert receipt["gas"]["simulate"] == receipt["gas"]["fork"] > 50_000
        assert receipt["witness"] is True
    assert found["round_trip"]["receipt"] is None
    stored = {each["class"]: each for each in document(run("findings", "list", "--json"))}
    assert stored["cycle"]["receipt"] == found["cycle"]["receipt"]["id"][:12]
    assert (stored["cycle"]["proof"], stored["cycle"]["standing"]) == ("executed", "stands")
    assert stored["oracle_push"]["proof"].startswith("none")
    one = document(run("findings", "show", str(stored["cycle"]["finding"])))
    assert one["content"]["plan"][0]["verb"] == "swap"
    assert one["receipts"][0]["level"] == "executed"


def test_people_read_what_was_simulated_and_how_to_do_it_again(run: Run) -> None:
    done = run("exploit", "pair", "--prove", "--class", "cycle")
    assert done.exit_code == 0, done.output
    assert "executed: predicted = simulated to the wei" in done.stdout
    assert "simulate by anvil/" in done.stdout
    assert "fork by anvil/" in done.stdout
    assert "replay: watcher prove " in done.stdout
    assert "nothing was executed" not in done.stderr


def test_what_is_found_again_is_no_new_row_and_no_new_receipt(run: Run) -> None:
    before = document(run("findings", "list", "pair", "--json"))
    assert run("exploit", "pair", "--prove", "--class", "cycle").exit_code == 0
    assert document(run("findings", "list", "pair", "--json")) == before


def test_an_empty_handed_victim_of_a_vault_is_simulated_too(run: Run) -> None:
    found = document(run("exploit", "vault", "--prove", "--json"))["findings"]
    harms = [each for each in found if each["plan"]]
    assert all(each["receipt"]["level"] == "executed" for each in harms), harms


def test_a_receipt_replays_without_a_node_also_after_a_reorg(
    run: Run, folder: Path, without_node: None
) -> None:
    stored = {each["class"]: each for each in document(run("findings", "list", "--json"))}
    receipt = stored["cycle"]["receipt"]
    again = document(run("prove", receipt, "--json"))
    assert (again["same"], again["engine"], again["level"]) == (True, "witness", "executed")
    assert run("prove", receipt, "--engine", "simulate").exit_code == 4
    config = load_config(folder / "watcher.toml", {})
    with Store.open(config.database) as store:
        assert store.rewind(config.chains[0].chain_id, None) > 0
        body = store.receipt(receipt)
    assert receipt_from_json(body).attack == "cycle"
    assert document(run("findings", "list", "--json")) == []
    gone = document(run("findings", "list", "--retracted", "--json"))
    assert {each["standing"] for each in gone} == {"retracted"}
    done = run("prove", receipt)
    assert done.exit_code == 0, done.output
    assert "every balance and answer is the same" in done.stdout


def test_a_file_is_proven_and_replayed_and_a_bent_one_is_not_the_same(
    run: Run, folder: Path, fork_site: LocalWorld
) -> None:
    assert run("once").exit_code == 0
    assert run("state", "pair", "--out", "pair.json").exit_code == 0
    wanted = ("exploit", "--state", "pair.json", "--class", "arbitrage", "--prove", "--out", "kept")
    done = run(*wanted, "--rpc", fork_site.chain.url)
    assert done.exit_code == 0, done.output
    assert "partial: predicted = simulated to the wei, but" in done.stdout
    [file] = (folder / "kept").iterdir()
    assert run("prove", str(file)).exit_code == 0
    plain = json.loads(file.read_text())
    plain["attacked"]["runs"][0]["changes"][0]["amount"] = "1"
    file.write_text(json.dumps(plain))
    done = run("prove", str(file))
    assert (done.exit_code, "changes by" in done.stdout) == (3, True)


def test_what_is_no_receipt_is_refused_in_one_sentence(run: Run) -> None:
    for wrong, said in (
        ("abcdef", "begins with abcdef"),
        ("zz", "neither a file"),
        ("pair.json", "no receipt"),
    ):
        done = run("prove", wrong)
        assert done.exit_code == 2, done.output
        assert said in done.stderr
    done = run("exploit", "pair", "--out", "x")
    assert (done.exit_code, "for --prove" in done.stderr) == (2, True)
