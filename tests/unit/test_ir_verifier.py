"""The verifier finds each kind of damage, and nothing in a sound graph."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ir.reader import read_graph
from nndsl.ir.verifier import verify
from nndsl.shapes import TensorType

TEXT = """\
block @Unit {
  borrows shared
  input %x: float[N, 3]
  %0: float[N, 4] = fc: Linear(4)(%x)
  %1: float[N, 4] = ^shared: Linear(4)(%0)
  output y = %1
}

model @Made {
  input %x: float[N, 3]
  train %0: float[N, 4] = aux: Linear(4)(%x)
  %1: float[N, 4] = unit: @Unit(%x) lends {shared: "own"}
  %2: float[N, 4] = own: Linear(4)(%1)
  %3: float[N, 4] = own: Linear(4)(%2)
  %4: float[N, 4] = merge: Merge(%0, %3)
  output y = %4
  output aux = %0 train
}
"""


def unit(graph: Graph) -> Graph:
    callee = graph.nodes[1].target
    assert isinstance(callee, Graph)
    return callee


def test_a_sound_graph() -> None:
    assert verify(read_graph(TEXT)) == []


def swap(graph: Graph) -> None:
    graph.nodes[2], graph.nodes[3] = graph.nodes[3], graph.nodes[2]


def retype(graph: Graph) -> None:
    graph.nodes[2].outputs[0].type = TensorType("float", (5, 4))


def other_signature(graph: Graph) -> None:
    unit(graph).inputs[0].type = TensorType("float", (7, 3))


def relabel(graph: Graph) -> None:
    graph.nodes[0].label = "unit"


def other_parameters(graph: Graph) -> None:
    graph.nodes[3].target = type(graph.nodes[3].op).of({"out_features": 4, "bias": False})


def forget_loan(graph: Graph) -> None:
    graph.nodes[1].lends = {}


def lend_more(graph: Graph) -> None:
    graph.nodes[1].lends["other"] = "own"


def forget_borrowing(graph: Graph) -> None:
    unit(graph).borrows.clear()
    graph.nodes[1].lends.clear()


def leak_mode(graph: Graph) -> None:
    graph.nodes[2].inputs = [graph.nodes[0].outputs[0]]


def leak_port(graph: Graph) -> None:
    graph.outputs[1].mode = None


def wrong_mode(graph: Graph) -> None:
    graph.nodes[0].mode = "test"


def same_port(graph: Graph) -> None:
    graph.outputs[1].name = "y"


def foreign_port(graph: Graph) -> None:
    graph.outputs.append(Port("z", Value(TensorType("float", ()))))


def wrong_producer(graph: Graph) -> None:
    graph.nodes[2].outputs[0].producer = graph.nodes[3]


def twice(graph: Graph) -> None:
    graph.nodes[3].outputs = graph.nodes[2].outputs


def too_many(graph: Graph) -> None:
    graph.nodes[2].inputs.append(graph.inputs[0])


def refused(graph: Graph) -> None:
    graph.inputs[0].type = TensorType("int64", graph.inputs[0].shape)


def recursion(graph: Graph) -> None:
    inner = unit(graph)
    inner.nodes.append(Node(graph, [inner.inputs[0]], [], "again", inner.span))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (swap, "own: it uses <%: float[N, 4]> before that is computed"),
        (retype, "own: output 0 is float[5, 4], and should be float[N, 4]"),
        (other_signature, "unit: input 0 is float[N, 3], and should be float[7, 3]"),
        (relabel, "unit: another layer has the same label"),
        (other_parameters, "own: another layer has the same label"),
        (forget_loan, "unit: Unit borrows shared, which it does not lend"),
        (lend_more, "unit: it lends other, which Unit does not borrow"),
        (forget_borrowing, "shared: its layer is borrowed, and the graph does not say so"),
        (leak_mode, "own: it uses <%: float[N, 4]>, which exists in train mode only"),
        (leak_port, "the output aux exists in train mode only"),
        (wrong_mode, "aux: there is no mode test"),
        (same_port, "2 outputs are named y"),
        (foreign_port, "the output z is not computed here"),
        (wrong_producer, "own: <%: float[N, 4]> is its output 0 and does not know"),
        (twice, "own: it computes <%: float[N, 4]> a second time"),
        (too_many, "own: Linear takes 1 to 1 inputs, and it has 2"),
        (refused, "aux: Linear(4) refuses its inputs"),
        (recursion, "calls itself"),
    ],
)
def test_damage_is_found(damage: Callable[[Graph], None], message: str) -> None:
    graph = read_graph(TEXT)
    damage(graph)
    found = verify(graph)
    assert any(message in problem for problem in found), found
