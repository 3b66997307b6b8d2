"""Where a dim came from: walk back from a value to the layer that made the dim what it is."""

from __future__ import annotations

from nndsl.diagnostics import Label
from nndsl.ir.graph import Graph, Node, Value
from nndsl.shapes import Facts, Size


def origin(value: Value, axis: int) -> tuple[Node, int, Value] | None:
    """The node whose output first had this size on this axis, that axis, and its output. None: an input has it."""
    for _ in range(10_000):
        node = value.producer
        if node is None:
            return None
        if isinstance(node.target, Graph):
            inner = _inside(node.target, value.index)
            back = _carried(node, value, axis)
            if back is None:
                if inner is None:
                    return node, axis, value
                value = inner
                continue
        else:
            back = _carried(node, value, axis)
            if back is None:
                return node, axis, value
        value, axis = back
    return None


def _inside(graph: Graph, index: int) -> Value | None:
    return graph.outputs[index].value if index < len(graph.outputs) else None


def _carried(node: Node, value: Value, axis: int) -> tuple[Value, int] | None:
    """The input axis that passes this size on unchanged: the same axis, else the only one of this size."""
    size = value.shape[axis]
    for x in node.inputs:
        if x is not None and len(x.shape) == len(value.shape) and x.shape[axis] == size:
            return x, axis
    places = [(x, i) for x in node.inputs if x is not None for i, s in enumerate(x.shape) if s == size]
    return places[0] if len(places) == 1 else None


def decided(value: Value, axis: int) -> tuple[Node | None, str | None]:
    """The node that made the dim what it is, and the parameter that says so."""
    found = origin(value, axis)
    if found is None:
        return None, None
    node, at, output = found
    return node, None if isinstance(node.target, Graph) else node.target.blame(at, len(output.shape))


def explain(value: Value, axes: list[int], facts: Facts) -> list[Label]:
    """One label for each cause, at its argument: `stride 2 halves dims 2 and 3 here`."""
    causes: dict[tuple[int, str | None], tuple[Node, list[int], Value]] = {}
    for axis in axes:
        found = origin(value, axis)
        if found is not None:
            node, at, output = found
            blamed = None if isinstance(node.target, Graph) else node.target.blame(at, len(output.shape))
            causes.setdefault((id(node), blamed), (node, [], output))[1].append(at)
    return [_label(node, at, output, blamed, facts) for (_, blamed), (node, at, output) in causes.items()]


def _label(node: Node, axes: list[int], output: Value, blamed: str | None, facts: Facts) -> Label:
    axes = sorted(set(axes))
    which = f"dim {axes[0]}" if len(axes) == 1 else "dims " + ", ".join(map(str, axes[:-1])) + f" and {axes[-1]}"
    sizes = " × ".join(facts.spell(output.shape[a]) for a in axes)
    becomes = f"{which} {'becomes' if len(axes) == 1 else 'become'} {sizes} here"
    if blamed is None or isinstance(node.target, Graph):
        return Label(node.span, becomes)
    place = node.places.get(blamed, node.span)
    given = getattr(node.target, blamed)
    shown = given[0] if isinstance(given, tuple) and len(set(given)) == 1 else given
    if blamed == "stride" and (ratio := _ratio(node, axes, output)):
        return Label(place, f"stride {shown} {ratio} {which} here")
    return Label(place, f"{becomes} ({blamed})" if str(shown) == sizes else f"{becomes} ({blamed}={shown})")


def _ratio(node: Node, axes: list[int], output: Value) -> str:
    """`halves` where it does exactly that."""
    x = next((i for i in node.inputs if i is not None), None)
    if x is None or len(x.shape) != len(output.shape):
        return ""
    halves = all(_half(x.shape[a], output.shape[a]) for a in axes)
    return "halves" if halves else ""


def _half(before: Size, after: Size) -> bool:
    return bool(after == before // 2) or bool(after == (before + 1) // 2)
