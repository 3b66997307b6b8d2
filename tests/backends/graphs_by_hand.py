"""Graphs of well-known networks, built without the language: what the backends are tested on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops import families
from nndsl.ops.families import Family
from nndsl.ops.schema import Op, Weight
from nndsl.shapes import Dim, Facts, Size, TensorType, product, symbol
from nndsl.source import Source, Span

SPAN = Span(Source("", "by-hand.nn"), 0, 0)
N: Size = symbol("N")
T: Size = symbol("T")


class Made(Op, abstract=True):
    """An operator of which only the outside matters."""

    name = "Made"
    family = families.TENSOR
    words: str = ""
    owned: list[Weight]
    work: Size | None
    arithmetic: Size | None

    def weights(self, *inputs: Any) -> list[Weight]:
        return self.owned

    def macs(self, *inputs: Any, y: Any) -> Size | None:
        return self.work

    def flops(self, *inputs: Any, y: Any) -> Size | None:
        return self.arithmetic

    def detail(self) -> str:
        return self.words

    def spell(self) -> str:
        return f"{self.name}({self.words})" if self.words else self.name


_CLASSES: dict[tuple[str, str], type[Made]] = {}


def made(
    name: str,
    family: Family,
    words: str = "",
    weights: Sequence[tuple[str, tuple[Size, ...]]] = (),
    macs: Size | None = 0,
    flops: Size | None = 0,
    buffers: Sequence[tuple[str, tuple[Size, ...]]] = (),
) -> Made:
    known = _CLASSES.get((name, family.name))
    if known is None:

        class Known(Made, abstract=True):
            pass

        Known.name, Known.family = name, family
        known = _CLASSES[name, family.name] = Known
    op = known.__new__(known)
    op.words, op.work, op.arithmetic = words, macs, flops
    op.owned = [Weight(key, shape) for key, shape in weights]
    op.owned += [Weight(key, shape, "buffer") for key, shape in buffers]
    return op


class Builder:
    """Writes one graph. Labels are made from types, as the language makes them."""

    def __init__(self, name: str, kind: str = "block", **hyper: Any) -> None:
        self.graph = Graph(name, kind, SPAN, hyper=hyper)
        if kind == "model":
            self.graph.facts = Facts()
        self.counts: dict[str, int] = {}

    def input(self, name: str, *shape: Size, dtype: str = "float") -> Value:
        value = Value(TensorType(dtype, shape), name)
        self.graph.inputs.append(value)
        return value

    def like(self, name: str, value: Value) -> Value:
        return self.input(name, *value.shape, dtype=value.dtype)

    def output(self, name: str, value: Value) -> Value:
        self.graph.outputs.append(Port(name, value))
        return value

    def add(
        self,
        target: Op | Graph,
        inputs: Sequence[Value | None],
        types: Sequence[TensorType],
        label: str = "",
        **more: Any,
    ) -> Any:
        name = target.name.lower()
        if not label:
            self.counts[name] = self.counts.get(name, 0) + 1
        outputs = [Value(t, index=i) for i, t in enumerate(types)]
        node = Node(
            target, list(inputs), outputs, label or f"{name}_{self.counts[name]}", SPAN, labelled=bool(label), **more
        )
        for value in outputs:
            value.producer = node
        self.graph.nodes.append(node)
        return outputs[0] if len(outputs) == 1 else outputs

    def op(self, op: Op, *inputs: Value, shape: Sequence[Size] | None = None, label: str = "", **more: Any) -> Any:
        first = inputs[0].type if inputs else TensorType("float", ())
        kind = first if shape is None else TensorType("float", tuple(shape))
        return self.add(op, inputs, [kind], label, **more)

    def call(self, graph: Graph, *inputs: Value, label: str = "", **more: Any) -> Any:
        return self.add(graph, inputs, [port.value.type for port in graph.outputs], label, **more)

    # ------------------------------------------------------------ layers

    def linear(self, x: Value, out: int, label: str = "") -> Value:
        d = x.shape[-1]
        shape = (*x.shape[:-1], out)
        work = product(shape) * d
        op = made("Linear", families.LINEAR, f"{d}→{out}", [("weight", (out, d)), ("bias", (out,))], work, work * 2)
        return self.op(op, x, shape=shape, label=label)  # type: ignore[no-any-return]

    def conv(self, x: Value, out: int, k: int = 3, stride: int = 1, label: str = "") -> Value:
        n, c, h, w = x.shape
        shape = (n, out, _less(h, stride), _less(w, stride))
        words = f"{out}, {k}×{k}" + (f" / {stride}" if stride > 1 else "")
        work = product(shape) * c * k * k
        return self.op(
            made("Conv2d", families.CONVOLUTION, words, [("weight", (out, c, k, k))], work, work * 2),
            x,
            shape=shape,
            label=label,
        )  # type: ignore[no-any-return]

    def pool(self, x: Value, k: int = 2, stride: int = 2) -> Value:
        n, c, h, w = x.shape
        words = f"{k}×{k}" + (f" / {stride}" if stride > 1 else "")
        return self.op(made("MaxPool2d", families.POOLING, words), x, shape=(n, c, _less(h, stride), _less(w, stride)))  # type: ignore[no-any-return]

    def bn(self, x: Value, label: str = "") -> Value:
        c = x.shape[1]
        op = made(
            "BatchNorm2d",
            families.NORMALIZATION,
            "",
            [("weight", (c,)), ("bias", (c,))],
            buffers=[("running_mean", (c,)), ("running_var", (c,))],
        )
        return self.op(op, x, label=label)  # type: ignore[no-any-return]

    def norm(self, x: Value, label: str = "") -> Value:
        d = x.shape[-1]
        norm = made("LayerNorm", families.NORMALIZATION, "", [("weight", (d,)), ("bias", (d,))])
        return self.op(norm, x, label=label)  # type: ignore[no-any-return]

    def relu(self, x: Value, name: str = "ReLU") -> Value:
        return self.op(made(name, families.ACTIVATION, flops=product(x.shape)), x)  # type: ignore[no-any-return]

    def dropout(self, x: Value) -> Value:
        return self.op(made("Dropout", families.REGULARIZATION, "0.1"), x)  # type: ignore[no-any-return]

    def plus(self, x: Value, y: Value) -> Value:
        return self.op(made("Add", families.ARITHMETIC, flops=product(x.shape)), x, y)  # type: ignore[no-any-return]

    def times(self, x: Value, y: Value) -> Value:
        return self.op(made("Multiply", families.ARITHMETIC, flops=product(x.shape)), x, y)  # type: ignore[no-any-return]

    def concat(self, *xs: Value, dim: int = 1) -> Value:
        shape = list(xs[0].shape)
        shape[dim] = sum((x.shape[dim] for x in xs), 0)
        return self.op(made("Concat", families.SHAPE, f"dim={dim}"), *xs, shape=shape)  # type: ignore[no-any-return]

    def reshape(self, x: Value, *shape: Size, name: str = "Flatten", words: str = "") -> Value:
        return self.op(made(name, families.SHAPE, words), x, shape=shape)  # type: ignore[no-any-return]

    def parameter(self, name: str, *shape: Size) -> Value:
        value = self.op(made("Parameter", families.TENSOR, str(list(shape)), [("", shape)]), shape=shape, label=name)
        value.name = name
        return value  # type: ignore[no-any-return]

    def sequence(
        self, members: Sequence[Graph | Callable[[Builder, Value], Value]], x: Value, label: str = "", **more: Any
    ) -> Value:
        """A list of layers, its members numbered."""
        inner = Builder("Sequential", "sequence")
        value = inner.like("x", x)
        for i, member in enumerate(members):
            value = inner.call(member, value) if isinstance(member, Graph) else member(inner, value)
            node = inner.graph.nodes[-1]
            node.label, node.labelled = str(i), False
        inner.output("y", value)
        return self.call(inner.graph, x, label=label, **more)  # type: ignore[no-any-return]


def _less(size: Size, stride: int) -> Size:
    return size // stride


# ---------------------------------------------------------------- networks


def basic_block(like: Value, channels: int, stride: int = 1) -> Graph:
    b = Builder("BasicBlock", channels=channels, stride=stride)
    x = b.like("x", like)
    h = b.relu(b.bn(b.conv(x, channels, 3, stride, "conv1"), "bn1"))
    h = b.bn(b.conv(h, channels, 3, 1, "conv2"), "bn2")
    short = x
    if stride > 1 or like.shape[1] != channels:
        short = b.sequence([lambda i, v: i.conv(v, channels, 1, stride), lambda i, v: i.bn(v)], x, "downsample")
    b.output("y", b.relu(b.plus(h, short)))
    return b.graph


def resnet(depths: Sequence[int] = (2, 2, 2, 2), classes: int = 1000) -> Graph:
    b = Builder("ResNet18", "model")
    x = b.input("image", N, 3, 224, 224)
    h = b.pool(b.relu(b.bn(b.conv(x, 64, 7, 2, "conv1"), "bn1")), 3, 2)
    for i, depth in enumerate(depths):
        channels = 64 * 2**i
        first = basic_block(h, channels, 1 if i == 0 else 2)
        rest = basic_block(first.outputs[0].value, channels)
        members = [rest] * depth if i == 0 else [first] + [rest] * (depth - 1)
        h = b.sequence(members, h, f"layer{i + 1}")
    h = b.op(made("AdaptiveAvgPool2d", families.POOLING, "1"), h, shape=(N, h.shape[1], 1, 1))
    b.output("logits", b.linear(b.reshape(h, N, h.shape[1]), classes, "fc"))
    return b.graph


def conv_norm(like: Value, out: int, k: int) -> Graph:
    b = Builder("ConvNorm", out=out, kernel_size=k)
    x = b.like("x", like)
    b.output("y", b.relu(b.bn(b.conv(x, out, k, 1, "conv"), "norm")))
    return b.graph


def inception(like: Value, *c: int) -> Graph:
    b = Builder("Inception")
    x = b.like("x", like)
    one = b.call(conv_norm(x, c[0], 1), x, label="branch1")
    three = b.call(conv_norm(x, c[1], 1), x, label="branch2_0")
    three = b.call(conv_norm(three, c[2], 3), three, label="branch2_1")
    five = b.call(conv_norm(x, c[3], 1), x, label="branch3_0")
    five = b.call(conv_norm(five, c[4], 5), five, label="branch3_1")
    pooled = b.pool(x, 3, 1)
    pooled = b.call(conv_norm(pooled, c[5], 1), pooled, label="branch4_1")
    b.output("y", b.concat(one, three, five, pooled))
    return b.graph


INCEPTIONS = [
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
]


def googlenet(blocks: int = 4, auxiliary: bool = True) -> Graph:
    b = Builder("GoogLeNet", "model")
    x = b.input("image", N, 3, 224, 224)
    h = b.pool(b.call(conv_norm(x, 64, 7), x, label="conv1"), 3, 2)
    for i in range(blocks):
        h = b.call(inception(h, *INCEPTIONS[i % 4]), h, label=f"inception{i}")
        if auxiliary and i in (1, 2):
            a = b.op(made("AdaptiveAvgPool2d", families.POOLING, "4"), h, shape=(N, h.shape[1], 4, 4), mode="train")
            a = b.linear(b.reshape(a, N, h.shape[1] * 16), 1000)
            for node in b.graph.nodes[-2:]:
                node.mode = "train"
            b.output(f"aux{i}", a)
            b.graph.outputs[-1].mode = "train"
    h = b.op(made("AdaptiveAvgPool2d", families.POOLING, "1"), h, shape=(N, h.shape[1], 1, 1))
    b.output("logits", b.linear(b.dropout(b.reshape(h, N, h.shape[1])), 1000, "fc"))
    return b.graph


def attention(like: Value, heads: int = 12) -> Graph:
    b = Builder("SelfAttention", heads=heads)
    x = b.like("x", like)
    n, t, d = x.shape
    width = d // heads
    h = b.linear(x, 3 * d, "qkv")  # type: ignore[operator]
    h = b.reshape(h, 3, n, heads, t, width, name="Rearrange", words="b t (three h d) → three b h t d")
    q, k, v = b.add(made("Unbind", families.SHAPE, "0"), [h], [TensorType("float", (n, heads, t, width))] * 3)
    work = n * t * t * d * 2
    h = b.op(
        made("ScaledDotProductAttention", families.ATTENTION, "", macs=work, flops=work * 2),
        q,
        k,
        v,
        shape=(n, heads, t, width),
    )
    b.output("y", b.linear(b.reshape(h, n, t, d, name="Rearrange", words="b h t d → b t (h d)"), d, "proj"))  # type: ignore[arg-type]
    return b.graph


def encoder_layer(like: Value, heads: int = 12) -> Graph:
    b = Builder("EncoderLayer", heads=heads, hidden=4 * like.shape[-1])
    x = b.like("x", like)
    d = int(str(x.shape[-1]))
    h = b.norm(x, "norm1")
    h = b.plus(x, b.dropout(b.call(attention(h, heads), h, label="attn")))
    m = b.norm(h, "norm2")
    mlp = [lambda i, v: i.linear(v, 4 * d), lambda i, v: i.relu(v, "GELU"), lambda i, v: i.linear(v, d)]
    b.output("y", b.plus(h, b.dropout(b.sequence(mlp, m, "mlp"))))
    return b.graph


def encoder(depth: int = 6, width: int = 512, vocab: int = 32000, heads: int = 8) -> Graph:
    b = Builder("TransformerEncoder", "model")
    tokens = b.input("tokens", N, T, dtype="int64")
    h = b.op(
        made("Embedding", families.EMBEDDING, f"{vocab}→{width}", [("weight", (vocab, width))]),
        tokens,
        shape=(N, T, width),
        label="embed",
    )
    h = b.sequence([encoder_layer(h, heads)] * depth, h, "layers")
    b.output("logits", b.linear(b.norm(h, "norm"), vocab, "head"))
    return b.graph


def vit(depth: int = 12) -> Graph:
    b = Builder("ViT", "model")
    image = b.input("image", N, 3, 224, 224)
    cls, pos = b.parameter("cls", 1, 1, 768), b.parameter("pos", 1, 197, 768)
    op = made(
        "Conv2d",
        families.CONVOLUTION,
        "768, 16×16 / 16",
        [("weight", (768, 3, 16, 16)), ("bias", (768,))],
        N * 196 * 768 * 768,
    )
    h = b.op(op, image, shape=(N, 768, 14, 14))
    h = b.reshape(h, N, 196, 768, name="Rearrange", words="n c h w → n (h w) c")
    first = b.op(made("Expand", families.SHAPE, "N, 1, 768"), cls, shape=(N, 1, 768))
    h = b.concat(first, h)
    h = b.plus(h, pos)
    h = b.sequence([encoder_layer(h)] * depth, h, "encoder")
    h = b.norm(h, "norm")
    h = b.op(made("Index", families.SHAPE, "[:, 0]"), h, shape=(N, 768))
    b.output("logits", b.linear(h, 1000, "head"))
    return b.graph


def lstm() -> Graph:
    b = Builder("LSTMClassifier", "model")
    tokens = b.input("tokens", N, T, dtype="int64")
    h = b.op(
        made("Embedding", families.EMBEDDING, "20000→128", [("weight", (20000, 128))]),
        tokens,
        shape=(N, T, 128),
        label="embed",
    )
    op = made(
        "LSTM",
        families.RECURRENT,
        "256, 2 layers",
        [("weight_ih_l0", (1024, 128)), ("weight_hh_l0", (1024, 256))],
        N * T * 393216,
        None,
    )
    y, h_n, c_n = b.add(op, [h], [TensorType("float", (N, T, 256)), *[TensorType("float", (2, N, 256))] * 2], "lstm")
    last = b.op(made("Index", families.SHAPE, "[:, -1]"), y, shape=(N, 256))
    b.output("logits", b.linear(b.dropout(last), 2, "head"))
    b.output("h_n", h_n)
    b.output("c_n", c_n)
    return b.graph


def double_conv(like: Value, channels: int) -> Graph:
    b = Builder("DoubleConv", channels=channels)
    h = b.like("x", like)
    for _ in range(2):
        h = b.relu(b.bn(b.conv(h, channels)))
    b.output("y", h)
    return b.graph


def unet(levels: int = 4) -> Graph:
    b = Builder("UNet", "model")
    h = b.input("image", N, 3, 256, 256)
    kept = []
    for i in range(levels):
        h = b.call(double_conv(h, 64 * 2**i), h, label=f"down{i}")
        kept.append(h)
        h = b.pool(h)
    h = b.call(double_conv(h, 64 * 2**levels), h, label="bottom")
    for i in reversed(range(levels)):
        n, c, rows, columns = h.shape
        h = b.op(
            made("ConvTranspose2d", families.CONVOLUTION, f"{64 * 2**i}, 2×2 / 2", [("weight", (c, 64 * 2**i, 2, 2))]),
            h,
            shape=(n, 64 * 2**i, rows * 2, columns * 2),
        )
        h = b.concat(kept[i], h)
        h = b.call(double_conv(h, 64 * 2**i), h, label=f"up{i}")
    b.output("mask", b.conv(h, 2, 1))
    return b.graph


def siamese() -> Graph:
    e = Builder("Encoder", width=128)
    x = e.input("x", N, 3, 64, 64)
    h = e.relu(e.conv(e.relu(e.conv(x, 32, 3, 2)), 64, 3, 2))
    h = e.op(made("AdaptiveAvgPool2d", families.POOLING, "1"), h, shape=(N, 64, 1, 1))
    e.output("y", e.linear(e.reshape(h, N, 64), 128))
    b = Builder("Siamese", "model")
    left, right = b.input("anchor", N, 3, 64, 64), b.input("positive", N, 3, 64, 64)
    a = b.call(e.graph, left, label="encoder")
    p = b.call(e.graph, right, label="encoder")
    b.output("a", a)
    b.output("p", p)
    distance = b.op(made("Subtract", families.ARITHMETIC), a, p)
    b.output("distance", b.op(made("Norm", families.REDUCTION, "dim=-1"), distance, shape=(N,)))
    return b.graph


def decoder_layer(x: Value, memory: Value) -> Graph:
    b = Builder("DecoderLayer", heads=8)
    h, m = b.like("x", x), b.like("memory", memory)
    s = b.norm(h)
    h = b.plus(h, b.call(attention(s, 8), s, label="self_attn"))
    q = b.norm(h)
    q, k, v = b.linear(q, 512, "q"), b.linear(m, 512, "k"), b.linear(m, 512, "v")
    c = b.op(made("ScaledDotProductAttention", families.ATTENTION), q, k, v)
    h = b.plus(h, b.linear(c, 512, "proj"))
    f = b.norm(h)
    h = b.plus(h, b.linear(b.relu(b.linear(f, 2048)), 512))
    b.output("y", h)
    return b.graph


def seq2seq(depth: int = 3, unfolded: bool = False, shared: bool = True) -> Graph:
    """`unfolded`: the decoder's layers differ, so that the memory reaches each of them."""
    b = Builder("Transformer", "model")
    source, target = b.input("source", N, symbol("S"), dtype="int64"), b.input("target", N, T, dtype="int64")
    embedding = [("weight", (1000, 512))]
    s = b.op(
        made("Embedding", families.EMBEDDING, "1000→512", embedding), source, shape=(N, symbol("S"), 512), label="embed"
    )
    t = b.op(
        made("Embedding", families.EMBEDDING, "1000→512", embedding),
        target,
        shape=(N, T, 512),
        label="embed" if shared else "embed_target",
    )
    memory = b.sequence([encoder_layer(s, 8)] * depth, s, "encoder")
    layer = decoder_layer(t, memory)
    for i in range(depth):
        t = b.call(layer, t, memory, label=f"decoder{i}")
        if unfolded:
            t = b.op(made("Scale", families.REGULARIZATION, str(i)), t)
    b.output("logits", b.linear(t, 1000))
    return b.graph


def densenet(layers: int = 5) -> Graph:
    b = Builder("DenseBlock", "model")
    features = [b.input("x", N, 64, 32, 32)]
    for _ in range(layers):
        joined = b.concat(*features) if len(features) > 1 else features[0]
        features.append(b.conv(b.relu(b.bn(joined)), 32))
    b.output("y", b.concat(*features))
    return b.graph


def cell(size: int = 9) -> Graph:
    """A searched cell: neither series nor parallel."""
    b = Builder("Cell", "model")
    values = [b.input("previous", N, 64, 16, 16), b.input("current", N, 64, 16, 16)]
    for i in range(size):
        values.append(b.plus(b.conv(values[i // 2], 64), b.pool(values[-1 - i % 2], 3, 1)))
    b.output("y", b.concat(*values[-4:]))
    return b.graph


def squeeze_excite() -> Graph:
    b = Builder("SqueezeExcite", "model", reduction=16)
    x = b.input("x", N, 256, 14, 14)
    h = b.op(made("AdaptiveAvgPool2d", families.POOLING, "1"), x, shape=(N, 256, 1, 1))
    h = b.relu(b.conv(b.relu(b.conv(h, 16, 1)), 256, 1), "Sigmoid")
    b.output("y", b.times(x, h))
    return b.graph


def masked() -> Graph:
    """An input that is used late, in a block."""
    a = Builder("MaskedAttention", heads=8)
    x, m = a.input("x", N, T, 512), a.input("mask", N, T, T, dtype="bool")
    q = a.linear(x, 512, "q")
    a.output(
        "y",
        a.op(made("ScaledDotProductAttention", families.ATTENTION), q, a.linear(x, 512, "k"), a.linear(x, 512, "v"), m),
    )
    b = Builder("Masked", "model")
    h, mask = b.input("x", N, T, 512), b.input("mask", N, T, T, dtype="bool")
    for _ in range(2):
        h = b.plus(h, b.call(a.graph, b.norm(h), mask))
        h = b.linear(h, 512)
    b.output("y", h)
    return b.graph


def gated(count: int = 6) -> Graph:
    """Many branches of different lengths, joined in pairs."""
    b = Builder("Mixture", "model")
    x = b.input("x", N, 64)
    experts = []
    for i in range(count):
        h = x
        for _ in range(1 + i % 3):
            h = b.relu(b.linear(h, 64))
        experts.append(h)
    gate = b.relu(b.linear(x, count), "Softmax")
    b.output("y", b.op(made("Combine", families.ATTENTION, "weighted sum"), *experts, gate, shape=(N, 64)))
    return b.graph


def chain(length: int, residual: bool = False) -> Graph:
    """Distinct layers, one after another."""
    b = Builder("Chain", "model")
    h = b.input("x", N, 64)
    for i in range(length):
        y = b.op(made("Linear", families.LINEAR, str(i), [("weight", (64, 64))], N * 4096, N * 8192), h)
        h = b.plus(h, y) if residual else y
    b.output("y", h)
    return b.graph


def early_exits(length: int) -> Graph:
    """An output after each layer."""
    b = Builder("Exits", "model")
    h = b.input("x", N, 64)
    for i in range(length):
        h = b.op(made("Linear", families.LINEAR, str(i), [("weight", (64, 64))]), h)
        b.output(f"y{i}", b.linear(h, 10))
    return b.graph


SAMPLES: dict[str, Callable[[], Graph]] = {
    "resnet": resnet,
    "googlenet": googlenet,
    "encoder": encoder,
    "vit": vit,
    "lstm": lstm,
    "unet": unet,
    "siamese": siamese,
    "seq2seq": seq2seq,
    "seq2seq_unfolded": lambda: seq2seq(unfolded=True),
    "densenet": densenet,
    "cell": cell,
    "squeeze_excite": squeeze_excite,
    "masked": masked,
    "gated": gated,
    "chain": lambda: chain(5),
    "chain_residual": lambda: chain(4, residual=True),
    "early_exits": lambda: early_exits(4),
}

__all__ = ["SAMPLES", "Builder", "Dim", "made"]
