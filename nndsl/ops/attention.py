"""Scaled dot-product attention. `attend` lowers it to ONNX, for `MultiheadAttention` too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import together
from nndsl.ops.costing import STATISTICS, Saved, Use
from nndsl.ops.families import ATTENTION
from nndsl.ops.multihead_memory import tiles
from nndsl.ops.schema import Op, param
from nndsl.ops.strided import Strides, order_of, ordered
from nndsl.shapes import Dim, Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

# exp, subtraction of the maximum, sum and division, for each score
SOFTMAX_WORK = 5


def training_only(t: TorchWriter, probability: float) -> Text:
    """`0.1 if self.training else 0.0`: what PyTorch's functions leave to their callers."""
    from nndsl.ops.emit import Text

    return Text(f"{t.value(probability)} if self.training else 0.0", 10)


class ScaledDotProductAttention(Op, family=ATTENTION):
    """softmax(q kᵀ / √E) v: [*, L, E], [*, S, E], [*, S, V] -> [*, L, V] (F.scaled_dot_product_attention)."""

    inputs = ("query", "key", "value", "attn_mask?")
    source = "Vaswani et al. 2017, Attention Is All You Need"

    dropout: float = param(0.0, doc="share of the weights zeroed while training", min=0, max=1, keyword=True)
    causal: bool = param(False, doc="each position sees itself and what comes before", keyword=True)
    scale: float | None = param(None, doc="factor of the scores; 1/√E when not given", keyword=True)
    enable_gqa: bool = param(
        False, doc="fewer heads of keys and values, each shared by several of queries", keyword=True
    )

    examples = [
        "([2, 4, 5, 8], [2, 4, 7, 8], [2, 4, 7, 6]) -> ScaledDotProductAttention -> [2, 4, 5, 6]",
        "([B, 2, T, 8], [B, 2, T, 8], [B, 2, T, 8]) -> ScaledDotProductAttention(causal=true) -> [B, 2, T, 8]",
        "([B, 2, T, 4], [B, 2, S, 4], [B, 2, S, 4], [B, 1, T, S]) "
        "-> ScaledDotProductAttention(scale=0.3) -> [B, 2, T, 4]",
        "([B, 4, T, 4], [B, 2, T, 4], [B, 2, T, 4]) "
        "-> ScaledDotProductAttention(enable_gqa=true, causal=true) -> [B, 4, T, 4]",
        "([N, T, 4], [N, S, 4], [N, S, 4]) -> ScaledDotProductAttention(dropout=0.1) -> [N, T, 4]",
    ]

    def check(self, say: Say) -> bool:
        if not self.causal or self.scale is None or self.scale > 0:
            return True
        say.error(
            "causal attention has a scale greater than 0",
            at="scale",
            help="PyTorch scales what stands for the future, too, and the results are no numbers; give it a mask",
        )
        return False

    def shape(
        self, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None, say: Say
    ) -> TensorType | None:
        for at, x in enumerate((query, key, value)):
            if not say.floating(x, at=at) or not say.rank_at_least(x, 2, layout="[*, T, E]", at=at):
                return None
            if not say.rank(x, query.rank, layout=f"three inputs of one rank ({query.rank})", at=at):
                return None
            if x.dtype != query.dtype:
                say.error(f"queries are {query.dtype}, and this is {x.dtype}", code="dtype-mismatch", at=at)
                return None
        if self.enable_gqa and not say.rank_at_least(query, 3, layout="[*, heads, T, E]"):
            return None
        if not self._agree(query, key, value, say) or not self._masked(query, key, mask, say):
            return None
        return TensorType(query.dtype, (*query.shape[:-1], value.shape[-1]))

    def _agree(self, query: TensorType, key: TensorType, value: TensorType, say: Say) -> bool:
        if not say.same(query.shape[-1], key.shape[-1], "queries and keys have the same last dim", at=1):
            return False
        if not say.same(key.shape[-2], value.shape[-2], "there is one value for each key", at=2):
            return False
        batch = query.rank - 2
        for axis in range(batch):
            shared = self.enable_gqa and axis == batch - 1
            if not say.same(key.shape[axis], value.shape[axis], f"keys and values agree in dim {axis}", at=2):
                return False
            if shared and not self._shares(query.shape[axis], key.shape[axis], say):
                return False
            if not shared and not say.same(
                query.shape[axis], key.shape[axis], f"queries and keys agree in dim {axis}", at=1
            ):
                return False
        return True

    def _shares(self, heads: Size, fewer: Size, say: Say) -> bool:
        if say.facts.divisible(heads, fewer):
            return True
        message = f"{say.spell(heads)} heads of queries cannot share {say.spell(fewer)} of keys evenly"
        say.error(message, code="shape-mismatch", at=1)
        return False

    def _masked(self, query: TensorType, key: TensorType, mask: TensorType | None, say: Say) -> bool:
        if mask is None:
            return True
        if self.causal:
            say.error(
                "attention is causal or has a mask, not both",
                at="causal",
                help="combine the mask with `Tril` by `and`",
            )
            return False
        if mask.dtype not in ("bool", query.dtype):
            say.error(
                f"a mask is bool (true: may attend) or {query.dtype}, and this is {mask.dtype}",
                code="dtype-mismatch",
                at=3,
            )
            return False
        if not say.rank_at_least(mask, 2, layout="a mask [*, L, S]", at=3):
            return False
        scores = TensorType(query.dtype, (*query.shape[:-1], key.shape[-2]))
        shape = together(say, scores, mask, "combined as scores and mask", at=3)
        if shape is None:
            return False
        if len(shape) == scores.rank and all(map(say.facts.equal, shape, scores.shape)):
            return True
        code = "rank-mismatch" if len(shape) > scores.rank else "shape-mismatch"
        say.error(f"the mask {say.type(mask)} is larger than the scores {say.type(scores)}", code=code, at=3)
        return False

    def fused(self, types: tuple[Any, ...], use: Use) -> bool:
        """Does PyTorch run it as one kernel, which keeps no scores? A CPU's takes no dropout, one width of all heads,
        and no mask that is trained."""
        query, _, value, mask = types
        trained = mask is not None and use.needs[3]
        one = query.rank == 4 and query.shape[-1] == value.shape[-1]
        return one and not trained and (use.cuda or not self.dropout)

    def strides(self, *types: Any, y: TensorType, use: Use) -> Strides | None:
        """The kernel's results lie as the queries do."""
        query = use.inputs[0]
        if query is None or not self.fused(types, use):
            return None
        order = order_of(query.shape, query.strides)
        return None if order is None else ordered(y.shape, order)

    def saves(self, *types: Any, y: TensorType, use: Use) -> Saved:
        """One kernel: its inputs, its result and one number for each query. Else scaled queries and keys, the scores,
        those that dropout left and its factors."""
        query, key, value, mask = types
        if self.fused(types, use):
            one = TensorType(STATISTICS, query.shape[:-1])
            made = (one, TensorType(query.dtype, mask.shape)) if mask is not None and mask.dtype == "bool" else (one,)
            return Saved((0, 1, 2, 3) if mask is not None and len(made) == 1 else (0, 1, 2), (0,), made)
        scores = TensorType(query.dtype, (*query.shape[:-1], key.shape[-2]))
        copied = query.rank > 3 and not use.merges(2, *range(value.rank - 2))
        dropped = (scores, scores) if self.dropout else ()
        return Saved(() if copied else (2,), made=(query, key, scores, *dropped, *((value,) if copied else ())))

    def backward_scratch(self, *types: Any, y: TensorType, use: Use) -> list[TensorType]:
        """One kernel makes all gradients at once."""
        if use.cuda or not self.fused(types, use):
            return []
        made = [x for x, needed in zip(types[:3], use.needs, strict=False) if needed]
        return [*made, *tiles(types[0].shape[-2], types[1].shape[-2])]

    def macs(
        self, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None, y: TensorType
    ) -> Size:
        return product(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1])

    def backward_macs(
        self, query: TensorType, key: TensorType, value: TensorType, mask: Any, y: TensorType, use: Use
    ) -> Size:
        """Of the scores, for queries, keys and a mask; of each of these but the mask; of the values."""
        q, k, v, *others = use.needs
        above = int(q or k or any(others)) + v
        scores = product(query.shape[:-1]) * key.shape[-2]
        return scores * (value.shape[-1] * above + query.shape[-1] * (q + k))

    def flops(
        self, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None, y: TensorType
    ) -> Size:
        scores = product(query.shape[:-1]) * key.shape[-2]
        return self.macs(query, key, value, mask, y) * 2 + scores * SOFTMAX_WORK

    def torch(self, t: TorchWriter, query: Operand, key: Operand, value: Operand, mask: Operand | None) -> Text:
        given: dict[str, Any] = {} if mask is None else {"attn_mask": mask}
        if self.dropout:
            given["dropout_p"] = training_only(t, self.dropout)
        if self.causal:
            given["is_causal"] = True
        return t.call("F.scaled_dot_product_attention", query, key, value, **given, **self.given("scale", "enable_gqa"))

    def onnx(self, g: OnnxBuilder, query: OnnxValue, key: OnnxValue, value: OnnxValue, mask: OnnxValue | None) -> Any:
        usual = self.scale is None or self.scale > 0  # onnxruntime refuses others
        if usual and g.opset >= 23 and query.rank == 4 and single_or_half(g, query):
            return g.op(
                "Attention",
                query,
                key,
                value,
                self._full(g, query, key, mask),
                is_causal=int(self.causal),
                scale=self.scale,
            )
        if self.enable_gqa:
            return self._grouped(g, query, key, value, mask)
        y, _ = attend(
            g, (query, key, value), sizes=(query.shape[-2], key.shape[-2], query.shape[-1]), rank=query.rank,
            mask=mask, bool_mask=_is_bool(mask), causal=self.causal, scale=self.scale, dtype=query.dtype,
        )  # fmt: skip
        return y

    def _full(self, g: OnnxBuilder, query: OnnxValue, key: OnnxValue, mask: OnnxValue | None) -> Any:
        """onnxruntime's Attention broadcasts a mask over batch and heads only."""
        if mask is None or mask.shape[-2:] == (query.shape[-2], key.shape[-2]):
            return mask
        return g.op("Expand", mask, g.sizes([query.shape[-2], key.shape[-2]]))

    def _grouped(
        self, g: OnnxBuilder, query: OnnxValue, key: OnnxValue, value: OnnxValue, mask: OnnxValue | None
    ) -> Any:
        """Queries as [*, heads of keys, group, L, E]: keys and values are broadcast over the group."""
        *batch, heads, length, width = query.shape
        fewer = key.shape[-3]
        group = heads // fewer
        q = g.op("Reshape", query, g.sizes([*batch, fewer, group, length, width]))
        k, v = (g.op("Unsqueeze", x, g.const([-3])) for x in (key, value))
        wide: Any = mask
        if mask is not None and mask.rank > 2:
            apart = [*mask.shape[:-3], fewer, group, *mask.shape[-2:]]
            shared = mask.shape[-3] == 1
            wide = g.op("Unsqueeze", mask, g.const([-3])) if shared else g.op("Reshape", mask, g.sizes(apart))
        y, _ = attend(
            g, (q, k, v), sizes=(length, key.shape[-2], width), rank=query.rank + 1,
            mask=wide, bool_mask=_is_bool(mask), causal=self.causal, scale=self.scale, dtype=query.dtype,
        )  # fmt: skip
        return g.op("Reshape", y, g.sizes([*query.shape[:-1], value.shape[-1]]))

    def blame(self, axis: int, rank: int) -> str | None:
        return None

    def detail(self) -> str:
        return "causal" if self.causal else ""


def _is_bool(mask: OnnxValue | None) -> bool:
    return mask is not None and mask.dtype == "bool"


def single_or_half(g: OnnxBuilder, x: OnnxValue) -> bool:
    """What runtimes have Attention for; its scale is a number of single precision anyway."""
    return g.elem_type(x.dtype) in map(g.elem_type, ("float32", "float16"))


def causal_mask(g: OnnxBuilder, queries: Size, keys: Size, dtype: str) -> Any:
    """-inf above the diagonal, 0 elsewhere."""
    blocked = g.op("Expand", g.const(-float("inf"), dtype), g.sizes([queries, keys]))
    return g.op("Trilu", blocked, g.const(1), upper=1)


def attend(
    g: OnnxBuilder,
    qkv: tuple[Any, Any, Any],
    *,
    sizes: tuple[Size, Size, Size],
    rank: int,
    mask: Any,
    bool_mask: bool,
    causal: bool,
    scale: float | None,
    dtype: str,
) -> tuple[Any, Any]:
    """The result and the weights. `sizes`: how many queries, how many keys, and the width of a head."""
    q, k, v = qkv
    queries, keys, width = sizes
    flipped = g.op("Transpose", k, perm=[*range(rank - 2), rank - 1, rank - 2])
    scores = g.op("MatMul", g.op("Mul", q, _factor(g, scale, width, dtype)), flipped)
    if causal:
        scores = g.op("Add", scores, causal_mask(g, queries, keys, dtype))
    if mask is not None:
        blocked = g.const(-float("inf"), dtype)
        scores = g.op("Where", mask, scores, blocked) if bool_mask else g.op("Add", scores, mask)
    weights = g.op("Softmax", scores, axis=-1)
    if mask is not None:  # who may attend to nothing gets zeros, as in PyTorch
        weights = g.op("Where", g.op("IsNaN", weights), g.const(0.0, dtype), weights)
    return g.op("MatMul", weights, v), weights


def _factor(g: OnnxBuilder, scale: float | None, width: Size, dtype: str) -> Any:
    if scale is not None:
        return g.const(scale, dtype)
    if isinstance(width, Dim):
        return g.op("Reciprocal", g.op("Sqrt", g.cast(g.size(width), dtype)))
    return g.const(width**-0.5, dtype)
