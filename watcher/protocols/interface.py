"""Calling a view function and reading its answer, as strictly as its ABI allows.

Answers come from contracts that may be hostile: an answer is decoded only when it has exactly the
length and the ranges that its types promise; everything else is a DecodeError, never a zero.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from abis import load_abi
from watcher.errors import DecodeError, NoCode, RevertedCall, TooLarge
from watcher.state.call import Answer, Static
from watcher.state.token import Address, to_address

WORD = 32
_EVERY_WORD = (1 << 256) - 1
LATEST_TIME = 2**64 - 1
"""Later than any block."""
LATEST_NUMBER = 2**64 - 1
"""Above any block."""

TEXT_RETURN_CAP = 1_024
"""Bytes of answer allowed for a text; a symbol or description is far shorter."""

Value = int | bool | Address


# The same calls are made again at every block.
@lru_cache(maxsize=1 << 16)
def _call_data(view: View, arguments: tuple[object, ...]) -> bytes:
    data = selector(view.signature)
    return data + encode(view.inputs, arguments) if view.inputs or arguments else data


@dataclass(frozen=True, slots=True)
class View:
    """One view function whose results are all static one-word types."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    def call(self, to: Address, *arguments: object) -> Static:
        """The call of this function; one more word than promised is let through to be refused."""
        data = _call_data(self, arguments)
        return Static(to=to, data=data, return_cap=WORD * (len(self.outputs) + 1))

    def decode(self, answer: Answer) -> tuple[Value, ...]:
        """The results. Raises RevertedCall, TooLarge or DecodeError."""
        require_ok(answer, self.signature)
        if answer.length != WORD * len(self.outputs):
            raise DecodeError(
                f"{self.signature} answered {answer.length} bytes instead of "
                f"{WORD * len(self.outputs)}"
            )
        words = (answer.data[at : at + WORD] for at in range(0, answer.length, WORD))
        return tuple(
            self._value(kind, word) for kind, word in zip(self.outputs, words, strict=True)
        )

    def integers(self, answer: Answer) -> tuple[int, ...]:
        """The results of a function that gives only integers."""
        return tuple(value for value in self.decode(answer) if isinstance(value, int))

    def integer(self, answer: Answer) -> int:
        (value,) = self.integers(answer)
        return value

    def address(self, answer: Answer) -> Address:
        (value,) = self.decode(answer)
        if not isinstance(value, str):
            raise DecodeError(f"{self.signature} does not answer an address")
        return value

    def _value(self, kind: str, word: bytes) -> Value:
        if kind == "address":
            if any(word[:12]):
                raise DecodeError(f"{self.signature} answered a word that is no address")
            return to_address(word[12:])
        number = int.from_bytes(word, signed=kind.startswith("int"))
        least, most = _range(kind)
        if not least <= number <= most:
            raise DecodeError(f"{self.signature} answered a number that is no {kind}")
        return number == 1 if kind == "bool" else number


class Views:
    """The answers of several views in one go: for the round of reads of every block.

    `integers` gives all their results, in order, as `View.decode` does one by one: signed where the
    type is, an address or a bool as a number. It raises what `View.decode` raises. `columns` gives
    those of many targets.
    """

    def __init__(self, *views: View) -> None:
        self._views = views
        kinds = [kind for one in views for kind in one.outputs]
        self._oks = (True,) * len(views)
        self._lengths = tuple(WORD * len(one.outputs) for one in views)
        self._size = WORD * len(kinds)
        self._words = struct.Struct(f"{WORD}s" * len(kinds))
        self._signed = [(i, *_range(kind)) for i, kind in enumerate(kinds) if kind[:3] == "int"]
        self._narrow = [(i, _range(kind)[1]) for i, kind in enumerate(kinds) if kind != "uint256"]
        # The bits that no unsigned type of these has: all words are looked at together.
        self._unused = 0
        for kind in kinds:
            least, most = _range(kind)
            self._unused = self._unused << 256 | (0 if least else _EVERY_WORD ^ most)

    def integers(self, answers: Sequence[Answer]) -> list[int]:
        """Raises RevertedCall, TooLarge or DecodeError, for the first view that has a reason."""
        oks, datas, lengths = zip(*answers, strict=True)
        data = b"".join(datas)
        right = oks == self._oks and lengths == self._lengths and len(data) == self._size
        if not right or int.from_bytes(data) & self._unused:
            return self._one_by_one(answers)
        values = list(map(int.from_bytes, self._words.unpack(data)))
        for i, least, most in self._signed:
            if values[i] >> 255:
                values[i] -= 1 << 256
            if not least <= values[i] <= most:
                return self._one_by_one(answers)
        return values

    def columns(self, answers: Sequence[Answer]) -> list[list[int]] | None:
        """What `integers` gives for each of several targets: a column for each result, a row for
        each target. `answers` are one target's after the other's. None where `integers` would raise
        for any of them."""
        oks, datas, lengths = zip(*answers, strict=True)
        rows = len(answers) // len(self._views)
        if oks != self._oks * rows or lengths != self._lengths * rows:
            return None
        if sum(map(len, datas)) != self._size * rows:
            return None
        columns: list[list[int]] = []
        for at, one in enumerate(self._views):
            words, width = datas[at :: len(self._views)], len(one.outputs)
            if width > 1:
                together = struct.iter_unpack(f"{WORD}s" * width, b"".join(words))
                words = tuple(chain.from_iterable(together))
            values = list(map(int.from_bytes, words))
            columns += (values[i::width] for i in range(width))
        for i, least, _ in self._signed:
            columns[i] = [value - (value >> 255 << 256) for value in columns[i]]
            if min(columns[i]) < least:
                return None
        if any(max(columns[i]) > most for i, most in self._narrow):
            return None
        return columns

    def _one_by_one(self, answers: Sequence[Answer]) -> list[int]:
        decoded = [one.decode(answer) for one, answer in zip(self._views, answers, strict=True)]
        return [
            int(value, 16) if isinstance(value, str) else int(value)
            for values in decoded
            for value in values
        ]


def _range(kind: str) -> tuple[int, int]:
    """The least and the greatest value of a one-word type."""
    match kind:
        case "address":
            return 0, (1 << 160) - 1
        case "bool":
            return 0, 1
        case "bytes32":
            return 0, _EVERY_WORD
    if kind.startswith("uint"):
        return 0, (1 << int(kind[4:])) - 1
    half = 1 << (int(kind.removeprefix("int")) - 1)
    return -half, half - 1


@dataclass(frozen=True, slots=True)
class TextView:
    """A view function without arguments that answers a text: symbol, name, description."""

    name: str

    def call(self, to: Address) -> Static:
        return Static(to=to, data=selector(f"{self.name}()"), return_cap=TEXT_RETURN_CAP)

    def decode(self, answer: Answer, *, most: int) -> str:
        """The text, cleaned and cut to `most` characters; "" where there is none to be had.

        Never raises: a text is decoration, and a contract without one is watched all the same.
        """
        if not answer.ok:
            return ""
        return clean_text(_text_bytes(answer), most=most)


@dataclass(frozen=True, slots=True)
class ArraysView:
    """A view function that answers arrays, each of the same length, of one-word types or of structs
    of them, `(uint8,address)[]`, and maybe single words beside them."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    def call(self, to: Address, *arguments: object, length: int) -> Static:
        """`length` is that of each array; one more word is let through to be refused."""
        data = selector(self.signature) + encode(self.inputs, arguments)
        return Static(to=to, data=data, return_cap=WORD * (self._words(length) + 1))

    def length(self, answer: Answer) -> int:
        """How long the arrays must be, where nothing else says it. Raises as `decode` does."""
        require_ok(answer, self.signature)
        each = self._words(1) - self._words(0)
        length, rest = divmod(answer.length // WORD - self._words(0), each)
        if length < 0 or rest:
            raise DecodeError(f"{self.signature} answered {answer.length} bytes, no arrays")
        return length

    def decode(self, answer: Answer, *, length: int) -> tuple[tuple[int, ...], ...]:
        """The arrays, laid out as compilers do; a single word as an array of one, an address or a
        bool as a number, structs one after the other. Raises RevertedCall, TooLarge or DecodeError.
        """
        require_ok(answer, self.signature)
        if answer.length != WORD * self._words(length):
            raise DecodeError(
                f"{self.signature} answered {answer.length} bytes instead of "
                f"{WORD * self._words(length)}"
            )
        words = [answer.data[at : at + WORD] for at in range(0, answer.length, WORD)]
        found, start = [], len(self.outputs)
        for row, kind in enumerate(self.outputs):
            parts = element(kind)
            if not kind.endswith("[]"):
                found.append(self._values(parts, words[row : row + 1]))
                continue
            at, count = int.from_bytes(words[row]), int.from_bytes(words[start])
            if (at, count) != (start * WORD, length):
                raise DecodeError(f"{self.signature} answered no arrays of {length}")
            end = start + 1 + length * len(parts)
            found.append(self._values(parts * length, words[start + 1 : end]))
            start = end
        return tuple(found)

    def _values(self, kinds: tuple[str, ...], words: Sequence[bytes]) -> tuple[int, ...]:
        one = View(self.name, self.inputs, kinds)
        data = b"".join(words)
        return tuple(Views(one).integers([Answer(ok=True, data=data, length=len(data))]))

    def _words(self, length: int) -> int:
        arrays = [element(kind) for kind in self.outputs if kind.endswith("[]")]
        return len(self.outputs) + sum(1 + length * len(parts) for parts in arrays)


def element(kind: str) -> tuple[str, ...]:
    """The one-word types that one of an array is made of, or a type that is no array."""
    return tuple(kind.removesuffix("[]").strip("()").split(","))


@dataclass(frozen=True, slots=True)
class ListView:
    """A view function without arguments that answers a list of uint256, of a fixed length or not:
    contracts of one interface differ."""

    name: str

    @property
    def signature(self) -> str:
        return f"{self.name}()"

    def call(self, to: Address, *, most: int) -> Static:
        """One more number than `most` is let through to be refused."""
        return Static(to=to, data=selector(self.signature), return_cap=WORD * (most + 3))

    def decode(self, answer: Answer, count: int) -> tuple[int, ...]:
        """Exactly `count` numbers. Raises RevertedCall, TooLarge or DecodeError."""
        require_ok(answer, self.signature)
        words = [
            int.from_bytes(answer.data[at : at + WORD]) for at in range(0, answer.length, WORD)
        ]
        head = words[: len(words) - count]
        if (
            answer.length != WORD * len(words)
            or len(words) < count
            or head
            not in (
                [],
                [WORD, count],
            )
        ):
            raise DecodeError(f"{self.signature} does not answer a list of {count} numbers")
        return tuple(words[len(head) :])


@cache
def view(interface: str, name: str) -> View:
    """The function `name` of the ABI `interface`, "<protocol>/<Interface>"."""
    return View(name, *_types(interface, name))


@cache
def arrays_view(interface: str, name: str) -> ArraysView:
    """As `view`, of a function whose results are arrays."""
    return ArraysView(name, *_types(interface, name))


def _types(interface: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for entry in load_abi(interface):
        if entry["name"] == name:
            inputs, outputs = (tuple(map(abi_type, entry[key])) for key in ("inputs", "outputs"))
            return inputs, outputs
    raise KeyError(f"{interface} has no function {name}")


def abi_type(item: Mapping[str, Any]) -> str:
    """The type of an input or output as a signature has it; a struct is a tuple of its own."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(abi_type, item['components']))}){kind.removeprefix('tuple')}"


@cache
def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def require_ok(answer: Answer, what: str) -> None:
    if not answer.ok:
        raise RevertedCall(f"{what} reverted")
    if answer.length > len(answer.data):
        raise TooLarge(f"{what} answered {answer.length} bytes")


def one_word(answer: Answer, what: str) -> int:
    """The number of a storage slot, or of whatever else is one word. Raises RevertedCall, TooLarge
    or DecodeError, naming `what`."""
    require_ok(answer, what)
    if answer.length != WORD:
        raise DecodeError(f"{what} is {answer.length} bytes instead of {WORD}")
    return int.from_bytes(answer.data)


def block_time(answer: Answer) -> int:
    """What BlockTime is answered, in seconds."""
    found = one_word(answer, "the block's time")
    if found > LATEST_TIME:
        raise DecodeError(f"the block's time is {found}, which no block has")
    return found


def block_number(answer: Answer) -> int:
    """What BlockNumber is answered."""
    found = one_word(answer, "the block's number")
    if found > LATEST_NUMBER:
        raise DecodeError(f"the block's number is {found}, which no block has")
    return found


def require_code(answer: Answer, address: Address) -> None:
    """Raise NoCode when nothing is deployed at `address`."""
    if not answer.data:
        raise NoCode(f"nothing is deployed at {address} on this chain: check the address")


def clean_text(raw: bytes, *, most: int) -> str:
    """What may be shown of a text from a contract: printable, left to right, on one line.

    Controls, surrogates, private and unassigned characters and bidirectional overrides go, white
    space becomes single spaces, and at most `most` characters stay.
    """
    text = raw.decode("utf-8", errors="ignore")
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return re.sub(r" +", " ", unicodedata.normalize("NFC", kept)).strip()[:most].rstrip()


def _text_bytes(answer: Answer) -> bytes:
    """The bytes of an ABI string, or of the bytes32 that older tokens answer."""
    data = answer.data
    if answer.length == WORD:
        return data.rstrip(b"\0")
    if len(data) < 2 * WORD or int.from_bytes(data[:WORD]) != WORD:
        return b""
    length = int.from_bytes(data[WORD : 2 * WORD])
    return data[2 * WORD : 2 * WORD + min(length, TEXT_RETURN_CAP)]
