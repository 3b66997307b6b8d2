"""Every construct of the language as PyTorch: the source is clean, it runs, its weights are the IR's."""

from __future__ import annotations

import pytest
import torch

from nndsl.backends.torch import module, source
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops import lookup
from nndsl.ops.schema import Op
from nndsl.shapes import Facts, TensorType, symbol
from nndsl.source import Source, Span
from tests.backends.torch_support import check, graph_of

SPECS = {
    "shared layer": """
block Encoder(width: int) { input x: [N, C, H, W]
  x -> conv: Conv2d(width, 3, padding=1) -> ReLU -> AdaptiveAvgPool2d(1) -> Flatten }
model Siamese(width: int = 16) {
  input anchor: float[N, 3, 8, 8]
  input positive: float[N, 3, 8, 8]
  layer encoder = Encoder(width)
  output a = anchor -> encoder
  output p = positive -> encoder
}""",
    "tied weights": """
model LM(vocab: int = 30, dim: int = 16) {
  input tokens: int[B, T]
  layer embed = Embedding(vocab, dim)
  h = tokens -> embed -> fc: Linear(dim)
  output logits: [B, T, vocab] = h @ embed.weight.T
}""",
    "borrowed layer": """
block Apply(f: layer) { input x: [N, D]
  x + (x -> pre: Linear(D) -> f) }
model Borrow { input x: float[N, 8]
  layer shared = Linear(8)
  output y = x -> Apply { shared -> act: Tanh } -> shared }""",
    "borrowed in a list": """
block Apply(f: layer) { input x: [N, D]
  x + (x -> pre: Linear(D) -> f) }
model Borrow { input x: float[N, 8]
  layer shared = Linear(8)
  output y = x -> layers: [Apply { shared }] * 4 -> shared }""",
    "switches": """
model Modes { input x: float[N, 8]
  h = x -> fc1: Linear(16)
  h = if training { h -> noise: Linear(16) -> ReLU } else { h -> Tanh }
  g = if training { h -> Dropout(0.5) } else { h }
  output y = g -> fc2: Linear(4) }""",
    "switch keeps what both sides need": """
model Modes { input x: float[N, 8]
  a = x -> fc1: Linear(8)
  h = if training { a -> Linear(8) -> ReLU -> Linear(8) } else { (a -> Linear(8)) * a }
  output y = h + x }""",
    "outputs while training": """
model Aux { input x: float[N, 8]
  h = x -> fc: Linear(8) -> ReLU
  if training { output aux: [N, 4] = h -> aux: Linear(4) }
  output logits = h -> head: Linear(3) }""",
    "buffers and parameters": """
model Buf(dim: int = 8) { input x: float[N, T, dim]
  buffer scale: float[dim] = ones
  buffer count: int[] = zeros
  buffer pos: float[dim] = Arange(dim) * 2.0 -> Sin
  param gain: float[dim] = normal(std=0.5)
  param bias: float[] = zeros
  param half: float[2, dim] = constant(0.5)
  output y = x * scale * gain + pos + bias + half[0] }""",
    "positions made in forward": """
model Pos { input x: float[N, T, 8]
  t = Arange(T) -> Cast(float)
  output y = x + (t -> Reshape(T, 1)) }""",
    "sizes put together": """
model Sizes { input x: float[N, 3, H, W]
  require H % 4 == 0 and W % 4 == 0
  h = x -> Conv2d(8, 3, stride=2, padding=1) -> Conv2d(8, 3, stride=2, padding=1)
  t = h -> Reshape(N, 8, H // 4 * (W // 4)) -> Transpose(1, 2) -> Linear(4)
  output y = t -> Transpose(1, 2) -> Reshape(N, 4, H // 4, W // 4)
  output z = Zeros(N, H, 2 * W + 1) }""",
    "sizes that only the input told": """
model Late { input x: float[N, T, 8]
  h = x -> Transpose(1, 2) -> ReLU
  h = h -> Mean(dim=2) -> Linear(6)
  h = h -> Reshape(-1) -> ReLU -> Tanh
  output y = Zeros(T, 2) + (h -> Sum(dim=0) -> Reshape(1, 1)) }""",
    "lists with functions inside": """
model Inline { input x: float[N, 6, 8]
  y = x -> mlp: [Linear(8), Transpose(1, 2), Linear(6), Transpose(1, 2)]
  output z = y -> pre: [Reshape(N, -1), [Linear(12), ReLU], last: Linear(4)] }""",
    "named members": """
model Named { input x: float[N, 8]
  output y = x -> stem: [fc: Linear(8), act: ReLU] -> layers: ["layer_{i}": Linear(8) for i in 0..5]
    -> rest: ["block_{i}": Linear(8 + i) for i in 0..3] }""",
    "several values": """
block Two(n: int) { input x: [N, D]
  output a: [N, D] = x -> fa: Linear(D)
  output b: [N, n] = x -> fb: Linear(n) }
model Multi { input x: float[N, 8]
  a, b = x -> two: Two(5)
  _, d = a -> three: Two(3)
  output y = (a, b, d) -> Concat(dim=-1) }""",
    "arithmetic": """
model Arith { input x: float[N, 8]
  a = x * 2 + 1 - x / 3 ** 2
  b = (a + x) * (a - x) - (x - (a - 1))
  c = -(a + b) ** 2 + 2 ** -x
  output y = (a, b, c) -> Concat(dim=1) }""",
    "stochastic depth": """
model Dp { input x: float[N, 8]
  output y = x -> layers: [Residual { Linear(8) -> DropPath(0.1 * i / 3) } for i in 0..4] }""",
    "recurrent": """
model Rnn { input x: float[B, T, 8]
  y, h, c = x -> lstm: LSTM(16, num_layers=2, bidirectional=true)
  z, k = y -> gru: GRU(8)
  output out = z[:, -1] -> Linear(3)
  output hidden = h }""",
    "attention": """
block E(heads: int) { input x: [B, T, D]
  require D % heads == 0
  x -> Residual { norm: LayerNorm -> attn: SelfAttention(heads) } }
model Attn { input x: float[B, T, 64]
  output y = x -> a: E(4) -> Linear(128) -> b: E(8) -> Linear(32) -> c: E(2) }""",
    "a model in a model": """
model Gen { input z: float[N, 4]
  output img = z -> Linear(8) }
model Whole { input z: float[N, 4]
  output y = z -> gen: Gen -> Linear(2) }""",
    "masks through a decoder": """
model Dec { input x: float[B, T, 64]
  input m: float[B, S, 64]
  input mask: bool[T, T]
  output y = (x, m, tgt_mask: mask)
    -> d: TransformerDecoder(TransformerDecoderLayer(4, 128, norm_first=true), 3, norm=LayerNorm) }""",
    "initialisers": """
model Init { input x: float[N, 8]
  init = xavier_uniform
  init Linear.bias = zeros
  output y = x -> Linear(8) -> LayerNorm
    -> stack: [Linear(8, init=normal(std=0.1), bias_init=constant(0.5))] * 5 -> Linear(8, bias=false) }""",
}


@pytest.mark.parametrize("name", SPECS)
def test_construct(name: str) -> None:
    check(graph_of(SPECS[name]))


def test_layers_that_all_see_a_mask_are_a_loop() -> None:
    text = source(graph_of(SPECS["masks through a decoder"]))
    assert "        for layer in self.layers:\n            tgt = layer(tgt, memory, tgt_mask)\n" in text
    assert "for _ in range(num_layers)" in text


def test_shared_layers_are_one_module() -> None:
    made = check(graph_of(SPECS["shared layer"]))
    x = torch.randn(2, 3, 8, 8)
    a, p = made(x, x)
    torch.testing.assert_close(a, p)


def test_tied_weights_are_counted_once_and_used_twice() -> None:
    made = check(graph_of(SPECS["tied weights"]))
    made(torch.zeros(1, 3, dtype=torch.long)).sum().backward()
    weight = made.get_parameter("embed.weight")
    assert weight.grad is not None
    assert weight.grad.ne(0).all()


def test_switch_values() -> None:
    made = check(graph_of(SPECS["switches"])).eval()
    x = torch.randn(3, 8)
    expected = made.fc2(torch.tanh(made.fc1(x)))
    torch.testing.assert_close(made(x), expected)


def test_training_outputs_are_a_named_tuple() -> None:
    made = check(graph_of(SPECS["outputs while training"]))
    x = torch.randn(3, 8)
    assert made.train()(x)._fields == ("logits", "aux")
    assert isinstance(made.eval()(x), torch.Tensor)


def test_buffers_have_their_values() -> None:
    made = check(graph_of(SPECS["buffers and parameters"]))
    torch.testing.assert_close(made.pos, torch.sin(torch.arange(8) * 2.0))
    assert dict(made.named_parameters())["half"].eq(0.5).all()
    assert made.count.dtype == torch.int64


def test_a_computed_argument_keeps_its_place_in_a_buffer() -> None:
    """A class of two instances: the buffer is written with the class's arguments."""
    made = check(
        graph_of("""
block Table(window: int) {
  input x: [N, D]
  buffer index: int[D] = (Arange(D) + 1) * (2 * window - 1)
  x + index
}
model M {
  input x: float[N, 6]
  output y = x -> three: Table(3) -> four: Table(4)
}
""")
    )
    assert made.three.index.tolist() == [5, 10, 15, 20, 25, 30]
    assert made.four.index.tolist() == [7, 14, 21, 28, 35, 42]


def test_initialisers_reach_their_weights() -> None:
    made = check(graph_of(SPECS["initialisers"]))
    assert made.linear_1.bias.eq(0).all()
    assert all(layer.bias.eq(0.5).all() for layer in made.stack)
    assert made.layernorm_1.weight.eq(1).all()
    bound = (6 / 16) ** 0.5
    assert made.linear_1.weight.abs().max() <= bound


def test_variables_are_not_overwritten_too_early() -> None:
    """The reference is the same arithmetic by hand."""
    made = check(graph_of(SPECS["arithmetic"]))
    x = torch.rand(2, 8)
    a = x * 2 + 1 - x / 9
    b = (a + x) * (a - x) - (x - (a - 1))
    c = -((a + b) ** 2) + 2**-x
    torch.testing.assert_close(made(x), torch.cat([a, b, c], dim=1))


# ---------------------------------------------------------------- graphs made by hand

HERE = Span(Source("by hand"), 0, 7)


def _op(name: str, *args: object, **kwargs: object) -> Op:
    cls = lookup(name)
    assert cls is not None
    return cls(*args, **kwargs)


def _node(graph: Graph, target: Op | Graph, inputs: list[Value], types: list[TensorType], label: str) -> Node:
    made = Node(target, list(inputs), [], label, HERE)
    made.outputs = [Value(t, "", made, i) for i, t in enumerate(types)]
    graph.nodes.append(made)
    return made


def _masked() -> Graph:
    """x * mask -> Linear."""
    b = symbol("B")
    block = Graph("Masked", "block", HERE, dims={"B": b, "D": 8})
    x, mask = Value(TensorType("float", (b, 8)), "x"), Value(TensorType("float", (b, 1)), "mask")
    block.inputs = [x, mask]
    product = _node(block, _op("Multiply"), [x, mask], [x.type], "mul")
    out = _node(block, _op("Linear", 8), [product.outputs[0]], [x.type], "fc")
    block.outputs = [Port("y", out.outputs[0])]
    return block


def _model(inputs: list[Value], name: str = "ByHand") -> Graph:
    return Graph(name, "model", HERE, inputs=inputs, facts=Facts())


def test_loop_over_members_that_take_several_values() -> None:
    b = symbol("B")
    block = _masked()
    x, mask = Value(TensorType("float", (b, 8)), "x"), Value(TensorType("float", (b, 1)), "mask")
    layers = Graph("layers", "sequence", HERE)
    layers.inputs = [Value(x.type, ""), Value(mask.type, "")]
    at = layers.inputs[0]
    for i in range(6):
        at = _node(layers, block, [at, layers.inputs[1]], [x.type], str(i)).outputs[0]
    layers.outputs = [Port("y", at)]
    model = _model([x, mask])
    out = _node(model, layers, [x, mask], [x.type], "blocks")
    model.outputs = [Port("y", out.outputs[0])]
    text = source(model)
    assert "self.blocks = nn.ModuleList([Masked() for _ in range(6)])" in text
    assert "        for block in self.blocks:\n            x = block(x, mask)\n        return x\n" in text
    check(model, text)


def test_loop_does_not_lose_a_value_that_is_still_needed() -> None:
    b = symbol("B")
    block = _masked()
    x, mask = Value(TensorType("float", (b, 8)), "x"), Value(TensorType("float", (b, 1)), "mask")
    layers = Graph("layers", "sequence", HERE)
    layers.inputs = [Value(x.type, ""), Value(mask.type, "")]
    at = layers.inputs[0]
    for i in range(3):
        at = _node(layers, block, [at, layers.inputs[1]], [x.type], str(i)).outputs[0]
    layers.outputs = [Port("y", at)]
    model = _model([x, mask])
    out = _node(model, layers, [x, mask], [x.type], "blocks")
    both = _node(model, _op("Add"), [out.outputs[0], x], [x.type], "add")
    model.outputs = [Port("y", both.outputs[0])]
    made = check(model)
    data, ones = torch.randn(2, 8), torch.ones(2, 1)
    expected = data
    for layer in made.blocks:  # type: ignore[union-attr]
        expected = layer(expected, ones)
    torch.testing.assert_close(made(data, ones), expected + data)


def test_dotted_labels_are_lists_of_shared_layers() -> None:
    b = symbol("B")
    block = _masked()
    x, mask = Value(TensorType("float", (b, 8)), "x"), Value(TensorType("float", (b, 1)), "mask")
    model = _model([x, mask])
    at = x
    for i in range(4):
        at = _node(model, block, [at, mask], [x.type], f"blocks.{i}").outputs[0]
    model.outputs = [Port("y", at)]
    text = source(model)
    assert "for block in self.blocks:" in text
    check(model, text)


def test_unused_results_leave_no_variable() -> None:
    b = symbol("B")
    x = Value(TensorType("float", (b, 8)), "x")
    model = _model([x])
    _node(model, _op("Linear", 3), [x], [TensorType("float", (b, 3))], "unused")
    out = _node(model, _op("Linear", 4), [x], [TensorType("float", (b, 4))], "used")
    model.outputs = [Port("y", out.outputs[0])]
    assert "return self.used(x)" in source(model)
    check(model)


def test_a_value_used_twice_is_computed_once() -> None:
    b = symbol("B")
    x = Value(TensorType("float", (b, 8)), "x")
    model = _model([x])
    h = _node(model, _op("Linear", 8), [x], [x.type], "fc").outputs[0]
    out = _node(model, _op("Multiply"), [h, h], [x.type], "mul")
    model.outputs = [Port("y", out.outputs[0])]
    assert source(model).count("self.fc(") == 1
    module(model)


def test_a_value_that_waits_keeps_its_name() -> None:
    """The name of an output that is not written down yet is none for the parts of the next call."""
    graph = graph_of("""
model M {
  input x: float[N, T, 8]
  require T >= 2
  h = x -> Linear(8) -> ReLU
  output y = (h, h -> ArgMax(dim=1, keepdim=true)) -> Gather(1)
  output z = h -> TopK(2, dim=1) -> Item(1) -> Cast("float") -> Mean(dim=1)
  output w = (h -> Sort(dim=-1) -> Item(0)) * 3
}""")
    y, z, w = module(graph, source(graph)).eval()(torch.randn(2, 5, 8))
    assert [list(v.shape) for v in (y, z, w)] == [[2, 1, 8], [2, 8], [2, 5, 8]]
