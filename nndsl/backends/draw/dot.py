"""A scene as Graphviz text, with its frames as clusters, for those who lay out or restyle it themselves."""

from __future__ import annotations

from nndsl.backends.draw.scene import Box, Cluster, Scene, Text
from nndsl.backends.draw.style import FRAME_FILLS, FRAME_LINE, SKIP, WIRE, colors


def dot(scene: Scene) -> str:
    """Boxes stand in the frames they have in the scene, and its edges go between them."""
    children: dict[str, list[Cluster]] = {}
    for cluster in scene.clusters:
        children.setdefault(cluster.parent or "", []).append(cluster)
    inside: dict[str, list[Box]] = {}
    for box in scene.boxes:
        inside.setdefault(box.cluster or "", []).append(box)
    lines = [
        f"digraph {_quote(scene.title)} {{",
        "  rankdir=BT; compound=true; nodesep=0.3; ranksep=0.35;",
        '  node [fontname="DejaVu Sans", fontsize=11, style="rounded,filled", shape=box, height=0.3];',
        f'  edge [color="{WIRE}", arrowsize=0.7];',
        '  graph [fontname="DejaVu Sans", fontsize=11, labeljust=l];',
        *_members("", "  ", children, inside, 0),
        *(_edge(scene, i) for i in range(len(scene.edges))),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _members(
    frame: str, indent: str, children: dict[str, list[Cluster]], inside: dict[str, list[Box]], depth: int
) -> list[str]:
    lines = [indent + _node(box) for box in inside.get(frame, [])]
    for cluster in children.get(frame, []):
        fill = FRAME_FILLS[min(depth, len(FRAME_FILLS) - 1)]
        lines.append(f"{indent}subgraph cluster_{cluster.id} {{")
        lines.append(f'{indent}  label={_quote(_words(cluster.texts))}; style="rounded,filled"; fillcolor="{fill}";')
        lines.append(f'{indent}  color="{FRAME_LINE}"; tooltip={_quote(cluster.title)};')
        lines += _members(cluster.id, indent + "  ", children, inside, depth + 1)
        lines.append(indent + "}")
    return lines


def _node(box: Box) -> str:
    fill, line = colors(box.family)
    shape = ", shape=circle, style=filled, width=0.3, fixedsize=true" if box.shape == "circle" else ""
    dashed = ', style="rounded,filled,dashed"' if box.dashed else ""
    return (
        f'{box.id} [label={_quote(_words(box.texts))}, fillcolor="{fill}", color="{line}", '
        f"tooltip={_quote(box.title)}{shape}{dashed}];"
    )


def _edge(scene: Scene, index: int) -> str:
    edge = scene.edges[index]
    skips = any(scene.wires[i].skip for i in edge.wires)
    return f"  {edge.source} -> {edge.target}{f' [color={_quote(SKIP)}]' if skips else ''};"


def _words(texts: list[Text]) -> str:
    return " ".join(text.text.strip() for text in texts)


def _quote(text: str) -> str:
    """A quoted string: a backslash would begin an escape, and NUL ends a C string."""
    clean = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
