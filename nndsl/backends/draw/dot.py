"""A scene as Graphviz text, with its frames as clusters, for those who lay out or restyle it themselves."""

from __future__ import annotations

from nndsl.backends.draw.scene import Box, Cluster, Direction, Scene, Text, Wire
from nndsl.backends.draw.style import PLAIN, Font

_RANKS: dict[Direction, str] = {"up": "BT", "down": "TB", "right": "LR"}
_FONTS: dict[Font, str] = {"sans": "DejaVu Sans", "serif": "DejaVu Serif"}


def dot(scene: Scene) -> str:
    """Boxes stand in the frames they have in the scene, and its edges go between them."""
    theme = scene.theme
    font = f'fontname="{_FONTS[scene.font]}", fontsize=11, fontcolor="{theme.tones["ink"]}"'
    caption = "b" if scene.direction == "up" else "t"  # Graphviz turns clusters round with the ranks
    writer = _Writer(scene)
    lines = [
        f"digraph {_quote(scene.title)} {{",
        f'  rankdir={_RANKS[scene.direction]}; nodesep=0.3; ranksep=0.35; bgcolor="{theme.page}";',
        f'  node [{font}, style="rounded,filled", shape=box, height=0.3];',
        f'  edge [color="{theme.wire}", arrowsize=0.7, fontname="{_FONTS[scene.font]}", fontsize=9, '
        f'fontcolor="{theme.tones["grey"]}"];',
        f"  graph [{font}, labeljust=l, labelloc={caption}];",
        *writer.members("", "  ", 0),
        *map(writer.edge, range(len(scene.edges))),
        *(f"  {source} -> {target} [style=dashed, constraint=false];" for source, target in scene.returns),
        *writer.legend(),
        f"  label={_title(scene)}; labelloc=t; fontsize=13;",  # last: what stands below would take it over
        "}",
    ]
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.theme = scene.theme
        self.children: dict[str, list[Cluster]] = {}
        for cluster in scene.clusters:
            self.children.setdefault(cluster.parent or "", []).append(cluster)
        self.inside: dict[str, list[Box]] = {}
        for box in scene.boxes:
            self.inside.setdefault(box.cluster or "", []).append(box)
        self.shapes = {box.id: box.told for box in scene.boxes if box.told}

    def members(self, frame: str, indent: str, depth: int) -> list[str]:
        lines = [indent + self.node(box) for box in self.inside.get(frame, [])]
        for cluster in self.children.get(frame, []):
            style = f'style="rounded,filled"; fillcolor="{self.theme.frame(depth)}"'
            lines.append(f"{indent}subgraph cluster_{cluster.id} {{")
            lines.append(f"{indent}  label={_quote(_words(cluster.texts))}; {style};")
            lines.append(f'{indent}  color="{self.theme.frame_line}"; tooltip={_quote(cluster.title)};')
            lines += self.members(cluster.id, indent + "  ", depth + 1)
            lines.append(indent + "}")
        return lines

    def node(self, box: Box) -> str:
        fill, line = self.theme.colors(box.family)
        shape = ", shape=circle, style=filled, width=0.3, fixedsize=true" if box.shape == "circle" else ""
        return (
            f'{box.id} [label={_quote(_words(box.texts))}, fillcolor="{fill}", color="{line}", '
            f"tooltip={_quote(box.title)}{shape}{self.outline(box)}];"
        )

    def outline(self, box: Box) -> str:
        look = self.theme.outline(box.family)
        width = f", penwidth={look.width}" if look.width != PLAIN.width else ""
        pattern = "dashed" if box.dashed else "dotted" if look.dotted else ""
        base = "filled" if box.shape == "circle" else "rounded,filled"
        return width + (", peripheries=2" if box.stacked else "") + (f', style="{base},{pattern}"' if pattern else "")

    def legend(self) -> list[str]:
        """Small nodes that stand in a frame of their own, bound to nothing."""
        lines = ["  subgraph cluster_legend {", '    label="legend"; style="rounded";']
        lines.append(f'    color="{self.theme.frame_line}";')
        for i, swatch in enumerate(self.scene.legend):
            label, sample = f"label={_quote(swatch.text.text)}", swatch.sample
            if isinstance(sample, Box):
                fill, line = self.theme.colors(sample.family)
                look = f'fillcolor="{fill}", color="{line}", fontsize=9{self.outline(sample)}'
                lines.append(f"    legend{i} [{label}, {look}];")
            elif isinstance(sample, Wire):
                color = self.theme.skip if sample.skip else self.theme.wire
                words = _quote(f"{'⋯' if sample.training else '—'} {swatch.text.text}")
                lines.append(
                    f'    legend{i} [label={words}, shape=plaintext, style=solid, fontsize=9, fontcolor="{color}"];'
                )
            else:
                lines.append(f"    legend{i} [{label}, shape=plaintext, style=solid, fontsize=9];")
        return [*lines, "  }"] if len(lines) > 3 else []

    def edge(self, index: int) -> str:
        edge = self.scene.edges[index]
        skips = any(self.scene.wires[i].skip for i in edge.wires)
        looks = [f"color={_quote(self.theme.skip)}"] if skips else []
        looks += ["style=dotted"] if any(self.scene.wires[i].training for i in edge.wires) else []
        looks += [f"label={_quote(self.shapes[edge.source])}"] if edge.source in self.shapes else []
        words = f" [{', '.join(looks)}]" if looks else ""
        return f"  {edge.source} -> {edge.target}{words};"


def _title(scene: Scene) -> str:
    """What stands above the picture: lines that begin at the left."""
    return '"' + "".join(_quote(text.text)[1:-1] + "\\l" for text in scene.header) + '"'


def _words(texts: list[Text]) -> str:
    return " ".join(text.text.strip() for text in texts)


def _quote(text: str) -> str:
    """A quoted string: a backslash would begin an escape, and NUL ends a C string."""
    clean = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
