"""How numbers and formulas are spelled, on every terminal."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

import pytest

import nndsl
from nndsl.backends.summary.formula import exact, formula
from nndsl.backends.summary.signs import cut, plain, wide
from nndsl.backends.summary.words import brief, brief_memory, compact, duration, memory, short
from nndsl.shapes import Facts, Size, smin, symbol

T, d, H = symbol("T"), symbol("d"), symbol("H")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"), (999, "999"), (1000, "1.000 K"), (9999, "9.999 K"), (99_995, "100.0 K"), (999_949, "999.9 K"),
        (999_950, "1.000 M"), (1_814_073_344, "1.814 G"), (10**20, "100.0 E"), (12345 * 10**30, "1.23e+34"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits(number: int, words: str) -> None:
    assert short(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.000 KiB"), (500 << 10, "500.0 KiB"), (1023 << 10, "1,023 KiB"),
        ((1 << 20) - 1, "1.000 MiB"), (12845056, "12.25 MiB"), (1 << 90, "1.23e+27 B"),
    ],
)  # fmt: skip
def test_memory_has_binary_units(number: int, words: str) -> None:
    assert memory(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (36000, "36,000 s"), (12.34, "12.3 s"), (1, "1.00 s"), (0.1234, "123 ms"), (0.09996, "100 ms"),
        (0.00123, "1.23 ms"), (0.0009999, "1.00 ms"), (45.6e-6, "45.6 µs"), (5e-9, "5.00 ns"), (0, "0 ns"),
    ],
)  # fmt: skip
def test_durations_have_three_digits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (12 * T * d * d + 2 * T * T * d, "12·T·d² + 2·T²·d"),
        (2 * T * d * d + 12 * T * T * d, "12·T²·d + 2·T·d²"),
        (T + 3 * T * T + 7, "3·T² + T + 7"),
        (T * T - T, "T² - T"),
        (5 - T, "-T + 5"),
        (T**12, "T¹²"),
        (4096, "4,096"),
        (6 * ((H + 1) // 2), "6·⌊(H + 1)/2⌋"),
        (3 * (H // 4) * (H // 4), "3·⌊H/4⌋²"),
        (2 * smin(T, 512), "2·min(512, T)"),
    ],
)
def test_formulas_have_the_largest_part_first(size: Size, words: str) -> None:
    assert formula(size, Facts(), exact) == words


def test_what_divides_without_rest_is_no_division() -> None:
    facts = Facts()
    assert facts.assume_equal(H % 32, 0)
    assert formula(145 * (H // 32) * T, facts, exact) == "145/32·H·T"
    assert formula(145 * (H // 32) * 16, facts, exact) == "72.5·H"
    assert formula(facts.normalize(H // 32) * 320, facts, exact) == "10·H"


def test_factors_are_compact_in_columns() -> None:
    spelled = [compact(Fraction(number)) for number in (7, 1500, 512_000, 10**6, 18_874_368)]
    assert spelled == ["7", "1.5K", "512K", "1M", "18.87M"]
    assert compact(Fraction(145, 2)) == "72.5"
    summary = nndsl.loads("model M { input x: float[N, T, 512]  output y = x -> Linear(2048) }").summary()
    assert brief(summary, 6144 * T * T + 18_874_368 * T) == "6.144K·T² + 18.87M·T"
    assert brief(summary, 6144 * T * T * d + 18_874_368 * T * d + d) == "f(T, d)"
    assert brief_memory(summary, 2048 * T) == "2.048K·T B"
    assert brief_memory(summary, 2048) == "2.000 KiB"


def test_signs_that_a_terminal_lacks() -> None:
    assert plain("├─ 0…5 × 6  12·T·d² + 2·T¹² ≥ 1 – ⌊H/2⌋ µs") == "|- 0...5 x 6  12*T*d^2 + 2*T^12 >= 1 - floor(H/2) us"
    assert plain("└─│ ≈").isascii()
    assert cut("a_long_name x 12", 12, "...", " x ") == "a_lo... x 12"
    assert cut("a_long_name × 12", 12, times=" × ") == "a_long… × 12"


def test_of_a_number_all_digits_stay_or_none() -> None:
    text = "Conv2d 256, 11×11, 0.125 / 1,000"
    numbers = ["2", "256", "11", "11", "0.125", "1,000"]
    for width in range(1, len(text)):
        short = cut(text, width)
        left = re.findall(r"[\d.,]*\d", short)
        assert len(short) <= width
        assert left == numbers[: len(left)]
    assert cut("Embedding 20000 × 128", 12) == "Embedding …"
    assert cut("encoder_layer_12 × 12", 17, times=" × ") == "encoder_lay… × 12"
    assert cut("123456", 4) == "…"


def test_how_wide_letters_are() -> None:
    letters = [chr(i) for i in range(0x110000) if chr(i).isprintable()]
    two = [c for c in letters if unicodedata.east_asian_width(c) in "WF" and not unicodedata.combining(c)]
    assert {wide(c) for c in two} == {2}
    assert {wide(c) for c in letters if unicodedata.combining(c)} == {0}
    assert wide("├─ 0…5 × 6") == 10
