"""ERC-4626 without a node: the configured arithmetic must be the vault's own, each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.answers import EMPTY, REVERTED, Fake, FakeChain, Reply, address_word, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, MathError, NoCode, RefusedTarget, RevertedCall
from watcher.math.exact import shares
from watcher.math.exact.shares import ShareTotals, convert_to_assets, convert_to_shares
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols import Entry
from watcher.protocols.erc4626 import ADAPTER, keeps
from watcher.state import Answer, ShareVault, State, Static, Target
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
        "previewDeposit(uint256)": lambda raw: answered(shares.deposit_shares, totals, raw),
        "previewMint(uint256)": lambda raw: answered(shares.mint_assets, totals, raw),
        "previewWithdraw(uint256)": lambda raw: answered(shares.withdraw_shares, totals, raw),
        "previewRedeem(uint256)": lambda raw: answered(shares.redeem_assets, totals, raw),
        "maxDeposit(address)": words(totals.max_deposit),
        "maxMint(address)": words(totals.max_mint),
        "maxWithdraw(address)": words(totals.max_withdraw),
        "maxRedeem(address)": words(totals.max_redeem),
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
        (plain(), {"virtual_shares": True}),
        (virtual(), OFFSET),
        (virtual(offset=6), {"decimals_offset": 5}),
        (virtual(0, 0, offset=3), {"decimals_offset": 0}),
        (virtual(0, 5), SOLMATE),
    ],
)
def test_other_virtual_shares_than_the_vaults_are_refused(
    totals: ShareTotals, options: Mapping[str, Param]
) -> None:
    with pytest.raises(RefusedTarget, match=r"check `virtual_shares` and `decimals_offset`"):
        identify(chain(totals), options)


FULL = replace(plain(), full_products=True, refuses_zero=False)


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        (virtual(), (1, 1, False, False)),
        (virtual(offset=6), (1, 10**6, False, False)),
        (virtual(0, 0, offset=36), (1, 10**36, False, False)),
        (plain(), (0, 0, True, False)),
        (FULL, (0, 0, False, True)),
    ],
)
def test_the_arithmetic_is_found_by_what_the_vault_answers(
    totals: ShareTotals, expected: tuple[int, int, bool, bool]
) -> None:
    found = chain(totals)
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, ShareVault)
    told = (state.virtual_assets, state.virtual_shares, state.refuses_zero, state.full_products)
    assert told == expected


def test_what_converts_alike_is_settled_by_the_block_that_shows_it() -> None:
    """A vault that has earned nothing, of solady's without virtual shares."""
    target = identify(chain(replace(FULL, total_assets=1_000, total_supply=1_000)))
    assert (target.params["virtual_shares"], target.params["otherwise"]) == (1, "full")
    state = chain(FULL).read(ADAPTER, target)
    assert isinstance(state, ShareVault)
    assert (state.virtual_shares, state.full_products, state.refuses_zero) == (0, True, False)


EMPTY_FULL = replace(FULL, total_assets=1_000, total_supply=1_000)


@pytest.mark.parametrize(
    ("earlier", "now", "kept"),
    [
        (EMPTY_FULL, FULL, True),  # it has earned since
        (FULL, EMPTY_FULL, True),  # all have left since
        (FULL, FULL, True),
        (virtual(), EMPTY_FULL, True),
        (virtual(), FULL, False),  # another implementation
        (FULL, virtual(), False),
    ],
)
def test_what_was_identified_is_kept_while_it_holds(
    earlier: ShareTotals, now: ShareTotals, kept: bool
) -> None:
    assert keeps(entry(), identify(chain(earlier)), identify(chain(now))) is kept


def test_what_somebody_says_of_the_arithmetic_is_not_overruled() -> None:
    open_, settled = identify(chain(EMPTY_FULL)), identify(chain(FULL))
    assert not keeps(entry(virtual_shares=False), open_, settled)
    said = replace(settled, params={**settled.params, "refuses_zero": True})
    assert not keeps(entry(), said, settled)
    assert not keeps(entry(), replace(open_, params={**open_.params, "holder": VAULT}), settled)


def test_an_empty_vault_of_solmates_is_told_by_its_code() -> None:
    found = chain(plain(0, 0))
    found.contracts[VAULT] = replace(found.contracts[VAULT], code=b"..ZERO_SHARES..")
    target = identify(found)
    assert (target.params["virtual_shares"], target.params["refuses_zero"]) == (0, True)
    assert target.params["otherwise"] == "narrow"


def test_a_vault_that_converts_otherwise_is_refused() -> None:
    found = chain(virtual(), {"convertToShares": words(5)})
    with pytest.raises(RefusedTarget, match="convertToShares answers 5 where"):
        identify(found)


@pytest.mark.parametrize("held", [virtual(), virtual(2, 10**27), virtual(10**40, 3)])
@pytest.mark.parametrize(("entry_fee", "exit_fee"), [(0, 0), (25, 50), (0, 9_999), (1, 0)])
def test_fees_are_found_by_the_previews(held: ShareTotals, entry_fee: int, exit_fee: int) -> None:
    """Also where a unit of one is worth so much of the other that two of them are rounded away."""
    totals = replace(held, entry_fee_bps=entry_fee, exit_fee_bps=exit_fee)
    found = chain(totals)
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, ShareVault)
    assert (state.entry_fee_bps, state.exit_fee_bps) == (entry_fee, exit_fee)


PREVIEWS = ["previewDeposit", "previewMint", "previewWithdraw", "previewRedeem"]
each_preview = pytest.mark.parametrize("name", PREVIEWS)


def unquoted(state: State) -> None:
    assert isinstance(state, ShareVault)
    assert state.fees_unknown
    for ask in (quote_exact_in, quote_exact_out):
        with pytest.raises(MathError, match="no fees that are known"):
            ask(state, 0, 1, 1_000)


@each_preview
def test_previews_of_another_kind_leave_the_vault_without_quotes(name: str) -> None:
    found = chain(virtual(), {name: words(10**20)})
    unquoted(found.read(ADAPTER, identify(found)))


@each_preview
@pytest.mark.parametrize("reply", [REVERTED, EMPTY, words(1, 2)])
def test_previews_that_do_not_answer_refuse_the_vault(name: str, reply: Reply) -> None:
    """Until somebody says that it has none; then neither they nor the limits are asked."""
    found = chain(virtual(), {name: reply})
    with pytest.raises(RefusedTarget, match=name):
        identify(found)
    target = identify(found, {"previews": False})
    assert len(ADAPTER.calls(target)) == 7
    unquoted(found.read(ADAPTER, target))
    with pytest.raises(RefusedTarget, match="`holder` needs the limits"):
        identify(found, {"previews": False, "holder": ASSET})


def test_the_limits_of_a_holder_and_of_anybody() -> None:
    totals = replace(virtual(), max_deposit=9, max_mint=8, max_withdraw=7, max_redeem=6)
    found = chain(totals)
    state = found.read(ADAPTER, identify(found))
    assert isinstance(state, ShareVault)
    most = (state.max_deposit, state.max_mint, state.max_withdraw, state.max_redeem)
    assert most == (9, 8, 2**256 - 1, 2**256 - 1)
    held = identify(found, {"holder": ASSET})
    asked = [call for call in ADAPTER.calls(held)[-4:] if isinstance(call, Static)]
    assert [call.data[-20:].hex() for call in asked] == [ASSET[2:].lower()] * 4
    state = found.read(ADAPTER, held)
    assert isinstance(state, ShareVault)
    assert (state.max_withdraw, state.max_redeem) == (7, 6)
    for ask, coins, most_of in (
        (quote_exact_in, (0, 1), 9),
        (quote_exact_out, (0, 1), 8),
        (quote_exact_out, (1, 0), 7),
        (quote_exact_in, (1, 0), 6),
    ):
        assert most_of in (
            ask(state, *coins, most_of).amount_in,
            ask(state, *coins, most_of).amount_out,
        )
        with pytest.raises(MathError, match="ExceededMax"):
            ask(state, *coins, most_of + 1)


@pytest.mark.parametrize("name", ["maxDeposit", "maxMint"])
def test_a_limit_that_reverts_is_an_error(name: str) -> None:
    with pytest.raises(RefusedTarget, match=name):
        identify(chain(virtual(), {name: REVERTED}))


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
