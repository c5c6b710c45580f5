"""ERC-4626 without a node: the configured arithmetic must be the vault's own, each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, MathError, NoCode, RefusedTarget, RevertedCall
from watcher.math.exact.shares import ShareTotals, convert_to_assets, convert_to_shares
from watcher.protocols import Entry
from watcher.protocols.erc4626 import ADAPTER
from watcher.state import Answer, ShareVault, Static, Target
from watcher.state.target import Param

VAULT, ASSET = address(0x50), address(0x60)


def answered(convert: object, totals: ShareTotals, arguments: bytes) -> Answer:
    assert callable(convert)
    try:
        return words(convert(int.from_bytes(arguments), totals))
    except MathError:
        return REVERTED


def chain(
    totals: ShareTotals,
    vault: Mapping[str, Reply] | None = None,
    *,
    decimals: int = 6,
    share_decimals: int | None = None,
) -> FakeChain:
    """A vault that really converts by `totals`, with the named replies instead of its own."""
    replies: dict[str, Reply] = {
        "asset()": address_word(ASSET),
        "totalAssets()": words(totals.total_assets),
        "totalSupply()": words(totals.total_supply),
        "decimals()": words(decimals if share_decimals is None else share_decimals),
        "symbol()": text("vAAA"),
        "convertToShares(uint256)": lambda raw: answered(convert_to_shares, totals, raw),
        "convertToAssets(uint256)": lambda raw: answered(convert_to_assets, totals, raw),
    }
    named = {
        next(each for each in replies if each.startswith(f"{name}(")): reply
        for name, reply in (vault or {}).items()
    }
    asset = {
        "decimals()": words(decimals),
        "symbol()": text("AAA"),
        "balanceOf(address)": words(totals.total_assets // 2),
    }
    return FakeChain({VAULT: Fake(replies | named), ASSET: Fake(asset)})


def virtual(assets: int = 1_234_567, supply: int = 1_000_000, offset: int = 0) -> ShareTotals:
    return ShareTotals(assets, supply, 1, 10**offset, refuses_zero=False)


def plain(assets: int = 1_234_567, supply: int = 1_000_000) -> ShareTotals:
    return ShareTotals(assets, supply, 0, 0, refuses_zero=True)


def entry(**options: Param) -> Entry:
    return Entry(31337, "erc4626", VAULT, options=options)


def identify(found: FakeChain, options: Mapping[str, Param] | None = None) -> Target:
    return found.identify(ADAPTER, entry(**(options or {})))


SOLMATE: Mapping[str, Param] = {"virtual_shares": False}
OFFSET: Mapping[str, Param] = {"decimals_offset": 6}


def test_a_vault_is_identified_by_what_it_says() -> None:
    target = identify(chain(virtual(offset=6), share_decimals=12), OFFSET)
    assert [(each.symbol, each.decimals) for each in target.tokens] == [("AAA", 6)]
    assert target.share is not None
    assert (target.share.address, target.share.decimals) == (VAULT, 12)
    assert dict(target.params) == {
        "virtual_assets": 1,
        "virtual_shares": 10**6,
        "refuses_zero": False,
    }


def test_the_arithmetic_is_configured() -> None:
    assert identify(chain(virtual())).params["virtual_shares"] == 1
    assert dict(identify(chain(plain()), SOLMATE).params) == {
        "virtual_assets": 0,
        "virtual_shares": 0,
        "refuses_zero": True,
    }
    lenient = {**SOLMATE, "refuses_zero": False}
    assert identify(chain(plain()), lenient).params["refuses_zero"] is False
    with pytest.raises(RefusedTarget, match="`decimals_offset` needs `virtual_shares = true`"):
        identify(chain(plain()), {**SOLMATE, "decimals_offset": 6})


def test_the_state_is_what_the_vault_answers() -> None:
    found = chain(virtual(offset=6), share_decimals=12)
    assert found.read(ADAPTER, identify(found, OFFSET)) == ShareVault(
        total_assets=1_234_567,
        total_supply=1_000_000,
        idle_assets=1_234_567 // 2,
        virtual_assets=1,
        virtual_shares=10**6,
        refuses_zero=False,
        asset_decimals=6,
        share_decimals=12,
    )


@pytest.mark.parametrize(
    ("totals", "options"),
    [
        (virtual(), SOLMATE),
        (plain(), {}),
        (virtual(offset=6), {}),
        (virtual(), OFFSET),
        (virtual(offset=6), {"decimals_offset": 5}),
        (virtual(0, 0, offset=3), {}),
        (virtual(0, 5), SOLMATE),
    ],
)
def test_other_virtual_shares_than_the_vaults_are_refused(
    totals: ShareTotals, options: Mapping[str, Param]
) -> None:
    with pytest.raises(RefusedTarget, match=r"check `virtual_shares` and `decimals_offset`"):
        identify(chain(totals), options)


def test_a_vault_that_changes_its_arithmetic_is_a_decode_error() -> None:
    target = identify(chain(virtual()))
    with pytest.raises(DecodeError, match="convertToShares answers"):
        chain(virtual(offset=3)).read(ADAPTER, target)
    with pytest.raises(DecodeError, match="convertToAssets answers"):
        chain(virtual(), {"convertToAssets": words(5)}).read(ADAPTER, target)


def test_a_conversion_that_reverts_agrees_where_ours_does() -> None:
    """Shares without assets: solmate divides by zero."""
    found = chain(plain(0, 5))
    target = identify(found, SOLMATE)
    state = found.read(ADAPTER, target)
    assert isinstance(state, ShareVault)
    assert (state.total_assets, state.total_supply) == (0, 5)
    with pytest.raises(DecodeError, match="answers where the configured arithmetic reverts"):
        chain(plain(0, 5), {"convertToShares": words(5)}).read(ADAPTER, target)
    with pytest.raises(RevertedCall):
        chain(plain(), {"convertToShares": REVERTED}).read(ADAPTER, target)


def test_an_address_without_code_is_no_vault() -> None:
    found = chain(virtual())
    del found.contracts[VAULT]
    with pytest.raises(NoCode, match=f"nothing is deployed at {VAULT}"):
        identify(found)


@pytest.mark.parametrize(
    "reply", [REVERTED, EMPTY, words(2**160)], ids=["reverts", "empty", "high"]
)
def test_a_contract_without_an_asset_is_no_vault(reply: Reply) -> None:
    with pytest.raises(RefusedTarget, match=f"{VAULT} is no ERC-4626 vault: asset"):
        identify(chain(virtual(), {"asset": reply}))


@pytest.mark.parametrize("function", ["totalAssets", "totalSupply", "convertToShares"])
def test_a_vault_that_does_not_answer_is_refused(function: str) -> None:
    with pytest.raises(RefusedTarget, match=f"{VAULT} is no vault as it is configured: {function}"):
        identify(chain(virtual(), {function: REVERTED}))


@pytest.mark.parametrize("reply", [REVERTED, EMPTY, words(78)])
def test_decimals_are_never_assumed(reply: Reply) -> None:
    with pytest.raises(RefusedTarget, match=f"token {VAULT} .*cannot be watched"):
        identify(chain(virtual(), {"decimals": reply}))


@pytest.mark.parametrize("decimals", [0, 18, 59, 60, 77])
def test_every_number_of_decimals_can_be_asked_for(decimals: int) -> None:
    """10**18 whole units of a token of 60 decimals do not fit 256 bits."""
    found = chain(virtual(), decimals=decimals)
    target = identify(found)
    for call in ADAPTER.calls(target):
        assert isinstance(call, Static)
        assert len(call.data) in (4, 36)
    assert isinstance(found.read(ADAPTER, target), ShareVault)


def test_a_target_without_a_share_is_refused() -> None:
    target = replace(identify(chain(virtual())), share=None)
    with pytest.raises(DecodeError, match="has no share token"):
        ADAPTER.calls(target)
