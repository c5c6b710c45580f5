"""Canonical JSON: one text for one value, so that its SHA-256 names it.

Keys are sorted, there is no white space, integers are decimal strings (a JSON number above 2**53
does not survive most readers), NaN is null. A state is `{"kind", "v", ...}` and is parsed strictly:
an unknown key, a missing key or a number where a decimal string belongs is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any, TypeVar, get_args, get_origin

import cattrs
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_unstructure_fn

from watcher.errors import InputError
from watcher.state.aave_reserve import AaveReserve
from watcher.state.compound_market import CompoundAccount, CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.kinds import KINDS, State
from watcher.state.price_feed import PriceFeed
from watcher.state.share_vault import ShareVault
from watcher.state.strict_json import parse_document

T = TypeVar("T")

DECIMAL = re.compile(r"(0|-?[1-9][0-9]{0,77})")
"""A canonical integer of at most 78 digits, as many as 2**256 - 1 has."""


def canonical_json(value: object) -> str:
    """`value` holds only what JSON has; raises ValueError on NaN or infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def content_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _integer(value: object, _: type[int]) -> int:
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return int(value)
    raise ValueError(f"{str(value)[:80]!r} is not an integer written as a decimal string")


def _boolean(value: object, _: type[bool]) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{str(value)[:80]!r} is not true or false")


def _text(value: object, _: type[str]) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{str(value)[:80]!r} is not a text")


def _number(value: object, _: type[float]) -> float:
    if value is None:
        return math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{str(value)[:80]!r} is not a number")


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuple(value: object, kind: Any) -> tuple[Any, ...]:
    """Of a list alone: a text, too, can be gone through item by item."""
    if not isinstance(value, list):
        raise ValueError(f"{str(value)[:80]!r} is not a list")
    item, _ = get_args(kind)
    return tuple(CONVERTER.structure(each, item) for each in value)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(int, str)
    converter.register_unstructure_hook(bool, lambda value: value)
    converter.register_unstructure_hook(float, lambda x: None if math.isnan(x) else x)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_func(_is_tuple, _tuple)
    # What a feed does not tell, that a pool has no hook and a vault neither fee nor limit, is left
    # out: the states of before it was asked keep their hashes. A cap that is none is left out too,
    # and what no oracle values.
    for kind in (
        PriceFeed,
        Concentrated,
        ShareVault,
        CompoundAccount,
        CompoundMarket,
        AaveReserve,
    ):
        shortened = make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=True)
        converter.register_unstructure_hook(kind, shortened)
    return converter


CONVERTER = _converter()


def to_plain(value: object) -> Any:
    """Reduce frozen values to what JSON has."""
    return CONVERTER.unstructure(value)


def from_plain(plain: object, kind: type[T], *, what: str, by: str = "watcher state") -> T:
    """Build a `kind` again. Raises InputError that names each wrong key of `what`, which the
    command `by` writes."""
    if not isinstance(plain, dict):
        raise InputError(f"{what} is not an object")
    try:
        return CONVERTER.structure(plain, kind)
    except ClassValidationError as error:
        problems = "; ".join(cattrs.transform_error(error, path=what))
        raise InputError(f"{problems}: this file was not written by `{by}`") from None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{what}: {error}") from None


def state_to_json(state: State) -> str:
    """The text that a state is stored and hashed as."""
    return canonical_json(state_to_plain(state))


def state_to_plain(state: State) -> dict[str, Any]:
    return {"kind": state.KIND, "v": str(state.VERSION), **to_plain(state)}


def state_from_json(text: str) -> State:
    """Parse one state. Raises InputError on anything that is not a state."""
    return state_from_plain(parse_json(text))


def parse_json(text: str) -> Any:
    """What a file holds, before its keys are looked at. Raises InputError on what is no JSON."""
    try:
        return parse_document(text)
    except ValueError as error:
        raise InputError(f"it is not JSON: {error}") from None


def state_from_plain(plain: object) -> State:
    if not isinstance(plain, dict):
        raise InputError("a state is a JSON object with `kind` and `v`")
    fields = dict(plain)
    kind, version = fields.pop("kind", None), fields.pop("v", None)
    if not isinstance(kind, str) or kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise InputError(f"state.kind is {str(kind)[:40]!r}; this program knows {known}")
    if version != str(KINDS[kind].VERSION):
        raise InputError(
            f"state.v of {kind} is {str(version)[:40]!r}; this program reads {KINDS[kind].VERSION}"
        )
    return from_plain(fields, KINDS[kind], what=f"state ({kind})")
