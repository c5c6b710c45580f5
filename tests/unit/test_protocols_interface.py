"""Decoding what a contract answers: exactly what its interface promises, or an error."""

from __future__ import annotations

import pytest

from tests.support.answers import EMPTY, REVERTED, data, text, words
from tests.support.strategies import address
from watcher.errors import DecodeError, NoCode, RevertedCall, TooLarge
from watcher.protocols.interface import (
    TEXT_RETURN_CAP,
    TextView,
    View,
    Views,
    arrays_view,
    clean_text,
    require_code,
    selector,
    view,
)
from watcher.state import Answer

PAIR = view("uniswap_v2/UniswapV2Pair", "getReserves")
TOKEN0 = view("uniswap_v2/UniswapV2Pair", "token0")
DECIMALS = view("erc20/ERC20", "decimals")
BALANCE_OF = view("erc20/ERC20", "balanceOf")
ROUND = view("chainlink/AggregatorV3", "latestRoundData")
SYMBOL = TextView("symbol")


def test_a_call_is_selector_and_arguments() -> None:
    asked = BALANCE_OF.call(address(1), address(2))
    assert asked.data.hex() == "70a08231" + f"{2:064x}"
    assert asked.to == address(1)
    assert asked.return_cap == 64  # one more word than promised, to be refused
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"


def test_an_unknown_function_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="has no function nothing"):
        view("erc20/ERC20", "nothing")
    with pytest.raises(FileNotFoundError):
        view("erc20/Nothing", "nothing")


def test_words_are_decoded_by_their_types() -> None:
    assert PAIR.integers(words(2**112 - 1, 0, 2**32 - 1)) == (2**112 - 1, 0, 2**32 - 1)
    assert ROUND.integers(words(1, -5, 2, 3, 4)) == (1, -5, 2, 3, 4)
    assert ROUND.integers(words(1, -(2**255), 2, 3, 4))[1] == -(2**255)
    assert TOKEN0.address(words(0xABC)) == address(0xABC)
    boolean = View("is", (), ("bool",))
    assert boolean.decode(words(1)) == (True,)
    assert boolean.decode(words(0)) == (False,)


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY,
        data(b"\0" * 95),
        data(b"\0" * 97),
        data(b"\0" * 128),
        words(2**112, 0, 0),
        words(0, 2**112, 0),
        words(0, 0, 2**32),
        data(b"\xff" * 96),
    ],
)
def test_other_lengths_and_ranges_are_refused(answer: Answer) -> None:
    with pytest.raises(DecodeError, match=r"getReserves\(\) answered"):
        PAIR.decode(answer)


def test_an_address_with_high_bits_is_none() -> None:
    for high in (2**160, 2**255):
        with pytest.raises(DecodeError, match="no address"):
            TOKEN0.decode(words(high | 5))


@pytest.mark.parametrize(("kind", "most"), [("uint8", 2**8), ("uint80", 2**80), ("bool", 2)])
def test_a_number_over_its_type_is_refused(kind: str, most: int) -> None:
    function = View("f", (), (kind,))
    assert function.decode(words(most - 1)) == (most - 1,)
    with pytest.raises(DecodeError, match=f"no {kind}"):
        function.decode(words(most))


def test_a_small_signed_number_is_sign_extended() -> None:
    function = View("f", (), ("int24",))
    assert function.decode(words(-887272)) == (-887272,)
    assert function.decode(words(2**23 - 1)) == (2**23 - 1,)
    for number in (2**23, -(2**23) - 1, 0xFFFFFF):
        with pytest.raises(DecodeError):
            function.decode(words(number))


TOKENS = arrays_view("balancer/Vault", "getPoolTokens")


def test_arrays_stand_beside_single_words() -> None:
    answer = words(96, 192, 77, 2, 0xA, 0xB, 2, 5, 6)
    assert TOKENS.length(answer) == 2
    assert TOKENS.decode(answer, length=2) == ((0xA, 0xB), (5, 6), (77,))
    assert TOKENS.call(address(1), bytes(32), length=2).return_cap == 320


@pytest.mark.parametrize(
    "answer",
    [
        words(96, 192, 77, 2, 0xA, 0xB, 2, 5),
        words(128, 192, 77, 2, 0xA, 0xB, 2, 5, 6),
        words(96, 192, 77, 2, 0xA, 0xB, 3, 5, 6),
        words(96, 192, 77, 2, 0xA, 2**160, 2, 5, 6),
    ],
)
def test_arrays_that_are_laid_out_otherwise_are_refused(answer: Answer) -> None:
    with pytest.raises(DecodeError):
        TOKENS.decode(answer, length=2)


@pytest.mark.parametrize("answer", [EMPTY, words(1), words(96, 192, 77, 0, 0, 0)])
def test_a_length_of_no_arrays_is_none(answer: Answer) -> None:
    with pytest.raises(DecodeError, match="no arrays"):
        TOKENS.length(answer)


STRUCTS = arrays_view("balancer/VaultV3", "getPoolTokenInfo")
IN_STRUCTS = (2, 0, 0, 0, 1, 0xC, 1)
"""Two of them, after their number."""


def test_arrays_of_structs_are_their_words_in_order() -> None:
    answer = words(128, 224, 448, 544, 2, 0xA, 0xB, *IN_STRUCTS, 2, 5, 6, 2, 7, 8)
    assert STRUCTS.length(answer) == 2
    assert STRUCTS.decode(answer, length=2) == ((0xA, 0xB), IN_STRUCTS[1:], (5, 6), (7, 8))
    assert STRUCTS.call(address(1), address(2), length=2).return_cap == 32 * 21


@pytest.mark.parametrize(
    "wrong", [(2, 0, 0, 0, 256, 0xC, 1), (2, 0, 0, 0, 1, 0xC, 2), (3, *[0] * 6)]
)
def test_a_word_of_a_struct_that_its_type_has_not_is_refused(wrong: tuple[int, ...]) -> None:
    answer = words(128, 224, 448, 544, 2, 0xA, 0xB, *wrong, 2, 5, 6, 2, 7, 8)
    with pytest.raises(DecodeError):
        STRUCTS.decode(answer, length=2)


def test_a_word_of_bytes_is_a_number() -> None:
    pool_id = view("balancer/Pool", "getPoolId")
    assert pool_id.integer(words(2**256 - 1)) == 2**256 - 1


def test_reverted_and_cut_answers_have_their_own_errors() -> None:
    with pytest.raises(RevertedCall, match=r"^getReserves\(\) reverted$"):
        PAIR.decode(REVERTED)
    with pytest.raises(TooLarge, match="answered 1000000 bytes"):
        PAIR.decode(data(b"\0" * 96, length=1_000_000))


def test_one_value_is_asked_of_one_that_has_it() -> None:
    with pytest.raises(DecodeError, match="does not answer an address"):
        DECIMALS.address(words(5))
    with pytest.raises(DecodeError, match="no address"):
        TOKEN0.address(data(b"\xff" * 32))


def test_no_code_is_an_error_of_its_own() -> None:
    require_code(data(b"\x60"), address(5))
    with pytest.raises(NoCode, match=address(5)):
        require_code(EMPTY, address(5))


# What the contract answers, and what is shown of it where 32 characters may be.
TEXTS = {
    b"WETH": "WETH",
    b"MKR\0\0junk": "MKRjunk",
    b"\0\0\0": "",
    b"": "",
    b"  two   words\t\n": "two words",
    b"line\r\nfeed\x1b[31mred\x07": "line feed[31mred",
    "\u202eevil\u202c".encode(): "evil",  # right-to-left override
    "a\u200bb\ufeffc".encode(): "abc",  # zero-width
    "\u2066x\u2069".encode(): "x",
    "e\u0301".encode(): "\u00e9",
    "100€ 🦄".encode(): "100€ 🦄",
    b"bad\xff\xfeutf\xc3": "badutf",
    "\ue000\U000e0041x".encode(): "x",  # private use, tag characters
    b"\xed\xa0\x80x": "x",  # half a surrogate pair
    b"A" * 100: "A" * 32,
    b"A" * 31 + b" BC": "A" * 31,  # no space is left at the end of what was cut
    b"=cmd()": "=cmd()",
}


@pytest.mark.parametrize(("raw", "shown"), TEXTS.items(), ids=[repr(raw)[:24] for raw in TEXTS])
def test_a_text_is_cleaned(raw: bytes, shown: str) -> None:
    assert clean_text(raw, most=32) == shown


def test_a_symbol_is_a_string_or_bytes32() -> None:
    assert SYMBOL.decode(text("WETH"), most=32) == "WETH"
    assert SYMBOL.decode(text(""), most=32) == ""
    assert SYMBOL.decode(data(b"MKR".ljust(32, b"\0")), most=32) == "MKR"
    assert SYMBOL.decode(data(b"\0" * 32), most=32) == ""
    assert SYMBOL.call(address(1)).return_cap == TEXT_RETURN_CAP


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY,
        REVERTED,
        data(b"\1" * 31),
        data(b"\1" * 33),
        words(32),
        words(32, 0),
        words(0, 0, 0),
        words(64, 3, 3),
        words(2**255, 3, 3),
        words(2**256 - 1, 2**256 - 1),
        data(b"\0" * 64, length=2**20),
    ],
)
def test_a_text_that_is_none_is_empty(answer: Answer) -> None:
    assert SYMBOL.decode(answer, most=32) == ""


def test_a_text_is_never_longer_than_it_may_be() -> None:
    long = text("B" * 1_000_000)
    cut = Answer(True, long.data[:TEXT_RETURN_CAP], long.length)
    assert SYMBOL.decode(cut, most=32) == "B" * 32
    lying = data(words(32, 2**255).data + b"C" * 64)
    assert SYMBOL.decode(lying, most=32) == "C" * 32


VIEWS = Views(DECIMALS, TOKEN0, ROUND, View("is", (), ("bool",)), View("tick", (), ("int24",)))
GOOD = [words(6), words(0xABC), words(1, -5, 2, 3, 4), words(1), words(-887272)]


def test_several_views_are_decoded_in_one_go() -> None:
    assert VIEWS.integers(GOOD) == [6, 0xABC, 1, -5, 2, 3, 4, 1, -887272]


@pytest.mark.parametrize(
    ("at", "answer", "error", "why"),
    [
        (0, REVERTED, RevertedCall, "decimals"),
        (0, Answer(False, bytes(32), 32), RevertedCall, "decimals"),
        (0, words(256), DecodeError, "no uint8"),
        (1, words(1 << 160), DecodeError, "no address"),
        (2, data(bytes(160), length=10**6), TooLarge, "1000000 bytes"),
        (2, data(bytes(128)), DecodeError, "128 bytes"),
        (2, data(bytes(128), length=160), TooLarge, "160 bytes"),
        (3, words(2), DecodeError, "no bool"),
        (3, EMPTY, DecodeError, "0 bytes"),
        (4, words(1 << 23), DecodeError, "no int24"),
        (4, words(-(1 << 23) - 1), DecodeError, "no int24"),
    ],
)
def test_in_one_go_each_is_refused_as_by_itself(
    at: int, answer: Answer, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        VIEWS.integers([*GOOD[:at], answer, *GOOD[at + 1 :]])


def test_a_length_that_another_view_makes_up_for_is_refused() -> None:
    short, long = data(bytes(31)), data(bytes(33))
    with pytest.raises(DecodeError, match="31 bytes"):
        Views(DECIMALS, DECIMALS).integers([short, long])


@pytest.mark.parametrize("answers", [[], GOOD[:1], [*GOOD, words(1)]])
def test_another_number_of_answers_is_a_mistake_of_ours(answers: list[Answer]) -> None:
    with pytest.raises(ValueError, match=r"argument|unpack"):
        VIEWS.integers(answers)
