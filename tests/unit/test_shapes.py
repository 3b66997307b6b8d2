"""Symbolic sizes: canonical spelling, facts as substitutions, proofs, promotion and broadcasting."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from nndsl.shapes import (
    Dim,
    DimTooLarge,
    Facts,
    Size,
    TensorType,
    broadcast,
    ceil_div,
    parse_dim,
    product,
    promote,
    smax,
    smin,
    symbol,
)

B, C, D, H, N, S, T, W, h = map(symbol, ["B", "C", "D", "H", "N", "S", "T", "W", "h"])


def conv(size: Size, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Size:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def knowing(*divisible: tuple[Size, Size]) -> Facts:
    facts = Facts()
    for dim, by in divisible:
        assert facts.assume_equal(dim % by, 0)
    return facts


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (H // 2 + 1, "H // 2 + 1"),
        (D * 4, "4*D"),
        (T * N, "N*T"),
        (N * T * (D // h) * h, "N*T*h*(D // h)"),
        ((H * 4 + 2) // 2, "2*H + 1"),
        (H // 2 // 3, "H // 6"),
        (conv(H, 7, 2), "(H - 5) // 2"),
        (conv(H, 3, 2, 1), "(H + 1) // 2"),
        (H % 32, "H % 32"),
        (H**2 - H * H + 3, "3"),
        (1 - H, "1 - H"),
        ((2 * H + 5) // 4, "H // 2 + 1"),
        ((6 * H + 5) // 4, "H + H // 2 + 1"),
        (-(H // 2), "-(H // 2)"),
        (-3 // H, "(-3) // H"),
        ((H // 2 + 1) // 2, "(H + 2) // 4"),
        ((H * W + H) // (W + 1), "H"),
        (N * T * D // T, "D*N"),
        (smin(T, 512), "min(512, T)"),
        (smin(H, H // 2), "H // 2"),
        (smax(H, 1), "H"),
        (smin(smin(H, 5), 7, W), "min(5, H, W)"),
        ((H // 2) ** 2, "(H // 2)**2"),
        (ceil_div(H, 16), "(H + 15) // 16"),
        (product([N, 4, H]), "4*H*N"),
        (3 // W, "3 // W"),
        (1 // (W + 1), "0"),
    ],
)
def test_spelling_is_canonical_and_reads_back(size: Size, text: str) -> None:
    assert str(size) == text
    assert parse_dim(text) == size


def test_constants_are_plain_ints() -> None:
    assert type(H - H) is int
    assert type((H + 3) - H) is int
    assert type(H * 0) is int
    assert type(H // H) is int
    assert type(symbol("H").substitute({"H": 4})) is int
    assert (8 * W) % 4 == 0


def test_equal_sizes_have_equal_hashes() -> None:
    assert hash(conv(H, 3, 2, 1)) == hash((H - 1) // 2 + 1)
    assert {H + W: 1}[W + H] == 1
    assert H != W
    assert H != 3


def test_nothing_may_branch_on_an_unknown_size() -> None:
    with pytest.raises(TypeError, match="not known"):
        bool(H)
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(TypeError, match="not known"):
            getattr(H, compare)(3)
    with pytest.raises(TypeError, match="not known"):
        3 < H  # noqa: B015, SIM300


def test_arithmetic_refuses_what_is_no_size() -> None:
    for wrong in (1.5, "H", None):
        with pytest.raises(TypeError):
            H + wrong  # type: ignore[operator]
    with pytest.raises(TypeError):
        H**W  # type: ignore[operator]
    with pytest.raises(ValueError, match="negative"):
        H**-1
    with pytest.raises(ZeroDivisionError):
        H // 0


@pytest.mark.parametrize(
    "text", ["", "H +", "1.5", "H // 0", "(H", "min(H", "H H", "f(H)", "H ** W", "(" * 500, "\x00"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_dim(text)


def test_sizes_copy_and_pickle() -> None:
    size = conv(H, 3, 2, 1) * N + smin(T, 4)
    assert copy.deepcopy(size) == size
    again = pickle.loads(pickle.dumps(size))
    assert again == size
    assert again.evaluate({"H": 9, "N": 2, "T": 9}) == 14


# --- facts ------------------------------------------------------------


def test_five_halvings_of_a_multiple_of_32_are_exact() -> None:
    facts = knowing((H, 32))
    size: Size = H
    for step in range(1, 6):
        size = conv(size, 3, 2, 1)
        assert facts.equal(size, H // 2**step) is True
        assert facts.spell(facts.normalize(size)) == f"H // {2**step}"
    assert facts.equal(size * 32, H) is True
    assert facts.equal(conv(conv(H, 7, 2, 3), 3, 2, 1), H // 4) is True


def test_without_the_fact_nothing_is_assumed() -> None:
    assert Facts().equal(2 * (H // 2), H) is None
    assert Facts().equal(2 * (H // 2), 2 * (H // 2) + 1) is False
    assert Facts().equal(2 * (H // 2), 2 * W + 1) is False
    assert Facts().equal(H, W) is None
    assert Facts().equal(H + W, 1) is False
    assert Facts().equal(H, 1) is None


def test_remainders_decide_what_forms_do_not() -> None:
    assert Facts().equal(H // 2 + (H + 1) // 2, H) is True
    assert Facts().equal(-(-H // 2), (H + 1) // 2) is True
    assert Facts().equal((H % 3) * (H % 3 - 1) * (H % 3 - 2), 0) is True


@pytest.mark.parametrize(
    ("a", "b", "fact"),
    [
        (2 * (H // 2), H, "H % 2 == 0"),
        (N * T * (D // h) * h, N * T * D, "D % h == 0"),
        (N * T * (D // 8) * 8, N * T * D, "D % 8 == 0"),
        (H, W, "H == W"),
        (N * H, N * W, "H == W"),
        (H, 32, "H == 32"),
        (H, 2 * T, "H == 2*T"),
        (2 * conv(H, 3, 2, 1), H, "H % 2 == 0"),
        (16 * (H // 16) * (W // 4) * 4, H * W, "H % 16 == 0 and W % 4 == 0"),
        (2 * ((H + 1) // 2), H + 1, "(H + 1) % 2 == 0"),
        (H, H + 1, None),
        (H, H, None),
        (H**2, W**2 + H, None),
    ],
)
def test_the_missing_fact_is_named(a: Size, b: Size, fact: str | None) -> None:
    assert Facts().missing_fact(a, b) == fact


def test_a_fact_has_its_names_on_the_left() -> None:
    assert Facts().missing_fact(8, H) == Facts().missing_fact(H, 8) == "H == 8"


def test_the_missing_fact_knows_what_is_already_known() -> None:
    facts = knowing((H, 4))
    assert facts.missing_fact(16 * (H // 16), H) == "H % 16 == 0"
    assert facts.missing_fact(2 * (H // 2), H) is None


def test_equations_substitute() -> None:
    facts = Facts()
    assert facts.assume_equal(T, 2 * S)
    assert facts.equal(T * N, N * S * 2) is True
    assert facts.equal(T, S) is False
    assert facts.assume_equal(H, W)
    assert facts.equal(H * H, W * W) is True
    assert facts.assume_equal(2 * B, 3 * C)
    assert facts.equal(4 * B, 6 * C) is True


def test_a_fact_may_contradict() -> None:
    facts = knowing((H, 4))
    assert not facts.assume_equal((H + 2) % 4, 0)
    assert not facts.assume_equal(H, 6)
    assert facts.assume_equal(H, 8)
    assert not facts.assume_equal(H, 12)
    assert facts.normalize(H // 4) == 2
    assert not facts.assume_at_least(H, 9)


def test_a_refused_fact_leaves_nothing_behind() -> None:
    facts = knowing((H, 4))
    before = facts.copy()
    assert not facts.assume_equal(H, W * 4 + 2)
    assert not facts.assume_equal(N * H, 3)
    assert (facts.known, facts.names) == (before.known, before.names)


def test_facts_combine() -> None:
    facts = knowing((H, 32), (H, 64), (H + 2, 3))
    assert facts.divisible(H, 64) is True
    assert facts.divisible(H, 128) is None
    assert facts.divisible(H + 1, 3) is False
    assert facts.spell(facts.normalize(H // 4)) == "H // 4"
    assert facts.spell(facts.normalize(N * H * 3)) == "3*H*N"
    assert facts.sample(0)["H"] % 192 == 64


def test_division_by_a_symbol() -> None:
    facts = knowing((D, h))
    assert facts.equal(N * T * (D // h) * h, N * T * D) is True
    assert facts.divisible(D, h) is True
    assert facts.spell(facts.normalize(N * D)) == "D*N"
    assert facts.spell(facts.normalize(D // h)) == "D // h"
    values = facts.sample(1)
    assert values["D"] % values["h"] == 0


def test_bounds() -> None:
    facts = Facts()
    assert facts.lower_bound(H - H // 2) == 1
    assert facts.lower_bound(H * W - H) == 0
    assert facts.upper_bound(H) is None
    assert facts.assume_at_least(H, 10)
    assert facts.assume_at_least(-H, -20)
    assert facts.lower_bound(H // 3) == 3
    assert facts.upper_bound(H // 3) == 6
    assert facts.equal(H, 9) is False
    assert facts.equal(smin(H, 64), H) is True
    assert facts.spell(facts.normalize(H // 2)) == "H // 2"
    assert facts.assume_at_least(conv(W, 7), 1)
    assert facts.lower_bound(W) == 7
    assert facts.assume_at_least(H + T, 500)
    assert facts.lower_bound(H + T - 400) == 100


def test_pinned_from_both_sides() -> None:
    facts = Facts()
    assert facts.assume_equal(H // 2, 16)
    assert facts.equal(H // 2, 16) is True
    assert {facts.sample(which)["H"] for which in range(3)} == {32, 33}
    assert facts.assume_at_least(H, 33)
    assert facts.normalize(H) == 33


def test_samples_satisfy_the_facts_and_differ() -> None:
    facts = knowing((H, 32), (H + W, 2))
    assert facts.assume_equal(T, 2 * S)
    assert facts.assume_at_least(C - W, 3)
    seen = []
    for which in range(3):
        values = facts.sample(which, ["N"])
        assert set(values) == {"N", "H", "W", "T", "S", "C"}
        assert values["H"] % 32 == 0 and (values["H"] + values["W"]) % 2 == 0
        assert values["T"] == 2 * values["S"] and values["C"] - values["W"] >= 3
        assert min(values.values()) >= 1
        seen.append(values)
    assert all(len({values[name] for values in seen}) == 3 for name in ("N", "H", "T"))
    assert Facts().sample(0, ["N"]) == {"N": 2}
    assert [knowing((H, 32)).sample(which)["H"] for which in (0, 1)] == [32, 64]


def test_copies_are_independent() -> None:
    facts = knowing((H, 2))
    other = facts.copy()
    assert other.assume_equal(W, H)
    assert facts.equal(W, H) is None


@pytest.mark.parametrize(
    "grow",
    [
        lambda: H**100,
        lambda: product([H + 1] * 30),
        lambda: product(symbol(f"x{i}") + symbol(f"y{i}") for i in range(20)),
        lambda: sum((symbol(f"x{i}") for i in range(500)), start=H),
        lambda: _tower(200),
        lambda: H * (1 << 300) * 2,
    ],
)
def test_pathological_sizes_are_refused_early(grow: object) -> None:
    with pytest.raises(DimTooLarge):
        grow()  # type: ignore[operator]


def _tower(height: int) -> Size:
    size: Size = H
    for _ in range(height):
        size = (size * W + 1) // (size + N)
    return size


# --- types ------------------------------------------------------------


def test_tensor_types_are_spelled_as_written() -> None:
    image = TensorType("float", (N, 64, H // 2, W // 2))
    assert str(image) == "float[N, 64, H // 2, W // 2]"
    assert image.rank == 4
    assert str(TensorType("bool", image.shape).with_shape(())) == "bool[]"
    assert image == TensorType("float", (N, 64, H // 2, W // 2))
    facts = knowing((H, 2))
    assert image.with_shape(facts.normalize(s) for s in image.shape).spell(facts) == "float[N, 64, H // 2, W // 2]"


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ("float", "float", "float"),
        ("float", "int64", "float"),
        ("int", "bool", "int64"),
        ("bool", "bool", "bool"),
        ("float16", "bfloat16", "float32"),
        ("float16", "int64", "float16"),
        ("float32", "float64", "float64"),
        ("float", "float64", "float64"),
        ("uint8", "int8", "int16"),
        ("uint8", "int32", "int32"),
        ("int8", "int16", "int16"),
    ],
)
def test_promotion(a: str, b: str, result: str) -> None:
    assert promote(a, b) == promote(b, a) == result


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ((N, 1, H), (C, 1), (N, C, H)),
        ((), (H,), (H,)),
        ((N, 3), (N, 3), (N, 3)),
        ((N, 3), (4,), [-1]),
        ((N, H), (N, W), [-1]),
        ((N, H), (H, N), [-1, -2]),
        ((H,), (3,), [-1]),
        ((1,), (H,), (H,)),
    ],
)
def test_broadcasting(a: tuple[Size, ...], b: tuple[Size, ...], result: object) -> None:
    assert broadcast(a, b) == broadcast(b, a) == result


def test_broadcasting_uses_facts() -> None:
    facts = Facts()
    assert facts.assume_equal(H, W)
    assert facts.assume_equal(C, 1)
    assert broadcast((N, H), (N, W), facts) == (N, H)
    assert broadcast((C, H), (N, H), facts) == (N, H)
    assert broadcast((2 * (T // 2),), (T,), facts) == [-1]
    assert facts.assume_equal(T, 8)
    assert broadcast((T,), (8,), facts) == (8,)


def test_importing_shapes_is_cheap() -> None:
    """Nothing but the small standard modules: every `check` pays for this import."""
    code = "import sys; import nndsl.shapes; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sympy", "fractions", "numpy", "decimal", "nndsl.shapes.suggestions"} & set(loaded)


def test_dims_are_slotted_and_shared() -> None:
    assert not hasattr(H, "__dict__")
    assert isinstance(H, Dim)
    assert H + 0 is H


def test_a_bound_that_was_asked_for_follows_what_is_learnt_later() -> None:
    facts, height, width = Facts(), symbol("H"), symbol("W")
    asked = [height - 5, -height, height - width]
    assert [facts.lower_bound(size) for size in asked] == [-4, None, None]
    assert facts.assume_at_least(height, 10) and facts.assume_at_least(-height, -20)
    assert [facts.lower_bound(size) for size in asked] == [5, -20, None]
    assert facts.assume_at_least(height - width, 3)
    assert facts.lower_bound(height - width) == 3
