"""What a picture consists of, in one form for all formats. Coordinates are the page's: y grows downwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nndsl.backends.draw.style import LIGHT, Font, Theme, Tone

Point: TypeAlias = tuple[float, float]
DOTS, SKIP_DASHES, BACK_DASHES = (1.4, 2.6), (4.0, 2.5), (6.0, 4.0)
BOX_DASHES, BOX_DOTS = (5.0, 3.0), (1.4, 2.2)
Direction: TypeAlias = Literal["up", "down", "right"]
Side: TypeAlias = Literal["left", "top", "right", "bottom"]


@dataclass(slots=True)
class Text:
    """One line of one style. `x` is its left end, `y` its baseline."""

    x: float
    y: float
    text: str
    size: float
    width: float
    bold: bool = False
    tone: Tone = "ink"


@dataclass(slots=True)
class Box:
    """Something that computes, an input or an output. `path`: its name; `count`: for how many it stands."""

    id: str
    path: str
    x: float
    y: float
    width: float
    height: float
    shape: Literal["box", "pill", "circle", "port"]
    family: str
    texts: list[Text]
    title: str
    count: int = 1
    dashed: bool = False
    stacked: bool = False  # a closed block
    cluster: str | None = None  # the id of the frame it stands in
    told: str = ""  # the shape beside the line that leaves it

    @property
    def radius(self) -> float:
        """Of its corners."""
        return min(self.height / 2, 10.0) if self.shape == "pill" else min(6.0, self.height / 4)

    @property
    def inset(self) -> float:
        """How far inside a closed block has its second outline."""
        return min(3.0, self.height / 5)

    def dashes(self, theme: Theme) -> tuple[float, ...]:
        return BOX_DASHES if self.dashed else BOX_DOTS if theme.outline(self.family).dotted else ()


@dataclass(slots=True)
class Cluster:
    """The frame around a block that is drawn open, or a part of it. `parent` is the id of the frame it stands in."""

    id: str
    path: str
    x: float
    y: float
    width: float
    height: float
    texts: list[Text]
    title: str
    parent: str | None
    count: int = 1
    dashed: bool = False
    cut: frozenset[Side] = frozenset()  # where it goes on in another strip


@dataclass(slots=True)
class Wire:
    """A line that is drawn; `skip`: it passes by what lies between; `training`: nothing flows there at work.

    `after`: the line that it goes on, from a dot where that one parts. `back`: it goes to the next
    step of a loop."""

    points: list[Point]
    skip: bool = False
    arrow: bool = True
    training: bool = False
    after: int | None = None
    back: bool = False

    def dashes(self, theme: Theme) -> tuple[float, ...]:
        """On, off, on …; none for a line without gaps."""
        if self.back:
            return BACK_DASHES
        return DOTS if self.training else SKIP_DASHES if self.skip and theme.dashed_skips else ()


@dataclass(slots=True)
class Edge:
    """That a value goes from one box to another, through frames; `wires` are indices of the lines that show it, in each
    body the one that ends there."""

    source: str
    target: str
    wires: list[int]


@dataclass(slots=True)
class Swatch:
    """One entry of the legend. `family`: what it tells; `sample`: a small one of its kind, where a sign is none."""

    family: str
    text: Text
    sample: Box | Wire | None = None


@dataclass(slots=True)
class Scene:
    """A picture. `labels` are the shapes beside wires, `header` the title and totals; `strips`: into how many columns
    (rows, where data flow to the right) it is broken; `returns`: from which box to which a loop's states go back."""

    width: float
    height: float
    title: str
    direction: Direction = "up"
    font: Font = "sans"
    theme: Theme = LIGHT
    header: list[Text] = field(default_factory=list)
    legend: list[Swatch] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    returns: list[tuple[str, str]] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    labels: list[Text] = field(default_factory=list)
    strips: int = 1

    @property
    def dots(self) -> dict[Point, Wire]:
        """Where lines part, and the line that ends there."""
        return {
            self.wires[wire.after].points[-1]: self.wires[wire.after] for wire in self.wires if wire.after is not None
        }

    def way(self, wire: int) -> list[Point]:
        """All of a line, from where its value begins."""
        pieces = []
        at: int | None = wire
        while at is not None:
            pieces.append(self.wires[at].points)
            at = self.wires[at].after
        return [point for piece in reversed(pieces) for point in piece]
