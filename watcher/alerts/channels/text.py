"""What a stranger wrote, made harmless for where it is read.

Names of tokens and what contracts and nodes answer are in the texts of notices, and anybody can
deploy a token that is called `@everyone`.
"""

from __future__ import annotations

import re
import unicodedata

TITLE_CAP = 200
BODY_CAP = 4_000

_LOOKALIKES = str.maketrans(
    {
        "@": "(at)",
        "<": "‹",
        ">": "›",
        "`": "ˋ",
        "*": "∗",
        "~": "∼",
        "|": "¦",
        "[": "⟦",
        "]": "⟧",
        "\\": "⧵",
    }
)
# An underscore inside a word is no markup anywhere, and measures have them in their names.
_OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
_SCHEME = re.compile(r"(?<=[A-Za-z0-9]):(?=//)|(?i:(?<=mailto|script)):(?=\S)")
_DOMAIN_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})|(?<=[^\W_])\.(?=xn--)")
_HEADING = re.compile(r"^(\s*)#", re.MULTILINE)


def one_line(text: str, *, most: int = TITLE_CAP) -> str:
    """`text` on one line, without control, format and surrogate characters."""
    return _capped(" ".join(_visible(text).split()), most)


def lines(text: str, *, most: int = BODY_CAP) -> str:
    """The same line by line."""
    return _capped("\n".join(_visible(line).rstrip() for line in text.splitlines()).strip(), most)


def inert(text: str) -> str:
    """`text`, cleaned before, that no chat takes for a mention, a link or markup.

    Characters become others that look alike, since no escape is the same in Slack, Discord,
    Telegram and mail. Figures stay as they are.
    """
    quiet = text.translate(_LOOKALIKES)
    quiet = _OUTER_UNDERSCORE.sub(lambda found: "＿" * len(found[0]), quiet)
    quiet = _SCHEME.sub("：", quiet)
    quiet = _DOMAIN_DOT.sub("․", quiet)
    return _HEADING.sub(r"\1＃", quiet)


def _visible(text: str) -> str:
    kept = (" " if char.isspace() else char for char in text)
    return "".join(char for char in kept if unicodedata.category(char)[0] != "C")


def _capped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
