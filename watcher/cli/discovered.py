"""What `watcher discover` found, told to people and to programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from watcher.cli.output import note, print_json, print_text
from watcher.config.toml import Value, toml_pairs
from watcher.protocols import ADAPTERS, Trial
from watcher.protocols.sighting import Sight, Sighting
from watcher.service.discover import Discovery, Recognised
from watcher.state.price_feed import PriceFeed
from watcher.state.target import Target

NAME_LENGTH = 40

_SAID = {
    Sight.NOTHING: "nothing: no code and no balance",
    Sight.ACCOUNT: "an account, not a contract",
    Sight.TOKEN: "a token",
    Sight.ROUTER: "a router, or another contract beside pools: it holds none itself",
    Sight.FACTORY: "a factory of pools: discover one of its pools",
    Sight.ANSWERS_ANYTHING: "a contract that answers whatever it is asked: nothing it says counts",
    Sight.CONTRACT: "a contract",
}


def print_discovery(found: Discovery, *, as_json: bool) -> None:
    """On stdout what it is and the entry to paste; on stderr why it can't be watched."""
    if as_json:
        print_json(_document(found))
    else:
        _print(found)
    if not found.recognised:
        note(f"watcher: {refusal(found)}")


def refusal(found: Discovery) -> str:
    known = ", ".join(name for name, one in ADAPTERS.items() if one.trials and not one.is_source)
    return (
        f"{found.address} is none of {known}: it can be watched for what it holds, or as a source "
        "of prices, by an entry that you write as `watcher init` explains them"
    )


def proposal(found: Recognised) -> list[str]:
    """The lines to paste into watcher.toml: ASCII alone, whatever the contract calls itself."""
    target = found.target
    symbols = ", ".join(_plain(token.symbol) or token.address for token in target.tokens)
    options = list(toml_pairs(found.trial.options))
    lines = [
        "[[targets]]",
        *toml_pairs(
            {
                "chain": f"eip155:{target.chain_id}",
                "protocol": target.protocol,
                "address": target.address,
                "name": _name(target),
            }
        ),
        *(f"# {one}" if found.trial.assumes else one for one in options),
    ]
    expect = _expect(target)
    if expect:
        lines += toml_pairs({"expect": expect})
    if symbols:
        lines.append(f"# tokens: {symbols}")
    return lines + _price(target)


def _price(target: Target) -> list[str]:
    """The entry by which a feed in dollars judges a token; what no feed says is left to fill in."""
    if target.kind != PriceFeed.KIND or not _description(target).endswith("/ USD"):
        return []
    return [
        "",
        "[[prices]]",
        "# the token it prices, its heartbeat and its deviation are not on the chain: fill them in",
        *toml_pairs(
            {
                "token": f"eip155:{target.chain_id}/erc20:0x...",
                "source": "chainlink",
                "address": target.address,
                "heartbeat": "...",
            }
        ),
        "# deviation = 0.005",
    ]


def _expect(target: Target) -> Mapping[str, Value]:
    if target.tokens:
        return {"tokens": [str(token.address) for token in target.tokens]}
    description = _description(target)
    return {"description": description} if description and description.isascii() else {}


def _description(target: Target) -> str:
    return str(target.params.get("description", ""))


def _name(target: Target) -> str:
    """From the symbols, as a person would type it."""
    # A vault is called by its share: many have the same asset.
    share = target.share if len(target.tokens) == 1 else None
    tokens = target.tokens if share is None else (share,)
    parts = [_plain(token.symbol) for token in tokens] or [_plain(_description(target))]
    name = "-".join(part.lower() for part in parts if part)[:NAME_LENGTH].strip("-")
    return name or f"{target.protocol}-{target.address[2:8]}".lower()


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+]+", "-", text).strip("-.")


def _print(found: Discovery) -> None:
    print_text(f"{_caip10(found)} at block {found.block.number:,}: {_what(found)}")
    for line in _proxy_lines(found):
        print_text(line)
    for one in found.recognised:
        for line in (*_notes(one), "", *proposal(one)):
            print_text(line)
    for miss in found.near:
        print_text(f"it looks like {miss.protocol}, but: {miss.refusal}")


def _what(found: Discovery) -> str:
    if found.recognised:
        return " and ".join(_one_of(one.target) for one in found.recognised)
    seen = found.seen
    if seen.sight is Sight.TOKEN and seen.token is not None:
        symbol = seen.token.symbol or "without a symbol"
        return f"a token, {symbol}, of {seen.token.decimals} decimals"
    if seen.sight is Sight.ROUTER:
        return f"{_SAID[seen.sight]} (factory {seen.factory})"
    if seen.sight is Sight.ACCOUNT and seen.code_bytes == 0:
        return f"{_SAID[seen.sight]} (it holds {seen.balance:,} wei)"
    return _SAID[seen.sight]


def _one_of(target: Target) -> str:
    symbols = " / ".join(token.symbol or token.address for token in target.tokens)
    what = symbols or _description(target)
    return f"{ADAPTERS[target.protocol].title} ({target.protocol}): {what}".rstrip(": ")


def _proxy_lines(found: Discovery) -> Iterable[str]:
    seen = found.seen
    if seen.implementation is not None:
        there = ", where nothing is deployed" if found.implementation_missing else ""
        yield f"it is a proxy, and delegates to {seen.implementation}{there}"
    if seen.beacon is not None:
        yield f"it is a proxy, and asks the beacon {seen.beacon} where to delegate"


def _notes(one: Recognised) -> Iterable[str]:
    if one.trial.assumes:
        yield f"give {', '.join(one.trial.options)}: {one.trial.assumes}"
    for trial in one.also:
        yield (
            f"{_options(trial)} fits as well, and nothing tells them apart at this block: look at "
            "its source; a later block that contradicts the entry is shown as decode_error"
        )


def _options(trial: Trial) -> str:
    return ", ".join(toml_pairs(trial.options))


def _caip10(found: Discovery) -> str:
    return f"eip155:{found.block.chain_id}:{found.address}"


def _document(found: Discovery) -> dict[str, object]:
    return {
        "address": _caip10(found),
        "block": found.block.number,
        "block_hash": found.block.hash,
        "seen": _seen(found.seen, missing=found.implementation_missing),
        "recognised": [_recognised(one) for one in found.recognised],
        "near": [{"protocol": one.protocol, "refusal": one.refusal} for one in found.near],
        "refusal": None if found.recognised else refusal(found),
    }


def _seen(seen: Sighting, *, missing: bool) -> dict[str, object]:
    token = seen.token
    return {
        "what": seen.sight.value,
        "code_bytes": seen.code_bytes,
        "balance_wei": str(seen.balance),
        "token": None if token is None else {"symbol": token.symbol, "decimals": token.decimals},
        "factory": seen.factory,
        "implementation": seen.implementation,
        "implementation_missing": missing,
        "beacon": seen.beacon,
    }


def _recognised(one: Recognised) -> dict[str, object]:
    target = one.target
    return {
        "protocol": target.protocol,
        "kind": target.kind,
        "tokens": [
            {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}
            for token in target.tokens
        ],
        "params": dict(target.params),
        "options": {} if one.trial.assumes else dict(one.trial.options),
        "to_give": list(one.trial.options) if one.trial.assumes else [],
        "to_give_because": one.trial.assumes or None,
        "fits_as_well": [dict(trial.options) for trial in one.also],
        "toml": "\n".join(proposal(one)) + "\n",
    }
