"""`watcher exit`, from the store and from files: the plan, what it comes to, and what is owed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.strategies import address, pool, vault
from watcher.cli.app import app
from watcher.math.settings import BasketExit, Owed, PriceSource, Settings
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Holdings, Observation, State, Status, Target, Token
from watcher.state.holdings import Redemption, VaultShare
from watcher.store import Store

CHAIN = 31337
WAD, ONE = 10**18, 10**6
WETH, USDC = Token(address(0xE), 18, "WETH"), Token(address(0xC), 6, "USDC")
LP, SHARE = Token(address(0xA1), 18, "UNI-V2"), Token(address(0xA9), 6, "vUSDC")
PAIR = Target(
    CHAIN, "uniswap_v2", LP.address, "constant_product", "", (WETH, USDC), LP, name="pair"
)
VAULT = Target(CHAIN, "erc4626", SHARE.address, "share_vault", "", (USDC,), SHARE, name="vault")
TREASURY = Target(
    CHAIN,
    "holdings",
    address(0xB0),
    "holdings",
    "chest",
    (WETH, USDC, LP, SHARE),
    params={"assets": 2},
    name="chest",
)
POOL = pool(1_000 * WAD, 2_000_000 * ONE, decimals=(18, 6), total_supply=1_000 * WAD)
SHARES = replace(vault(150_000 * ONE, 100_000 * ONE, offset=None, decimals=6), share_decimals=6)
HELD = Holdings(
    decimals=(18, 6, 18, 6),
    balances=((10 * WAD, 5_000 * ONE, 500 * WAD, 20_000 * ONE),),
    native=(),
    wrapped=0,
    pairs=(),
    vaults=(VaultShare(3, 1, (20_000 * ONE,), (Redemption(20_000 * ONE, 30_000 * ONE),)),),
    order=(3,),
    pools=(),
    ranges=(),
    positions=(),
    other_positions=(),
)
STATES: dict[str, State] = {PAIR.id: POOL, VAULT.id: SHARES, TREASURY.id: HELD}
TARGETS = (PAIR, VAULT, TREASURY)
PRICES = (
    PriceSource(CHAIN, WETH.address, "fixed", value=2_000.0),
    PriceSource(CHAIN, USDC.address, "fixed", value=1.0),
    PriceSource(CHAIN, LP.address, "fixed", value=4_000.0),
    PriceSource(CHAIN, SHARE.address, "fixed", value=1.4),
)
CONFIG = f"""
database = "sqlite:///watcher.db"
[chains."eip155:{CHAIN}"]
poll_seconds = 1
endpoints = [{{ url = "http://127.0.0.1:9" }}]
[[baskets]]
name = "treasury"
holders = ["eip155:{CHAIN}:{TREASURY.address}"]
targets = {{ WETH = 0.5, USDC = 0.5 }}
band = 0.05
owed = {{ USDC = 1_000_000 }}
exit_to = "USDC"
through = ["pair", "vault"]
"""
BASKET = BasketExit((TREASURY.id,), (PAIR.id, VAULT.id), "USDC", (Owed("USDC", 1_000_000.0),), ())

SOLD_IN = POOL.reserve0 // 2, POOL.reserve1 // 2
RECEIVED = (
    5_000 * ONE
    + 30_000 * ONE
    + SOLD_IN[1]
    + 510 * WAD * 997 * SOLD_IN[1] // (SOLD_IN[0] * 1_000 + 510 * WAD * 997)
)
"""By hand: burned to half of the pool, 510 WETH are sold into the other half."""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = Settings(unit="USD", sizes=(1_000.0,), prices=PRICES, exits=(BASKET,))
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        store.register(TARGETS)
        store.save_settings(settings)
        branch = Branch(cursor=None, in_force={}, keys={})
        for number, wealth in ((7, POOL), (8, replace(POOL, total_supply=2_000 * WAD))):
            block = Block(CHAIN, number, f"0x{number:064x}", f"0x{number - 1:064x}", 1_700_000_000)
            found = {**STATES, PAIR.id: wealth}
            observed = {each: Observation(each, Status.OK, state) for each, state in found.items()}
            advanced = advance(branch, block, observed, watchlist(TARGETS, settings))
            store.commit_tick(advanced.tick)
            branch = advanced.branch
    text = CONFIG
    for target in TARGETS:
        key = f'tokens = "{WETH.address}"\n' if target is TREASURY else ""
        text += (
            f'[[targets]]\nchain = "eip155:{CHAIN}"\nprotocol = "{target.protocol}"\n'
            f'address = "{target.address}"\nname = "{target.name}"\n{key}'
        )
    for source in PRICES:
        text += (
            f'[[prices]]\ntoken = "eip155:{CHAIN}/erc20:{source.token}"\n'
            f'source = "fixed"\nvalue = {source.value}\n'
        )
    (tmp_path / "watcher.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def document(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_holdings_leave_by_burning_redeeming_and_selling(run: Run) -> None:
    found = document(run("exit", "chest", "--into", "usdc", "--at", "7", "--json"))
    assert [step["does"] for step in found["steps"]] == ["burn", "redeem", "sell"]
    assert found["received"] == str(RECEIVED)
    assert found["exit_value"] == pytest.approx(RECEIVED / ONE, rel=1e-15)
    # 10 + 500 WETH, 5,000 + 1,000,000 + 30,000 USDC
    assert found["reference_value"] == 510 * 2_000 + 1_035_000
    assert (found["owed"], found["reasons"]["owed"]) == (None, "nothing is owed")
    assert (found["block"], found["left"], found["executed"]) == (7, [], False)


def test_a_basket_is_judged_by_what_is_owed_and_by_its_parts(run: Run) -> None:
    found = document(run("exit", "Treasury", "--at", "7", "--json"))
    assert found["received"] == str(RECEIVED)
    assert found["owed"] == 1_000_000
    assert found["solvency_reference"] == pytest.approx(2.055)
    assert found["solvency_exit"] == pytest.approx(RECEIVED / ONE / 1_000_000)
    parts = {each["token"]: each["part"] for each in found["targets_of_basket"]}
    assert list(parts.values()) == pytest.approx([1_020 / 2_055, 1_035 / 2_055])


def test_what_is_stored_is_what_the_command_says_and_what_is_computed_again(run: Run) -> None:
    """Block 8 has another pair alone, and so another exit of the same holdings."""
    names = ("exit_value", "exit_discount", "solvency_reference", "solvency_exit")
    history = ("history", "chest", "--format", "json")
    stored = json.loads(run(*history, *(part for name in names for part in ("-m", name))).stdout)
    for number in (7, 8):
        told = document(run("exit", "treasury", "--at", str(number), "--json"))
        found = {row["measure"]: row["value"] for row in stored if row["block"] == number}
        assert found == {name: pytest.approx(told[name], rel=1e-15) for name in names}
        measured = json.loads(run("measure", "chest", "--at", str(number), "--json").stdout)
        again = {row["measure"]: row["value"] for row in measured if row["measure"] in names}
        assert again == found
    assert json.loads(run("recompute", "--json").stdout)["differences"] == []


def test_people_see_every_step_and_what_leaving_costs(run: Run) -> None:
    done = run("exit", "treasury", "--at", "7")
    assert done.exit_code == 0
    for said in (
        "burn",
        "500 UNI-V2",
        "redeem",
        "sell",
        "pair",
        "leaving costs",
        "within its band",
    ):
        assert said in done.stdout
    assert "nothing was executed" in done.stderr


def test_another_block_is_another_plan(run: Run) -> None:
    """At block 8 there are twice as many LP tokens, and half as much for each."""
    old, new = (document(run("exit", "chest", "--json", *at)) for at in (("--at", "7"), ()))
    assert (old["block"], new["block"]) == (7, 8)
    assert int(new["received"]) < int(old["received"])


def test_several_leave_together_and_get_less(run: Run) -> None:
    into = ("--into", "WETH", "--at", "7", "--json")
    alone = [document(run("exit", name, *into)) for name in ("chest", "vault")]
    joint = document(run("exit", "chest", "vault", *into))
    assert int(joint["received"]) < sum(int(each["received"]) for each in alone)


def test_a_vault_owes_its_shares_at_their_own_price(run: Run) -> None:
    found = document(run("exit", "vault", "--into", "USDC", "--json"))
    assert found["received"] == str(150_000 * ONE)
    assert found["owed"] == pytest.approx(140_000)
    assert found["solvency_exit"] == pytest.approx(150 / 140)


def test_files_need_no_store(run: Run, tmp_path: Path) -> None:
    for name in ("chest", "pair"):
        file = str(tmp_path / f"{name}.json")
        assert run("state", name, "--at", "7", "--out", file).exit_code == 0
    done = run(
        "exit", "--state", "chest.json", "--through", "pair.json", "--into", "USDC", "--json"
    )
    assert document(done)["received"] == str(RECEIVED)
    alone = run("exit", "--state", "chest.json", "--into", "USDC", "--json")
    assert alone.exit_code == 3
    found = json.loads(alone.stdout)
    assert found["received"] == str(35_000 * ONE)
    assert [each["reason"] for each in found["left"]] == [
        "no watched pool leads from it to the wanted token"
    ] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a target or a basket"),
        (("chest", "--state", "x.json"), "not both"),
        (("chest", "--into", "DAI"), "no watched target has a token 'DAI'"),
        (("chest", "--through", "x.json"), "--through goes with --state"),
        (("pair",), "name a vault, holdings"),
        (("nobody",), "no stored target is called"),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = run("exit", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
