"""The text form of the IR: complete, deterministic, read back exactly."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import SpecError
from nndsl.ir.graph import Graph, InitRule
from nndsl.ir.printer import print_graph
from nndsl.ir.reader import read_graph
from nndsl.ir.verifier import verify
from nndsl.ops import lookup
from nndsl.ops.initializers import Initializer
from nndsl.ops.schema import Op
from nndsl.shapes import Facts, TensorType, symbol
from tests.backends.graphs import SOURCE, Builder, Span

TEXT = """\
block @Unit {
  hyper channels = 8
  dim C = 3
  borrows shared
  input %x: float[N, 3, H, W]
  %h: float[N, 8, H, W] = conv: Conv2d(8, 3, padding=1, bias=false)(%x) texts {out_channels: "channels"}
  %h#2: float[N, 8, H, W] = ~relu_1: ReLU(%h)
  %0: float[N, 8, H, W] = ^shared: BatchNorm2d(%h#2)
  output y = %0
}

model @Made {
  doc "what it is,\\nin two lines"
  hyper classes = 10
  hyper rates = [0.1, 1e-05]
  hyper unit = "Unit(channels=8)"
  input %image: float[N, 3, H, W]
  %0: float[N, 8, H, W] = unit: @Unit(%image) lends {shared: "norm"}
  train %1: float[N, 8, H, W] = norm: BatchNorm2d(%0)
  output y = %0 doc "the result"
  output aux = %1 train
  init Conv2d.weight = kaiming_normal(mode="fan_out")
  init _._ = zeros()
}
"""


def op(name: str, **values: object) -> Op:
    cls = lookup(name)
    assert cls is not None
    return cls.of(values)


def again(graph: Graph) -> Graph:
    """Read back what is printed; the text stays the same."""
    text = print_graph(graph)
    made = read_graph(text)
    assert print_graph(made) == text
    return made


def test_the_text_of_a_graph_is_as_it_was_written() -> None:
    graph = read_graph(TEXT)
    assert print_graph(graph) == TEXT
    assert verify(graph) == []


def test_everything_is_read() -> None:
    graph = read_graph(TEXT)
    unit = graph.nodes[0].target
    assert isinstance(unit, Graph)
    assert (graph.kind, graph.name, graph.doc) == ("model", "Made", "what it is,\nin two lines")
    assert graph.hyper == {"classes": 10, "rates": [0.1, 1e-05], "unit": "Unit(channels=8)"}
    assert unit.borrows == ["shared"]
    assert [(n.label, n.labelled, n.borrowed) for n in unit.nodes] == [
        ("conv", True, False),
        ("relu_1", False, False),
        ("shared", True, True),
    ]
    assert [v.name for n in unit.nodes for v in n.outputs] == ["h", "h", ""]
    assert unit.nodes[0].texts == {"out_channels": "channels"}
    assert graph.nodes[0].lends == {"shared": "norm"}
    assert [(p.name, p.mode, p.doc) for p in graph.outputs] == [("y", None, "the result"), ("aux", "train", "")]
    assert graph.inits[0].init == Initializer("kaiming_normal", {"mode": "fan_out"})
    assert (graph.inits[1].layer, graph.inits[1].weight) == (None, None)


def test_spans_are_those_of_the_text() -> None:
    node = read_graph(TEXT).nodes[1]
    assert node.span.text == "train %1: float[N, 8, H, W] = norm: BatchNorm2d(%0)"
    assert str(node.span) == "<ir>:19:3"


def test_equal_graphs_are_printed_once_and_stay_one() -> None:
    b = Builder("Unit", "block")
    b.output("y", b.add("ReLU", b.input("x", "[N]")))
    c = Builder("Unit", "block")
    c.output("y", c.add("Sigmoid", c.input("x", "[N]")))
    m = Builder()
    x = m.input("x", "[N]")
    for label, callee in (("a", b.graph), ("b", c.graph), ("c", b.graph)):
        x = m.call(label, callee, x)
    m.output("y", x)
    text = print_graph(m.graph)
    assert text.count("block @Unit {") == text.count("block @Unit#2 {") == 1
    made = again(m.graph)
    assert made.nodes[0].target is made.nodes[2].target
    assert made.nodes[0].target is not made.nodes[1].target


def test_facts_survive() -> None:
    facts = Facts()
    h, w = symbol("H"), symbol("W")
    assert facts.assume_equal(h % 32, 0)
    assert facts.assume_at_least(w, 10)
    assert facts.assume_at_least(-symbol("T"), -512)
    assert facts.assume_at_least(h * 2 - w, 1)
    b = Builder(facts=facts)
    x = b.input("x", "[N]")
    x.type = TensorType("float", (facts.normalize(h), facts.normalize(w)))
    b.output("y", b.add("ReLU", x))
    made = again(b.graph).facts
    assert made is not None
    assert made.known == facts.known
    assert made.hidden == facts.hidden
    assert made.uppers == facts.uppers
    assert made.positive == facts.positive
    assert made.spell(made.normalize(h) // 2) == facts.spell(facts.normalize(h) // 2) == "H // 2"


def test_operators_that_hold_others() -> None:
    """A buffer's graph, a weight's owner, a size, an index: parameters of kind Any."""
    inner = Builder("value", "block")
    inner.output("y", inner.add(op("Constant", value=[1.0, 2.0]), label="c"))
    b = Builder()
    x = b.input("x", "[N, 2]")
    buffer = b.add(op("Buffer", sizes=(2,), value=inner.graph), label="table")
    linear = op("Linear", out_features=2)
    weight = b.add(op("WeightOf", owner=linear, types=(x.type,), weight="weight"), label="fc")
    part = b.add(op("Index", items=(("slice", None, symbol("N") // 2, None), None, "...")), x)
    b.output("y", b.add("Add", x, buffer))
    b.output("w", weight)
    b.output("part", part)
    made = again(b.graph)
    assert isinstance(made.nodes[0].op.values()["value"], Graph)
    assert made.nodes[1].op.key() == b.graph.nodes[1].op.key()
    assert made.nodes[2].op.key() == b.graph.nodes[2].op.key()
    assert verify(made) == []


def test_strange_names_are_quoted() -> None:
    b = Builder("two words")
    x = b.input("x", "[N]")
    b.output('a "b"\n', b.add("ReLU", x, label="layer.0 é"))
    b.graph.inits.append(InitRule("x y", None, Initializer("normal", {"std": 0.02}), Span(SOURCE, 0, 1)))
    made = again(b.graph)
    assert made.outputs[0].name == 'a "b"\n'
    assert made.nodes[0].label == "layer.0 é"


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(symbol("N") // 2),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(), inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
        ),
        max_leaves=8,
    )
)
def test_any_hyperparameter_reads_back(value: object) -> None:
    b = Builder()
    b.output("y", b.input("x", "[N]"))
    b.graph.hyper["value"] = value
    assert again(b.graph).hyper["value"] == value


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Conv2d(8", "Conv9d(8", "there is no operator Conv9d"),
        ("padding=1", "paddling=1", "Conv2d does not take paddling"),
        ("padding=1", "padding=true", "whole number"),
        ("(%image)", "(%picture)", "there is no value %picture before this"),
        ("@Unit(%image)", "@Other(%image)", "there is no graph @Other before this"),
        ("float[N, 3, H, W]", "flat[N, 3, H, W]", "a type is expected here"),
        ("float[N, 3, H, W]", "float[N, 3 +, H, W]", "3 + is no size"),
        ("model @Made", "modal @Made", "`model`, `block` or `sequence` is expected here"),
        ("%h#2: ", "%h: ", "there are two values %h"),
        ('doc "what', "doc what", "a quoted text is expected here"),
        ("= [0.1, 1e-05]", "= " + "[" * 3000, "this is nested too deeply"),
        ("= 10", "= 1" + "0" * 5000, "this number is too long"),
    ],
)
def test_mistakes_are_diagnostics(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(SpecError) as caught:
        read_graph(TEXT.replace(old, new, 1))
    (found,) = caught.value.diagnostics
    assert found.code == "ir-syntax"
    assert message in found.message


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=5))
def test_damaged_text_never_crashes(at: int, cut: int, put: str) -> None:
    with suppress(SpecError):
        read_graph(TEXT[:at] + put + TEXT[at + cut :])


def test_an_empty_text_is_no_graph() -> None:
    with pytest.raises(SpecError) as caught:
        read_graph("  \n")
    assert caught.value.diagnostics[0].message == "there is no graph here"


def test_deep_hierarchies_need_no_recursion() -> None:
    graph = Builder("Leaf", "block")
    graph.output("y", graph.add("ReLU", graph.input("x", "[N]")))
    callee = graph.graph
    for i in range(2000):
        b = Builder(f"Level{i}", "block")
        callee = b.output("y", b.call("inner", callee, b.input("x", "[N]")))
    assert again(callee).name == "Level1999"
