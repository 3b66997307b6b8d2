"""Multi-head attention with its projections, as PyTorch's layer has them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from nndsl.ops.attention import SOFTMAX_WORK, attend, causal_mask, single_or_half
from nndsl.ops.costing import Saved, Use
from nndsl.ops.families import ATTENTION
from nndsl.ops.lowering import reduce, squeeze, unsqueeze
from nndsl.ops.multihead_memory import behind, saved
from nndsl.ops.schema import Inferred, Op, Weight, param
from nndsl.ops.strided import Strides, ordered
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Text, TorchWriter
    from nndsl.ops.say import Say

Types = tuple[TensorType, TensorType, TensorType]


class MultiheadAttention(Op, family=ATTENTION):
    """Attention of several heads: [N, L, E], [N, S, K], [N, S, V] -> [N, L, E] (torch.nn.MultiheadAttention).

    One input attends to itself; two are queries, and keys that are values too. In a mask, true blocks."""

    inputs = ("query", "key?", "value?", "key_padding_mask?", "attn_mask?")
    outputs = ("output", "weights")
    source = "Vaswani et al. 2017, Attention Is All You Need"

    inferred = (Inferred("embed_dim"), Inferred("kdim", place=6, of=1), Inferred("vdim", place=7, of=2))
    num_heads: int = param(doc="number of heads; divides the width", min=1)
    dropout: float = param(0.0, doc="share of the weights zeroed while training", min=0, max=1)
    bias: bool = param(True, doc="add learned offsets to all projections")
    add_bias_kv: bool = param(False, doc="add a learned key and value")
    add_zero_attn: bool = param(False, doc="add a key and a value of zeros")
    batch_first: bool = param(True, doc="[N, L, E]; false: [L, N, E]")
    need_weights: bool = param(False, doc="give the attention weights, too", keyword=True)
    average_attn_weights: bool = param(True, doc="their mean over the heads", keyword=True)
    is_causal: bool = param(False, doc="each position sees itself and what comes before", keyword=True)

    examples = [
        "[2, 5, 8] -> MultiheadAttention(2) -> [2, 5, 8]",
        "([N, T, 8], [N, S, 8]) -> MultiheadAttention(4, bias=false) -> [N, T, 8]",
        "([N, T, 8], [N, S, 6], [N, S, 4]) -> MultiheadAttention(2, dropout=0.1) -> [N, T, 8]",
        "[N, T, 8] -> MultiheadAttention(2, need_weights=true) -> ([N, T, 8], [N, T, T])",
        "[T, N, 8] -> MultiheadAttention(2, batch_first=false, is_causal=true) -> [T, N, 8]",
        "[T, 8] -> MultiheadAttention(2, add_bias_kv=true, add_zero_attn=true) -> [T, 8]",
    ]

    # ------------------------------------------------------------ shape

    @staticmethod
    def roles(query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
        """Keys are the queries, values the keys, where not given."""
        key = query if key is None else key
        return query, key, key if value is None else value

    def shape(
        self,
        query: TensorType,
        key: Any,
        value: Any,
        padding: TensorType | None,
        mask: TensorType | None,
        say: Say,
    ) -> Any:
        q, k, v = roles = self.roles(query, key, value)
        if not self._inputs(roles, say) or not self._widths(roles, say):
            return None
        if not say.same(self.length(k), self.length(v), "there is one value for each key", at=2):
            return None
        if q.rank == 3:
            for at, x in ((1, k), (2, v)):
                if not say.same(self.batch(q), self.batch(x), "all inputs have the same batch", at=at):
                    return None
        if not self._masks(roles, padding, mask, say):
            return None
        return (q, self._weights_type(q, k)) if self.need_weights else q

    def _inputs(self, roles: Types, say: Say) -> bool:
        layout = "[N, L, E] or [L, E]" if self.batch_first else "[L, N, E] or [L, E]"
        for at, x in enumerate(roles):
            if not say.floating(x, at=at) or not say.rank(
                x, *((2, 3) if at == 0 else (roles[0].rank,)), layout=layout, at=at
            ):
                return False
            if x.dtype != roles[0].dtype:
                say.error(f"queries are {roles[0].dtype}, and this is {x.dtype}", code="dtype-mismatch", at=at)
                return False
        return True

    def _widths(self, roles: Types, say: Say) -> bool:
        width = 0
        for at, x in reversed(list(enumerate(roles))):
            known = say.known(x.shape[-1], "the size of the last axis", at=at)
            if known is None:
                return False
            width = known
        if width % self.num_heads == 0:
            return True
        near = divisors_near(width, self.num_heads)
        help = f"heads that divide it: {', '.join(map(str, near))}" if near else None
        message = f"a width of {width} does not divide into {self.num_heads} heads"
        say.error(message, code="shape-mismatch", at="num_heads", help=help)
        return False

    def _masks(self, roles: Types, padding: TensorType | None, mask: TensorType | None, say: Say) -> bool:
        query, key = roles[0], roles[1]
        length, keys = self.length(query), self.length(key)
        if self.is_causal and mask is not None:
            say.error(
                "attention is causal or has a mask, not both",
                at="is_causal",
                help="put the causal mask into the mask",
            )
            return False
        if self.is_causal and not say.same(length, keys, "causal attention has a key for each query", at="is_causal"):
            return False
        single = query.rank == 2
        batch = self.batch(query)
        return self._fits(padding, ((keys,) if single else (batch, keys),), query, 3, say) and self._fits(
            mask, ((length, keys), ((1 if single else batch) * self.num_heads, length, keys)), query, 4, say
        )

    def _fits(
        self, mask: TensorType | None, shapes: tuple[tuple[Size, ...], ...], x: TensorType, at: int, say: Say
    ) -> bool:
        if mask is None:
            return True
        name = self.input_names()[at]
        if mask.dtype not in ("bool", x.dtype):
            say.error(
                f"{name} is bool (true: blocked) or {x.dtype}, and this is {mask.dtype}",
                code="dtype-mismatch",
                at=at,
            )
            return False
        layout = " or ".join("[" + ", ".join(map(say.spell, s)) + "]" for s in shapes)
        wanted = next((s for s in shapes if len(s) == mask.rank), None)
        if wanted is None:
            say.error(f"{name} is {layout}, and this is {say.type(mask)}", code="rank-mismatch", at=at)
            return False
        pairs = zip(mask.shape, wanted, strict=True)
        return all(say.same(a, b, f"{name} is {layout}, dim {i}", at=at) for i, (a, b) in enumerate(pairs))

    def length(self, x: Any) -> Size:
        size: Size = x.shape[-2] if self.batch_first or x.rank == 2 else x.shape[0]
        return size

    def batch(self, x: Any) -> Size:
        """Of an input with three dims."""
        size: Size = 1 if x.rank == 2 else x.shape[0 if self.batch_first else 1]
        return size

    def keys(self, key: Any) -> Size:
        """With what is added to them."""
        return self.length(key) + int(self.add_bias_kv) + int(self.add_zero_attn)

    def _weights_type(self, query: Any, key: Any) -> TensorType:
        batch = () if query.rank == 2 else (self.batch(query),)
        heads = () if self.average_attn_weights else (self.num_heads,)
        return TensorType(query.dtype, (*batch, *heads, self.length(query), self.keys(key)))

    # ------------------------------------------------------------ weights and costs

    def _joint(self, *inputs: Any) -> bool:
        """Are the three input projections one weight?"""
        return len({x.shape[-1] for x in self.roles(*inputs[:3])}) == 1

    def weights(self, *inputs: Any) -> list[Weight]:
        roles = self.roles(*inputs[:3])
        width, dtype = roles[0].shape[-1], roles[0].dtype
        if self._joint(*inputs):
            made = [Weight("in_proj_weight", (3 * width, width), dtype=dtype, init=self.init)]
        else:
            names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
            made = [
                Weight(n, (width, x.shape[-1]), dtype=dtype, init=self.init) for n, x in zip(names, roles, strict=True)
            ]
        if self.bias:
            made.append(Weight("in_proj_bias", (3 * width,), dtype=dtype, init=self.bias_init))
        if self.add_bias_kv:
            made += [Weight(n, (1, 1, width), dtype=dtype, init=self.bias_init) for n in ("bias_k", "bias_v")]
        made.append(Weight("out_proj.weight", (width, width), dtype=dtype, init=self.init))
        if self.bias:
            made.append(Weight("out_proj.bias", (width,), dtype=dtype, init=self.bias_init))
        return made

    def macs(self, query: Any, key: Any, value: Any, *masks: Any, y: Any) -> Size:
        q, k, v = self.roles(query, key, value)
        width: Size = q.shape[-1]
        batch, length = self.batch(q), self.length(q)
        inside: Size = length * width + self.length(k) * (k.shape[-1] + v.shape[-1])
        return batch * width * (inside + 2 * length * self.keys(k) + length * width)

    def backward_macs(self, query: Any, key: Any, value: Any, *masks: Any, y: Any, use: Use) -> Size:
        """Projections of inputs that need no gradient take part for their weights alone."""
        given = [None if x is None else n for x, n in zip((query, key, value), use.needs, strict=False)]
        needs = self.roles(*given)
        free: Size = 0
        for x, needed in zip(self.roles(query, key, value), needs, strict=True):
            free = free + (0 if needed else self.batch(x) * self.length(x) * x.shape[-1] * query.shape[-1])
        return self.macs(query, key, value, y=y) * 2 - free

    def saves(self, query: Any, key: Any, value: Any, *masks: Any, y: Any, use: Use) -> Saved:
        return saved(self, (query, key, value), masks, use)

    def backward_scratch(self, query: Any, key: Any, value: Any, *masks: Any, y: Any, use: Use) -> list[TensorType]:
        return behind(self, (query, key, value), use)

    def strides(self, query: Any, *others: Any, y: Any, use: Use) -> Strides | None:
        """Inside, steps come first."""
        turned = self.batch_first and query.rank == 3
        return ordered(query.shape, (1, 0, 2)) if turned else None

    def flops(self, query: Any, key: Any, value: Any, *masks: Any, y: Any) -> Size:
        q, k, _ = self.roles(query, key, value)
        width: Size = q.shape[-1]
        length = self.length(q)
        scores = self.batch(q) * self.num_heads * length * self.keys(k)
        biases = self.batch(q) * width * (2 * length + 2 * self.length(k)) * int(self.bias)
        return self.macs(query, key, value, y=y) * 2 + scores * SOFTMAX_WORK + biases

    # ------------------------------------------------------------ PyTorch

    def module(self, t: TorchWriter, *inputs: Any) -> Text:
        q, k, v = self.roles(*inputs[:3])
        width = q.shape[-1]
        given = self.given("dropout", "bias", "add_bias_kv", "add_zero_attn")
        widths = {n: x.shape[-1] for n, x in (("kdim", k), ("vdim", v)) if x.shape[-1] != width}
        first = {"batch_first": True} if self.batch_first else {}
        return t.new(
            "nn.MultiheadAttention",
            width,
            self.num_heads,
            **given,
            **widths,
            **first,
            **dtype_argument(t, q.type),
        )

    def torch(self, t: TorchWriter, query: Any, key: Any, value: Any, padding: Any, mask: Any) -> Any:
        given: dict[str, Any] = {} if padding is None else {"key_padding_mask": padding}
        if self.is_causal:
            length = self.length(query)
            full = t.call("torch.ones", length, length, dtype=t.dtype("bool"), device=t.attribute(query, "device"))
            mask = t.let(t.method(full, "triu", 1), "future")
        if mask is not None:
            given["attn_mask"] = mask
        if self.is_causal:
            given["is_causal"] = True
        if not self.need_weights:
            call = t.call(t.me(), *self.roles(query, key, value), **given, need_weights=False)
            return t.index(call, 0)
        return t.unpack(t.call(t.me(), *self.roles(query, key, value), **given, **self.given("average_attn_weights")))

    # ------------------------------------------------------------ ONNX

    def onnx(self, g: OnnxBuilder, query: OnnxValue, key: Any, value: Any, padding: Any, mask: Any) -> Any:
        roles = self.roles(query, key, value)
        batch, length, keys = self.batch(query), self.length(query), self.keys(roles[1])
        q, k, v = self._more_keys(g, self._projected(g, roles), batch, query.dtype)
        blocked = self._blocked(g, (query, roles[1]), padding, mask)
        if g.opset >= 23 and not self.need_weights and single_or_half(g, query):
            wide = blocked if padding is None or blocked is None else g.op("Expand", blocked, g.sizes([length, keys]))
            heads = self.num_heads
            y = g.op("Attention", q, k, v, wide, q_num_heads=heads, kv_num_heads=heads)
            return self._out(g, y, query)
        q, k, v = (self._heads(g, x, query.shape[-1]) for x in (q, k, v))
        width = query.shape[-1] // self.num_heads
        y, weights = attend(
            g, (q, k, v), sizes=(length, keys, width), rank=4,
            mask=blocked, bool_mask=False, causal=False, scale=None, dtype=query.dtype,
        )  # fmt: skip
        y = g.op("Reshape", g.op("Transpose", y, perm=[0, 2, 1, 3]), g.const([0, 0, query.shape[-1]]))
        y = self._out(g, y, query)
        return (y, self._shown(g, weights, query)) if self.need_weights else y

    def _projected(self, g: OnnxBuilder, roles: Any) -> tuple[Any, Any, Any]:
        """[N, L, E] of queries, keys and values: one product where they are one tensor."""
        width = roles[0].shape[-1]
        joint = self._joint(*roles)
        if roles[0] is roles[1] is roles[2]:
            y = g.op(
                "MatMul",
                self._in(g, roles[0]),
                g.packed("in_proj_weight", _columns("in_proj_weight"), (width, 3 * width)),
            )
            y = g.op("Add", y, g.weight("in_proj_bias")) if self.bias else y
            q, k, v = g.op("Split", y, g.const([width] * 3), axis=-1, outputs=3)
            return q, k, v
        made = []
        for i, (name, x) in enumerate(zip(("q", "k", "v"), roles, strict=True)):
            part = slice(i * width, (i + 1) * width)
            make = _columns("in_proj_weight", part) if joint else _columns(f"{name}_proj_weight")
            y = g.op("MatMul", self._in(g, x), g.packed(f"{name}_proj_weight", make, (x.shape[-1], width)))
            bias = g.packed(f"{name}_proj_bias", _part("in_proj_bias", part), (width,)) if self.bias else None
            made.append(y if bias is None else g.op("Add", y, bias))
        return made[0], made[1], made[2]

    def _in(self, g: OnnxBuilder, x: Any) -> Any:
        if x.rank == 2:
            return unsqueeze(g, x, 0)
        return x if self.batch_first else g.op("Transpose", x, perm=[1, 0, 2])

    def _out(self, g: OnnxBuilder, y: Any, query: Any) -> Any:
        y = g.op("MatMul", y, g.packed("out_proj.weight", _columns("out_proj.weight"), (query.shape[-1],) * 2))
        y = g.op("Add", y, g.weight("out_proj.bias")) if self.bias else y
        if query.rank == 2:
            return squeeze(g, y, 0)
        return y if self.batch_first else g.op("Transpose", y, perm=[1, 0, 2])

    def _more_keys(self, g: OnnxBuilder, qkv: Any, batch: Size, dtype: str) -> tuple[Any, Any, Any]:
        q, k, v = qkv
        if self.add_bias_kv:
            each = g.sizes([batch, 1, 1])
            k = g.op("Concat", k, g.op("Expand", g.weight("bias_k"), each), axis=1)
            v = g.op("Concat", v, g.op("Expand", g.weight("bias_v"), each), axis=1)
        if self.add_zero_attn:
            end = g.const([0, 0, 0, 0, 1, 0])
            k, v = g.op("Pad", k, end), g.op("Pad", v, end)
        return q, k, v

    def _heads(self, g: OnnxBuilder, x: Any, width: Any) -> Any:
        """[N, L, E] -> [N, heads, L, E / heads]."""
        apart = g.op("Reshape", x, g.const([0, 0, self.num_heads, width // self.num_heads]))
        return g.op("Transpose", apart, perm=[0, 2, 1, 3])

    def _blocked(self, g: OnnxBuilder, pair: tuple[Any, Any], padding: Any, mask: Any) -> Any:
        """All masks as one that is added to the scores; what is added to the keys is never blocked."""
        query, key = pair
        parts = []
        if padding is not None:
            flat = self._added(g, padding, query.dtype)
            parts.append(unsqueeze(g, flat, *((0, 1, 2) if padding.rank == 1 else (1, 2))))
        if mask is not None:
            flat = self._added(g, mask, query.dtype)
            apart = [self.batch(query), self.num_heads, self.length(query), self.length(key)]
            parts.append(flat if mask.rank == 2 else g.op("Reshape", flat, g.sizes(apart)))
        if self.is_causal:
            parts.append(causal_mask(g, self.length(query), self.length(key), query.dtype))
        if not parts:
            return None
        total = parts[0] if len(parts) == 1 else g.op("Add", *parts)
        extra = int(self.add_bias_kv) + int(self.add_zero_attn)
        rank = 2 if padding is None and (mask is None or mask.rank == 2) else 4
        return g.op("Pad", total, g.const([0] * (2 * rank - 1) + [extra])) if extra else total

    def _added(self, g: OnnxBuilder, mask: Any, dtype: str) -> Any:
        """True blocks."""
        if mask.dtype != "bool":
            return mask
        return g.op("Where", mask, g.const(-float("inf"), dtype), g.const(0.0, dtype))

    def _shown(self, g: OnnxBuilder, weights: Any, query: Any) -> Any:
        if self.average_attn_weights:
            weights = reduce(g, "ReduceMean", weights, [1], keepdims=False)
        return squeeze(g, weights, 0) if query.rank == 2 else weights

    def detail(self) -> str:
        return f"{self.num_heads} heads" + (", causal" if self.is_causal else "")


def _columns(name: str, part: slice = slice(None)) -> Any:
    return lambda w: w(name)[part].T


def _part(name: str, part: slice) -> Any:
    return lambda w: w(name)[part]


def divisors_near(number: int, wanted: int) -> list[int]:
    """At most three, in order; none where there are none within reach: numbers may be as large as they like."""
    start = min(wanted, number)
    around = (h for away in range(1000) for h in dict.fromkeys((start - away, start + away)))
    return sorted(islice((h for h in around if 0 < h <= number and number % h == 0), 3))
