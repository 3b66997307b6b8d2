"""What each operator says that the backward pass keeps, against what PyTorch keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nndsl.ops import everything
from nndsl.ops.costing import Use
from nndsl.ops.schema import inputs_of
from nndsl.ops.strided import Strided, dense, shared
from nndsl.shapes import Dim, TensorType, is_floating, product
from tests.ops import support
from tests.ops.saved_support import saved_storages

# Besides the examples: parameters that change what is kept.
MORE = [
    '[6, 5, 8] -> Reduce("a b c -> a", "prod") -> [6]',
    '[6, 5, 8] -> Reduce("a b (c d) -> b c", "prod", d=2) -> [5, 4]',
    '[6, 5, 8] -> Reduce("a b c -> a 1 c", "prod") -> [6, 1, 8]',
    "[6, 5, 8] -> LSTM(16, proj_size=4) -> ([6, 5, 4], [1, 6, 4], [1, 6, 16])",
    "[6, 5, 8] -> LSTM(16, num_layers=2, bidirectional=true, proj_size=4) -> ([6, 5, 8], [4, 6, 4], [4, 6, 16])",
    "[6, 5, 8] -> LSTM(100, num_layers=2) -> ([6, 5, 100], [2, 6, 100], [2, 6, 100])",
    "[6, 5, 8] -> LSTM(64, num_layers=2, dropout=0.2, bias=false) -> ([6, 5, 64], [2, 6, 64], [2, 6, 64])",
    "[7, 5, 8] -> LSTM(64, num_layers=3, batch_first=false, bidirectional=true)"
    " -> ([7, 5, 128], [6, 5, 64], [6, 5, 64])",
    "[6, 5, 8] -> GRU(16, num_layers=3, dropout=0.2, bidirectional=true) -> ([6, 5, 32], [6, 6, 16])",
    "[6, 5, 8] -> RNN(16, num_layers=3, dropout=0.2) -> ([6, 5, 16], [3, 6, 16])",
    "[6, 5, 8] -> MultiheadAttention(2, dropout=0.1) -> [6, 5, 8]",
    "[6, 5, 8] -> MultiheadAttention(2, dropout=0.1, need_weights=true) -> ([6, 5, 8], [6, 5, 5])",
    "([6, 5, 8], [6, 4, 8]) -> MultiheadAttention(2, dropout=0.1) -> [6, 5, 8]",
    "([6, 5, 8], [6, 4, 8], [6, 4, 8]) -> MultiheadAttention(2) -> [6, 5, 8]",
    "[6, 5, 8] -> MultiheadAttention(2, add_bias_kv=true) -> [6, 5, 8]",
    "[5, 8] -> MultiheadAttention(2, dropout=0.1) -> [5, 8]",
    "([2, 4, 5, 8], [2, 4, 7, 8], [2, 4, 7, 8]) -> ScaledDotProductAttention(dropout=0.1) -> [2, 4, 5, 8]",
    "([2, 4, 5, 8], [2, 4, 7, 8], [2, 4, 7, 8], bool[5, 7]) -> ScaledDotProductAttention -> [2, 4, 5, 8]",
    "int[3, 4] -> EmbeddingBag(10, 5, max_norm=1) -> [3, 5]",
    "([6, 5, 8], [6, 5, 8], [6, 5, 8], bool[6, 5]) -> MultiheadAttention(2) -> [6, 5, 8]",
    "([6, 5, 8], [6, 5, 8], [6, 5, 8], bool[6, 5]) -> MultiheadAttention(2, is_causal=true) -> [6, 5, 8]",
    "([2, 3, 4], [2, 4, 5]) -> MatMul -> [2, 3, 5]",
    "([2, 3, 4, 5], [1, 1, 5, 6]) -> MatMul -> [2, 3, 4, 6]",
    "[4, 5] -> MaxPool1d(2, return_indices=true) -> ([4, 2], int[4, 2])",
    "[2, 4, 9] -> AdaptiveMaxPool1d(3, return_indices=true) -> ([2, 4, 3], int[2, 4, 3])",
    "[6, 4] -> Dropout(1) -> [6, 4]",
]
BYTES = {"bool": 1, "int32": 4, "int64": 8, "float": 4, "float32": 4, "float64": 8}


def cases() -> list[Any]:
    return [
        pytest.param(example, id=f"{cls.name}-{i}")
        for cls in everything().values()
        if not cls.hidden
        for i, example in enumerate(cls.examples)
    ]


def size_of(type: TensorType) -> int:
    count = product(type.shape)
    assert isinstance(count, int)
    return count * BYTES[type.dtype]


def predicted(op: Any, types: list[TensorType | None], results: list[TensorType]) -> int:
    """Bytes of distinct tensors."""
    needs = tuple(t is not None and is_floating(t.dtype) for t in types)
    weights = op.weights(*types)
    if not any(is_floating(t.dtype) for t in results) or not (any(needs) or any(w.trained for w in weights)):
        return 0
    inputs = tuple(None if t is None else Strided(t, dense(t.shape)) for t in types)
    y: Any = results[0] if len(results) == 1 else tuple(results)
    if shared(op, inputs) is not None or (len(types) == 1 and op.same(types[0], y)):
        return 0
    saved = op.saves(*types, y=y, use=Use(needs, inputs))
    assert saved is not None
    kept = [types[at] for at in saved.inputs] + [results[at] for at in saved.outputs] + list(saved.made)
    return sum(size_of(t) for t in kept if t is not None)


@pytest.mark.parametrize("example", [*cases(), *MORE])
def test_examples(example: str) -> None:
    first, middle, _ = support.split_flow(example)
    op, types = support.read_op(middle), support.read_types(first)
    padded = inputs_of(type(op), types)
    names = sorted({n for t in types for s in t.shape if isinstance(s, Dim) for n in s.symbols()})
    at = {name: 6 + i for i, name in enumerate(names)}
    known = [support.type_at(t, at) for t in padded]
    exact = support.op_at(op, at)
    told = predicted(exact, known, support.typed(exact, known))
    tensors = [support.fitting(op, support.random_tensor(t, 2, i)) for i, t in enumerate(known) if t is not None]
    for tensor in tensors:
        tensor.requires_grad_(tensor.is_floating_point())
    module = support.build_module(exact, known, len(support.typed(exact, known))).train()
    torch.manual_seed(0)
    kept, _ = saved_storages(module, lambda: module(*tensors))
    found = sum(storage.nbytes() for storage in kept.values())
    assert told == found
