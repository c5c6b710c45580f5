"""balancer-maths, Balancer's own Python of V3. Its wheel imports itself by the name `src`, which it
is not installed as: that name is given to it here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Any

from benchmarks.peers.quoter import Maker, Quote


def _as_src() -> None:
    found = find_spec("balancer_maths")
    if found is None or found.submodule_search_locations is None:
        raise ImportError("balancer_maths is not installed here")
    spec = ModuleSpec("src", None, is_package=True)
    spec.submodule_search_locations = list(found.submodule_search_locations)
    sys.modules["src"] = module_from_spec(spec)


_as_src()
types = importlib.import_module("src.common.types")
swap_input = importlib.import_module("src.common.types").SwapInput
kind = importlib.import_module("src.common.types").SwapKind
vault = importlib.import_module("src.vault.vault").Vault()
TOKENS = ["0x" + "11" * 20, "0x" + "22" * 20]


def _base(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pool_address": "0x" + "33" * 20,
        "tokens": TOKENS,
        "scaling_factors": data["scaling_factors"],
        "token_rates": data["rates"],
        "balances_live_scaled18": data["balances"],
        "swap_fee": data["swap_fee"],
        "aggregate_swap_fee": 0,
        "total_supply": data["total_supply"],
        "supports_unbalanced_liquidity": True,
        "hook_type": None,
    }


def _quote(state: Any) -> Quote:
    def quote(amount: int) -> int:
        order = swap_input(
            amount_raw=amount, token_in=TOKENS[0], token_out=TOKENS[1], swap_kind=kind.GIVENIN
        )
        return int(vault.swap(swap_input=order, pool_state=state))

    return quote


def weighted(data: Mapping[str, Any]) -> Quote:
    return _quote(types.WeightedState(**_base(data), weights=data["weights"]))


def stable(data: Mapping[str, Any]) -> Quote:
    return _quote(types.StableState(**_base(data), amp=data["amp"]))


QUOTES: dict[str, Maker] = {"weighted": weighted, "balancer_stable": stable}
