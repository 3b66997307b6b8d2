"""All pictures of a model at once: every figure that opening its blocks can show, once, with what is written there.

The page of `html.py` lays them out by itself, in the browser, with the same rules as `layout.py`: `web/*.js`.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from nndsl.backends.draw import captions
from nndsl.backends.draw.content import Content, Run, Writer
from nndsl.backends.draw.facts import Describer
from nndsl.backends.draw.figures import EveryFigure, planned
from nndsl.backends.draw.kinds import is_plain
from nndsl.backends.draw.layout import exit_label
from nndsl.backends.draw.lines import may_skip
from nndsl.backends.draw.opening import Opening
from nndsl.backends.draw.plan import Figure, Planner, Thing
from nndsl.backends.draw.regions import Flow
from nndsl.backends.draw.scene import Direction
from nndsl.backends.draw.style import Font
from nndsl.ir.graph import Graph

Json: TypeAlias = dict[str, Any]


class Table:
    """Rows that are written once, however often they are used."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._known: dict[str, int] = {}

    def add(self, row: Any) -> int:
        number = self._known.setdefault(json.dumps(row), len(self.rows))
        if number == len(self.rows):
            self.rows.append(row)
        return number


class Atlas:
    """Writes a model down for the page."""

    def __init__(self, graph: Graph, opening: Opening, direction: Direction, font: Font, *, labels: bool) -> None:
        self.plan = EveryFigure(graph)
        self.writer = Writer(self.plan, direction, font, labels=labels)
        self.describer = Describer(self.plan, self.writer)
        self.faces, self.captions, self.facts, self.roles = Table(), Table(), Table(), Table()
        self.graph, self.direction, self.opening = graph, direction, opening

    def write(self) -> Json:
        return {
            "direction": self.direction,
            "figures": [self._figure(figure) for figure in self.plan.figures],
            "faces": self.faces.rows,
            "captions": self.captions.rows,
            "roles": self.roles.rows,
            "facts": self.facts.rows,
            "kinds": self.describer.kinds,
            "model": self.describer.model(),
            "start": opened(planned(self.graph, self.opening)),
        }

    def _figure(self, figure: Figure) -> Json:
        leaving: list[list[Flow]] = [[] for _ in figure.things]
        for flow in figure.flows:
            leaving[flow.tail].append(flow)
        things = []
        for i, thing in enumerate(figure.things):
            written = self._thing(thing)
            label = exit_label(figure, i, leaving[i], self.writer)
            if label:
                written["exit"] = [_run(run) for run in label]
            things.append(written)
        for number, flow in enumerate(figure.flows):
            if not may_skip(figure, number):
                things[flow.head].setdefault("aside", []).append(flow.head_port)
        made: Json = {"inputs": figure.inputs, "outputs": figure.outputs, "things": things}
        return made | {"returns": figure.returns} if figure.returns else made

    def _thing(self, thing: Thing) -> Json:
        """What is as usual is left out."""
        made: Json = {"kind": thing.kind, "label": thing.label, "feed": thing.feed}
        made["face"] = self.faces.add(_face(self.writer.content(thing, ""), self.roles))
        made["facts"] = self.facts.add(self.describer.thing(thing))
        if thing.widest > 1:
            made["widest"] = thing.widest
        if thing.count > 1:
            made |= {"count": thing.count, "until": thing.until}
        if thing.node is not None and thing.node.mode is not None:
            made["mode"] = thing.node.mode
        if thing.port is not None and thing.port.mode is not None:
            made["portMode"] = thing.port.mode
        if thing.training is not None:
            made["training"] = thing.training
        inside = self.plan.inside.get(id(thing))
        if inside is None:
            return made
        made |= {"inside": inside, "member": thing.member}
        if is_plain(thing):
            return made | {"plain": True}
        assert thing.node is not None
        made["caption"] = self.captions.add(
            [[_run(run) for run in part] for part in captions.parts(self.writer, thing)]
        )
        made["dashed"] = not thing.counted or thing.node.mode is not None
        return made


def _run(run: Run) -> Json:
    made: Json = {"text": run.text, "size": run.size, "width": run.width}
    if run.bold:
        made["bold"] = True
    return made if run.tone == "ink" else made | {"tone": run.tone}


def _face(content: Content, roles: Table) -> Json:
    made: Json = {"shape": content.shape, "family": content.family, "width": content.width, "height": content.height}
    made["lines"] = [[_run(run) for run in line] for line in content.lines]
    if content.dashed:
        made["dashed"] = True
    if content.numbers:
        made["numbers"] = [_run(run) for run in content.numbers]
    if content.roles:
        names = {port: _run(run) for port, run in content.roles.items()}
        made["roles"] = roles.add({"pin": content.pin, "names": names})
    return made | {"stacked": True} if content.stacked else made


def opened(planner: Planner) -> list[str]:
    """Which blocks are open in the picture that does not move: their ways, as `2.0.1`."""
    found: list[str] = []
    stack = [("", planner.whole())]
    while stack:
        way, figure = stack.pop()
        for i, thing in enumerate(figure.things):
            if thing.body is not None:
                found.append(f"{way}{i}")
                stack.append((f"{way}{i}.", thing.body))
    return sorted(found, key=lambda way: [int(part) for part in way.split(".")])
