"""A CryptoSwap pool of the local world by plain requests, one getter after the other."""

from __future__ import annotations

from tests.support.plain import Plain
from watcher.devnet.local_chain import LocalChain
from watcher.math.exact.cryptoswap_prices import halfpow
from watcher.state import Address, CryptoSwap, Target, to_address

WAD = 10**18
NOT_ADJUSTED = 30
"""The slot of the flag in CurveCryptoSwap2, as its compiler lays it out."""


def pool(chain: LocalChain, target: Target) -> CryptoSwap:
    """The oracle's average is brought up to the head; test_curve_cryptoswap has the pool do it."""
    one = Plain(chain, target.address)
    coins = [Plain(chain, _coin(one, place)) for place in (0, 1)]
    until = one.integer("future_A_gamma_time")
    elapsed = chain.head().timestamp - one.integer("last_prices_timestamp")
    old = halfpow(elapsed * WAD // one.integer("ma_half_time"))
    last, before = one.integer("last_prices"), one.integer("price_oracle")
    flag = chain.request("eth_getStorageAt", target.address, hex(NOT_ADJUSTED), "latest")
    return CryptoSwap(
        variant="twocrypto_early",
        balances=(_balance(one, 0), _balance(one, 1)),
        amplification=one.integer("A"),
        gamma=one.integer("gamma"),
        invariant=one.integer("D"),
        price_scale=(one.integer("price_scale"),),
        price_oracle=((last * (WAD - old) + before * old) // WAD,),
        last_prices=(last,),
        mid_fee=one.integer("mid_fee"),
        out_fee=one.integer("out_fee"),
        fee_gamma=one.integer("fee_gamma"),
        allowed_extra_profit=one.integer("allowed_extra_profit"),
        adjustment_step=one.integer("adjustment_step"),
        xcp_profit=one.integer("xcp_profit"),
        virtual_price=one.integer("virtual_price"),
        total_supply=one.at("token").integer("totalSupply"),
        not_adjusted=int(flag, 16) == 1,
        ramping=until > 0,
        loss_allowed=until > 0,
        decimals=tuple(coin.decimals for coin in coins),
    )


def _coin(one: Plain, place: int) -> Address:
    return to_address(one.get("coins(uint256)(address)", place)[0])


def _balance(one: Plain, place: int) -> int:
    return one.integer("balances", place, inputs="uint256")
