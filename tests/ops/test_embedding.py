"""Embeddings against PyTorch and onnxruntime."""

from __future__ import annotations

import pytest
import torch

import nndsl
from nndsl.shapes import TensorType
from tests.ops.support import check, complaint, examples, flow


@pytest.mark.parametrize("example", examples("embedding"))
def test_examples(example: str) -> None:
    flow(example)


def _offsets(*begins: int):  # type: ignore[no-untyped-def]
    def make(type: TensorType) -> torch.Tensor:
        return torch.tensor(begins).to(getattr(torch, type.dtype))

    return {1: make}


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("more", ["", ", padding_idx=1", ", padding_idx=-4, max_norm=0.7, norm_type=3"])
def test_bags(mode: str, more: str) -> None:
    """The third bag is empty; the last goes on to the end."""
    bag = f'EmbeddingBag(5, 3, mode="{mode}"{more}'
    check(f"{bag})", "int[T]", "int[B]", at=[{"T": 9, "B": 4}], high=5, data=_offsets(0, 3, 5, 5))
    check(
        f"{bag}, include_last_offset=true)",
        "int[T]",
        "int[B]",
        at=[{"T": 9, "B": 4}],
        high=5,
        data=_offsets(0, 3, 3, 9),
    )
    check(f"{bag})", "int32[B, T]", at=[{"B": 3, "T": 4}, {"B": 1, "T": 2}], high=5)


def test_weighed_bags() -> None:
    check('EmbeddingBag(5, 3, mode="sum")', "int[B, T]", None, "[B, T]", at=[{"B": 3, "T": 4}], high=5)
    weighed = 'EmbeddingBag(5, 3, mode="sum", padding_idx=2)'
    check(weighed, "int[7]", "int[2]", "[7]", high=5, data=_offsets(0, 3))


def test_rows_at_their_longest() -> None:
    for p in (1, 2, 3.5):
        check(f"Embedding(7, 4, max_norm=0.8, norm_type={p})", "int[N, T]", at=[{"N": 3, "T": 8}], high=7)


def test_indices_only() -> None:
    assert complaint("Embedding(7, 4)", "[2, 3]")[0] == "dtype-mismatch"
    assert complaint("Embedding(7, 4)", "uint8[2, 3]")[0] == "dtype-mismatch"
    assert complaint("EmbeddingBag(7, 4)", "[2, 3]")[0] == "dtype-mismatch"


def test_padding_is_a_row() -> None:
    assert complaint("Embedding(7, 4, padding_idx=7)", "int[2]")[1] == "padding_idx 7 is no row: there are 7"
    check("Embedding(7, 4, padding_idx=-7)", "int[2]", high=7)
    assert complaint("Embedding(7, 4, max_norm=1, norm_type=0)", "int[2]")[0] == "bad-value"


def test_bags_need_their_bounds() -> None:
    assert "need a second input" in complaint("EmbeddingBag(7, 4)", "int[3]")[1]
    assert "bags already" in complaint("EmbeddingBag(7, 4)", "int[2, 3]", "int[2]")[1]
    assert "one type" in complaint("EmbeddingBag(7, 4)", "int[3]", "int32[2]")[1]
    assert "number of bags" in complaint("EmbeddingBag(7, 4, include_last_offset=true)", "int[3]", "int[1]")[1]
    assert "only" in complaint("EmbeddingBag(7, 4)", "int[2, 3]", None, "[2, 3]")[1]
    assert complaint('EmbeddingBag(7, 4, mode="sum")', "int[2, 3]", None, "[2, 4]")[0] == "shape-mismatch"
    assert complaint('EmbeddingBag(7, 4, mode="max", sparse=true)', "int[2, 3]")[0] == "bad-value"


@pytest.mark.parametrize("padding", ["2", "-1"])
@pytest.mark.parametrize(
    ("inits", "given"), [("", ", init=normal(std=0.5)"), ("init = ones", ""), ("init Embedding = ones", "")]
)
def test_the_row_of_padding_is_zero_whatever_fills_the_others(inits: str, given: str, padding: str) -> None:
    """As nn.Embedding has it; two instances with rows of their own share a class."""
    text = f"""
block Rows(at: int) {{
  input x: [N]
  x -> Embedding(5, 3, padding_idx=at{given})
}}
model M {{
  {inits}
  input x: int[N]
  output y = (x -> a: Rows(0)) + (x -> b: Rows({padding}))
  output z = x -> c: Embedding(5, 3)
}}
"""
    module = nndsl.loads(text).module()
    a, b = module.a.embedding_1.weight, module.b.embedding_1.weight
    assert [not row.any() for row in a] == [True, False, False, False, False]
    assert [not row.any() for row in b] == [at == int(padding) % 5 for at in range(5)]
    assert module.c.weight.all() and a.requires_grad and a.is_leaf
