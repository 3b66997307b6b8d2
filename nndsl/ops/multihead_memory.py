"""What PyTorch keeps of `nn.MultiheadAttention` while training."""

from __future__ import annotations

from typing import Any

from nndsl.ops.costing import STATISTICS, Saved, Use
from nndsl.shapes import Size, TensorType

Types = tuple[Any, Any, Any]


def saved(op: Any, inputs: Types, masks: tuple[Any, Any], use: Use) -> Saved:
    """Inputs (turned around where batches come first), projections, scores or one number for each, and the result."""
    roles = query, key, _ = op.roles(*inputs)
    length, keys, batch, width = op.length(query), op.keys(key), op.batch(query), query.shape[-1]
    kept, made = _read(op, inputs, roles)
    fused = _fused(op, use)
    q, kv, scores = (length * batch * width,), (keys * batch * width,), (batch * op.num_heads * length * keys,)
    joined = _joined(op, inputs, roles)
    longer = op.add_bias_kv or op.add_zero_attn
    whole = (joined * batch * width * (length if joined == 3 else op.length(key)),)
    if longer or not joined:
        made += [whole if joined == 3 and fused else q, kv, kv]
    elif fused:  # queries, keys and values are parts of one tensor
        made += [whole] if joined == 3 else [q, whole]
    else:  # scaled queries; keys are scaled, too, or stay part of the whole, as values do
        made += [q, whole] if op.need_weights else [q, kv, whole]
    types = [TensorType(query.dtype, shape) for shape in made]
    if fused:
        types.append(TensorType(STATISTICS, (batch * op.num_heads * length,)))
        types += [TensorType(query.dtype, shape) for shape in _mask(op, masks, batch, length, keys)]
    else:
        types += [TensorType(query.dtype, scores)] * (3 if op.dropout else 1)
    return Saved(tuple(kept), made=(*types, TensorType(query.dtype, q)))


def behind(op: Any, inputs: Types, use: Use) -> list[TensorType]:
    """Where the most is there: gradients of queries, keys and values, where one kernel makes them (on a CPU of a
    copy of the result's gradient, turned around); else that of the scores, twice where no dropout gives up what it
    kept."""
    query, key, _ = op.roles(*inputs)
    batch, width = op.batch(query), query.shape[-1]
    q = TensorType(query.dtype, (op.length(query) * batch * width,))
    kv = TensorType(query.dtype, (op.keys(key) * batch * width,))
    if _fused(op, use):
        return [q, kv, kv] if use.cuda else [q, q, q, kv, kv, *tiles(op.length(query), op.keys(key))]
    scores = TensorType(query.dtype, (batch * op.num_heads * op.length(query) * op.keys(key),))
    return [scores, kv] if op.dropout else [scores, scores]


def tiles(length: Size, keys: Size) -> list[TensorType]:
    """Scores and their gradients, of so many queries and keys as a CPU's kernel takes up at a time, backward. There are
    as many for each further thread."""
    if not isinstance(length, int) or not isinstance(keys, int):
        return []
    rows = 256 if length >= 768 else 64 if length >= 192 else 32
    return [TensorType(STATISTICS, (2, min(rows, length), min(512, keys)))]


def _fused(op: Any, use: Use) -> bool:
    return not op.need_weights and (use.cuda or not op.dropout)


def _mask(op: Any, masks: tuple[Any, Any], batch: Size, length: Size, keys: Size) -> list[tuple[Size, ...]]:
    """The mask as numbers; that of padding is told for each head."""
    padding, mask = masks
    if padding is None:
        return [] if mask is None else [mask.shape]
    return [(batch * op.num_heads, length if mask is not None or op.is_causal else 1, keys)]


def _joined(op: Any, inputs: Types, roles: Types) -> int:
    """Of how many projections is one tensor made? Inputs without a batch are given one each, and are no longer one."""
    if roles[0].rank == 2 or len({x.shape[-1] for x in roles}) > 1:
        return 0
    return 3 if inputs[1] is None else 2 if inputs[2] is None else 0


def _read(op: Any, inputs: Types, roles: Types) -> tuple[list[int], list[tuple[Size, ...]]]:
    """Inputs as the projections read them: each is copied where it was turned around."""
    turned = op.batch_first and roles[0].rank == 3
    given = [at for at, x in enumerate(inputs) if x is not None]
    if not turned:
        return given, []
    joined = _joined(op, inputs, roles)
    count = {3: [0], 2: [0, 1]}.get(joined, [0, 1, 2])
    return [], [roles[at].shape for at in count]
