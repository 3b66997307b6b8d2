"""Drop nodes whose results nobody uses, and outputs of blocks that no call uses."""

from __future__ import annotations

from nndsl.ir.graph import Graph, Node
from nndsl.ir.loops import is_start
from nndsl.passes.rebuild import Draft, rebuild


def drop_dead_code(graph: Graph) -> Graph:
    """Callers first, since they say which outputs of a block are used; then the new graphs, callees first."""
    wanted: dict[int, set[int]] = {id(graph): set(range(len(graph.outputs)))}
    alive: dict[int, set[int]] = {}
    for each in reversed(graph.graphs()):
        alive[id(each)] = _alive(each, wanted[id(each)], wanted)

    def visit(draft: Draft) -> None:
        for node in draft.old.nodes:
            if id(node) in alive[id(draft.old)]:
                draft.keep(node)
        used = {id(draft.old.outputs[i]) for i in wanted[id(draft.old)]}
        draft.finish(lambda port: id(port) in used)

    def touches(each: Graph) -> bool:
        return len(alive[id(each)]) < len(each.nodes) or len(wanted[id(each)]) < len(each.outputs)

    # a graph whose calls are all dead is no longer reached from the new one
    return rebuild(graph, visit, touches)


def _alive(graph: Graph, outputs: set[int], wanted: dict[int, set[int]]) -> set[int]:
    """The nodes that the wanted outputs need; notes what is wanted of the graphs they call."""
    used = {id(graph.outputs[i].value) for i in outputs}
    found: set[int] = set()
    for node in reversed(graph.nodes):
        taken = [i for i, value in enumerate(node.outputs) if id(value) in used]
        if isinstance(node.target, Graph):
            whole = range(len(node.target.outputs)) if node.target.kind == "loop" else taken
            wanted.setdefault(id(node.target), set()).update(whole if taken else ())
        if taken or is_start(node):
            found.add(id(node))
            used.update(id(value) for value in _needed(node))
    return found


def _needed(node: Node) -> list[object]:
    return [value for value in node.inputs if value is not None]
