"""Every figure that opening the blocks of a model can show; and which of them fit into a picture of so many boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nndsl.backends.draw.constants import Constant
from nndsl.backends.draw.kinds import is_plain
from nndsl.backends.draw.opening import CannotOpen, Opening, Spot
from nndsl.backends.draw.plan import DEEPEST, MOST_THINGS, Figure, Planner, Source, Thing
from nndsl.ir.graph import Graph


class EveryFigure(Planner):
    """Plans each distinct figure once. Figures differ by their graph, by which of its inputs are constants, which of
    its outputs are needed, and by whether their weights are told elsewhere."""

    def __init__(self, root: Graph) -> None:
        super().__init__(root, Opening())
        self.figures: list[Figure] = []
        self.inside: dict[int, int] = {}  # a thing that can be opened -> the number of its figure
        self._numbers: dict[Any, int] = {}
        self._waiting: list[tuple[Graph, list[Constant | None], Spot]] = []
        self._number_of(root, [None] * len(root.inputs), Spot())
        while len(self.figures) < len(self._waiting):
            self.figures.append(self.figure(*self._waiting[len(self.figures)]))

    def _open(self, figure: Figure, thing: Thing, given: list[Source | None], spot: Spot) -> None:
        if thing.target is not None and self.holds_something(thing.target):
            constants = [source if isinstance(source, Constant) else None for source in given]
            inside = Spot(again=spot.again or not thing.counted, needed=frozenset(thing.gives), lent=thing.lent)
            self.inside[id(thing)] = self._number_of(thing.target, constants, inside)

    def _number_of(self, graph: Graph, given: list[Constant | None], spot: Spot) -> int:
        key = (
            id(graph),
            spot.again,
            spot.needed,
            spot.lent,
            *(None if c is None else (c.name, c.elements, c.shared) for c in given),
        )
        if key not in self._numbers:
            self._numbers[key] = len(self._waiting)
            self._waiting.append((graph, [None if c is None else replace(c) for c in given], spot))
        return self._numbers[key]


def planned(root: Graph, opening: Opening, *, folds: bool = False) -> Planner:
    """The planner of the picture that is asked for. Where a number of boxes is asked for, it says what is folded."""
    if opening.most is None:
        return Planner(root, opening, folds=folds)
    return Planner(root, opening, Fitting(Planner(root, opening), opening).choose())


class Fitting:
    """Opens level after level, in the order of the text, while there is room: the deepest uniform opening, and of the
    levels that no longer fit as much as does."""

    def __init__(self, planner: Planner, opening: Opening) -> None:
        assert opening.most is not None
        self.planner, self.depth = planner, opening.depth
        self.plan = EveryFigure(planner.root)
        self.most = min(opening.most, MOST_THINGS)
        self.sizes = [sum(thing.kind == "node" for thing in figure.things) for figure in self.plan.figures]
        self.boxes = len(self.plan.figures[0].things)
        self.ways: set[str] = set()
        self.rows: list[list[tuple[int, Spot]]] = []  # what may be opened at each level, and how it would stand

    def choose(self) -> set[str]:
        self._enter(0, self.planner.globs.start)
        if self.boxes > self.most:
            closed = "what is to be expanded is open" if self.ways else "all blocks are closed"
            raise CannotOpen("--max-nodes", f"{self.most} boxes are too few: there are {self.boxes} when {closed}")
        for row in self.rows:  # grows
            for number, spot in row:  # grows by the contents of unnamed lists
                if self.boxes - 1 + self.sizes[number] <= self.most:
                    self._open(number, spot)
        return self.ways

    def _open(self, number: int, spot: Spot) -> None:
        self.ways.add(spot.way[:-1])
        self.boxes += self.sizes[number] - 1
        self._enter(number, spot)

    def _enter(self, number: int, spot: Spot) -> None:
        """Open what has to be, and note what may be."""
        if spot.frames >= DEEPEST:
            return
        for i, thing in enumerate(self.plan.figures[number].things):
            inner = self.plan.inside.get(id(thing))
            if inner is None or self.boxes > self.most:
                continue
            states, asked = self.planner.asked(thing, spot)
            inside = spot.inside(i, states, plain=is_plain(thing), asked=asked is True)
            if asked:
                self._open(inner, inside)
            elif asked is None and (self.depth is None or spot.level < self.depth):
                while len(self.rows) <= spot.level:
                    self.rows.append([])
                self.rows[spot.level].append((inner, inside))
