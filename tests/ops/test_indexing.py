"""Indexing, slicing and what chooses among values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nndsl.ops.indexing import Index
from nndsl.ops.schema import Unsupported
from nndsl.shapes import Size, symbol
from tests.ops.support import check, complaint, examples, flow, infer

T = symbol("T")
FULL = ("slice", None, None, None)


def part(start: Size | None = None, stop: Size | None = None, step: int | None = None) -> tuple[Any, ...]:
    return ("slice", start, stop, step)


@pytest.mark.parametrize("example", examples("selection"))
def test_examples(example: str) -> None:
    distinct = {0: lambda t: torch.randperm(t_size(t)).reshape([int(s) for s in t.shape]).float()}
    ordered = any(word in example for word in ("TopK", "Sort", "ArgM"))
    extremes = "amax" in example or "amin" in example
    flow(example, data=distinct if ordered else scattered(example), opsets=(18 if extremes else 17, 23))


def test_extremes_of_segments_need_opset_18() -> None:
    with pytest.raises(Unsupported, match="opset 18"):
        flow('([3], int[6], [6]) -> ScatterReduce(0, "amax") -> [3]', opsets=(17,))


def t_size(type: Any) -> int:
    total = 1
    for size in type.shape:
        total *= int(size)
    return total


def scattered(example: str) -> Any:
    """Scatter writes each place once: what wins among several is not defined."""
    return {1: lambda t: torch.zeros([int(s) for s in t.shape], dtype=torch.int64)} if "Scatter(" in example else None


@pytest.mark.parametrize(
    "items",
    [
        (0,),
        (-1,),
        (FULL, 0),
        (FULL, -2, ..., part(1)),
        ("...", 0),
        ("...", part(None, 2)),
        (part(1, None, 2), None, FULL, -1),
        (None, "...", None),
        (FULL, part(-3), part(None, -1)),
        (FULL, part(1, -1), part(-2, None, 1)),
        (FULL, part(None, T - 1)),
        (FULL, T - 1),
        (FULL, part(None, None, 3), part(0, 100)),
        (FULL, part(-100, 100)),
    ],
)
def test_numbers_and_slices(items: tuple[Any, ...]) -> None:
    items = tuple("..." if item is ... else item for item in items)
    check(Index(items), "[N, T, 4]", at=[{"N": 2, "T": 3}, {"N": 3, "T": 8}], opsets=(17,))


@pytest.mark.parametrize(
    ("items", "indices"),
    [
        ((("input", 1),), ["int[K]"]),
        ((FULL, ("input", 1)), ["int[K, 2]"]),
        ((("input", 1), ("input", 2)), ["int[K]", "int[K]"]),
        ((("input", 1), FULL, ("input", 2)), ["int[K, 1]", "int[3]"]),
        ((FULL, ("input", 1), ("input", 2)), ["int[K, 1]", "int[3]"]),
        ((FULL, ("input", 1), part(None, 2)), ["int[]"]),
        ((0, FULL, ("input", 1)), ["int32[K]"]),
        ((("input", 1), ("input", 2), ("input", 3)), ["int[K]", "int[K]", "int[1]"]),
        ((None, ("input", 1), 1, ("input", 2)), ["int[K]", "int[K]"]),
        ((("input", 1), FULL, ("input", 2)), ["int[]", "int[K]"]),
        ((("input", 1), FULL, ("input", 2)), ["int[K]", "int32[]"]),
        ((FULL, ("input", 1), ("input", 2)), ["int[K]", "int[]"]),
        ((("input", 1), FULL, ("input", 2)), ["int[]", "int[]"]),
        ((("input", 1), None, ("input", 2), ("input", 3)), ["int[]", "int[K]", "int[1]"]),
    ],
)
def test_tensors_as_indices(items: tuple[Any, ...], indices: list[str]) -> None:
    negative = {
        i: lambda t: torch.randint(-2, 2, [int(s) for s in t.shape]).to(getattr(torch, t.dtype)) for i in (1, 2, 3)
    }
    check(
        Index(items),
        "[3, T, 4]",
        *indices,
        at=[{"T": 3, "K": 5}, {"T": 8, "K": 1}],
        data=negative,
        opsets=(17,),
    )


@pytest.mark.parametrize(
    ("items", "code", "message"),
    [
        ((0, 0, 0, 0), "rank-mismatch", "4 indices for 3 dims: [N, T, 4]"),
        ((FULL, FULL, 4), "bad-index", "index 4 is out of range: dim 2 has 4"),
        ((FULL, FULL, -5), "bad-index", "index -5 is out of range: dim 2 has 4"),
        ((FULL, T), "bad-index", "index T is out of range: dim 1 has T"),
        ((FULL, part(None, T - 5)), "unproven", "the end T - 5 of the slice of dim 1 may be negative"),
        ((FULL, FULL, part(None, None, -1)), "bad-value", "the step of a slice is at least 1, not -1"),
        ((FULL, FULL, part(3, 2)), "shape-mismatch", "the size of dim 2 after slicing would be -1"),
        (("...", 0, "..."), "bad-value", "`...` may stand once in an index"),
    ],
)
def test_mistakes(items: tuple[Any, ...], code: str, message: str) -> None:
    assert complaint(Index(items), "[N, T, 4]") == (code, message)


def test_masks_are_refused() -> None:
    assert "only known when the model runs" in complaint(Index((("input", 1),)), "[N, 4]", "bool[N]")[1]
    assert complaint(Index((("input", 1),)), "[N, 4]", "[N]")[0] == "dtype-mismatch"


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16"])
@pytest.mark.parametrize("shape", ["[]", "[3]"])
def test_narrow_indices_are_refused(dtype: str, shape: str) -> None:
    """PyTorch takes uint8 as a mask, refuses the others in a vector, and takes them without dims."""
    code, message = complaint(Index((FULL, ("input", 1))), "[N, 4]", dtype + shape)
    assert (code, message) == ("dtype-mismatch", f"Index takes indices of type int64 or int32, and this is {dtype}")
    if shape != "[]":
        assert complaint("IndexSelect(1)", "[N, 4]", dtype + shape)[0] == "dtype-mismatch"


def test_sizes_stay_simple() -> None:
    assert str(infer(Index((part(None, T - 1), part(-3))), "[T, 8]")[0]) == "float[T - 1, 3]"
    assert str(infer(Index((part(1),)), "[T + 1]")[0]) == "float[T]"


def test_choices_complain() -> None:
    assert complaint("TopK(9)", "[2, 7]")[1] == "dim 1 has 7 values, fewer than k = 9"
    assert complaint("Gather(5)", "[2, 7]", "int[2, 7]")[0] == "bad-value"
    assert complaint("Gather(0)", "[2, 7]", "int[2, 9]")[1] == "dim 1 of the index is larger: 9 > 7"
    assert complaint("Where", "bool[3]", "[3]")[0] == "missing-input"
    assert complaint("MaskedFill(0)", "[3]", "bool[2, 3]")[1] == "the mask [2, 3] is larger than [3]"
    assert complaint("MaskedFill(0.5)", "int[3]", "bool[3]")[0] == "dtype-mismatch"


@pytest.mark.parametrize("descending", [False, True])
def test_equal_values_keep_their_order(descending: bool) -> None:
    """PyTorch's sort promises it only where it is told to; ONNX's TopK does."""
    few = {0: lambda t: torch.randint(0, 3, [int(s) for s in t.shape])}
    check(f"Sort(1, {str(descending).lower()})", "int[N, T]", at=[{"N": 2, "T": 40}], data=few, opsets=(17, 23))
